"""The tools that compute price levels: pivot points and Fibonacci levels."""

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.measures import priced
from agents.refusals import refusing
from agents.tools import ToolOutput, tool
from models import Unit, argument
from trading import PivotMethod, figure
from trading import fibonacci_levels as fibonacci
from trading import pivot_points as pivots


class PivotArguments(BaseModel):
    """The last period's prices."""

    high: float = argument("High of the last period", unit=Unit.MONEY, cues=("high", "h"))
    low: float = argument("Low of the last period", unit=Unit.MONEY, cues=("low", "l"))
    close: float = argument("Close of the last period", unit=Unit.MONEY, cues=("close", "closed", "c"))
    open: float | None = argument(
        "Open of the last period; DeMark's pivot needs it",
        unit=Unit.MONEY,
        cues=("open", "opened", "o"),
        default=None,
    )
    method: PivotMethod = argument(
        "How the levels are spaced",
        aliases={
            "classic": ("standard", "floor"),
            "woodie": ("woodies",),
            "demark": ("de mark", "tom demark"),
        },
        default=PivotMethod.CLASSIC,
    )


def pivot_points(arguments: PivotArguments) -> ToolOutput:
    """The pivot with its supports and resistances."""
    with refusing():
        levels = pivots(arguments.high, arguments.low, arguments.close, arguments.method, arguments.open)
    up = {f"R{place}": price for place, price in enumerate(levels.resistances, start=1)}
    down = {f"S{place}": price for place, price in enumerate(levels.supports, start=1)}
    above = arguments.close > levels.pivot
    headline = f"The {levels.method.value} pivot is {figure(levels.pivot)}, resistances {_listed(up)}, supports {_listed(down)}."
    notes = (
        f"From the last period's high {figure(arguments.high)}, low {figure(arguments.low)} and close "
        f"{figure(arguments.close)}; the close is {'above' if above else 'at or below'} the pivot. {_RULES[levels.method]} "
        "The levels hold for the next period only and mark where reactions are watched for, not where they must come."
    )
    data: dict[str, JsonValue] = {
        "method": levels.method.value,
        "pivot": levels.pivot,
        "resistances": dict(up),
        "supports": dict(down),
    }
    return ToolOutput(
        text=f"{headline}\n\n{notes}",
        data=data,
        figures=(
            priced("pivot", levels.pivot),
            *(priced(name, price) for name, price in (*up.items(), *down.items())),
        ),
    )


class FibonacciArguments(BaseModel):
    """The move to divide."""

    start: float = argument(
        "Price at which the move started: the low of a rise, the high of a fall",
        unit=Unit.MONEY,
        cues=("from", "start", "low", "between"),
    )
    end: float = argument(
        "Price at which the move ended: the high of a rise, the low of a fall",
        unit=Unit.MONEY,
        cues=("to", "end", "high", "and"),
    )


def fibonacci_levels(arguments: FibonacciArguments) -> ToolOutput:
    """Retracements and extensions of a move."""
    with refusing():
        levels = fibonacci(arguments.start, arguments.end)
    rising = levels.end > levels.start
    back = {f"{ratio:.1%}": price for ratio, price in levels.retracements.items()}
    beyond = {f"{ratio:.1%}": price for ratio, price in levels.extensions.items()}
    kind = "rise" if rising else "fall"
    headline = f"Fibonacci retracements of the {kind} from {figure(levels.start)} to {figure(levels.end)}: {_listed(back)}."
    notes = (
        f"Extensions beyond the move: {_listed(beyond) or 'none above zero'}. Retracement = end - ratio x (end - start), "
        f"extension = start + ratio x (end - start). After a {kind} retracements are watched as "
        f"{'support' if rising else 'resistance'}; 50 % is no Fibonacci ratio but is watched as well. If the move went the "
        "other way, swap start and end."
    )
    data: dict[str, JsonValue] = {
        "start": levels.start,
        "end": levels.end,
        "retracements": dict(back),
        "extensions": dict(beyond),
    }
    return ToolOutput(
        text=f"{headline}\n\n{notes}",
        data=data,
        figures=tuple(
            priced(f"{kind} {name}", price)
            for kind, named in (("retracement", back), ("extension", beyond))
            for name, price in named.items()
        ),
        assumptions=(f"The move was taken as a {kind} from the first price to the second.",),
    )


def level_tools() -> tuple[BaseTool, ...]:
    """`pivot_points` and `fibonacci_levels` as tools."""
    return (
        tool(
            "pivot_points",
            "Pivot point with support and resistance levels (classic, Fibonacci, Camarilla, Woodie or DeMark) from the last period's high, "
            "low and close.",
            PivotArguments,
            pivot_points,
            examples=(
                "pivot points for high 62000 low 59000 close 61500",
                "woodie pivot points, high 3200 low 3050 close 3100",
                "demark pivot: open 100 high 112 low 98 close 110",
                "camarilla pivots: high 110, low 100, close 105",
                "support and resistance for tomorrow from high 3200, low 3050, close 3100 by pivot points",
            ),
        ),
        tool(
            "fibonacci_levels",
            "Fibonacci retracement and extension levels of a move between two prices.",
            FibonacciArguments,
            fibonacci_levels,
            examples=(
                "fib levels from 50000 to 70000",
                "fibonacci retracement high 69000 low 15500",
                "where is the 61.8 % retracement of the move from 100 to 150",
            ),
        ),
    )


def _listed(levels: dict[str, float]) -> str:
    return ", ".join(f"{name} {figure(price)}" for name, price in levels.items())


_RULES = {
    PivotMethod.CLASSIC: "P = (H + L + C)/3, R1 = 2P - L, S1 = 2P - H, R2 and S2 = P +- (H - L), R3 = H + 2(P - L), "
    "S3 = L - 2(H - P).",
    PivotMethod.FIBONACCI: "P = (H + L + C)/3, levels at P +- 0.382, 0.618 and 1 x (H - L).",
    PivotMethod.WOODIE: "P = (H + L + 2C)/4, the other levels as in the classic method.",
    PivotMethod.DEMARK: "X = H + 2L + C after a fall from open to close, 2H + L + C after a rise, H + L + 2C else; P = X/4, "
    "R1 = X/2 - L, S1 = X/2 - H.",
    PivotMethod.CAMARILLA: "Levels at C +- 1.1/12, 1.1/6, 1.1/4 and 1.1/2 x (H - L).",
}
