"""The tool that holds a portfolio against its targets."""

import re

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.figures import table
from agents.fundamentals.portfolio_tool import read_holdings
from agents.refusals import refusing
from agents.tools import Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument
from trading import Drift, drift_from, figure, percent

_BAND = 5.0
_ROUNDING = 1e-9
_BAND_WORDS = re.compile(
    r"(?:band|threshold|tolerance)s?\s*(?:of|is|:)?\s*(\d+(?:\.\d+)?)\s*(?:%|percent|points?)?", re.IGNORECASE
)
_TARGET = re.compile(r"\btargets?\b|\bshould be\b|\bwant(?:ed)?\b", re.IGNORECASE)
_HOW = "Give what you hold and then the targets: `I hold BTC 7000, ETH 2000, USDC 1000; targets 60 % BTC, 30 % ETH, 10 % USDC`."


class DriftArguments(BaseModel):
    """Holdings and targets."""

    portfolio: str = argument(
        "Holdings, then the word `targets` and each target in percent; a band may follow: `band 5 %`. For example `BTC 7000, ETH "
        "2000, USDC 1000; targets 60 % BTC, 30 % ETH, 10 % USDC`",
        unit=Unit.REQUEST,
        holds=r"\btargets?\b|\bshould be\b|\bwant(?:ed)?\b",
    )


def portfolio_drift(arguments: DriftArguments) -> ToolOutput:
    """How far each holding is from its target, and what would bring it back."""
    band = _BAND_WORDS.search(arguments.portfolio)
    text = _BAND_WORDS.sub(" ", arguments.portfolio)
    found_at = list(_TARGET.finditer(text))
    between = (
        each
        for each in found_at
        if re.search(r"\d", text[: each.start()]) and re.search(r"\d", text[each.end() :])
    )
    split = next(between, found_at[0] if found_at else None)
    if split is None:
        raise ToolRefused(_HOW)
    before, after = text[: split.start()], text[split.end() :]
    if not re.search(r"\d", before):  # the targets came first
        parts = re.split(
            r";|\bnow\b|\bi (?:hold|have)\b|\bcurrent(?:ly)?\b|\bholdings?\b",
            after,
            maxsplit=1,
            flags=re.IGNORECASE,
        )
        if len(parts) != 2:  # noqa: PLR2004  # targets and holdings
            raise ToolRefused(_HOW)
        after, before = parts
    holdings, targets = read_holdings(before), read_holdings(after)
    width = float(band[1]) if band else _BAND
    with refusing():
        found = drift_from(holdings.weights, targets.weights, width / 100)
    return _told(
        found,
        width,
        in_percent=holdings.in_percent,
        given=band is not None,
        total=sum(targets.weights.values()),
    )


def drift_tool() -> BaseTool:
    """`portfolio_drift` as a tool."""
    return tool(
        "portfolio_drift",
        "Compares a portfolio with its target weights: drift of each holding, what is outside of a band, and the trades that bring "
        "it back.",
        DriftArguments,
        portfolio_drift,
        examples=(
            "I hold BTC 7000, ETH 2000, USDC 1000; targets 60 % BTC, 30 % ETH, 10 % USDC",
            "how far is my portfolio from target: 70% BTC, 30% ETH, target 50% BTC, 50% ETH, band 5 %",
            "what must I trade to rebalance BTC 12000, SOL 3000 to targets 70 % BTC, 30 % SOL",
        ),
    )


def _told(
    found: tuple[Drift, ...], band: float, *, in_percent: bool, given: bool, total: float
) -> ToolOutput:
    outside = [each for each in found if each.outside]
    worst = found[0]
    headline = (
        f"{', '.join(each.name for each in outside)} {'is' if len(outside) == 1 else 'are'} outside of the band of {band:g} "
        f"percentage points; the furthest, {worst.name}, is at {percent(worst.weight)} against {percent(worst.target)}."
        if outside
        else f"Every holding is within {band:g} percentage points of its target; the furthest, {worst.name}, is at "
        f"{percent(worst.weight)} against {percent(worst.target)}."
    )
    unit = "percentage points" if in_percent else "the unit of your amounts"
    rows = [
        (
            each.name,
            percent(each.weight),
            percent(each.target),
            percent(each.off),
            f"{'buy' if each.trade > 0 else 'sell'} {figure(abs(each.trade))}"
            if abs(each.trade) > _ROUNDING
            else "-",
        )
        for each in found
    ]
    scaled = "" if abs(total - 100) < 0.5 else f" The targets add up to {total:g} and were scaled to 100 %."  # noqa: PLR2004  # rounding allowed
    notes = (
        f"Trades are in {unit} and bring every weight to its target at today's prices; fees, spreads and taxes are left out and may "
        f"cost more than the drift. The band of {band:g} points is {'yours' if given else 'a common one; name another as `band 3 %`'}."
        f"{scaled}"
    )
    trades: list[JsonValue] = [
        {
            "name": each.name,
            "weight": each.weight,
            "target": each.target,
            "drift": each.off,
            "trade": each.trade,
            "outside": each.outside,
        }
        for each in found
    ]
    return ToolOutput(
        text="\n\n".join([headline, table(("holding", "weight", "target", "drift", "trade"), rows), notes]),
        data={"holdings": trades, "band_percent": band},
        figures=(
            Figure(name="largest drift", value=worst.off * 100, unit="%"),
            *(Figure(name=f"weight of {each.name}", value=each.weight * 100, unit="%") for each in found),
        ),
        assumptions=() if given else (f"A band of {band:g} percentage points.",),
        would_change=("With a narrower band smaller drifts call for trades, and each costs fees.",),
    )
