"""The tool that asks an exchange what a pair does now."""

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.figures import table
from agents.refusals import refusing
from agents.tools import Figure, Resources, ToolOutput, ToolRefused, tool
from models import Unit, argument
from trading import Bars, Ticker, figure, percent, symbol_in

_BARS = 365


class SnapshotArguments(BaseModel):
    """The pair."""

    request: str = argument(
        "A pair at the exchange, such as BTC/USDT, or a coin's name", unit=Unit.REQUEST, holds=r"\w"
    )


async def market_snapshot(arguments: SnapshotArguments, resources: Resources) -> ToolOutput:
    """Price, spread, volume and what the pair did over the last days, weeks and the year."""
    asked = symbol_in(arguments.request)
    if asked is None:
        raise ToolRefused("Name the pair at the exchange, such as BTC/USDT, or a coin such as bitcoin.")
    if resources.market is None:
        raise ToolRefused(
            f"There is no connection to an exchange here, so {asked.symbol} cannot be looked up. Give the figures you see and ask "
            "what they mean. Whoever runs this service can connect one: install the extra `market` and set FREYA_MARKET__EXCHANGE."
        )
    with refusing():
        ticker = await resources.market.ticker(asked.symbol)
        bars = await resources.market.bars(asked.symbol, "1d", _BARS)
    return _told(ticker, bars, assumed=asked.assumed)


def snapshot_tool() -> BaseTool:
    """`market_snapshot` as a tool."""
    return tool(
        "market_snapshot",
        "Asks the connected exchange for a pair's price, spread, volume and its changes over days, weeks and the year.",
        SnapshotArguments,
        market_snapshot,
        examples=(
            "market snapshot of BTC/USDT",
            "price of bitcoin now",
            "look up the price of ethereum",
            "current price and volume of SOLUSDT",
            "how did bitcoin do over the last month",
        ),
    )


def _told(ticker: Ticker, bars: Bars, *, assumed: bool) -> ToolOutput:
    changes = {
        name: ticker.last / bars.close[-days] - 1
        for name, days in (("1 day", 1), ("7 days", 7), ("30 days", 30), ("90 days", 90))
        if len(bars) >= days
    }
    highest, lowest = max(bars.high or bars.close), min(bars.low or bars.close)
    headline = f"{ticker.symbol} stands at {figure(ticker.last)} on {ticker.exchange} ({ticker.at})."
    rows = [(f"change over {name}", percent(value)) for name, value in changes.items()]
    rows += [
        (f"highest of {len(bars)} days", f"{figure(highest)} ({percent(ticker.last / highest - 1)} from it)"),
        (f"lowest of {len(bars)} days", f"{figure(lowest)} ({percent(ticker.last / lowest - 1)} from it)"),
    ]
    figures = [
        Figure(name="price", value=ticker.last, decimals=8 if ticker.last < 1 else 2),
        *(Figure(name=f"change over {name}", value=value * 100, unit="%") for name, value in changes.items()),
    ]
    if ticker.high is not None and ticker.low is not None:
        rows.append(("range of 24 hours", f"{figure(ticker.low)} to {figure(ticker.high)}"))
    if ticker.quote_volume is not None:
        rows.append(
            ("volume of 24 hours", f"{figure(ticker.quote_volume)} {ticker.symbol.partition('/')[2]}")
        )
        figures.append(Figure(name="volume of 24 hours", value=ticker.quote_volume))
    spread = _spread(ticker)
    if spread is not None:
        rows.append(("spread", percent(spread, 4)))
    notes = (
        "Changes are against the closes of daily bars (UTC). One exchange's price and volume: others differ a little, and volumes "
        "are what the exchange reports. It says nothing of supply, holders or worth."
    )
    data: dict[str, JsonValue] = {
        "symbol": ticker.symbol,
        "exchange": ticker.exchange,
        "at": ticker.at,
        "price": ticker.last,
        "bid": ticker.bid,
        "ask": ticker.ask,
        "spread": spread,
        "quote_volume": ticker.quote_volume,
        "changes": dict(changes),
        "highest": highest,
        "lowest": lowest,
        "days": len(bars),
    }
    return ToolOutput(
        text="\n\n".join([headline, table(("", ""), rows), notes]),
        data=data,
        figures=tuple(figures),
        assumptions=(f"The coin was taken as the pair {ticker.symbol}.",) if assumed else (),
        chart=_chart(ticker.symbol, bars),
    )


def _spread(ticker: Ticker) -> float | None:
    """Ask minus bid over their middle."""
    if not ticker.bid or not ticker.ask:
        return None
    return 2 * (ticker.ask - ticker.bid) / (ticker.ask + ticker.bid)


def _chart(symbol: str, bars: Bars) -> dict[str, JsonValue]:
    values: list[JsonValue] = [{"day": bars.label(at), "close": bars.close[at]} for at in range(len(bars))]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": f"{symbol}, daily closes",
        "width": 640,
        "height": 280,
        "data": {"values": values},
        "mark": {"type": "line", "tooltip": True},
        "encoding": {
            "x": {"field": "day", "type": "temporal", "title": None},
            "y": {"field": "close", "type": "quantitative", "title": "close", "scale": {"zero": False}},
        },
    }
