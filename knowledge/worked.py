"""Worked numbers: arithmetic that stands beside a figure, computed again."""

import math
import re
import statistics
from collections.abc import Callable, Mapping
from types import MappingProxyType

from simpleeval import EvalWithCompoundTypes

from knowledge.errors import KnowledgeError

Function = Callable[..., float]

_LONGEST = 2000
_FIGURE = re.compile(r"[-+\u2212]?\d[\d,]*(?:\.(?P<decimals>\d+))?")

ARITHMETIC: Mapping[str, Function] = MappingProxyType(
    {
        "abs": abs,
        "exp": math.exp,
        "ln": math.log,
        "log10": math.log10,
        "max": max,
        "mean": statistics.fmean,
        "median": statistics.median,
        "min": min,
        "product": math.prod,
        "pstdev": statistics.pstdev,
        "round": round,
        "sqrt": math.sqrt,
        "stdev": statistics.stdev,
        "sum": math.fsum,
        "variance": statistics.variance,
    }
)
"""What an expression may call besides what its caller offers; `stdev` and `variance` are those of a sample."""


class ExpressionInvalid(KnowledgeError):
    """An expression cannot be computed."""


def evaluate(expression: str, functions: Mapping[str, Function] | None = None) -> float:
    """The value of an arithmetic expression over numbers, lists and the functions; nothing else is reachable.

    Raises ExpressionInvalid for what is no such expression, does not end in a finite number, or fails.
    """
    if len(expression) > _LONGEST:
        raise ExpressionInvalid(
            f"The expression has {len(expression)} characters; at most {_LONGEST} are computed."
        )
    evaluator = EvalWithCompoundTypes(
        functions={**ARITHMETIC, **(functions or {})}, names={"e": math.e, "pi": math.pi}
    )
    try:
        value = float(evaluator.eval(expression))
    except Exception as error:  # of the functions as well, which are not ours to know
        raise ExpressionInvalid(f"{expression!r} cannot be computed: {error}") from error
    if not math.isfinite(value):
        raise ExpressionInvalid(f"{expression!r} is {value} and no number.")
    return value


def agrees(figure: str, value: float) -> bool:
    """Whether a figure as it is written ("1,234.5", "-5.72") is the value, rounded to the figure's decimals."""
    found = _FIGURE.fullmatch(figure.strip())
    if found is None:
        return False
    written = float(figure.strip().replace(",", "").replace("\u2212", "-"))
    half = 0.5 * 10.0 ** -len(found["decimals"] or "")
    return abs(written - value) <= half * (1 + 1e-9) + 1e-12 * abs(value)
