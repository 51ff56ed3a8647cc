"""Ventures whose inputs are known as ranges: how they are read from a text, and draws of what they bring."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from agents.davina.investment import check_rate
from agents.davina.uncertain import Draws, Inputs, Shape, Uncertain, read_inputs
from agents.tools import ToolRefused

LONGEST_LIFE = 60
IN_PERCENT = frozenset({"growth", "discount rate"})
"""The inputs that are percentages a year."""
_NEVER_NEGATIVE = ("price", "variable cost", "fixed costs", "units", "outlay", "residual value")
_PROFIT = ("units", "price", "variable cost", "fixed costs")


@dataclass(frozen=True)
class Venture:
    """What is simulated: a profit of one period, or a net present value over years."""

    inputs: Mapping[str, Uncertain]
    years: int | None
    """None for a profit of one period."""

    @property
    def result(self) -> str:
        """What comes out."""
        return "profit" if self.years is None else "net present value"


def read_venture(text: str) -> Venture:
    """The venture that a text describes. Raises ToolRefused, saying what lacks or cannot be told."""
    found = read_inputs(text, _CUES, in_percent=IN_PERCENT, aside=_ASIDE)
    inputs = dict(found.quantities)
    for name in _NEVER_NEGATIVE:
        if name in inputs and inputs[name].shape is not Shape.NORMAL and inputs[name].numbers[0] < 0:
            if name != "outlay" or inputs[name].shape is not Shape.FIXED:
                raise ToolRefused(f"The {name} cannot be negative, got {inputs[name]}.")
            inputs[name] = Uncertain(Shape.FIXED, (-inputs[name].numbers[0],))
    if not {"outlay", "discount rate", "cash flow"} & set(inputs):
        _require(inputs, _PROFIT, "profit")
        unused = set(inputs) - set(_PROFIT)
        if unused:
            raise ToolRefused(
                f"A profit of one period has no {min(unused)}; for an NPV give the outlay as well."
            )
        _require_range(inputs)
        return Venture(inputs, None)
    named = ("cash flow",) if "cash flow" in inputs else _PROFIT
    _require(inputs, ("outlay", *named, "discount rate"), "NPV")
    if "cash flow" in inputs and set(_PROFIT) & set(inputs):
        raise ToolRefused(
            "Give either the yearly cash flow or units, price, variable cost and fixed costs, not both."
        )
    _require_range(inputs)
    rate = inputs["discount rate"]
    for bound in rate.numbers[:1] if rate.shape is Shape.NORMAL else rate.numbers:
        check_rate(bound)
    return Venture(inputs, _years(found))


def _require(inputs: Mapping[str, Uncertain], names: tuple[str, ...], result: str) -> None:
    lacking = [name for name in names if name not in inputs]
    if lacking:
        wanted = "outlay 100000, cash flow 20000 to 40000 for 5 years, discount rate 10 %"
        example = (
            wanted if result == "NPV" else "units 800 to 1200, price 20, variable cost 8, fixed costs 9000"
        )
        raise ToolRefused(
            f"To simulate the {result}, give the {', the '.join(lacking)} as well (0 where there is none), such as “{example}”."
        )


def _require_range(inputs: Mapping[str, Uncertain]) -> None:
    if all(each.shape is Shape.FIXED for each in inputs.values()):
        raise ToolRefused(
            "No input is a range, so there is nothing to simulate; give at least one as “low to high” or “normal, mean .., sd ..”."
        )


def _years(found: Inputs) -> int:
    years = found.years
    if years is None or not years.is_integer() or not 1 <= years <= LONGEST_LIFE:
        raise ToolRefused(
            f"Say over how many whole years the cash comes in, 1 to {LONGEST_LIFE}, such as “for 5 years”."
        )
    return int(years)


def simulate(venture: Venture, draws: int, seed: int, *, anew: bool) -> tuple[Draws, dict[str, Draws], int]:
    """The results, the mean of each input that varies in each draw, and how many drawn values were raised to zero.

    Profit = units x (price - variable cost) - fixed costs. NPV = -outlay + sum of the yearly cash flows, which grow from
    the second year on, / (1 + rate)^t + residual value / (1 + rate)^years (Savvides, 1994, Risk Analysis in Investment
    Appraisal). With `anew` the yearly inputs are drawn for each year, else once.
    """
    random = np.random.default_rng(seed)
    years = venture.years or 1
    once = {"outlay", "residual value", "discount rate"}
    drawn: dict[str, Draws] = {}
    raised = 0
    for name, uncertain in sorted(venture.inputs.items()):
        width = years if anew and name not in once else 1
        values = uncertain.draw(random, (draws, width))
        if name in _NEVER_NEGATIVE:
            raised += int((values < 0).sum())
            values = np.maximum(values, 0.0)
        drawn[name] = values
    if venture.years is None:
        result = _margin(drawn)[:, 0]
    else:
        rate = drawn["discount rate"][:, 0] / 100
        if (rate <= -1).any():
            raise ToolRefused("Some draws of the discount rate are -100 % or less; narrow its range.")
        yearly = drawn["cash flow"] if "cash flow" in drawn else _margin(drawn)
        yearly = np.broadcast_to(yearly, (draws, years))
        if "growth" in drawn:
            growth = np.broadcast_to(drawn["growth"], (draws, years)) / 100
            factors = np.cumprod(1 + growth[:, 1:], axis=1)
            yearly = yearly * np.hstack([np.ones((draws, 1)), factors])
        factor = (1 + rate[:, None]) ** -np.arange(1, years + 1)
        result = (yearly * factor).sum(axis=1) - drawn["outlay"][:, 0]
        if "residual value" in drawn:
            result = result + drawn["residual value"][:, 0] * factor[:, -1]
    varying = {name: values.mean(axis=1) for name, values in drawn.items() if values.max() > values.min()}
    return result, varying, raised


def _margin(drawn: Mapping[str, Draws]) -> Draws:
    return drawn["units"] * (drawn["price"] - drawn["variable cost"]) - drawn["fixed costs"]


def rank_correlations(result: Draws, varying: Mapping[str, Draws]) -> dict[str, float]:
    """Spearman's rank correlation of each input with the result, strongest first."""
    from scipy.stats import spearmanr

    if result.max() == result.min():
        return {}
    found = {name: float(spearmanr(values, result).statistic) for name, values in varying.items()}
    return dict(sorted(found.items(), key=lambda item: -abs(item[1])))


def _cue(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})\b", re.IGNORECASE)


_CUES = {
    "outlay": _cue(
        r"(?:initial |up-?front )?(?:outlay|investment)|up-?front(?: costs?)?|capex|invest(?:ing|ed)?|purchase price|start-?up costs?"
    ),
    "cash flow": _cue(
        r"(?:(?:yearly|annual|net|expected|incoming) )*(?:cash ?flows?|inflows?|net cash)(?: (?:per|a|each|every) year)?|returns|brings? in|"
        r"(?:yearly|annual) (?:savings|income|returns?)"
    ),
    "units": _cue(
        r"(?:units?|sales) ?(?:volume|sold)|units|volume|quantity|customers|orders|sales volume|demand|pieces"
    ),
    "price": _cue(r"(?:(?:selling|sales|unit) )?prices?|sold (?:at|for)|sell(?:s|ing)? (?:at|for)|fee"),
    "variable cost": _cue(
        r"variable costs?(?: (?:per|a) unit)?|unit costs?|costs? (?:per|a) unit|material(?: costs?)?|cogs|cost of goods"
    ),
    "fixed costs": _cue(r"fixed costs?|overheads?|rent|fixed"),
    "growth": _cue(r"growth(?: rate)?|grow(?:s|ing)?(?: by)?"),
    "discount rate": _cue(
        r"(?:discount|hurdle|interest) rate|discount(?:ed)?(?: at)?|hurdle|wacc|cost of capital|rate"
        r"|at(?=(?: a)? \d+(?:\.\d+)? ?(?:%|percent)(?! (?:growth|confidence)))"
    ),
    "residual value": _cue(r"(?:residual|salvage|terminal|resale|scrap)(?: value)?"),
}
_ASIDE = re.compile(
    r"\bseed\b\s*(?:of|=|:|is)?\s*\d+"
    r"|\b\d[\d,.]*\s?k?\s*(?:draws?|runs?|simulations?|trials?|iterations?|scenarios?|samples?|times)\b"
    r"|\b(?:draws?|runs?|simulations?|trials?|iterations?|samples?)\b\s*(?:of|=|:)?\s*\d[\d,.]*k?"
    r"|\b\d+(?:\.\d+)?\s*(?:%|percent)\s*(?:confidence|interval|range|band)|\bP\d{1,2}\b",
    re.IGNORECASE,
)
