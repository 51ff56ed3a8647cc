"""The tool that finds candlestick patterns."""

import asyncio

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.refusals import refusing
from agents.technical.charts import Mark, price_chart
from agents.technical.prices import PriceArguments, prices_of
from agents.tools import Figure, Resources, ToolOutput, ToolRefused, tool
from models import Unit, argument
from trading import (
    FEWEST_BARS,
    SHAPE_RULES,
    Bars,
    CandleMatch,
    Direction,
    Shape,
    bars_from_numbers,
    classify,
    detect_patterns,
    find_bars,
    symbol_in,
    trend_before,
)

_RECENT = 10
_TREND = {1: "after a rise", -1: "after a fall", 0: "with no clear move before it"}


class CandleArguments(BaseModel):
    """The bars to look at."""

    bars: str = argument(
        "Bars as CSV with open, high, low, close, or in words: open 10 high 11 low 9 close 10.5",
        unit=Unit.REQUEST,
        default="",
    )
    numbers: list[float] = argument(
        "Open, high, low, close of each bar in one run, oldest bar first; used when `bars` has none",
        unit=Unit.NUMBER,
        cues=("candles", "bars", "ohlc"),
        default=[],
    )
    symbol: str = argument(
        "A pair at the exchange, such as BTC/USDT, where no bars are given", unit=Unit.SYMBOL, default=""
    )
    timeframe: str = argument("Of the exchange's bars, such as 4h; 1d when left out", default="")


async def candlestick_patterns(arguments: CandleArguments, resources: Resources) -> ToolOutput:
    """The patterns on the newest bars: TA-Lib's from eleven bars on, stated shapes for fewer."""
    return await asyncio.to_thread(_found, await _bars(arguments, resources))


async def _bars(arguments: CandleArguments, resources: Resources) -> Bars | None:
    with refusing():
        bars = await asyncio.to_thread(find_bars, arguments.bars) if arguments.bars else None
        if bars is None and arguments.numbers:
            bars = bars_from_numbers(arguments.numbers)
    if bars is None and symbol_in(arguments.symbol or arguments.bars) is not None:
        named = PriceArguments(bars=arguments.bars, symbol=arguments.symbol, timeframe=arguments.timeframe)
        bars = (await prices_of(named, resources)).bars
    return bars


def _found(bars: Bars | None) -> ToolOutput:
    if bars is None or not bars.full:
        raise ToolRefused(
            "Candles need open, high, low and close of each bar. Paste CSV with these columns, or write "
            "`open 10 high 11 low 9 close 10.5` for each candle."
        )
    return _by_talib(bars) if len(bars) >= FEWEST_BARS else _by_rules(bars)


def pattern_tool() -> BaseTool:
    """`candlestick_patterns` as a tool."""
    return tool(
        "candlestick_patterns",
        "Finds candlestick patterns (doji, hammer, engulfing, stars and TA-Lib's others, 61 in all) in open, high, low, "
        "close bars and says whether each is read as bullish or bearish.",
        CandleArguments,
        candlestick_patterns,
        examples=(
            "is this a doji: open 10 high 11 low 9 close 10.01",
            "find candlestick patterns in my uploaded candles",
            "which candle is open 100, high 101, low 90, close 100.8?",
            "what candlestick patterns are in this csv",
            "bullish engulfing or not: open 105 high 106 low 99 close 100, then open 99 high 108 low 98 close 107",
        ),
    )


def _by_talib(bars: Bars) -> ToolOutput:
    with refusing():
        matches = detect_patterns(bars, window=_RECENT)
        every = len(detect_patterns(bars))
    looked = f"the last {min(_RECENT, len(bars))} of {len(bars)} bars"
    if matches:
        newest = matches[-1].index
        on_newest = _listed([_phrase(match) for match in matches if match.index == newest])
        headline = (
            f"{len(matches)} pattern(s) fired in {looked}; the newest, on {bars.label(newest)}: {on_newest}."
        )
    else:
        headline = f"No candlestick pattern fired in {looked}."
    lines = [_line(bars, match) for match in matches]
    notes = (
        f"Checked with TA-Lib's 61 pattern functions; {every} fired over all {len(bars)} bars. TA-Lib judges a candle's "
        "size by the ten bars before it and looks at shapes only: a reversal pattern means something only against the "
        "move before it, which is given with each. A pattern alone is weak evidence; wait for the next bar to confirm."
    )
    data: dict[str, JsonValue] = {
        "method": "ta-lib",
        "bars": len(bars),
        "patterns": [
            {
                "function": match.pattern.function,
                "name": match.pattern.title,
                "direction": match.direction.value,
                "nature": match.pattern.nature.value,
                "bar": bars.label(match.index),
                "index": match.index,
            }
            for match in matches
        ],
    }
    return ToolOutput(
        text="\n\n".join([headline, *(["\n".join(lines)] if lines else []), notes]),
        data=data,
        figures=(Figure(name="patterns on the newest bars", value=len(matches), decimals=0),),
        assumptions=("The bars were taken as oldest first.",),
        chart=price_chart(
            bars,
            "Candlestick patterns",
            marks=[
                Mark(index=match.index, price=bars.close[match.index], label=match.pattern.title)
                for match in matches
            ],
        ),
    )


def _by_rules(bars: Bars) -> ToolOutput:
    with refusing():
        shapes = classify(bars)
    count = f"{len(bars)} {'candle' if len(bars) == 1 else 'candles'}"
    if shapes:
        found = _listed([_shape_phrase(bars, shape, alone=len(bars) == 1) for shape in shapes])
        headline = f"{found[0].upper()}{found[1:]}."
    else:
        headline = f"No shape with a name in {count}: no doji, hammer, shooting star, marubozu, spinning top or engulfing."
    notes = (
        f"With {count} there are too few bars for TA-Lib's patterns ({FEWEST_BARS} or more), so these rules decided: "
        f"{SHAPE_RULES}. A single candle says little without the trend before it and the bar after it."
    )
    data: dict[str, JsonValue] = {
        "method": "rules",
        "bars": len(bars),
        "patterns": [
            {
                "name": shape.name,
                "direction": shape.direction.value,
                "bar": bars.label(shape.index),
                "index": shape.index,
            }
            for shape in shapes
        ],
    }
    return ToolOutput(text=f"{headline}\n\n{notes}", data=data)


def _phrase(match: CandleMatch) -> str:
    return f"{match.pattern.title} ({match.direction.value})"


def _line(bars: Bars, match: CandleMatch) -> str:
    before = _TREND[trend_before(bars, match.index - match.pattern.candles + 1)]
    confirmed = ", confirmed by a later bar" if match.confirmed else ""
    return f"- {bars.label(match.index)}: {_phrase(match)}, {match.pattern.nature.value}, {before}{confirmed}"


def _shape_phrase(bars: Bars, shape: Shape, *, alone: bool) -> str:
    place = "the candle" if alone else bars.label(shape.index)
    reading = "neutral: indecision" if shape.direction is Direction.NEUTRAL else shape.direction.value
    tail = "" if reading in shape.name else f" ({reading})"
    return f"{place} is a {shape.name}{tail}"


def _listed(phrases: list[str]) -> str:
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"
