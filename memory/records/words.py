"""Whether two statements say the same, the contrary, or something new."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*(?:[.,][0-9]+)*")
_NEGATIONS: Final = frozenset(
    "not no never cannot isn't aren't wasn't don't doesn't didn't won't can't hasn't haven't nicht kein keine nie nunca".split()
)
_AUXILIARIES: Final = frozenset("do does did is are am be can will has have".split())
_BEGINS_NEGATED: Final = re.compile(
    r"^(?:[^\W_]+\s+){0,2}?(?:not|never|no|cannot|[^\W_]+n['’]t)\b", re.IGNORECASE
)
_ENDED: Final = re.compile(r"\bno longer\b|\bany ?more\b|\bused to\b|\bstopped\b|\bformerly\b", re.IGNORECASE)
_SHORTEST_PLURAL: Final = 4
_TELLING: Final = 3
_EMPTY: Final = frozenset("the and for with from their they his her him she that this".split())
_MOST: Final = 0.6


@dataclass(frozen=True)
class Statement:
    """What a text says, for comparison."""

    words: tuple[str, ...]
    """All words in order, folded."""
    core: tuple[str, ...]
    """Those that are left without negations and auxiliaries, sorted: a statement and its contrary have the same."""
    negated: bool


def fold(text: str) -> str:
    """The text as it is compared: compatible characters and case as one, runs of space as one."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def statement(text: str) -> Statement:
    """What the text says."""
    words = tuple(word.replace("’", "'") for word in _WORD.findall(fold(text)))
    core = [_stem(word) for word in words if word not in _NEGATIONS and word not in _AUXILIARIES]
    negations = sum(word in _NEGATIONS for word in words)
    return Statement(words, tuple(sorted(core)), negations % 2 == 1)


def value_of(text: str, details: dict[str, JsonValue]) -> str:
    """The value that a record of a slot gives it, folded; without one its words are the value."""
    value = details.get("value")
    return fold(value) if isinstance(value, str) and value else " ".join(statement(text).words)


def denies(text: str, details: dict[str, JsonValue]) -> bool:
    """Whether a record says that its slot does not have its value: `negated` in its details, or how its text begins."""
    negated = details.get("negated")
    return (
        negated
        if isinstance(negated, bool)
        else bool(_BEGINS_NEGATED.match(text)) and not ends(text, details)
    )


def ends(text: str, details: dict[str, JsonValue]) -> bool:
    """Whether it says that something is over, which is a change and no contradiction: `ended`, or the text says so."""
    ended = details.get("ended")
    return ended if isinstance(ended, bool) else bool(_ENDED.search(text))


def repeated(statements: Iterable[str], text: str) -> list[bool]:
    """Of each statement whether the text says it again: all its figures stand in it, and most of its telling words."""
    there = set(statement(text).core)
    found = []
    for each in statements:
        telling = {word for word in statement(each).core if len(word) >= _TELLING and word not in _EMPTY}
        figures = {word for word in statement(each).core if word[0].isdigit()}
        found.append(bool(telling) and figures <= there and len(telling & there) > _MOST * len(telling))
    return found


def _stem(word: str) -> str:
    """Likes and like are one word; nothing finer is needed to find the contrary of a short statement."""
    return (
        word[:-1]
        if len(word) >= _SHORTEST_PLURAL and word.endswith("s") and not word.endswith("ss")
        else word
    )
