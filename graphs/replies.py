"""What Freya says herself: greetings, what she is for, kind declines, and where a conversation stands."""

import re
from collections.abc import Mapping, Sequence

from agents import Charter, written_in
from memory import Turn

_THANKS = re.compile(
    r"\b(?:thank|thanks|thx|ty|cheers|great|perfect|awesome|nice|cool|good job|well done|love it)",
    re.IGNORECASE,
)
_FAREWELL = re.compile(r"\b(?:bye|goodbye|good night|see you|see ya|later|farewell|cya)\b", re.IGNORECASE)
_IDENTITY = re.compile(
    r"\b(?:who|what) (?:are|r) (?:you|u)\b|\bwho is freya\b|\byour name\b|\bare you (?:a|an|real|human|ai|chatgpt|gpt)\b|\bwho (?:made|built)",
    re.IGNORECASE,
)
_ABILITY = re.compile(
    r"\b(?:what (?:can|do) (?:you|u)|help|capab|how (?:can|does) (?:you|this)|which (?:agents|specialists)|menu|features)",
    re.IGNORECASE,
)
_WELLBEING = re.compile(
    r"\bhow (?:are|r) (?:you|u)|how(?:'s| is) it going|what'?s up|how do you do|sup\b", re.IGNORECASE
)
_ACKNOWLEDGED = re.compile(
    r"^(?:ok(?:ay)?|k|yes|yep|yeah|no|nope|sure|fine|got it|i see|understood|right|alright)\W*$",
    re.IGNORECASE,
)
_LONGEST_RECAP = 5
_SENTENCE = re.compile(r"(?<=[.!?])\s")
_MARKS = re.compile(r"\s*\[\d+\]|[*`#]+")


def small_talk(message: str, charters: Mapping[str, Charter]) -> str:
    """A short reply to a greeting, thanks, a farewell or a question about Freya."""
    if _IDENTITY.search(message):
        return (
            "I am Freya, an assistant that runs on your own machine. I pass your question to the specialists who know "
            "the matter, and every answer is cited or computed.\n\n" + _team(charters)
        )
    if _ABILITY.search(message):
        return "I coordinate specialists who look things up, compute, and design:\n\n" + _team(charters)
    if _FAREWELL.search(message):
        return "Goodbye! This conversation is kept, so you can pick it up again whenever you like."
    if _THANKS.search(message):
        return "You are welcome! Is there anything else I can look into?"
    if _WELLBEING.search(message):
        return "All is well here, thank you. What would you like to work on?"
    if _ACKNOWLEDGED.match(message.strip()):
        return "All right. What would you like to do next?"
    return "Hello! I am Freya. What would you like to work on?\n\n" + _team(charters)


def decline(charters: Mapping[str, Charter]) -> str:
    """A kind decline of what no specialist is for, with what they are for."""
    return (
        "I am sorry, that is outside what my specialists can answer from what they know or compute, "
        "and I would rather not guess. I can help you with:\n\n" + _team(charters)
    )


def ask_which(charters: Mapping[str, Charter]) -> str:
    """A question back, when it is unclear what is meant."""
    return (
        "I am not sure which of my specialists your message is for. "
        "Could you say a little more about what you need? They are:\n\n" + _team(charters)
    )


def recap(turns: Sequence[Turn], charters: Mapping[str, Charter]) -> str:
    """Where a conversation stands: the last requests, who answered, and how each answer began."""
    turns = [turn for turn in turns if turn.request and turn.answer]
    if not turns:
        return (
            "We have only just begun: there is nothing before this message. What would you like to work on?"
        )
    lines = []
    for turn in turns[-_LONGEST_RECAP:]:
        who = " and ".join(charters[name].title for name in turn.agents if name in charters) or "I"
        lines.append(
            f"- You asked: “{_shortened(turn.request)}” {who} answered: {_first_sentence(turn.answer)}"
        )
    last = _shortened(turns[-1].request)
    return "Here is where we were:\n\n" + "\n".join(lines) + f"\n\nThe last thing we worked on was “{last}”."


def left_out(parts: Sequence[str]) -> str:
    """One sentence on the parts of a message that no specialist is for."""
    quoted = " and ".join(f"“{_shortened(part)}”" for part in parts)
    return f"With {quoted} I cannot help: none of my specialists knows about it."


def unanswered(requests: Sequence[str]) -> str:
    """One sentence on the requests that nothing was found for."""
    quoted = " and ".join(f"“{_shortened(request)}”" for request in requests)
    return f"I found nothing that answers {quoted}, so I will not guess."


def still_indexing(share: float) -> str:
    """One sentence on knowledge that is there and cannot be found yet."""
    return f"My knowledge is still being indexed ({int(100 * share)} % so far): please ask again in a few minutes."


def only_english(message: str) -> str:
    """One sentence, after a blank line, for who asks in another language; empty for English."""
    if written_in(message) == "English":
        return ""
    return "\n\nWhat I know is written in English, and is found by English words: please ask in English."


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
