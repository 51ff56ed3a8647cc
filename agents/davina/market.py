"""How large a market is."""

from enum import StrEnum

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.davina.charts import bars
from agents.figures import amount, check_numbers
from agents.measures import money
from agents.tools import ToolOutput, ToolRefused, tool
from models import Unit, argument

_FAR_APART = 2.0
_NAMES = {
    "TAM": "total addressable market",
    "SAM": "serviceable addressable market",
    "SOM": "serviceable obtainable market",
}


class Billing(StrEnum):
    """How often a customer pays."""

    YEARLY = "yearly"
    QUARTERLY = "quarterly"
    MONTHLY = "monthly"
    WEEKLY = "weekly"


_A_YEAR = {Billing.YEARLY: 1, Billing.QUARTERLY: 4, Billing.MONTHLY: 12, Billing.WEEKLY: 52}


class MarketSize(BaseModel):
    """A market from below (customers and price), from above (its total), or both."""

    customers: float | None = argument(
        "Potential customers in the whole market",
        unit=Unit.COUNT,
        cues=("customers", "people", "companies", "users", "households", "businesses"),
        default=None,
    )
    price: float | None = argument(
        "What one customer pays each time",
        unit=Unit.MONEY,
        cues=("price", "at", "a year", "per year", "annually", "paying", "pay", "each"),
        default=None,
    )
    billing: Billing = argument(
        "How often the price is paid",
        aliases={
            "monthly": ("a month", "per month", "each month", "every month", "month"),
            "weekly": ("a week", "per week", "each week", "every week"),
            "quarterly": ("a quarter", "per quarter", "each quarter"),
        },
        default=Billing.YEARLY,
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
        cues=("winnable", "obtainable", "som", "obtain", "win", "capture", "share"),
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


def _market_size(arguments: MarketSize) -> ToolOutput:
    check_numbers(arguments)
    for name in ("serviceable_percent", "obtainable_percent"):
        share = getattr(arguments, name)
        if share is not None and share > 100:  # noqa: PLR2004  percent
            raise ToolRefused(f"The {name.replace('_', ' ')} cannot be above 100 %, got {share:g} %.")
    from_below = (
        arguments.customers * arguments.price * _A_YEAR[arguments.billing]
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
    rows: list[dict[str, JsonValue]] = [{"market": name, "a year": size} for name, size in sizes.items()]
    return ToolOutput(
        text=text,
        data=data,
        figures=tuple(money(_NAMES[name], size) for name, size in sizes.items()),
        assumptions=(
            "Every share is an assumption of yours; the narrower the market, the more evidence it needs.",
        ),
        would_change=_market_levers(arguments, sizes),
        chart=bars("Market size", rows, name="market", value="a year") if len(rows) > 1 else None,
    )


def _market_levers(arguments: MarketSize, sizes: dict[str, float]) -> tuple[str, ...]:
    """What half of the narrowest share leaves."""
    if len(sizes) == 1:
        return ()
    name, size = list(sizes.items())[-1]
    share = arguments.obtainable_percent if name == "SOM" else arguments.serviceable_percent
    return (f"At half of the {share:g} % the {name} is {amount(size / 2)} a year.",)


def _narrowed(total: float, arguments: MarketSize) -> dict[str, float]:
    sizes = {"TAM": total}
    if arguments.serviceable_percent is not None:
        sizes["SAM"] = total * arguments.serviceable_percent / 100
        if arguments.obtainable_percent is not None:
            sizes["SOM"] = sizes["SAM"] * arguments.obtainable_percent / 100
    return sizes


def _market_steps(arguments: MarketSize, from_below: float | None, sizes: dict[str, float]) -> list[str]:
    notes = []
    if from_below is not None and arguments.customers is not None and arguments.price is not None:
        notes.append(
            f"Bottom-up: {amount(arguments.customers)} customers × {amount(arguments.price)}{_often(arguments)} a year"
        )
        if "SOM" in sizes and arguments.price:
            notes.append(
                f"The SOM is {amount(sizes['SOM'] / (arguments.price * _A_YEAR[arguments.billing]))} customers"
            )
    else:
        notes.append("Top-down: the total market as given; check who its source counts")
    if "SAM" in sizes:
        notes.append(f"SAM = TAM × {arguments.serviceable_percent:g} %")
    if "SOM" in sizes:
        notes.append(f"SOM = SAM × {arguments.obtainable_percent:g} %")
    if len(sizes) < 3:  # noqa: PLR2004  TAM, SAM and SOM
        missing = "serviceable and obtainable shares were" if len(sizes) == 1 else "obtainable share was"
        notes.append(f"The {missing} not given, so no narrower market is stated")
    if from_below and arguments.total_market:
        notes.append(_cross_check(from_below, arguments.total_market))
    notes += _market_levers(arguments, sizes)
    notes.append("Every share is an assumption of yours; the narrower the market, the more evidence it needs")
    return notes


def _often(arguments: MarketSize) -> str:
    times = _A_YEAR[arguments.billing]
    return "" if times == 1 else f" × {times} ({arguments.billing.value})"


def _cross_check(from_below: float, from_above: float) -> str:
    ratio = max(from_below, from_above) / min(from_below, from_above)
    verdict = "too far apart to trust either" if ratio > _FAR_APART else "close enough to support each other"
    return f"Cross-check: bottom-up {amount(from_below)} against top-down {amount(from_above)}, a factor of {ratio:.1f}: {verdict}"
