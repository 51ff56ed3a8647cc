"""How Sofia checks the numbers she is given and writes the ones she found."""

import csv
import io
import math
from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from agents.tools import Artifact, ToolRefused

LARGEST = 1e15


def check_numbers(arguments: BaseModel) -> None:
    """Refuse NaN, infinity, negative numbers and numbers beyond 1e15 anywhere in a tool's arguments.

    Raises ToolRefused naming the argument.
    """
    for name, value in arguments:
        if not isinstance(value, int | float):
            continue
        label = name.replace("_", " ")
        if not math.isfinite(value) or abs(value) > LARGEST:
            raise ToolRefused(f"The {label} must be a finite number up to 1e15, got {value}.")
        if value < 0:
            raise ToolRefused(f"The {label} cannot be negative, got {value:g}.")


def amount(value: float) -> str:
    """A number with thousands separated; cents only where there are any."""
    rounded = round(value, 2)
    if rounded == int(rounded):
        return f"{int(rounded):,}"
    return f"{rounded:,.2f}"


def percent(fraction: float, digits: int = 2) -> str:
    """A fraction, 0.05, as percent, "5.00 %"."""
    return f"{fraction * 100:.{digits}f} %"


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
