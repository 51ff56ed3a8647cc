"""Readings of indicators that a text works out from prices it gives, computed again by the indicators' own code."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from knowledge.refinery.accuracy.claims import Check, Claim, Kind
from knowledge.refinery.accuracy.numbers import NUMBER, agrees_with, read, told
from knowledge.refinery.accuracy.prices import Series, prices_before
from knowledge.refinery.accuracy.settings import IndicatorFacts, name_alternatives

Compute = Callable[[str, Series, Mapping[str, float]], tuple[Sequence[Mapping[str, float]], bool]]
"""The last values by output of an indicator over prices with these settings, by each convention, the usual one first,
and whether these are all conventions there are. No values where the prices give none, such as too few."""

_VERB: Final = r"(?:is|was|=|equals|stands at|reads|comes to|would be|are)"
_FIGURE: Final = rf"(?P<figure>{NUMBER})(?![\d,.]*\d|-\w|/|\w| ?%? ?[-+*/x×÷^=\u2212] ?[\d($]| ?%? (?:below|above|under|over|higher|lower|away|from|to|and \d)\b)"
_PRICES: Final = re.compile(r"\b(?:clos(?:e|es|ing)|prices|highs)\b", re.IGNORECASE)
_NEAR: Final = 400  # characters between the prices and the reading: further on another example may have begun
_FREE: Final = 0.005  # beyond the decimals written, of the value
_SPAN: Final = r"(?P<period>\d{1,3})[- ](?:period|day|bar|candle|hour|week)s?[ -]"
_OUTPUTS: Final = {
    ("BBANDS", "upper"): ("upper band", "upper bollinger band"),
    ("BBANDS", "middle"): ("middle band", "middle bollinger band"),
    ("BBANDS", "lower"): ("lower band", "lower bollinger band"),
    ("MACD", "signal"): ("signal line", "macd signal line", "macd signal"),
    ("MACD", "histogram"): ("macd histogram", "histogram"),
    ("STOCH", "k"): ("%k", "stochastic %k"),
    ("STOCH", "d"): ("%d", "stochastic %d"),
    ("AROON", "up"): ("aroon up",),
    ("AROON", "down"): ("aroon down",),
}
"""What the outputs of indicators that have several are called besides."""
_SEVERAL: Final = frozenset({"AROON", "BBANDS"})  # no output of which is the indicator's value
_SURE_WITH_PRICES: Final = {"moving average": "SMA", "momentum": "MOM"}
"""Names that mean much else, and beside prices these."""


@dataclass(frozen=True)
class _Named:
    facts: IndicatorFacts
    output: str


def reading_check(facts: Sequence[IndicatorFacts], compute: Compute) -> Check:
    """A check of the readings of these indicators over prices that a text gives before them."""
    named = _named(facts)
    names = name_alternatives(named)
    reading = re.compile(
        rf"(?<![\w%-])(?:{_SPAN})?(?P<name>{names})(?: \([A-Z%]{{2,6}}\))?(?: ?\((?P<settings>\d[\d., ]{{0,12}})\))?"
        rf"(?: (?:value|reading|over these (?:closes|prices|bars)|of these (?:closes|prices|bars)))? {_VERB}:? "
        rf"(?:then |now )?(?P<about>(?:about|approximately|around|roughly) )?{_FIGURE}",
        re.IGNORECASE,
    )

    def check(text: str) -> list[Claim]:
        if _PRICES.search(text) is None:
            return []
        found: list[Claim] = []
        for match in reading.finditer(text):
            which = named[_folded(match["name"])]
            series = prices_before(text, match.start(), _NEAR)
            if series is not None:
                given = {name: series[name] for name in which.facts.needs if name in series}
                found += _claims(match, which, given, compute)
        return found

    return check


def _named(facts: Sequence[IndicatorFacts]) -> dict[str, _Named]:
    """Whatever texts call an output of a computed indicator; a name without one means the first."""
    found: dict[str, _Named] = {}
    for fact in facts:
        if not fact.needs or fact.name in _SEVERAL:
            continue
        for name in (fact.name, *fact.names):
            found[_folded(name)] = _Named(fact, fact.outputs[0])
    for fact in facts:
        for output in fact.outputs if fact.needs and len(fact.outputs) > 1 else ():
            for name in _OUTPUTS.get((fact.name, output), ()):
                found[_folded(name)] = _Named(fact, output)
    for name, short in _SURE_WITH_PRICES.items():
        found.update((name, _Named(fact, fact.outputs[0])) for fact in facts if fact.name == short)
    return found


def _folded(name: str) -> str:
    return re.sub(r"[\s-]+", " ", name.casefold()).strip()


def _claims(match: re.Match[str], which: _Named, series: Series, compute: Compute) -> Iterator[Claim]:
    parameters = _parameters(match, which.facts)
    if parameters is None or len(series) != len(which.facts.needs):
        return
    values, complete = compute(which.facts.name, series, parameters)
    if not values:
        return
    written = read(match["figure"])
    holds = any(agrees_with(written, each[which.output], _FREE) for each in values if which.output in each)
    if not holds and (match["about"] or not complete):
        return
    said = " ".join(match[0].split())
    yield Claim(kind=Kind.READING, statement=said, computed=told(values[0][which.output]), holds=holds)


def _parameters(match: re.Match[str], facts: IndicatorFacts) -> dict[str, float] | None:
    """The settings as they stand at the reading, else the indicator's own; None where these are not settled."""
    given = [float(each) for each in re.findall(r"\d+(?:\.\d+)?", match["settings"] or "")]
    if given:
        if len(given) > len(facts.parameters):
            return None
        return dict(zip(facts.parameters, given, strict=False))
    if match["period"]:
        return {"period": float(match["period"])} if "period" in facts.parameters else None
    return {} if facts.settled or not facts.parameters else None
