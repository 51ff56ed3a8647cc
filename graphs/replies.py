"""What Freya says herself: greetings, what she is for, kind declines, and where a conversation stands."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files

from agents import Charter, code, written_in
from graphs.conflicts import Conflict, Side
from memory import Turn

_THANKS = re.compile(
    r"\b(?:thank|thanks|thx|ty|cheers|great|perfect|awesome|nice|cool|good job|well done|love it|"
    r"danke|vielen dank|super|gut gemacht|gracias|perfecto|genial|buen trabajo|te lo agradezco|"
    r"спасибо|благодар|отлично|молодец|супер)",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    r"\b(?:bye|goodbye|good night|see you|see ya|later|farewell|cya|tschüss|auf wiedersehen|bis (?:morgen|bald|später)|gute nacht|"
    r"adiós|hasta (?:luego|mañana|pronto)|пока|до (?:свидания|завтра|встречи))\b",
    re.IGNORECASE,
)
_IDENTITY = re.compile(
    r"\b(?:who|what) (?:are|r) (?:you|u)\b|\bwho is freya\b|\byour name\b|\bare you (?:a|an|real|human|ai|chatgpt|gpt)\b|\bwho (?:made|built)|"
    r"\bwer bist du|\bwie heißt du|\bbist du ein|\bquién(?: te hizo| eres)|\bcómo te llamas|\beres un|\bкто ты|\bкак тебя зовут|\bты (?:робот|человек)",
    re.IGNORECASE,
)
_ABILITY = re.compile(
    r"\b(?:what (?:can|do) (?:you|u)|help|capab|how (?:can|does) (?:you|this)|which (?:agents|specialists)|menu|features|"
    r"was kannst du|wobei kannst du|qué (?:sabes|puedes) hacer|en qué me puedes|что ты (?:умеешь|можешь)|чем ты можешь)",
    re.IGNORECASE,
)
_WELLBEING = re.compile(
    r"\bhow (?:are|r) (?:you|u)|how(?:'s| is) it going|what'?s up|how do you do|sup\b|"
    r"\bwie geht|\bcómo estás|\bqué tal|\bкак (?:дела|ты|поживаешь)",
    re.IGNORECASE,
)
_ACKNOWLEDGED = re.compile(
    r"^(?:ok(?:ay)?|k|yes|yep|yeah|no|nope|sure|fine|got it|i see|understood|right|alright|"
    r"ja|nein|gut|alles klar|vale|sí|de acuerdo|entendido|да|нет|хорошо|понятно|ладно)\W*$",
    re.IGNORECASE,
)
_WORDING: dict[str, dict[str, str]] = tomllib.loads(
    files("graphs").joinpath("wording.toml").read_text(encoding="utf-8")
)
"""Read with the module, so that no message waits for a file in the event loop."""
_LONGEST_RECAP = 5
_SENTENCE = re.compile(r"(?<=[.!?])\s")
_MARKS = re.compile(r"\s*\[\d+\]|[*`#]+")


def small_talk(message: str, charters: Mapping[str, Charter]) -> str:
    """A short reply to a greeting, thanks, a farewell or a question about Freya, in the message's language."""
    kinds = (
        ("identity", _IDENTITY),
        ("ability", _ABILITY),
        ("farewell", _FAREWELL),
        ("thanks", _THANKS),
        ("wellbeing", _WELLBEING),
        ("acknowledged", _ACKNOWLEDGED),
    )
    kind = next((name for name, pattern in kinds if pattern.search(message.strip())), "greeting")
    return said(kind, message, team=_team(charters))


def decline(message: str, charters: Mapping[str, Charter]) -> str:
    """A kind decline of what no specialist is for, with what they are for."""
    return said("decline", message, team=_team(charters))


def protected(message: str) -> str:
    """A decline of what is nobody's to ask for."""
    return said("protected", message)


def ask_which(message: str, charters: Mapping[str, Charter]) -> str:
    """A question back, when it is unclear what is meant."""
    return said("ask_which", message, team=_team(charters))


def recap(message: str, turns: Sequence[Turn], charters: Mapping[str, Charter]) -> str:
    """Where a conversation stands: the last requests, who answered, and how each answer began."""
    turns = [turn for turn in turns if turn.request and turn.answer]
    if not turns:
        return said("recap_empty", message)
    lines = [
        said(
            "recap_line",
            message,
            request=shortened(turn.request),
            who=said("and", message).join(charters[name].title for name in turn.agents if name in charters)
            or "Freya",
            answer=_first_sentence(turn.answer),
        )
        for turn in turns[-_LONGEST_RECAP:]
    ]
    return said("recap", message, lines="\n".join(lines), last=shortened(turns[-1].request))


def left_out(message: str, parts: Sequence[str]) -> str:
    """One sentence on the parts of a message that no specialist is for."""
    return said("left_out", message, quoted=_quoted(parts, message))


def unanswered(message: str, requests: Sequence[str]) -> str:
    """One sentence on the requests that nothing was found for."""
    return said("unanswered", message, quoted=_quoted(requests, message))


def undone(message: str, steps: Mapping[str, str]) -> str:
    """One sentence for each reason on the requests that the budget of a run left undone."""
    by_reason: dict[str, list[str]] = {}
    for request, reason in steps.items():
        by_reason.setdefault(reason, []).append(request)
    return "\n\n".join(
        said("undone", message, quoted=_quoted(requests, message), reason=reason)
        for reason, requests in by_reason.items()
    )


def disagreement(message: str, found: Sequence[Conflict], charters: Mapping[str, Charter]) -> str:
    """A section on where specialists contradict each other, with what each says and rests on."""
    lines = []
    for conflict in found:
        sides = "; ".join(
            said(
                "disagreement_side",
                message,
                who=_title(side.agent, charters),
                says=side.says,
                evidence=_evidence(message, side),
            )
            for side in conflict.sides
        )
        heavier = conflict.heavier
        verdict = (
            said("heavier", message, who=_title(heavier.agent, charters))
            if heavier
            else said("as_heavy", message)
        )
        lines.append(said("disagreement_line", message, about=conflict.about, sides=sides, verdict=verdict))
    return said("disagreement", message, lines="\n".join(lines))


def _title(agent: str, charters: Mapping[str, Charter]) -> str:
    return charters[agent].title if agent in charters else agent


def _evidence(message: str, side: Side) -> str:
    tools = ", ".join(f"`{name}`" for name in side.tools)
    parts = [said("computed_by", message, tools=tools)] if tools else []
    if side.citations:
        parts.append(said("cited", message, count=str(side.citations)))
    return ", ".join(parts) or said("no_evidence", message)


def still_indexing(message: str, share: float) -> str:
    """One sentence on knowledge that is there and cannot be found yet."""
    return said("still_indexing", message, percent=str(int(100 * share)))


def only_english(message: str) -> str:
    """One sentence, after a blank line, for who asks in another language; empty for English."""
    language = code(written_in(message))
    texts = _WORDING["only_english"]
    return texts.get(language, texts["other"])


def said(key: str, message: str, **values: str) -> str:
    """Freya's words in the language of a message, else in English."""
    return worded(key, code(written_in(message)), **values)


def worded(key: str, language: str, **values: str) -> str:
    """Freya's words in the language of this code, else in English."""
    texts = _WORDING[key]
    return texts.get(language, texts["en"]).format(**values)


def _team(charters: Mapping[str, Charter]) -> str:
    return "\n".join(
        f"- **{charter.title}** (`{charter.name}`): {charter.description}" for charter in charters.values()
    )


def _quoted(texts: Sequence[str], message: str) -> str:
    return said("and", message).join(f"“{shortened(text)}”" for text in texts)


def shortened(text: str, longest: int = 120) -> str:
    """The text in one line, cut between words where it has more characters than that."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[:longest].rsplit(" ", 1)[0] + "…"


def _first_sentence(answer: str) -> str:
    plain = " ".join(_MARKS.sub("", answer).split())
    return shortened(_SENTENCE.split(plain, maxsplit=1)[0], 200)
