"""The tools that read a chart's structure: support and resistance, trend lines and channels."""

from langchain_core.tools import BaseTool
from pydantic import JsonValue

from agents.figures import table
from agents.measures import in_percent, priced
from agents.technical.charts import Drawn, Mark, flat, price_chart
from agents.technical.prices import PriceArguments, Prices, computed
from agents.tools import Figure, Resources, ToolOutput, tool
from models import Unit, argument
from trading import (
    Bars,
    Channel,
    Level,
    Line,
    TrendLine,
    Turn,
    figure,
    find_channel,
    find_levels,
    find_trend_lines,
    percent,
)

_MOST_LEVELS = 4
_TOUCH = (
    "A touch is a swing high or low from which the price moved back by 2 average true ranges; touches within 0.75 true "
    "ranges of their mean are one level."
)


class LevelArguments(PriceArguments):
    """The prices to look for levels in."""

    most: int = argument(
        "How many levels to show on each side",
        unit=Unit.COUNT,
        cues=("levels",),
        default=_MOST_LEVELS,
        ge=1,
        le=20,
    )


async def support_resistance(arguments: LevelArguments, resources: Resources) -> ToolOutput:
    """Levels at which the market turned more than once, with their touches."""
    return await computed(lambda prices: _levels(prices, arguments.most), arguments, resources)


async def trend_lines(arguments: PriceArguments, resources: Resources) -> ToolOutput:
    """The lines under the lows and over the highs, and a channel where there is one."""
    return await computed(_trend_lines, arguments, resources)


def structure_tools() -> tuple[BaseTool, ...]:
    """`support_resistance` and `trend_lines` as tools."""
    return (
        tool(
            "support_resistance",
            "Finds support and resistance levels in prices, with every touch and how often they were crossed.",
            LevelArguments,
            support_resistance,
            examples=(
                "support and resistance for BTCUSDT",
                "find support and resistance in these candles",
                "where are the levels with the most touches in my csv",
                "find support and resistance in 44 45 46 45 44 43 44 45 46 47 46 45 44 43 44 45 46 47 46 45",
            ),
        ),
        tool(
            "trend_lines",
            "Draws the trend lines under the lows and over the highs of prices, and a channel of parallel lines.",
            PriceArguments,
            trend_lines,
            examples=(
                "draw the trend lines in this csv",
                "trend lines of ETHUSDT 4h",
                "is the uptrend line of BTC/USDT 4h broken",
                "is there a channel on the ETH daily chart",
                "trend line through the lows of these closes",
            ),
        ),
    )


def _levels(prices: Prices, most: int) -> ToolOutput:
    bars, found = prices.bars, find_levels(prices.bars)
    close = bars.close[-1]
    below = [level for level in found if level.supports][:most]
    above = [level for level in found if not level.supports][:most]
    headline = (
        f"{_nearest('Support', below)} {_nearest('Resistance', above)} The last close is {figure(close)}."
    )
    rows = [
        (
            "support" if level.supports else "resistance",
            figure(level.price),
            percent(level.distance),
            str(len(level.touches)),
            ", ".join(bars.label(swing.index) for swing in level.touches[-4:]),
            str(level.crossed),
        )
        for level in (*reversed(above), *below)
    ]
    listed = table(("kind", "price", "from the close", "touches", "newest touches", "crossed"), rows)
    notes = (
        f"From {prices.source}. {_TOUCH} More touches mean that more people watch a level, and each crossing takes from it; "
        "random prices turn at common levels too, so a level of two touches is weak evidence."
    )
    text = "\n\n".join([headline, *([listed] if rows else []), notes])
    nearest = [*below[:1], *above[:1]]
    return ToolOutput(
        text=text,
        data={"close": close, "levels": [_level_data(level, bars) for level in (*above, *below)]},
        figures=tuple(
            each
            for level in nearest
            for kind in (("support" if level.supports else "resistance"),)
            for each in (
                priced(f"nearest {kind}", level.price),
                Figure(name=f"touches of the nearest {kind}", value=len(level.touches), decimals=0),
                in_percent(f"distance to the nearest {kind}", level.distance),
            )
        ),
        would_change=tuple(
            f"A close {'below' if level.supports else 'above'} {figure(level.low if level.supports else level.high)} ends the "
            f"nearest {'support' if level.supports else 'resistance'}."
            for level in nearest
        ),
        chart=price_chart(
            bars,
            "Support and resistance",
            lines=[
                flat(
                    level.price,
                    len(bars),
                    f"{'support' if level.supports else 'resistance'} {figure(level.price)}",
                )
                for level in (*above, *below)
            ],
            marks=[
                Mark(index=swing.index, price=swing.price, label=f"touch of {figure(level.price)}")
                for level in (*above, *below)
                for swing in level.touches
            ],
        ),
    )


def _nearest(kind: str, levels: list[Level]) -> str:
    if not levels:
        return f"There is no {kind.lower()} with two touches in these bars."
    level = levels[0]
    return (
        f"{kind}: {figure(level.price)} ({percent(level.distance)} from the close, {len(level.touches)} touches)"
        + "".join(f", then {figure(each.price)}" for each in levels[1:2])
        + "."
    )


def _level_data(level: Level, bars: Bars) -> JsonValue:
    return {
        "price": level.price,
        "kind": "support" if level.supports else "resistance",
        "low": level.low,
        "high": level.high,
        "distance": level.distance,
        "crossed": level.crossed,
        "touches": [
            {
                "bar": swing.index + 1,
                "time": bars.label(swing.index),
                "price": swing.price,
                "turn": swing.turn.value,
            }
            for swing in level.touches
        ],
    }


def _trend_lines(prices: Prices) -> ToolOutput:
    bars = prices.bars
    lines, channel = find_trend_lines(bars), find_channel(bars)
    said = [_line_said(line, bars) for line in lines] or [
        "There are no two swing lows or highs to draw a line through."
    ]
    said.append(_channel_said(channel, len(bars) - 1))
    notes = (
        f"From {prices.source}. A line goes through swing points and may not be closed beyond by more than half an average "
        "true range between them; two points make any line, so it counts as confirmed only from the third on. A channel "
        "needs five touches on two parallel lines."
    )
    end = len(bars) - 1
    figures = [
        priced(f"{'support' if line.turn is Turn.LOW else 'resistance'} line now", line.line.at(end))
        for line in lines
        if line.broken is None
    ]
    if channel is not None:
        figures += [
            priced("channel bottom now", channel.lower.at(end)),
            priced("channel top now", channel.upper.at(end)),
            priced("channel width", channel.width),
        ]
    return ToolOutput(
        text="\n\n".join([" ".join(said), notes]),
        data={
            "lines": [_line_data(line, bars) for line in lines],
            "channel": None if channel is None else _channel_data(channel, end),
            "close": bars.close[-1],
        },
        figures=tuple(figures),
        would_change=tuple(
            f"A close {'below' if line.turn is Turn.LOW else 'above'} {figure(line.line.at(end))} on the next bar breaks the line "
            f"{'under the lows' if line.turn is Turn.LOW else 'over the highs'}."
            for line in lines
            if line.broken is None
        ),
        chart=price_chart(
            bars,
            "Trend lines",
            lines=[
                *(
                    _drawn(each.line, end if each.broken is None else each.broken, _side(each))
                    for each in lines
                ),
                *(
                    (_drawn(channel.lower, end, "channel"), _drawn(channel.upper, end, "channel"))
                    if channel
                    else ()
                ),
            ],
            marks=[
                Mark(index=swing.index, price=swing.price, label=_side(line))
                for line in lines
                for swing in line.touches
            ],
        ),
    )


def _side(line: TrendLine) -> str:
    return "line under the lows" if line.turn is Turn.LOW else "line over the highs"


def _drawn(line: Line, last: int, label: str) -> Drawn:
    return Drawn(line=line, first=line.first, last=last, label=label)


def _line_said(line: TrendLine, bars: Bars) -> str:
    name = _side(line).capitalize()
    way = "rises" if line.line.slope > 0 else "falls" if line.line.slope < 0 else "is level"
    speed = f" by {figure(abs(line.line.slope))} a bar" if line.line.slope else ""
    start, newest = bars.label(line.touches[0].index), bars.label(line.touches[-1].index)
    touched = f"{len(line.touches)} touches from {start} to {newest}{'' if line.confirmed else ', not confirmed by a third'}"
    if line.broken is not None:
        return (
            f"{name}: it {way}{speed}, {touched}, and was broken by the close of {bars.label(line.broken)}."
        )
    return f"{name}: it {way}{speed}, {touched}, and stands at {figure(line.line.at(len(bars) - 1))} now."


def _channel_said(channel: Channel | None, end: int) -> str:
    if channel is None:
        return "There is no channel."
    way = "rising" if channel.lower.slope > 0 else "falling" if channel.lower.slope < 0 else "level"
    return (
        f"A {way} channel holds the closes between {figure(channel.lower.at(end))} and {figure(channel.upper.at(end))} now, with "
        f"{len(channel.lower_touches)} touches below and {len(channel.upper_touches)} above."
    )


def _line_data(line: TrendLine, bars: Bars) -> JsonValue:
    return {
        "kind": "support" if line.turn is Turn.LOW else "resistance",
        "slope_per_bar": line.line.slope,
        "now": line.line.at(len(bars) - 1),
        "confirmed": line.confirmed,
        "broken_at": None if line.broken is None else bars.label(line.broken),
        "touches": [
            {"bar": swing.index + 1, "time": bars.label(swing.index), "price": swing.price}
            for swing in line.touches
        ],
    }


def _channel_data(channel: Channel, end: int) -> JsonValue:
    return {
        "bottom": channel.lower.at(end),
        "top": channel.upper.at(end),
        "width": channel.width,
        "slope_per_bar": channel.lower.slope,
        "touches_below": len(channel.lower_touches),
        "touches_above": len(channel.upper_touches),
    }
