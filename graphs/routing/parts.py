"""Taking a message apart into the requests in it, and telling a follow-up from a new request."""

import re

_JOINT = re.compile(
    r"(?<=[.!?])\s+(?=\S)|\s*;\s+|\n+"
    r"|,?\s+(?:and\s+(?:also|then|please|secondly)|also|then|plus)\s+(?=[a-z])"
    r"|,?\s+and\s+(?=(?:what|how|why|when|which|who|is|are|can|could|compute|calculate|write|give|tell|explain|design|"
    r"create|generate|show|find|audit|check|estimate|plan|draft|make|help)\b)",
    re.IGNORECASE,
)
_REFERS_BACK = re.compile(
    r"\b(?:it|its|that|this|them|they|those|these|he|she|same|one|previous|above|earlier)\b", re.IGNORECASE
)
_CONNECTS = re.compile(
    r"^(?:and|or|but|now|then|also|so|what about|how about|what if|instead|same|again|more|why|which one|"
    r"make (?:it|that)|use|with|for|at|try|elaborate|go on|continue|shorter|in detail|an? example)\b",
    re.IGNORECASE,
)
_SHORT = 5
_LONGEST_FOLLOW_UP = 12
_FEWEST_WORDS = 2


def split_parts(message: str) -> list[str]:
    """The parts of a message that may be requests of their own, in order.

    A part that refers back ("and when should I use it?") stays with the one before it, and so does a fragment;
    so do quoted texts, code and tables, which are not taken apart at all.
    """
    if any(mark in message for mark in ("```", "<html", "<!doctype", "<body")):
        return [message]
    parts: list[str] = []
    position = 0
    for joint in [*_JOINT.finditer(message), None]:
        end = joint.start() if joint else len(message)
        piece = message[position:end]
        if parts and (_is_fragment(piece) or _REFERS_BACK.search(piece) or _inside_quotes(message, position)):
            parts[-1] = message[message.rfind(parts[-1]) : end]
        elif piece.strip():
            parts.append(piece.strip())
        position = joint.end() if joint else end
    return parts


def is_follow_up(message: str) -> bool:
    """Whether the message leans on what was said before: it connects to it, points back, or is too short to stand."""
    words = message.split()
    if len(words) > _LONGEST_FOLLOW_UP:
        return False
    stripped = message.strip()
    return bool(_CONNECTS.match(stripped) or _REFERS_BACK.search(stripped)) or len(words) < _SHORT


def _is_fragment(piece: str) -> bool:
    return len(re.findall(r"[A-Za-z]{2,}", piece)) < _FEWEST_WORDS


def _inside_quotes(message: str, position: int) -> bool:
    return message.count('"', 0, position) % 2 == 1
