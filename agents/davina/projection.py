"""How revenue may grow, with a range."""

import math

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.davina.charts import lines
from agents.figures import amount, check_numbers, csv_file, percent, table
from agents.measures import money
from agents.tools import ToolOutput, ToolRefused, tool
from models import Unit, argument

LONGEST_PROJECTION = 120
_SHOWN_MONTHS = 24
_DRAWS = 10_000
_LEVELS = (5, 50, 95)


class RevenueProjection(BaseModel):
    """Where revenue starts and how it grows."""

    start: float = argument(
        "Revenue of the current month",
        unit=Unit.MONEY,
        cues=("from", "start", "starting", "now", "today", "revenue", "mrr"),
    )
    growth_percent: float = argument(
        "Growth a month, in percent",
        unit=Unit.PERCENT,
        cues=("growth", "growing", "grows", "a month", "monthly"),
    )
    months: int = argument("Months to project", unit=Unit.MONTHS, cues=("months", "for", "over"), default=12)
    low_growth_percent: float | None = argument(
        "Growth a month in the low case, in percent",
        unit=Unit.PERCENT,
        cues=("low", "worst", "pessimistic", "at least", "between"),
        default=None,
    )
    high_growth_percent: float | None = argument(
        "Growth a month in the high case, in percent",
        unit=Unit.PERCENT,
        cues=("high", "best", "optimistic", "at most", "and"),
        default=None,
    )
    seed: int = argument(
        "Seed of the random numbers with which months between the low and the high case are drawn",
        unit=Unit.NUMBER,
        cues=("seed",),
        default=1,
        ge=0,
        le=2**32 - 1,
    )


def revenue_projection() -> BaseTool:
    """Revenue month by month, with a range."""
    return tool(
        "revenue_projection",
        "Projects monthly revenue forward at a compound growth rate with a low and a high case; month by month as a table and "
        "CSV.",
        RevenueProjection,
        _revenue_projection,
        examples=(
            "Project revenue from 10000 growing 8 % a month for 12 months",
            "Forecast our sales for 24 months: start 5000, growth 6 %, low 3 %, high 9 %",
            "What will MRR be in 18 months at 5 % monthly growth from 20k?",
            "Revenue forecast for a year with best and worst case: 8000 now, 10 % growth, worst 4 %, best 15 %",
        ),
    )


def grown(start: float, growth: float, months: int) -> list[float]:
    """Revenue of the months 0 (`start`) to `months` at a compound growth, a fraction, a month.

    Raises ToolRefused where it would pass 1e18.
    """
    if start > 0 and growth > 0 and math.log(start) + months * math.log1p(growth) > math.log(1e18):
        raise ToolRefused(
            f"At {growth * 100:g} % a month for {months} months revenue passes 1e18; lower the growth or the months."
        )
    return [start * (1 + growth) ** month for month in range(months + 1)]


def _revenue_projection(arguments: RevenueProjection) -> ToolOutput:
    rates = frozenset({"growth_percent", "low_growth_percent", "high_growth_percent"})
    check_numbers(arguments, negative=rates)
    if not 1 <= arguments.months <= LONGEST_PROJECTION:
        raise ToolRefused(f"Project 1 to {LONGEST_PROJECTION} months, got {arguments.months}.")
    growths = _growths(arguments)
    paths = {name: grown(arguments.start, growth / 100, arguments.months) for name, growth in growths.items()}
    header = ("month", *paths)
    months = list(zip(*paths.values(), strict=True))
    rows = [(str(month), *(amount(value) for value in values)) for month, values in enumerate(months)]
    shown = rows if len(rows) <= _SHOWN_MONTHS + 1 else [*rows[:_SHOWN_MONTHS], rows[-1]]
    sums = {name: math.fsum(path[1:]) for name, path in paths.items()}
    drawn = _drawn(arguments, growths)
    assumptions = _assumptions(arguments, growths)
    would_change = (
        (
            f"With the low growth revenue in month {arguments.months} is {amount(paths['low'][-1])}, with the high one "
            f"{amount(paths['high'][-1])}."
        ),
    )
    notes = [
        (
            f"Revenue of months 1 to {arguments.months} together: {amount(sums['expected'])} "
            f"({amount(sums['low'])} to {amount(sums['high'])})"
        ),
        f"Month 0 is today's {amount(arguments.start)}; growth a month: "
        + ", ".join(f"{name} {growth:g} %" for name, growth in growths.items())
        + f", compounding ({percent(_yearly(growths['expected']), 1)} a year)",
        *([_interval(arguments, drawn)] if drawn else []),
        *assumptions,
    ]
    text = "\n\n".join(
        (
            (
                f"In month {arguments.months} revenue is {amount(paths['expected'][-1])}, between {amount(paths['low'][-1])} and "
                f"{amount(paths['high'][-1])}."
            ),
            "\n".join(f"- {line}" for line in notes),
            table(header, shown),
        )
    )
    data: dict[str, JsonValue] = {
        "growth_percent": {**growths},
        "final": {name: path[-1] for name, path in paths.items()},
        "total": {**sums},
        "simulated": {
            "final": {f"p{level}": value for level, value in drawn.items()},
            "draws": _DRAWS,
            "seed": arguments.seed,
            "distribution": "triangular",
        }
        if drawn
        else None,
    }
    figures = [
        money(f"revenue of the last month, {name}", paths[name][-1]) for name in ("expected", "low", "high")
    ]
    figures.append(money("revenue of all months, expected", sums["expected"]))
    figures += [money(f"percentile {level} of the last month", value) for level, value in drawn.items()]
    rows_drawn: list[dict[str, JsonValue]] = [
        {"month": month, "revenue": round(value, 2), "name": name}
        for name, path in paths.items()
        for month, value in enumerate(path)
    ]
    exported = ((month, *(round(value, 2) for value in values)) for month, values in enumerate(months))
    return ToolOutput(
        text=text,
        data=data,
        figures=tuple(figures),
        assumptions=assumptions,
        would_change=would_change,
        chart=lines("Revenue by month", rows_drawn, x="month", y="revenue"),
        artifacts=(csv_file("revenue-projection.csv", header, exported),),
    )


def _drawn(arguments: RevenueProjection, growths: dict[str, float]) -> dict[int, float]:
    """Percentiles of the last month's revenue with each month's growth drawn between the two bounds; none without both."""
    low, middle, high = growths.values()
    if arguments.low_growth_percent is None or arguments.high_growth_percent is None or low == high:
        return {}
    import numpy as np

    random = np.random.default_rng(arguments.seed)
    monthly = random.triangular(low, middle, high, (_DRAWS, arguments.months)) / 100
    finals = arguments.start * np.prod(1 + monthly, axis=1)
    return {level: float(value) for level, value in zip(_LEVELS, np.percentile(finals, _LEVELS), strict=True)}


def _interval(arguments: RevenueProjection, drawn: dict[int, float]) -> str:
    return (
        f"Simulated with growth drawn anew each month (triangular, {_DRAWS:,} draws, seed {arguments.seed}), 90 % of the last months lie "
        f"between {amount(drawn[5])} and {amount(drawn[95])}, half below {amount(drawn[50])}: good and bad months even out"
    )


def _growths(arguments: RevenueProjection) -> dict[str, float]:
    """The low, expected and high growth in percent; a missing bound is half the growth away."""
    middle = arguments.growth_percent
    low, high = arguments.low_growth_percent, arguments.high_growth_percent
    low = middle - abs(middle) / 2 if low is None else low
    high = middle + abs(middle) / 2 if high is None else high
    if not -100 <= low <= middle <= high <= 1000:  # noqa: PLR2004  percent a month
        raise ToolRefused(
            "The growth rates must rise from low over expected to high and lie between -100 and 1,000 % a month, got "
            f"{low:g}, {middle:g} and {high:g} %."
        )
    return {"low": low, "expected": middle, "high": high}


def _yearly(monthly_percent: float) -> float:
    return (1 + monthly_percent / 100) ** 12 - 1


def _assumptions(arguments: RevenueProjection, growths: dict[str, float]) -> tuple[str, ...]:
    if arguments.low_growth_percent is None or arguments.high_growth_percent is None:
        return (
            (
                f"A bound that was not given is assumed at half the growth below or above it ({growths['low']:g} to {growths['high']:g} %); "
                "give your own worst and best month for a range that means something."
            ),
        )
    return ("The range is the one given; it holds only if every month stays inside it.",)
