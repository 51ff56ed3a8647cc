"""Price bars out of text: CSV as exchanges and charting programs export it, and bars written in a request."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from trading.errors import BarsInvalid
from trading.ohlcv import COLUMNS, Bars, Series, bars_from_rows

_NAMES: dict[str, Series] = {
    "open": "open",
    "o": "open",
    "high": "high",
    "h": "high",
    "low": "low",
    "l": "low",
    "close": "close",
    "c": "close",
    "price": "close",
    "last": "close",
    "adj close": "close",
    "close/last": "close",
    "volume": "volume",
    "vol": "volume",
    "vol.": "volume",
    "v": "volume",
    "volume btc": "volume",
}
_TIMES = {"date", "time", "timestamp", "datetime", "open time", "opentime", "day", "unix", "t", "snapped at"}
_DATE_FORMATS = ("%d-%b-%y", "%d-%b-%Y", "%b %d, %Y", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d")
_SUFFIXES = {"k": 1e3, "m": 1e6, "b": 1e9}
_EPOCH = 1e8  # seconds since 1970 reach this in 1973; no price in a first column does
_NUMBER = r"[-+]?[$€]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?"
_LABELLED = re.compile(
    rf"\b(open|high|low|close|volume|o|h|l|c|v)(?:ed|d|s)?\b\s*(?:price|at|of|is|=|:)?\s*({_NUMBER})",
    re.IGNORECASE,
)
_SERIES = re.compile(
    rf"\b(open|high|low|close|volume)s?\b\W*((?:{_NUMBER}[,;\s]+){{2,}}{_NUMBER})", re.IGNORECASE
)
_UNGROUPED = re.compile(r"[-+]?[$€]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_IN_SERIES = re.compile(rf"[-+]?[$€]?\d{{1,3}}(?:,\d{{3}})+(?!\d)(?:\.\d+)?|{_UNGROUPED.pattern}")
_GROUP = re.compile(r"[\[(]([^\[\]()]+)[\])]")


def bars_from_csv(text: str) -> Bars:
    """Bars from delimited text, with or without a header, times ascending or descending.

    The delimiter is `,`, `;`, tab or `|`. Columns are found by their names (open, high, low, close or price,
    volume, and a date or time); without a header they are taken as [time,] open, high, low, close[, volume]
    or [time,] close. Raises BarsInvalid with the line that cannot be read.
    """
    rows = _cells(text)
    if not rows:
        raise BarsInvalid("The text has no lines; give CSV with the columns open, high, low, close, volume.")
    names = _header(rows[0])
    if names is None:
        names = _guessed_columns(rows)
    else:
        rows = rows[1:]
    if not rows:
        raise BarsInvalid("There is a header but no bars under it; give at least one row.")
    if "close" not in names:
        raise BarsInvalid("There is no column of closing prices; name one of the columns close or price.")
    columns = [each for each in COLUMNS if each in names]
    if {"open", "high", "low"} - set(columns):
        columns = [each for each in columns if each in {"close", "volume"}]
    numbers = [
        [_number(row, names.index(column), line) for column in columns]
        for line, row in enumerate(rows, start=1)
    ]
    times = [row[names.index("time")] for row in rows] if "time" in names else None
    if times is not None and _newest_first(times):
        numbers.reverse()
        times.reverse()
    return bars_from_rows(numbers, columns, times)


def find_bars(text: str) -> Bars | None:
    """The bars written somewhere in a text, or None when there are none.

    Looks for a fenced block or consecutive lines of CSV, then for bars in words ("open 10 high 11 low 9
    close 10.5"), then for series by name ("closes 10, 11, 12 and volumes 5, 6, 7"), then for groups of four or five
    numbers in brackets. Raises BarsInvalid for a table that is
    there but cannot be bars.
    """
    table = _table(text)
    if table is not None and _fits(_cells(table)):
        return bars_from_csv(table)
    return _labelled_bars(text) or _named_series(text) or _grouped_bars(text)


def _cells(text: str) -> list[list[str]]:
    lines = [line.strip() for line in text.replace("\ufeff", "").splitlines() if line.strip()]
    if not lines:
        return []
    delimiter = _delimiter(lines)
    rows = [
        [cell.strip() for cell in row]
        for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    ]
    if delimiter == ",":
        return rows
    return [[_decimal_point(cell) for cell in row] for row in rows]


def _delimiter(lines: Sequence[str]) -> str:
    sample = lines[: min(len(lines), 20)]
    for delimiter in ("\t", ";", "|", ","):
        if all(delimiter in line for line in sample):
            return delimiter
    return ","


def _decimal_point(cell: str) -> str:
    """A cell with a decimal comma, which only files with another delimiter have, in plain notation."""
    return cell.replace(",", ".") if re.fullmatch(r"-?\d+,\d+", cell) else cell


def _header(row: Sequence[str]) -> list[str] | None:
    """What each column is, when the first line names at least one price; else None."""
    plain = [cell.casefold().strip("\"' *") for cell in row]
    names = ["time" if cell in _TIMES else _NAMES.get(cell, "") for cell in plain]
    if not any(name in COLUMNS for name in names):
        return None
    doubled = [name for name, count in Counter(names).items() if name and count > 1]
    if doubled == ["close"]:  # Close beside Adj Close: the unadjusted one belongs to open, high and low
        first = names.index("close")
        return ["" if name == "close" and place != first else name for place, name in enumerate(names)]
    if doubled:
        raise BarsInvalid(f"There is more than one column for {doubled[0]}; leave one of them out.")
    return names


def _guessed_columns(rows: Sequence[Sequence[str]]) -> list[str]:
    width = len(rows[0])
    first = _plain_number(rows[0][0])
    timed = width > 1 and (first is None or first > _EPOCH)
    left = width - timed
    if left == 1:
        names: list[str] = ["close"]
    elif left in {4, 5} or (timed and left > 5):  # noqa: PLR2004  # prices of a bar, and its volume
        names = list(COLUMNS[: min(left, 5)])
    else:
        raise BarsInvalid(
            f"Rows of {width} columns without a header cannot be read; name the columns in the first line, "
            "such as date,open,high,low,close,volume."
        )
    names = ["time", *names] if timed else names
    return names + [""] * (width - len(names))


def _fits(rows: Sequence[Sequence[str]]) -> bool:
    """Whether rows have a header of prices or as many columns as bars have; else they are a list in lines."""
    if _header(rows[0]) is not None:
        return True
    timed = _plain_number(rows[0][0]) is None
    return timed or len(rows[0]) not in {2, 3}


def _plain_number(cell: str) -> float | None:
    text = cell.replace("$", "").replace("€", "").replace(",", "").replace(" ", "").casefold()
    factor = _SUFFIXES.get(text[-1:], 1.0)
    try:
        return float(text[:-1] if factor > 1 else text) * factor
    except ValueError:
        return None


def _number(row: Sequence[str], place: int, line: int) -> float:
    cell = row[place] if place < len(row) else ""
    value = _plain_number(cell)
    if value is None:
        shown = repr(cell) if cell else "an empty cell"
        raise BarsInvalid(
            f"Row {line} has {shown} where column {place + 1} should be a number; correct or drop it."
        )
    return value


def _newest_first(times: Sequence[str]) -> bool:
    """Whether the bars must be turned round; BarsInvalid when their times are in no order."""
    orders = [order for order in (_order(moments) for moments in _moments(times)) if order is not None]
    if any(order == "ascending" for order in orders) or not orders:
        return False
    if any(order == "descending" for order in orders):
        return True
    raise BarsInvalid("The times of the bars are in no order; sort the rows by time.")


def _moments(times: Sequence[str]) -> list[list[float]]:
    """The times as numbers, once for each way of reading them that fits them all."""
    readings: list[list[float]] = []
    for style in ("epoch", "iso", *_DATE_FORMATS):
        try:
            readings.append([_moment(time, style) for time in times])
        except ValueError:
            continue
    return readings


def _moment(time: str, style: str) -> float:
    if style == "epoch":
        return float(time)
    moment = datetime.fromisoformat(time) if style == "iso" else datetime.strptime(time, style)  # noqa: DTZ007  # only the order of one file's times counts
    return (
        moment.replace(tzinfo=None).toordinal()
        + (moment.hour * 3600 + moment.minute * 60 + moment.second) / 86400
    )


def _order(moments: Sequence[float]) -> str:
    steps = [later - earlier for earlier, later in pairwise(moments)]
    if all(step >= 0 for step in steps):
        return "ascending"
    return "descending" if all(step <= 0 for step in steps) else "none"


def _table(text: str) -> str | None:
    """The longest run of lines that look like rows of one table, two lines at least."""
    best: list[str] = []
    run: list[str] = []
    width = 0
    for line in [*text.splitlines(), ""]:
        count = _row_width(line)
        if count != width or count == 0:
            if len(run) > len(best):
                best = run
            run, width = [], count
        if count:
            run.append(line)
    return "\n".join(best) if len(best) > 1 else None


def _row_width(line: str) -> int:
    """How many cells a line has if it looks like a row of prices or their header; else 0."""
    rows = _cells(line)
    if not rows or len(rows[0]) < 2:  # noqa: PLR2004  # one number a line is a list, not a table
        return 0
    cells = rows[0]
    numeric = sum(_plain_number(cell) is not None for cell in cells)
    named = sum(cell.casefold() in _NAMES or cell.casefold() in _TIMES for cell in cells)
    fits = numeric >= len(cells) - 1 or named >= 2  # noqa: PLR2004  # a word that happens to be "last" is no header
    return len(cells) if fits else 0


def _labelled_bars(text: str) -> Bars | None:
    """Bars written in words; a name that comes again starts the next bar."""
    found: list[dict[str, float]] = []
    current: dict[str, float] = {}
    for name, number in _LABELLED.findall(text):
        column = _NAMES[name.casefold()]
        if column in current:
            found.append(current)
            current = {}
        current[column] = float(number.replace(",", "").replace("$", "").replace("€", ""))
    found.append(current)
    whole = [bar for bar in found if set(bar) >= set(COLUMNS[:4])]
    if not whole:
        return None
    width = 5 if all("volume" in bar for bar in whole) else 4
    return bars_from_rows([[bar[column] for column in COLUMNS[:width]] for bar in whole])


def _named_series(text: str) -> Bars | None:
    """Bars from lists named closes, volumes, highs and so on; closes alone are no bars but a list."""
    series: dict[str, tuple[float, ...]] = {
        name.casefold(): _series(numbers) for name, numbers in _SERIES.findall(text)
    }
    if "close" not in series or len(series) == 1:
        return None
    return Bars(
        close=series["close"],
        open=series.get("open"),
        high=series.get("high"),
        low=series.get("low"),
        volume=series.get("volume"),
    )


def _series(numbers: str) -> tuple[float, ...]:
    """Without blanks a comma parts numbers; with them it may group digits ("64,000, 64,100")."""
    one = _IN_SERIES if re.search(r"[;\s]", numbers) else _UNGROUPED
    return tuple(
        float(number.replace(",", "").replace("$", "").replace("€", "")) for number in one.findall(numbers)
    )


def _grouped_bars(text: str) -> Bars | None:
    groups = [
        [_plain_number(cell) for cell in re.split(r"[,;\s]+", group.strip())]
        for group in _GROUP.findall(text)
    ]
    rows = [
        [cell for cell in group if cell is not None]
        for group in groups
        if len(group) in {4, 5} and None not in group
    ]
    return bars_from_rows(rows) if rows else None
