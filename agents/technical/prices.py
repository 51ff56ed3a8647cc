"""Where a tool's prices come from: closes in the request, bars in it as CSV, or an exchange that is asked for them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import BaseModel

from agents.refusals import refusing
from agents.tools import Resources, ToolOutput, ToolRefused
from models import Unit, argument
from trading import TIMEFRAMES, Bars, bars_from_closes, find_bars, symbol_in, timeframe_in

DEFAULT_TIMEFRAME = "1d"
DEFAULT_BARS = 300
_NO_PRICES = (
    "There are no prices to compute with. Give the closing prices, oldest first, as numbers (44.3, 44.1, 43.6 ...), or "
    "paste CSV with the columns date, open, high, low, close, volume, or name an exchange's pair (BTC/USDT, 4h)."
)
_NO_EXCHANGE = (
    "There is no connection to an exchange here, so {symbol} cannot be looked up. Give its closing prices, oldest first, as "
    "numbers, or paste CSV with the columns date, open, high, low, close, volume. Whoever runs this service can connect "
    "one: install the extra `market` and set FREYA_MARKET__EXCHANGE."
)


class PriceArguments(BaseModel):
    """Prices, in one of three ways."""

    closes: list[float] = argument(
        "Closing prices, oldest first",
        unit=Unit.NUMBER,
        cues=("closes", "closing", "prices", "of", "for", "data"),
        default=[],
    )
    bars: str = argument(
        "Bars as CSV with the columns date, open, high, low, close, volume; taken instead of `closes`",
        unit=Unit.REQUEST,
        default="",
    )
    symbol: str = argument(
        "A pair at the exchange, such as BTC/USDT, where no prices are given", unit=Unit.SYMBOL, default=""
    )
    timeframe: str = argument(
        f"Of the exchange's bars, one of {', '.join(TIMEFRAMES)}; 1d when left out", default=""
    )


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Bars and where they are from."""

    bars: Bars
    source: str
    """In words, for the answer."""
    timeframe: str | None = None
    """Known of an exchange's bars only."""
    assumptions: tuple[str, ...] = ()


async def prices_of(
    given: PriceArguments,
    resources: Resources,
    *,
    count: int = DEFAULT_BARS,
    settings: tuple[float, ...] = (),
) -> Prices:
    """The prices a request gives or names: bars as CSV, else closes, else an exchange's bars.

    Closes that are the numbers of `settings`, in their order, are no prices. Raises ToolRefused where there are none, or
    where a pair is named and there is no exchange.
    """
    with refusing():
        table = await asyncio.to_thread(find_bars, given.bars) if given.bars else None
    if table is not None:
        return Prices(bars=table, source=f"{len(table)} bars as given", assumptions=(_OLDEST_FIRST,))
    if given.closes and tuple(given.closes) != settings:
        with refusing():
            bars = bars_from_closes(given.closes)
        return Prices(bars=bars, source=f"{len(bars)} closes as given", assumptions=(_OLDEST_FIRST,))
    asked = symbol_in(given.symbol) or symbol_in(given.bars)
    if asked is None:
        raise ToolRefused(_NO_PRICES)
    if resources.market is None:
        raise ToolRefused(_NO_EXCHANGE.format(symbol=asked.symbol))
    timeframe = timeframe_in(given.timeframe) or timeframe_in(given.bars)
    chosen = timeframe or DEFAULT_TIMEFRAME
    with refusing():
        bars = await resources.market.bars(asked.symbol, chosen, count)
    assumptions = []
    if asked.assumed:
        assumptions.append(f"The coin was taken as the pair {asked.symbol}.")
    if timeframe is None:
        assumptions.append("Daily bars were taken, as no timeframe was named.")
    return Prices(
        bars=bars,
        source=f"{len(bars)} closed {chosen} bars of {asked.symbol} from {resources.market.name}, the last of {bars.label(-1)}",
        timeframe=chosen,
        assumptions=tuple(assumptions),
    )


async def computed(
    run: Callable[[Prices], ToolOutput],
    given: PriceArguments,
    resources: Resources,
    *,
    count: int = DEFAULT_BARS,
) -> ToolOutput:
    """A pure computation over the prices that a request gives or names, in a thread, its source and assumptions added."""
    prices = await prices_of(given, resources, count=count)
    with refusing():
        output = await asyncio.to_thread(run, prices)
    return output.model_copy(
        update={
            "data": {**output.data, "source": prices.source},
            "assumptions": (*prices.assumptions, *output.assumptions),
        }
    )


_OLDEST_FIRST = "The prices were taken as oldest first."
