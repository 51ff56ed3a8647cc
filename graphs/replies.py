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
    return _said(kind, message, team=_team(charters))


def decline(message: str, charters: Mapping[str, Charter]) -> str:
    """A kind decline of what no specialist is for, with what they are for."""
    return _said("decline", message, team=_team(charters))


def protected(message: str) -> str:
    """A decline of what is nobody's to ask for."""
    return _said("protected", message)


def ask_which(message: str, charters: Mapping[str, Charter]) -> str:
    """A question back, when it is unclear what is meant."""
    return _said("ask_which", message, team=_team(charters))


def recap(message: str, turns: Sequence[Turn], charters: Mapping[str, Charter]) -> str:
    """Where a conversation stands: the last requests, who answered, and how each answer began."""
    turns = [turn for turn in turns if turn.request and turn.answer]
    if not turns:
        return _said("recap_empty", message)
    lines = [
        _said(
            "recap_line",
            message,
            request=_shortened(turn.request),
            who=" and ".join(charters[name].title for name in turn.agents if name in charters) or "I",
            answer=_first_sentence(turn.answer),
        )
        for turn in turns[-_LONGEST_RECAP:]
    ]
    return _said("recap", message, lines="\n".join(lines), last=_shortened(turns[-1].request))


def left_out(message: str, parts: Sequence[str]) -> str:
    """One sentence on the parts of a message that no specialist is for."""
    return _said("left_out", message, quoted=" and ".join(f"“{_shortened(part)}”" for part in parts))


def unanswered(message: str, requests: Sequence[str]) -> str:
    """One sentence on the requests that nothing was found for."""
    return _said(
        "unanswered", message, quoted=" and ".join(f"“{_shortened(request)}”" for request in requests)
    )


def undone(steps: Mapping[str, str]) -> str:
    """One sentence for each reason on the requests that the budget of a run left undone."""
    by_reason: dict[str, list[str]] = {}
    for request, reason in steps.items():
        by_reason.setdefault(reason, []).append(f"“{_shortened(request)}”")
    return "\n\n".join(
        f"I did not get to {' and '.join(requests)}: {reason}. Ask for that by itself, or allow a run more."
        for reason, requests in by_reason.items()
    )


def disagreement(found: Sequence[Conflict], charters: Mapping[str, Charter]) -> str:
    """A section on where specialists contradict each other, with what each says and rests on."""
    lines = []
    for conflict in found:
        sides = "; ".join(
            f"**{_title(side.agent, charters)}** says {side.says} ({_evidence(side)})"
            for side in conflict.sides
        )
        heavier = conflict.heavier
        verdict = (
            f"The evidence of {_title(heavier.agent, charters)} weighs more."
            if heavier
            else "Neither has more evidence than the other."
        )
        lines.append(f"- On **{conflict.about}**: {sides}. {verdict}")
    return "## They disagree\n\n" + "\n".join(lines)


def _title(agent: str, charters: Mapping[str, Charter]) -> str:
    return charters[agent].title if agent in charters else agent


def _evidence(side: Side) -> str:
    parts = [f"computed by {', '.join(f'`{name}`' for name in side.tools)}"] if side.tools else []
    if side.citations:
        parts.append(f"{side.citations} cited passage{'s' if side.citations > 1 else ''}")
    return ", ".join(parts) or "no evidence given"


def still_indexing(share: float) -> str:
    """One sentence on knowledge that is there and cannot be found yet."""
    return f"My knowledge is still being indexed ({int(100 * share)} % so far): please ask again in a few minutes."


def only_english(message: str) -> str:
    """One sentence, after a blank line, for who asks in another language; empty for English."""
    language = code(written_in(message))
    texts = _WORDING["only_english"]
    return texts.get(language, texts["other"])


def _said(key: str, message: str, **values: str) -> str:
    """Freya's words in the language of a message, else in English."""
    texts = _WORDING[key]
    return texts.get(code(written_in(message)), texts["en"]).format(**values)


def _team(charters: Mapping[str, Charter]) -> str:
    return "\n".join(
        f"- **{charter.title}** (`{charter.name}`): {charter.description}" for charter in charters.values()
    )


def _shortened(text: str, longest: int = 120) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[:longest].rsplit(" ", 1)[0] + "…"


def _first_sentence(answer: str) -> str:
    plain = " ".join(_MARKS.sub("", answer).split())
    return _shortened(_SENTENCE.split(plain, maxsplit=1)[0], 200)
