"""How tools check the numbers they are given and write the ones they found."""

import csv
import io
import math
from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from agents.tools import Artifact, ToolRefused

LARGEST = 1e15


def check_numbers(arguments: BaseModel, *, negative: frozenset[str] = frozenset()) -> None:
    """Refuse NaN, infinity and numbers beyond 1e15 in a tool's arguments, and negative ones except where named.

    Lists of numbers are looked through as well. Raises ToolRefused naming the argument.
    """
    for name, value in arguments:
        numbers = value if isinstance(value, list) else [value]
        for number in numbers:
            if isinstance(number, int | float):
                _check(name.replace("_", " "), number, may_be_negative=name in negative)


def amount(value: float) -> str:
    """A number with thousands separated; cents only where there are any."""
    rounded = round(value, 2)
    if rounded == int(rounded):
        return f"{int(rounded):,}"
    return f"{rounded:,.2f}"


def percent(fraction: float, digits: int = 2) -> str:
    """A fraction, 0.05, as percent, "5.00 %"."""
    return f"{fraction * 100:,.{digits}f} %"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; bars inside cells are escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Artifact:
    """A table as a CSV file to download."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return Artifact(name=name, media_type="text/csv", content=out.getvalue())


def _check(label: str, number: float, *, may_be_negative: bool) -> None:
    if not math.isfinite(number) or abs(number) > LARGEST:
        raise ToolRefused(f"The {label} must be a finite number up to 1e15, got {number}.")
    if number < 0 and not may_be_negative:
        raise ToolRefused(f"The {label} cannot be negative, got {number:g}.")
