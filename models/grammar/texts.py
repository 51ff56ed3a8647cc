"""JSON strings: of a length, of a format, of a pattern."""

import re
from re import _parser as parser  # type: ignore[attr-defined]  # the only parser of Python's expressions
from typing import Any  # parse trees of regular expressions

from models.errors import GrammarInvalid
from models.grammar.writing import alternatives, character_class, literal, repeated

_LAST = 0x10FFFF
_NEWLINE = 0x0A
_BARE = ((0x20, 0x21), (0x23, 0x5B), (0x5D, 0x7E), (0x80, 0xD7FF), (0xE000, _LAST))
"""Code points that stand in a JSON string as they are; control characters would be allowed only escaped."""
_HEX = "[0-9a-fA-F]"
_ESCAPE = (
    rf'"\\" (["\\/bfnrt] | "u" ([0-9a-cA-CeEfF] {_HEX}{{3}} | [dD] [0-7] {_HEX}{{2}}))'  # no half of a pair
)
CHARACTER = f"{character_class(_BARE)} | {_ESCAPE}"
"""One character of a JSON string."""

_DATE = '[0-9]{4} "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | "1" [0-9] | "2" [0-8])'
_TIME = '([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{3})? ("Z" | [+-] ("0" [0-9] | "1" [0-2]) ":" [0-5] [0-9])'
_FORMATS = {
    "date": _DATE,
    "time": _TIME,
    "date-time": f'{_DATE} "T" {_TIME}',
    "uuid": '[0-9a-f]{8} "-" [0-9a-f]{4} "-" [1-5] [0-9a-f]{3} "-" [89ab] [0-9a-f]{3} "-" [0-9a-f]{12}',
    "email": '[a-z0-9] [a-z0-9._]{0,30} "@" [a-z0-9]{1,30} "." [a-z]{2,10}',
    "ipv4": ' "." '.join(['("25" [0-5] | "2" [0-4] [0-9] | "1" [0-9]{2} | [1-9]? [0-9])'] * 4),
}
_CATEGORIES = {
    "CATEGORY_DIGIT": ((0x30, 0x39),),
    "CATEGORY_WORD": ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)),
    "CATEGORY_SPACE": ((0x20, 0x20),),
}


def string(
    least: int, most: int | None, *, pattern: str | None = None, form: str | None = None, character: str
) -> str:
    """A JSON string in its quotes; `character` is the rule of one of its characters.

    A pattern or a known format stands before the lengths, which hold for other strings. A pattern that a grammar
    cannot follow (one that looks around or back) is left to whoever checks the result. Raises GrammarInvalid.
    """
    if most is not None and most < least:
        raise GrammarInvalid(f"no string has at least {least} and at most {most} characters")
    inside = pattern_expression(pattern, character) if pattern is not None else None
    if inside is None and form in _FORMATS:
        inside = _FORMATS[form]
    if inside is None:
        inside = repeated(character, least, most)
    return rf'"\"" {inside} "\""'.replace("  ", " ")


def pattern_expression(pattern: str, character: str) -> str | None:
    """What matches a regular expression somewhere, as a JSON string has it; None where a grammar cannot say it."""
    try:
        tree = list(parser.parse(pattern))
    except re.error as error:
        raise GrammarInvalid(f"the pattern {pattern!r} is no regular expression: {error}") from error
    before = after = f"{character}*"
    if tree and _is_at(tree[0], "AT_BEGINNING", "AT_BEGINNING_STRING"):
        before, tree = "", tree[1:]
    if tree and _is_at(tree[-1], "AT_END", "AT_END_STRING"):
        after, tree = "", tree[:-1]
    try:
        inside = _sequence(tree)
    except _Unsayable:
        return None
    return " ".join(part for part in (before, inside, after) if part)


class _Unsayable(Exception):
    """A grammar has no words for it."""


def _is_at(item: tuple[Any, Any], *names: str) -> bool:
    return str(item[0]) == "AT" and str(item[1]) in names


def _sequence(tree: Any) -> str:
    return " ".join(part for part in (_item(str(kind), value) for kind, value in tree) if part)


def _item(kind: str, value: Any) -> str:
    if kind in {"LITERAL", "NOT_LITERAL", "ANY", "IN"}:
        return _characters(_ranges(kind, value))
    if kind == "BRANCH":
        return alternatives([_sequence(branch) or '""' for branch in value[1]])
    if kind == "SUBPATTERN":
        _, added, removed, inside = value
        if added or removed:
            raise _Unsayable
        return f"({_sequence(inside)})"
    if kind in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        least, most, inside = value
        unlimited = str(most) == "MAXREPEAT"
        return repeated(_sequence(inside), int(least), None if unlimited else int(most))
    raise _Unsayable


def _ranges(kind: str, value: Any) -> list[tuple[int, int]]:
    if kind == "LITERAL":
        return [(value, value)]
    if kind == "NOT_LITERAL":
        return _without([(value, value)])
    if kind == "ANY":
        return _without([(_NEWLINE, _NEWLINE)])
    found: list[tuple[int, int]] = []
    negated = False
    for one, of in value:
        name = str(one)
        if name == "NEGATE":
            negated = True
        elif name == "RANGE":
            found.append(of)
        elif name == "LITERAL":
            found.append((of, of))
        elif name == "CATEGORY":
            found += _category(str(of))
        else:
            raise _Unsayable
    return _without(found) if negated else found


def _category(name: str) -> list[tuple[int, int]]:
    if name in _CATEGORIES:
        return list(_CATEGORIES[name])
    positive = name.replace("_NOT_", "_")
    if positive not in _CATEGORIES:
        raise _Unsayable
    # What is no digit to Python is no digit of any script: plain text is sure to be none.
    return [part for part in _without(list(_CATEGORIES[positive])) if part[1] < 0x80]  # noqa: PLR2004  # the end of ASCII


def _without(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found, start = [], 0x20
    for low, high in sorted(ranges):
        if low > start:
            found += _split(start, low - 1)
        start = max(start, high + 1)
    return [*found, *_split(start, _LAST)]


def _split(low: int, high: int) -> list[tuple[int, int]]:
    """A range at the end of ASCII and around the halves of pairs."""
    parts = ((low, min(high, 0x7E)), (max(low, 0xA1), min(high, 0xD7FF)), (max(low, 0xE000), high))
    return [(start, end) for start, end in parts if start <= end]


def _characters(ranges: list[tuple[int, int]]) -> str:
    """One character of the ranges, escaped where JSON wants it."""
    bare = [
        (max(low, start), min(high, end))
        for low, high in ranges
        for start, end in _BARE
        if max(low, start) <= min(high, end)
    ]
    escaped = [code for code in (0x22, 0x5C) if any(low <= code <= high for low, high in ranges)]
    found = [character_class(bare)] if bare else []
    found += [literal("\\" + chr(code)) for code in escaped]
    if any(low <= _NEWLINE <= high for low, high in ranges):
        found.append(literal("\\n"))
    if not found:
        raise _Unsayable
    return alternatives(found)
