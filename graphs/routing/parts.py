"""Taking a message apart into the requests in it, and telling a follow-up from a new request."""

import re
from dataclasses import dataclass
from typing import Literal

_ASKS = (
    "what|what's|how|why|when|where|which|who|is|are|can|could|should|do|does|compute|calculate|work out|write|give|tell|"
    "explain|describe|define|design|create|generate|build|show|find|audit|check|review|estimate|plan|draft|make|prepare|"
    "suggest|recommend|compare|analy[sz]e|summari[sz]e|list|score|split|help|run|set up"
)
_JOINT = re.compile(
    r"(?P<strong>(?<=[.!?])\s+(?=\S)|\s*;\s+|\n+)"
    r"|(?P<adds>,?\s+(?:and\s+(?:also|then|please|secondly|finally)|also|then|plus|as well as)\s+(?=[a-z]))"
    rf"|(?:,|,?\s+and)\s+(?=(?:please\s+)?(?:{_ASKS})\b)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^\s*(?:\(?\d{1,2}[.)]|[-*•])\s+")
_REFERS_BACK = re.compile(
    r"\b(?:it|its|that|this|them|they|those|these|he|she|same|previous|above|earlier)\b", re.IGNORECASE
)
_STATES = re.compile(
    r"^(?:i|we|my|our|it|they|there|people|customers|users|clients|guests|the|a|an|this|that|he|she)\b(?!.*\?\s*$)"
    r"(?!\s+(?:want|need|would like|wanna|have to know|wonder)\b)(?!'d like)",
    re.IGNORECASE | re.DOTALL,
)
_CONNECTS = re.compile(
    r"^(?:and|or|but|now|then|also|so|what about|how about|what if|instead|same|again|why|which one|"
    r"make (?:it|that)|use|with|without|for|at|try|in (?:simpler|other|plain|more) \w+)\b",
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    r"^(?:please\s+|ok(?:ay)?,?\s+|can you\s+|could you\s+)?(?:go on|continue|more|tell me more|elaborate|shorter|longer|in detail|"
    r"more details?|(?:give (?:me )?)?(?:an?|another|one more) example|for example|why(?: is that| so)?|how so|"
    r"explain (?:it|that|this)|show (?:me )?how)\b",
    re.IGNORECASE,
)
_REQUESTS = re.compile(rf"^(?:please\s+)?(?:{_ASKS})\b", re.IGNORECASE)
_TOLD = re.compile(
    r"^(?:please\s+)?(?:tell me (?:about|what|how|why)|explain|describe|define|what(?:'s| is| are)|how (?:do|does|is|are)|why)\b"
    r"(?!.*\b(?:my|our)\b)",
    re.IGNORECASE | re.DOTALL,
)
_FIGURE = re.compile(r"\d")
_SHORT = 5
_LONGEST_FOLLOW_UP = 12
_FEWEST_WORDS = 2


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a message."""

    text: str
    refers_back: bool
    """It points to something said before it ("it", "that")."""
    states: bool
    """It tells something and asks nothing."""
    in_sentence: bool = False
    """Only a comma or an "and" parts it from what stands before it, or an "also" that no request's verb follows."""
    adds: bool = False
    """It is a request beside the one before: "also" or "then" leads to it, or a verb that asks begins it."""

    @property
    def wants(self) -> Literal["knowledge", "figures", ""]:
        """Whether it asks to be told something, or gives figures to work with; empty where it is neither surely."""
        if _FIGURE.search(self.text):
            return "figures"
        return "knowledge" if _TOLD.match(self.text) else ""


def split_parts(message: str) -> list[Part]:
    """The parts of a message that may be requests of their own, in order; a fragment stays with the part before it.

    Quoted texts, code, markup and tables are not taken apart.
    """
    if any(mark in message.lower() for mark in ("```", "<html", "<!doctype", "<body", "<head")):
        return [_part(message)]
    pieces: list[tuple[str, bool, bool]] = []
    begins = position = 0
    in_sentence = adds = False
    for joint in [*_JOINT.finditer(message), None]:
        end = joint.start() if joint else len(message)
        piece = message[position:end]
        if pieces and (_is_fragment(piece) or _inside_quotes(message, position)):
            pieces[-1] = (message[begins:end], *pieces[-1][1:])
        elif piece.strip():
            pieces.append((piece, in_sentence, adds))
            begins = position
        if joint:
            position, in_sentence = joint.end(), joint["strong"] is None
            adds = joint["adds"] is not None
    return [_part(piece, in_sentence=weakly, added=added) for piece, weakly, added in pieces]


def is_follow_up(message: str) -> bool:
    """Whether the message leans on what was said before: it connects to it, points back, or is too short to stand."""
    words = message.split()
    if len(words) > _LONGEST_FOLLOW_UP:
        return False
    return continues(message) or refers_back(message) or len(words) < _SHORT


def continues(message: str) -> bool:
    """Whether it begins as only the continuation of something can: "and for 14 days?", "go on", "why is that?"."""
    begins = message.strip()
    return bool(_CONNECTS.match(begins) or _CONTINUES.match(begins))


def refers_back(message: str) -> bool:
    """Whether it points to something said before ("it", "that")."""
    return bool(_REFERS_BACK.search(message))


def only_continues(message: str) -> bool:
    """Whether it asks for more of the same and names nothing else."""
    return bool(_CONTINUES.match(message.strip()))


def _part(piece: str, *, in_sentence: bool = False, added: bool = False) -> Part:
    text = _NUMBERED.sub("", piece).strip()
    requests = bool(_REQUESTS.match(text))
    return Part(
        text,
        refers_back(text),
        bool(_STATES.match(text)),
        in_sentence=in_sentence and not (added and requests),
        adds=added or requests,
    )


def _is_fragment(piece: str) -> bool:
    return len(re.findall(r"[A-Za-z]{2,}", piece)) < _FEWEST_WORDS


def _inside_quotes(message: str, position: int) -> bool:
    return message.count('"', 0, position) % 2 == 1 or message.count("“", 0, position) > message.count(
        "”", 0, position
    )
