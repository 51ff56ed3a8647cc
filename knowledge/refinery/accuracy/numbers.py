"""Numbers as texts write them: `$1,234.5`, `-12 %`, `1.2 million`, and how exact each is."""

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

PLAIN: Final = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
SCALE: Final = r"(?:[ -]?(?:thousand|million|billion|trillion)\b|[kKmMbBT](?![\w%]))"
NUMBER: Final = rf"[-+\u2212]?[$€£]?(?:{PLAIN})(?![\d])(?:{SCALE})?(?:[ ]?%|[ ]percent\b)?"
"""The pattern of a number; no group in it, and no digit after it."""
HEDGE: Final = (
    r"(?:about|around|approximately|approx\.?|roughly|some|nearly|almost|just|only|as (?:low|high) as|"
    r"over|under|above|below|more than|less than|at least|at most|up to|well|a|an|~|≈|c\.)"
)
LOOSE: Final = re.compile(
    r"\b(?:over|under|above|below|more than|less than|at least|at most|up to|nearly|almost|well|"
    r"about|around|approximately|approx|roughly|some)\b|[~≈]",
    re.IGNORECASE,
)
"""Words that make a number a bound or an estimate."""
_SCALES: Final = MappingProxyType({"k": 1e3, "t": 1e12, "m": 1e6, "b": 1e9})
_ROUNDED: Final = 0.02
_MAY_BE_ROUNDED: Final = 4  # digits
_READ: Final = re.compile(
    rf"(?P<sign>[-+\u2212]?)[$€£]?(?P<digits>{PLAIN})[ -]?(?P<scale>thousand|million|billion|trillion|[kmbt](?![a-z]))?"
    r"\s?(?P<percent>%|percent)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Written:
    """A number as it is written; one in percent is left as it stands, 12 for `12 %`."""

    value: float
    step: float
    """One unit of its last digit: 0.1 for `12.5`, 1 for `70`."""
    coarse: float
    """The same, where noughts at the end of a whole number may be rounding, of a fiftieth at most: 1,400 for `70,000`."""
    percent: bool = False

    @property
    def least(self) -> float:
        """The least that it may stand for if it was rounded."""
        return self.value - self.coarse / 2

    @property
    def most(self) -> float:
        """The most that it may stand for if it was rounded."""
        return self.value + self.coarse / 2


def read(written: str) -> Written:
    """The number that a match of NUMBER is."""
    found = _READ.fullmatch(written.strip())
    if found is None:  # what NUMBER matches is read by this
        raise ValueError(f"{written!r} is no number")
    digits = found["digits"].replace(",", "")
    whole, _, decimals = digits.partition(".")
    scale = _SCALES.get(_initial(found["scale"]), 1.0)
    step = 10.0 ** -len(decimals)
    zeros = 0 if decimals or len(whole) < _MAY_BE_ROUNDED else len(whole) - len(whole.rstrip("0"))
    rounded = min(10.0**zeros, max(step, _ROUNDED * float(digits)))
    sign = -1.0 if found["sign"] in {"-", "\u2212"} else 1.0
    return Written(
        value=sign * float(digits) * scale,
        step=step * scale,
        coarse=max(step, rounded) * scale,
        percent=found["percent"] is not None,
    )


def agrees_with(written: Written, value: float, tolerance: float) -> bool:
    """Whether a value is the number that is written, to its last digit, or within a share of the value."""
    error = abs(written.value - value)
    return error <= written.step / 2 * (1 + 1e-9) + 1e-12 * abs(value) or error <= tolerance * abs(value)


def told(value: float) -> str:
    """A value for people, to six digits."""
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"  # noqa: PLR2004  # where six digits end


def _initial(scale: str | None) -> str:
    if scale is None:
        return ""
    return {"thousand": "k", "million": "m", "billion": "b", "trillion": "t"}.get(
        scale.lower(), scale.lower()[0]
    )
