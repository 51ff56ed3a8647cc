"""How large a market is, and how revenue may grow in it."""

import math

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.figures import amount, check_numbers, csv_file, percent, table
from agents.tools import ToolOutput, ToolRefused, tool
from models import Unit, argument

LONGEST_PROJECTION = 120
_SHOWN_MONTHS = 24
_FAR_APART = 2.0


class MarketSize(BaseModel):
    """A market from below (customers and price), from above (its total), or both."""

    customers: float | None = argument(
        "Potential customers in the whole market",
        unit=Unit.COUNT,
        cues=("customers", "people", "companies", "users", "households", "businesses"),
        default=None,
    )
    price: float | None = argument(
        "What one customer pays a year",
        unit=Unit.MONEY,
        cues=("price", "at", "a year", "per year", "annually", "paying", "pay", "each"),
        default=None,
    )
    total_market: float | None = argument(
        "Yearly size of the whole market, where a source gives it",
        unit=Unit.MONEY,
        cues=("total market", "market of", "tam", "market", "industry"),
        default=None,
    )
    serviceable_percent: float | None = argument(
        "Share of the whole market that the offer can serve, in percent",
        unit=Unit.PERCENT,
        cues=("serviceable", "sam", "serve", "addressable", "reach"),
        default=None,
    )
    obtainable_percent: float | None = argument(
        "Share of the serviceable market that can be won, in percent",
        unit=Unit.PERCENT,
        cues=("obtainable", "som", "obtain", "win", "capture", "share"),
        default=None,
    )


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


def market_size() -> BaseTool:
    """TAM, SAM and SOM."""
    return tool(
        "market_size",
        "Sizes a market as TAM, SAM and SOM: bottom-up from customers and yearly price, top-down from a market total, or both "
        "as a cross-check.",
        MarketSize,
        _market_size,
        examples=(
            "TAM SAM SOM for 200000 companies paying 600 a year, serviceable 25 %, obtainable 4 %",
            "How big is the market: 1.5 million households at 120 a year, we can reach 30 % and win 5 %?",
            "Market size top-down: a 2 billion market, 10 % serviceable, 3 % obtainable",
            "Compare bottom-up and top-down: 50000 businesses paying 1200 each against a total market of 80 million",
        ),
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


def _market_size(arguments: MarketSize) -> ToolOutput:
    check_numbers(arguments)
    for name in ("serviceable_percent", "obtainable_percent"):
        share = getattr(arguments, name)
        if share is not None and share > 100:  # noqa: PLR2004  percent
            raise ToolRefused(f"The {name.replace('_', ' ')} cannot be above 100 %, got {share:g} %.")
    from_below = (
        arguments.customers * arguments.price
        if arguments.customers is not None and arguments.price is not None
        else None
    )
    total = from_below if from_below is not None else arguments.total_market
    if total is None:
        raise ToolRefused(
            "Give the number of customers and what each pays a year (bottom-up), or the total market (top-down)."
        )
    if arguments.serviceable_percent is None and arguments.obtainable_percent is not None:
        raise ToolRefused(
            "Give the serviceable percent as well; the obtainable part is a share of the serviceable market."
        )
    sizes = _narrowed(total, arguments)
    steps = "\n".join(f"- {line}" for line in _market_steps(arguments, from_below, sizes))
    text = ", ".join(f"{name} is {amount(size)}" for name, size in sizes.items()) + f" a year.\n\n{steps}"
    data: dict[str, JsonValue] = {
        **{name.lower(): size for name, size in sizes.items()},
        "bottom_up": from_below,
        "top_down": arguments.total_market,
    }
    return ToolOutput(text=text, data=data)


def _narrowed(total: float, arguments: MarketSize) -> dict[str, float]:
    sizes = {"TAM": total}
    if arguments.serviceable_percent is not None:
        sizes["SAM"] = total * arguments.serviceable_percent / 100
        if arguments.obtainable_percent is not None:
            sizes["SOM"] = sizes["SAM"] * arguments.obtainable_percent / 100
    return sizes


def _market_steps(arguments: MarketSize, from_below: float | None, sizes: dict[str, float]) -> list[str]:
    lines = []
    if from_below is not None and arguments.customers is not None and arguments.price is not None:
        lines.append(f"Bottom-up: {amount(arguments.customers)} customers × {amount(arguments.price)} a year")
        if "SOM" in sizes and arguments.price:
            lines.append(f"The SOM is {amount(sizes['SOM'] / arguments.price)} customers")
    else:
        lines.append("Top-down: the total market as given; check who its source counts")
    if "SAM" in sizes:
        lines.append(f"SAM = TAM × {arguments.serviceable_percent:g} %")
    if "SOM" in sizes:
        lines.append(f"SOM = SAM × {arguments.obtainable_percent:g} %")
    if len(sizes) < 3:  # noqa: PLR2004  TAM, SAM and SOM
        missing = "serviceable and obtainable shares were" if len(sizes) == 1 else "obtainable share was"
        lines.append(f"The {missing} not given, so no narrower market is stated")
    if from_below and arguments.total_market:
        lines.append(_cross_check(from_below, arguments.total_market))
    lines.append("Every share is an assumption of yours; the narrower the market, the more evidence it needs")
    return lines


def _cross_check(from_below: float, from_above: float) -> str:
    ratio = max(from_below, from_above) / min(from_below, from_above)
    verdict = "too far apart to trust either" if ratio > _FAR_APART else "close enough to support each other"
    return f"Cross-check: bottom-up {amount(from_below)} against top-down {amount(from_above)}, a factor of {ratio:.1f}: {verdict}"


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
    span = f", between {amount(paths['low'][-1])} and {amount(paths['high'][-1])}"
    sums = {name: math.fsum(path[1:]) for name, path in paths.items()}
    text = (
        f"In month {arguments.months} revenue is {amount(paths['expected'][-1])}{span}.\n\n"
        f"- Revenue of months 1 to {arguments.months} together: {amount(sums['expected'])} "
        f"({amount(sums['low'])} to {amount(sums['high'])})\n"
        f"- Month 0 is today's {amount(arguments.start)}; growth a month: "
        + ", ".join(f"{name} {growth:g} %" for name, growth in growths.items())
        + f", compounding ({percent(_yearly(growths['expected']), 1)} a year)\n{_range_note(arguments)}\n\n{table(header, shown)}"
    )
    data: dict[str, JsonValue] = {
        "growth_percent": {**growths},
        "final": {name: path[-1] for name, path in paths.items()},
        "total": {**sums},
    }
    exported = ((month, *(round(value, 2) for value in values)) for month, values in enumerate(months))
    return ToolOutput(text=text, data=data, artifacts=(csv_file("revenue-projection.csv", header, exported),))


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


def _range_note(arguments: RevenueProjection) -> str:
    if arguments.low_growth_percent is None or arguments.high_growth_percent is None:
        return (
            "- A bound that was not given is assumed at half the growth below or above it; give your own worst and best "
            "month for a range that means something."
        )
    return "- The range is the one given; it holds only if every month stays inside it."
