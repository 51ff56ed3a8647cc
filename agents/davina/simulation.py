"""Monte Carlo of a profit or a net present value: what comes out where what goes in is known as a range."""

from collections.abc import Mapping
from enum import StrEnum

import numpy as np
from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.davina.charts import histogram
from agents.davina.uncertain import Draws, Shape
from agents.davina.ventures import IN_PERCENT, Venture, rank_correlations, read_venture, simulate
from agents.figures import amount, csv_file, percent, table
from agents.measures import in_percent, money
from agents.tools import ToolOutput, ToolRefused, tool
from models import Unit, argument

_BINS = 30
_LEVELS = (5, 10, 25, 50, 75, 90, 95)


class Dependence(StrEnum):
    """Whether a range is drawn once for all years or anew for each."""

    ONCE = "once"
    YEARLY = "each_year"


class SimulationArguments(BaseModel):
    """What goes into the simulation."""

    inputs: str = argument(
        "The inputs by name, each one figure or a distribution: “800 to 1200” (uniform), “800 / 1000 / 1200” (triangular: low, likeliest, "
        "high), “PERT 800, 1000, 1200”, “normal, mean 1000, sd 150”, “lognormal, mean 1000, sd 150”, “1000 ± 10 %”. For a profit: units, "
        "price, variable cost, fixed costs. For an NPV: outlay, the number of years, discount rate and either cash flow (a year) or units, "
        "price, variable cost and fixed costs (a year each); growth (in percent a year) and residual value where there are. The whole "
        "request will do",
        unit=Unit.REQUEST,
        holds=r"simul|monte.?carlo|монте|симул|(?:probab|chance|likel|risk|вероят|wahrschein).*(?:loss|los[es]|negative|убыт|verlust)|"
        r"(?:loss|lose|negative).*(?:probab|chance|likel)|uncertain",
    )
    draws: int = argument(
        "How many draws",
        unit=Unit.NUMBER,
        cues=("draws", "runs", "simulations", "trials", "iterations", "samples"),
        default=10_000,
        ge=1_000,
        le=200_000,
    )
    seed: int = argument(
        "Seed of the random numbers; the same seed gives the same figures",
        unit=Unit.NUMBER,
        cues=("seed",),
        default=1,
        ge=0,
        le=2**32 - 1,
    )
    dependence: Dependence = argument(
        "Whether a range is drawn once for all years (one estimate that may be wrong) or anew for each year",
        aliases={
            "each_year": (
                "each year anew",
                "every year anew",
                "independent",
                "independently",
                "year by year",
                "anew each year",
            ),
            "once": ("once for all",),
        },
        default=Dependence.ONCE,
    )


def simulation() -> BaseTool:
    """A simulation of a profit or a net present value."""
    return tool(
        "simulation",
        "Monte Carlo simulation of a profit or a net present value from inputs with ranges: percentiles, 90 % interval, probability of a loss and which "
        "input moves the result most; seed, draws and distributions are stated.",
        SimulationArguments,
        _simulation,
        examples=(
            "Monte Carlo of our profit: units 800 to 1200, price 20 to 25, variable cost 8 to 11, fixed costs 9000",
            "Probability of a negative NPV by Monte Carlo: outlay 100000, cash flow 20000 / 30000 / 45000 for 5 years, discount rate 10 %, seed 7",
            "What is the probability of a loss if units are normal, mean 1000, sd 200, price 12, variable cost 7 and fixed costs 4000?",
            "How uncertain is our profit? Price 18 to 22, units 900 to 1100, variable cost 10, fixed costs 5000",
            "Run 50000 simulations of an investment of 80k with a yearly cash flow between 15k and 30k over 6 years at 9 %",
        ),
    )


def _simulation(arguments: SimulationArguments) -> ToolOutput:
    venture = read_venture(arguments.inputs)
    anew = arguments.dependence is Dependence.YEARLY
    result, varying, raised = simulate(venture, arguments.draws, arguments.seed, anew=anew)
    if not np.isfinite(result).all():
        raise ToolRefused("Some results are too large to compute with; check the ranges.")
    loss = float((result < 0).mean())
    other = (
        float((simulate(venture, arguments.draws, arguments.seed, anew=not anew)[0] < 0).mean())
        if venture.years is not None and venture.years > 1
        else None
    )
    return _told(arguments, venture, result, rank_correlations(result, varying), loss, other, raised)


def _told(
    arguments: SimulationArguments,
    venture: Venture,
    result: Draws,
    moves: Mapping[str, float],
    loss: float,
    other: float | None,
    raised: int,
) -> ToolOutput:
    mean, deviation = float(result.mean()), float(result.std(ddof=1))
    levels = {
        level: float(value) for level, value in zip(_LEVELS, np.percentile(result, _LEVELS), strict=True)
    }
    assumptions = _assumptions(arguments, venture, raised)
    would_change = []
    if moves:
        would_change.append(
            f"The result moves most with the {next(iter(moves))}; a narrower estimate of it narrows the range most."
        )
    if other is not None:
        how = "once for all years" if arguments.dependence is Dependence.YEARLY else "anew for each year"
        would_change.append(f"Drawn {how} the probability of a loss is {percent(other, 1)}.")
    lower, upper = _interval(int((result < 0).sum()), len(result))
    headline = (
        f"The {venture.result} is {amount(mean)} on average, with 90 % of the draws between {amount(levels[5])} and "
        f"{amount(levels[95])}; the probability of a loss (below zero) is {percent(loss, 1)}."
    )
    precision = (
        f"Standard deviation {amount(deviation)}; from so many draws the probability of a loss is known to {percent(lower, 1)} to "
        f"{percent(upper, 1)} (95 % interval), if the ranges are right"
    )
    text = "\n\n".join(
        (
            headline,
            table(
                ("percentile", venture.result),
                [(f"P{level}", amount(value)) for level, value in levels.items()],
            ),
            table(
                ("input", "distribution", "rank correlation with the result"),
                [
                    (name, _shown(name, str(each)), f"{moves[name]:+.2f}" if name in moves else "–")
                    for name, each in venture.inputs.items()
                ],
            ),
            "\n".join(
                f"- {line}"
                for line in (
                    f"{len(result):,} draws with seed {arguments.seed}; the same seed gives the same figures",
                    precision,
                    *would_change,
                    *assumptions,
                )
            ),
        )
    )
    data: dict[str, JsonValue] = {
        "result": venture.result,
        "mean": mean,
        "standard_deviation": deviation,
        "percentiles": {f"p{level}": value for level, value in levels.items()},
        "probability_of_loss": loss,
        "probability_of_loss_if_otherwise_drawn": other,
        "rank_correlations": {**moves},
        "draws": len(result),
        "seed": arguments.seed,
        "dependence": arguments.dependence.value,
        "years": venture.years,
        "inputs": {
            name: {"distribution": each.shape.value, "numbers": [*each.numbers]}
            for name, each in venture.inputs.items()
        },
    }
    counts, edges = np.histogram(result, bins=_BINS)
    rows: list[dict[str, JsonValue]] = [
        {"from": float(low), "to": float(high), "draws": int(count)}
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]
    return ToolOutput(
        text=text,
        data=data,
        figures=(
            money(f"mean {venture.result}", mean),
            in_percent("probability of a loss", loss).model_copy(update={"decimals": 1}),
            *(money(f"percentile {level} of the {venture.result}", levels[level]) for level in (5, 50, 95)),
        ),
        assumptions=assumptions,
        would_change=tuple(would_change),
        chart=histogram(f"Simulated {venture.result}", rows, value=venture.result),
        artifacts=(
            csv_file("simulation.csv", ("from", "to", "draws"), [tuple(row.values()) for row in rows]),
        ),
    )


def _assumptions(arguments: SimulationArguments, venture: Venture, raised: int) -> tuple[str, ...]:
    said = ["The inputs are independent of each other."]
    if venture.years is not None:
        how = "anew for each year" if arguments.dependence is Dependence.YEARLY else "once for all years"
        said.append(
            f"Yearly inputs are drawn {how}; cash comes in at the end of each of {venture.years} years."
        )
    uniform = [name for name, each in venture.inputs.items() if each.shape is Shape.UNIFORM]
    if uniform:
        said.append(f"Within their ends all values of the {', the '.join(uniform)} are equally likely.")
    if raised:
        said.append(f"{raised:,} drawn values below zero were taken as zero.")
    return tuple(said)


def _shown(name: str, distribution: str) -> str:
    return f"{distribution} (%)" if name in IN_PERCENT else distribution


def _interval(losses: int, draws: int) -> tuple[float, float]:
    """The 95 % interval of the probability of a loss (Wilson, 1927)."""
    from scipy.stats import binomtest

    found = binomtest(losses, draws).proportion_ci(confidence_level=0.95, method="wilson")
    return float(found.low), float(found.high)
