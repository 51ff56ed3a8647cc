"""Texts that stand in objects and lists of their own: `[{"text": ..., "answer_start": ...}]`, `{"text": [...]}`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from knowledge.readers.fields import is_accepted, is_question, is_score, text_rank
from knowledge.readers.text import plain

_MOST_COMPARED = 100


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A text, and what its wrapping says of it."""

    text: str
    accepted: bool = False
    score: float = 0.0


def kind_of(value: object) -> str:
    """What a value is: `text`, `empty`, `number`, `wrapped`, `void`, `list` or `map`.

    `wrapped` is an object or list in which a text stands and nothing but that is meant, `void` one in which one
    could stand and none does.
    """
    if isinstance(value, str):
        return "text" if value.strip() else "empty"
    if value is None:
        return "empty"
    if isinstance(value, list):
        return kind_of_list({kind_of(part) for part in value})
    if isinstance(value, dict):
        return kind_of_map({name: kind_of(part) for name, part in value.items()})
    return "number"


def kind_of_list(kinds: Collection[str]) -> str:
    """`kind_of` of a list with parts of these kinds."""
    held = set(kinds) - {"empty", "void"}
    if not held:
        return "void"
    return "wrapped" if held <= {"text", "wrapped"} else "list"


def kind_of_map(kinds: Mapping[str, str]) -> str:
    """`kind_of` of an object with fields of these kinds."""
    if any(is_question(name) and kind in {"text", "wrapped"} for name, kind in kinds.items()):
        return "map"
    if text_field(kinds) is not None:
        return "wrapped"
    held = {kind for name, kind in kinds.items() if text_rank(name) is not None}
    return "void" if not kinds or (held and held <= {"empty", "void"}) else "map"


def text_field(kinds: Mapping[str, str]) -> str | None:
    """The field in which the text of an object stands; None: in none."""
    fitting = [
        (found, name)
        for name, kind in kinds.items()
        if kind in {"text", "wrapped"} and (found := text_rank(name)) is not None
    ]
    return min(fitting)[1] if fitting else None


def texts_in(value: JsonValue) -> list[Wrapped] | None:
    """The texts in an object or list that is `wrapped` or `void`, in order; None: it is neither."""
    return _texts(value) if kind_of(value) in {"wrapped", "void"} else None


def best_of(texts: Sequence[Wrapped]) -> tuple[list[str], list[str]]:
    """The texts that count, best first, and the others: where some are accepted these count, else all.

    What another one says in full already is left out.
    """
    ranked = sorted(texts, key=lambda each: (not each.accepted, -each.score))
    distinct = _distinct(ranked)
    accepted = [each.text for each in distinct if each.accepted]
    if not accepted:
        return [each.text for each in distinct], []
    return accepted, [each.text for each in distinct if not each.accepted]


def _texts(value: JsonValue) -> list[Wrapped]:
    if isinstance(value, str):
        return [Wrapped(value)] if value.strip() else []
    if isinstance(value, list):
        return [found for part in value for found in _texts(part)]
    if not isinstance(value, dict):
        return []
    name = text_field({name: kind_of(part) for name, part in value.items()})
    if name is None:
        return []
    held = value[name]
    if isinstance(held, list) and all(isinstance(part, str) for part in held):
        rows = [
            Wrapped(str(part), _is_accepted(value, row), _score(value, row)) for row, part in enumerate(held)
        ]
        return [each for each in rows if each.text.strip()]
    return [
        replace(each, accepted=each.accepted or _is_accepted(value), score=each.score or _score(value))
        for each in _texts(held)
    ]


def _is_accepted(value: Mapping[str, JsonValue], row: int | None = None) -> bool:
    return any(_cell(part, row) == 1 for name, part in value.items() if is_accepted(name))


def _score(value: Mapping[str, JsonValue], row: int | None = None) -> float:
    """The first score that an object gives its text; of lists side by side that of the row."""
    cells = (_cell(part, row) for name, part in value.items() if is_score(name))
    return next((float(cell) for cell in cells if isinstance(cell, int | float)), 0.0)


def _cell(part: JsonValue, row: int | None) -> str | float | None:
    if row is not None and isinstance(part, list):
        part = part[row] if row < len(part) else None
    return part if isinstance(part, str | int | float) else None


def _distinct(texts: Sequence[Wrapped]) -> list[Wrapped]:
    """Without those that repeat another, or are part of one that counts as much."""
    found: dict[str, Wrapped] = {}
    for each in texts:
        found.setdefault(plain(each.text) or each.text, each)
    if len(found) > _MOST_COMPARED:
        return list(found.values())
    return [
        each
        for words, each in found.items()
        if not any(
            words != others and f" {words} " in f" {others} " and other.accepted >= each.accepted
            for others, other in found.items()
        )
    ]
