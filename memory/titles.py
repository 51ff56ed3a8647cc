"""What threads are called."""

import re

_LONGEST_TITLE = 80
_LONGEST_GIVEN = 200
_UNTITLED = "New thread"
_GREETING = re.compile(
    r"^(?:hello|hi|hey|good (?:morning|afternoon|evening)|hallo|guten (?:morgen|tag|abend)|hola|buenos días|buenas tardes|"
    r"привет|здравствуйте|добрый день)(?:\s+(?:there|freya|zusammen))?\s*[,!.:]+\s*",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r".{12,}?[.!?…](?=\s|$)")


def title_of(text: str) -> str:
    """A thread's title, in the words of its first message: its first sentence after a greeting, cut at a word."""
    line = " ".join(text.split())
    said = _GREETING.sub("", line, count=1) or line
    first = _SENTENCE.match(said)
    said = first[0].rstrip(".") if first else said
    return _cut(said[:1].upper() + said[1:] if said != line else said, _LONGEST_TITLE)


def given_title(text: str) -> str:
    """A title that a person gives, on one line and not too long."""
    return _cut(text, _LONGEST_GIVEN)


def _cut(line: str, longest: int) -> str:
    line = " ".join(line.split())
    if len(line) <= longest:
        return line or _UNTITLED
    return line[:longest].rsplit(" ", 1)[0] + "…"
