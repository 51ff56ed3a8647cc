"""The tool that looks for chart patterns."""

from langchain_core.tools import BaseTool
from pydantic import JsonValue

from agents.figures import table
from agents.measures import priced
from agents.technical.charts import Drawn, Mark, price_chart
from agents.technical.prices import PriceArguments, Prices, computed
from agents.tools import Figure, Resources, ToolOutput, tool
from models import Unit, argument
from trading import Bars, ChartPattern, Direction, Status, figure, find_chart_patterns

_MOST_PATTERNS = 6


class ChartPatternArguments(PriceArguments):
    """The prices to look for patterns in."""

    recent: int | None = argument(
        "Show only patterns that formed or were decided in this many newest bars; all when left out",
        unit=Unit.COUNT,
        cues=("recent", "last", "newest", "window"),
        default=None,
        ge=1,
    )


async def chart_patterns(arguments: ChartPatternArguments, resources: Resources) -> ToolOutput:
    """Chart patterns with their points, what confirms them and what ends them."""
    return await computed(lambda prices: _patterns(prices, arguments.recent), arguments, resources)


def chart_pattern_tool() -> BaseTool:
    """`chart_patterns` as a tool."""
    return tool(
        "chart_patterns",
        "Looks for chart patterns (head and shoulders, double and triple tops and bottoms, triangles, wedges, flags) in "
        "prices and says what confirms and what ends each.",
        ChartPatternArguments,
        chart_patterns,
        examples=(
            "any head and shoulders on the BTC daily?",
            "any double top on BTC daily?",
            "do you see a triangle in this csv",
            "find chart patterns in BTCUSDT daily",
            "is this a double top: paste of my candles",
            "bull flag or wedge in these prices",
        ),
    )


def _patterns(prices: Prices, recent: int | None) -> ToolOutput:
    bars, found = prices.bars, find_chart_patterns(prices.bars, recent=recent)
    shown = found[:_MOST_PATTERNS]
    where = "these bars" if recent is None else f"the newest {recent} bars"
    if not shown:
        headline = f"There is no chart pattern in {where}."
    else:
        newest = shown[0]
        more = f" {len(found) - 1} more follow." if len(found) > 1 else ""
        headline = f"{_said(newest, bars)}{more}"
    rest = [f"- {_said(pattern, bars)}" for pattern in shown[1:]]
    rows = [
        (pattern.name, point.role, bars.label(point.index), figure(point.price))
        for pattern in shown[:2]
        for point in pattern.points
    ]
    notes = (
        f"From {prices.source}. A pattern is made of swing points, from which the price moved back by 3 average true ranges; its "
        "target is its height measured from the line, a convention and no forecast. Random walks show about one such "
        "pattern in 250 bars as well, most of them decided one way or the other."
    )
    parts = [headline, *(["\n".join(rest)] if rest else [])]
    parts += [table(("pattern", "point", "bar", "price"), rows)] if rows else []
    first = shown[0] if shown else None
    return ToolOutput(
        text="\n\n".join([*parts, notes]),
        data={"patterns": [_pattern_data(pattern, bars) for pattern in shown], "found": len(found)},
        figures=() if first is None else _pattern_figures(first),
        would_change=() if first is None else (_ends(first),),
        chart=price_chart(
            bars,
            "Chart patterns",
            lines=[
                Drawn(
                    line=line,
                    first=line.first,
                    last=min(len(bars) - 1, pattern.newest),
                    label=pattern.name,
                )
                for pattern in shown
                for line in pattern.lines
            ],
            marks=[
                Mark(index=point.index, price=point.price, label=f"{pattern.name}: {point.role}")
                for pattern in shown
                for point in pattern.points
            ],
        ),
    )


def _said(pattern: ChartPattern, bars: Bars) -> str:
    name = pattern.name[0].upper() + pattern.name[1:]
    span = f"from {bars.label(pattern.points[0].index)} to {bars.label(pattern.points[-1].index)}"
    side = _beyond(pattern)
    target = "" if pattern.target is None else f", target by its height {figure(pattern.target)}"
    if pattern.status is Status.FORMING:
        if pattern.direction is Direction.NEUTRAL:
            low, high = sorted((pattern.confirms_beyond, pattern.ends_beyond))
            return f"{name} {span}, still forming: it points where the first close beyond {figure(low)} or {figure(high)} goes."
        return (
            f"{name} {span}, still forming: a close {side} {figure(pattern.confirms_beyond)} would confirm it{target}; "
            f"a close {_against(pattern)} {figure(pattern.ends_beyond)} would end it."
        )
    decided = bars.label(pattern.decided_at or 0)
    if pattern.status is Status.FAILED:
        return f"{name} {span}, failed: the close of {decided} went the other way."
    return f"{name} {span}, confirmed ({pattern.direction.value}) by the close of {decided}{target}."


def _beyond(pattern: ChartPattern) -> str:
    return "below" if pattern.direction is Direction.BEARISH else "above"


def _against(pattern: ChartPattern) -> str:
    return "above" if pattern.direction is Direction.BEARISH else "below"


def _ends(pattern: ChartPattern) -> str:
    if pattern.status is Status.FORMING:
        return f"A close {_against(pattern)} {figure(pattern.ends_beyond)} ends the {pattern.name}."
    return f"A close back across {figure(pattern.confirms_beyond)} casts doubt on the {pattern.name}."


def _pattern_figures(pattern: ChartPattern) -> tuple[Figure, ...]:
    found = [priced(f"line of the {pattern.name}", pattern.confirms_beyond)]
    if pattern.target is not None and pattern.status is not Status.FAILED:
        found.append(priced(f"target of the {pattern.name}", pattern.target))
    return tuple(found)


def _pattern_data(pattern: ChartPattern, bars: Bars) -> JsonValue:
    return {
        "name": pattern.name,
        "direction": pattern.direction.value,
        "status": pattern.status.value,
        "decided_at": None if pattern.decided_at is None else bars.label(pattern.decided_at),
        "confirms_beyond": pattern.confirms_beyond,
        "ends_beyond": pattern.ends_beyond,
        "target": pattern.target,
        "quality": pattern.quality,
        "points": [
            {
                "role": point.role,
                "bar": point.index + 1,
                "time": bars.label(point.index),
                "price": point.price,
            }
            for point in pattern.points
        ],
    }
