"""Prices that a text gives: lists of closes, highs and so on, bars in words, and tables."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from knowledge.refinery.accuracy.numbers import PLAIN, read

Series = Mapping[str, Sequence[float]]
"""Prices by `open`, `high`, `low`, `close`, `volume`, oldest first."""

_PRICE: Final = rf"[$€£]?(?:{PLAIN})(?!\d)"
_LIST: Final = re.compile(
    rf"\b(?P<name>clos(?:es|ing prices)|prices|highs|lows|opens|volumes)\b(?: (?:for|of|over|in) the (?:last|past|first) (?:\d+|[a-z]+) (?:days|periods|bars|candles|hours))?"
    rf"(?: (?:of|are|were|at|is))?:? ?(?P<numbers>{_PRICE}(?:, (?:and )?{_PRICE}| and {_PRICE}){{1,60}})(?![\d,]*\d|%| ?%)",
    re.IGNORECASE,
)
_LABELLED: Final = re.compile(
    rf"\b(?P<name>open|high|low|close|volume)\b ?(?:price )?(?:of|at|is|was|=|:)? ?(?P<number>{_PRICE})(?![\d,]*\d|%| ?%)",
    re.IGNORECASE,
)
_ROW: Final = re.compile(r"^[ \t]*\|?(?P<cells>[^|\n]+(?:\|[^|\n]+)+)\|?[ \t]*$", re.MULTILINE)
_NAMES: Final = {"closing prices": "close", "prices": "close", "closes": "close", "highs": "high", "lows": "low",
                 "opens": "open", "volumes": "volume"}  # fmt: skip
_GAP: Final = 40  # characters between two prices of bars in words
_FEWEST: Final = 2  # bars


def prices_before(text: str, at: int, near: int) -> Series | None:
    """The last prices that stand before a place, not further off than that and in the same passage; None for none."""
    begin = max(0, at - 4 * near, text.rfind("\n\n\n", 0, at) + 1)
    found = [
        each
        for each in (_lists(text, begin, at), _labelled(text, begin, at), _table(text, begin, at))
        if each
    ]
    if not found:
        return None
    end, series = max(found, key=lambda each: each[0])
    between = text[end:at]
    return series if len(between) <= near and "\n\n" not in between.strip(" |-\n") else None


def _lists(text: str, begin: int, end: int) -> tuple[int, Series] | None:
    """The last list of closes with the lists of the same length that stand beside it."""
    lists = [(match, _NAMES[match["name"].casefold()]) for match in _LIST.finditer(text, begin, end)]
    if not lists:
        return None
    series: dict[str, list[float]] = {}
    for match, name in reversed(lists):
        numbers = [read(each).value for each in re.findall(_PRICE, match["numbers"])]
        if name in series or any(len(numbers) != len(other) for other in series.values()):
            break
        series[name] = numbers
    return lists[-1][0].end(), series


def _labelled(text: str, begin: int, end: int) -> tuple[int, Series] | None:
    """The last run of bars in words; a name that comes again starts the next bar."""
    bars: list[dict[str, float]] = []
    last = begin - _GAP
    for match in _LABELLED.finditer(text, begin, end):
        name = match["name"].casefold()
        if match.start() - last > _GAP:
            bars = []
        if not bars or name in bars[-1]:
            bars.append({})
        bars[-1][name] = read(match["number"]).value
        last = match.end()
    if len(bars) < _FEWEST or any(bar.keys() != bars[0].keys() for bar in bars):
        return None
    return last, {name: [bar[name] for bar in bars] for name in bars[0]}


def _table(text: str, begin: int, end: int) -> tuple[int, Series] | None:
    """The last table with a column of closes."""
    names: list[str] = []
    rows: list[list[str]] = []
    last = begin
    for match in _ROW.finditer(text, begin, end):
        cells = [cell.strip() for cell in match["cells"].split("|")]
        titles = [cell.casefold().removesuffix(" price") for cell in cells]
        if "close" in titles:
            names, rows = titles, []
        elif len(cells) == len(names) and not all(set(cell) <= set("-: ") for cell in cells):
            rows.append(cells)
        last = match.end()
    columns = [
        place for place, name in enumerate(names) if name in {"open", "high", "low", "close", "volume"}
    ]
    if len(rows) < _FEWEST or not all(re.fullmatch(_PRICE, row[place]) for row in rows for place in columns):
        return None
    return last, {names[place]: [read(row[place]).value for row in rows] for place in columns}
