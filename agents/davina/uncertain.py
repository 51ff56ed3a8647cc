"""Quantities that are known as a range: how they are written, and draws of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from agents.figures import LARGEST, amount
from agents.tools import ToolRefused
from models import Unit
from models.chat import Quantity, read_amounts

Draws = NDArray[np.float64]


class Shape(StrEnum):
    """How a quantity is distributed."""

    FIXED = "fixed"
    UNIFORM = "uniform"
    TRIANGULAR = "triangular"
    NORMAL = "normal"
    LOGNORMAL = "lognormal"
    PERT = "PERT"


_SHAPES = {
    Shape.UNIFORM: r"uniform\w*|equally likely|gleichverteilt\w*",
    Shape.TRIANGULAR: r"triang\w*",
    Shape.PERT: r"pert",
    Shape.LOGNORMAL: r"log-?normal\w*",
    Shape.NORMAL: r"normal\w*|gauss\w*",
}
_DEVIATION = re.compile(
    r"\b(?:std|sd|s\.d\.|sigma|st\.? ?dev\w*|standard dev\w*|deviation)\b|σ", re.IGNORECASE
)
_AROUND = re.compile(r"±|\+/-|\+-|plus or minus|plus/minus|give or take", re.IGNORECASE)
_RANGE = re.compile(
    r"\s*(?:-|–|—|/|\.\.\.?|…|\bto\b|\ba\b|\bbis\b|\bдо\b|\bup to\b|\buntil\b)\s*", re.IGNORECASE
)
"""What stands between the ends of a range; an "and" does so behind "between" alone."""
_BETWEEN = re.compile(r"\bbetween\b|\bzwischen\b|\bentre\b|\bмежду\b", re.IGNORECASE)
_ENDS = re.compile(
    r"\b(?:low(?:est)?|high(?:est)?|min(?:imum)?|max(?:imum)?|best|worst|base|likel(?:y|iest)|most likely|expected|optimistic|pessimistic|"
    r"mode|at least|at most)\b",
    re.IGNORECASE,
)
_PIECES = re.compile(
    r"[;\n]|,(?!\d{3}\b)|[.?!](?=\s|$)|(?<![\dkmb%]\s)\band\s|\band\s(?![\d$€£])", re.IGNORECASE
)
"""Where one figure's words end. An "and" between two numbers may join the ends of a range."""
_PERT_WEIGHT = 4.0
_IN_YEARS = {Unit.YEARS: 1.0, Unit.MONTHS: 1 / 12, Unit.DAYS: 1 / 365}


@dataclass(frozen=True)
class Uncertain:
    """A quantity with its distribution.

    `numbers` are the value (fixed), low and high (uniform), low, likeliest and high (triangular, PERT), or mean and
    standard deviation (normal, lognormal: of the quantity and not of its logarithm).
    """

    shape: Shape
    numbers: tuple[float, ...]

    def __str__(self) -> str:
        """The distribution in words."""
        shown = [amount(number) for number in self.numbers]
        if self.shape is Shape.FIXED:
            return shown[0]
        if self.shape is Shape.UNIFORM:
            return f"uniform from {shown[0]} to {shown[1]}"
        if self.shape in {Shape.NORMAL, Shape.LOGNORMAL}:
            return f"{self.shape.value} with mean {shown[0]} and standard deviation {shown[1]}"
        return f"{self.shape.value} from {shown[0]} over {shown[1]} to {shown[2]}"

    def draw(self, random: np.random.Generator, size: tuple[int, ...]) -> Draws:
        """Independent draws of it."""
        first, *rest = self.numbers
        if self.shape is Shape.FIXED or (self.shape is not Shape.LOGNORMAL and first == rest[-1]):
            return np.full(size, first)
        if self.shape is Shape.UNIFORM:
            return random.uniform(first, rest[0], size)
        if self.shape is Shape.TRIANGULAR:
            return random.triangular(first, rest[0], rest[1], size)
        if self.shape is Shape.PERT:
            low, likeliest, high = self.numbers
            alpha = 1 + _PERT_WEIGHT * (likeliest - low) / (high - low)
            beta = 1 + _PERT_WEIGHT * (high - likeliest) / (high - low)
            return low + (high - low) * random.beta(alpha, beta, size)
        if self.shape is Shape.NORMAL:
            return random.normal(first, rest[0], size)
        spread = np.log1p((rest[0] / first) ** 2)
        return random.lognormal(np.log(first) - spread / 2, np.sqrt(spread), size)


@dataclass
class _Said:
    """What a text says of one quantity."""

    numbers: list[Quantity] = field(default_factory=list)
    words: str = ""
    """The pieces of the text that its numbers stand in."""


@dataclass(frozen=True)
class Inputs:
    """What a text says of the quantities that are asked for."""

    quantities: Mapping[str, Uncertain]
    years: float | None
    """How long a time it speaks of; None where it names none or several."""


def read_inputs(
    text: str, cues: Mapping[str, re.Pattern[str]], *, in_percent: frozenset[str], aside: re.Pattern[str]
) -> Inputs:
    """The quantities of a text, each with its name beside it: "units 800 to 1200, price normal, mean 20, sd 2".

    `cues` find the names; `in_percent` are those that percentages belong to. What `aside` matches, as "seed 7", is
    left out. Two numbers with a range between them are uniform, three are low, likeliest and high, "mean" and "sd" are
    a normal distribution, "a ± b" is a range. Raises ToolRefused for a number whose quantity or meaning is open.
    """
    found = read_amounts(text)
    skipped = [match.span() for match in aside.finditer(found.text)]
    counted = [q for q in found.quantities if not any(start <= q.start < end for start, end in skipped)]
    spans = [q for q in counted if q.unit in _IN_YEARS]
    figures = [q for q in counted if q.unit not in _IN_YEARS]
    labels = _labels(found.text, cues)
    said: dict[str, _Said] = {}
    last: str | None = None
    for start, end in _pieces(found.text):
        own = [label for label in labels if start <= label[0] < end]
        inside = [q for q in figures if start <= q.start < end]
        for quantity in inside:
            name = _owner(quantity, own, last)
            if name is None:
                raise ToolRefused(
                    f"I cannot tell what {amount(quantity.value)} is; name each figure, such as “price 20 to 25”."
                )
            said.setdefault(name, _Said()).numbers.append(quantity)
        for name, words in _regions(
            found.text, (start, end), own, [(q, _owner(q, own, last)) for q in inside]
        ):
            said[name].words += f" {words}"
        if not inside and own and own[-1][2] not in said:
            said[own[-1][2]] = _Said(words=found.text[start:end])  # "units are normal, mean 1000, sd 150"
        mute = {label[2] for label in own} - {_owner(q, own, last) for q in inside}
        if mute and len(own) > 1 and len(inside) > 1:
            raise ToolRefused(
                f"I cannot tell which figure is the {min(mute)}; put a comma between the figures."
            )
        last = own[-1][2] if own else last
    return Inputs(
        {
            name: _distribution(name, each, found.text, name in in_percent)
            for name, each in said.items()
            if each.numbers
        },
        _length(spans),
    )


def _labels(text: str, cues: Mapping[str, re.Pattern[str]]) -> list[tuple[int, int, str]]:
    """Where each quantity is named, in order; the longest of names that overlap."""
    spans = [(*match.span(), name) for name, cue in cues.items() for match in cue.finditer(text)]
    kept: list[tuple[int, int, str]] = []
    for start, end, name in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end, name))
    return kept


def _pieces(text: str) -> list[tuple[int, int]]:
    ends = [match.end() for match in _PIECES.finditer(text)]
    return list(zip([0, *ends], [*ends, len(text)], strict=True))


def _regions(
    text: str,
    piece: tuple[int, int],
    own: Sequence[tuple[int, int, str]],
    owned: Sequence[tuple[Quantity, str | None]],
) -> list[tuple[str, str]]:
    """Each quantity of a piece with the words about it: from the numbers of the one before to the beginning of the next."""
    names = list(dict.fromkeys(name for _, name in owned if name is not None))
    begins = {
        name: min([q.start for q, of in owned if of == name] + [at for at, _, of in own if of == name])
        for name in names
    }
    ends = {name: max(q.end for q, of in owned if of == name) for name in names}
    regions = []
    for place, name in enumerate(names):
        start = ends[names[place - 1]] if place else piece[0]
        end = begins[names[place + 1]] if place + 1 < len(names) else piece[1]
        regions.append((name, text[start : max(end, ends[name])]))
    return regions


def _owner(quantity: Quantity, own: Sequence[tuple[int, int, str]], last: str | None) -> str | None:
    """The name before the number in its piece, else the one behind it, else the one that was named last."""
    before = [name for _, end, name in own if end <= quantity.start]
    return before[-1] if before else own[0][2] if own else last


def _distribution(name: str, said: _Said, text: str, in_percent: bool) -> Uncertain:  # noqa: FBT001  a kind of quantity
    shape = next(
        (s for s, p in _SHAPES.items() if re.search(rf"\b(?:{p})\b", said.words, re.IGNORECASE)), None
    )
    values = [q.value for q in said.numbers]
    spread = _DEVIATION.search(said.words) is not None
    around = _AROUND.search(said.words) is not None
    shares = [q.unit is Unit.PERCENT and not in_percent for q in said.numbers]
    if shares == [False, True] and (spread or around):
        values[1] = abs(values[0]) * values[1] / 100
    elif any(shares):
        values = []
    gaps = [text[first.end : second.start].strip() for first, second in pairwise(said.numbers)]
    between = _BETWEEN.search(said.words) is not None
    joined = len(values) > 1 and (
        all(_RANGE.fullmatch(gap) or (between and gap == "and") for gap in gaps)
        or len(_ENDS.findall(said.words)) >= len(values) - 1
    )
    read = _read(shape, values, spread=spread, around=around, joined=joined)
    if read is None or any(abs(value) > LARGEST for value in values):
        raise ToolRefused(
            f"I cannot tell the distribution of the {name}; write one figure, “800 to 1200”, “800 / 1000 / 1200” (low, likeliest, "
            "high), or “normal, mean 1000, sd 150”."
        )
    return read


def _read(
    shape: Shape | None, values: list[float], *, spread: bool, around: bool, joined: bool
) -> Uncertain | None:
    """The distribution that numbers and words about them name; None where they name none."""
    match len(values):
        case 1 if shape is None and not spread and not around:
            return Uncertain(Shape.FIXED, tuple(values))
        case 2 if spread or shape in {Shape.NORMAL, Shape.LOGNORMAL}:
            bell = shape if shape is Shape.LOGNORMAL else Shape.NORMAL
            usable = values[1] >= 0 and (bell is Shape.NORMAL or values[0] > 0)
            return Uncertain(bell, tuple(values)) if usable and shape in {None, bell} else None
        case 2 if around and shape in {None, Shape.UNIFORM}:
            half = abs(values[1])
            return Uncertain(Shape.UNIFORM, (values[0] - half, values[0] + half))
        case 2 if shape is Shape.UNIFORM or (joined and shape is None):
            return Uncertain(Shape.UNIFORM, tuple(sorted(values)))
        case 3 if shape in {Shape.TRIANGULAR, Shape.PERT} or (joined and shape is None):
            return Uncertain(shape or Shape.TRIANGULAR, tuple(sorted(values)))
    return None


def _length(spans: Sequence[Quantity]) -> float | None:
    lengths = {round(q.value * _IN_YEARS[q.unit], 9) for q in spans if q.value > 0}
    return lengths.pop() if len(lengths) == 1 else None
