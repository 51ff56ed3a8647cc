"""How GBNF is written (llama.cpp, "GBNF Guide")."""

import json
import re
from collections.abc import Iterable, Sequence

_ESCAPED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_IN_CLASS = {**_ESCAPED, "[": "\\[", "]": "\\]", "^": "\\x5E", "-": "\\x2D"}
_ATOM = re.compile(r'[\w-]+|"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]', re.ASCII)
_BLOCK = 64
"""Repetitions are written out by the parser, so that long ones are put together of blocks."""


def literal(text: str) -> str:
    """Exactly this text."""
    return '"' + "".join(_ESCAPED.get(character, character) for character in text) + '"'


def json_literal(value: object) -> str:
    """Exactly this JSON value, as `json.dumps` writes it."""
    return literal(json.dumps(value, ensure_ascii=False))


def character_class(ranges: Iterable[tuple[int, int]]) -> str:
    """One character of these ranges of code points, both ends included."""
    return "[" + "".join(_range(low, high) for low, high in ranges) + "]"


def alternatives(expressions: Sequence[str]) -> str:
    """One of them, to be used inside a sequence."""
    distinct = list(dict.fromkeys(expressions))
    return distinct[0] if len(distinct) == 1 else f"({' | '.join(distinct)})"


def group(expression: str) -> str:
    """The expression as one item, to be repeated say."""
    return expression if _ATOM.fullmatch(expression) else f"({expression})"


def optional(expression: str) -> str:
    """The expression, or nothing."""
    return f"{group(expression)}?" if expression else ""


def repeated(expression: str, least: int, most: int | None) -> str:
    """The expression so many times; no `most` is no limit."""
    item = group(expression)
    if most is None:
        return f"{_times(item, least)} {item}*".strip()
    return f"{_times(item, least)} {_up_to(item, most - least)}".strip()


def _times(item: str, count: int) -> str:
    blocks, rest = divmod(count, _BLOCK)
    if blocks > 1:
        return f"({item}{{{_BLOCK}}}){{{blocks}}} {_times(item, rest)}".strip()
    return f"{item}{{{count}}}" if count else ""


def _up_to(item: str, count: int) -> str:
    blocks, rest = divmod(count, _BLOCK)
    if blocks > 1:
        return f"({item}{{{_BLOCK}}}){{0,{blocks - 1}}} {item}{{0,{_BLOCK + rest}}}"
    return f"{item}{{0,{count}}}" if count else ""


def _range(low: int, high: int) -> str:
    return _in_class(low) if low == high else f"{_in_class(low)}-{_in_class(high)}"


def _in_class(code: int) -> str:
    character = chr(code)
    if character in _IN_CLASS:
        return _IN_CLASS[character]
    if code < 0x20 or code == 0x7F:  # noqa: PLR2004  # control characters
        return f"\\x{code:02X}"
    return character if code < 0x7F else f"\\U{code:08X}"  # noqa: PLR2004  # the end of ASCII
