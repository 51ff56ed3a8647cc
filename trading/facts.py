"""What is certain of indicators by their authors' definitions: names, settings, bounds, what they are computed from."""

from dataclasses import dataclass

from trading.indicator_table import INDICATORS, Indicator
from trading.ohlcv import Series


@dataclass(frozen=True, kw_only=True)
class Definition:
    """An indicator as its row in the table has it, or one of which only the bounds are known."""

    name: str
    names: tuple[str, ...]
    """All that it is called; those that mean other things as well are left out."""
    defaults: tuple[float, ...] = ()
    """In the order of `parameters`."""
    settled: bool = False
    """Whether everybody has these defaults, so that others are a mistake."""
    low: float | None = None
    high: float | None = None
    needs: tuple[Series, ...] = ()
    """None for what is not computed here."""
    parameters: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


_AMBIGUOUS = frozenset(
    {
        *(
            "momentum",
            "relative strength",
            "moving average",
            "ma",
            "bb",
            "ad",
            "sar",
            "ao",
            "dx",
            "kc",
            "adr",
            "imi",
        ),
        *(
            "bop",
            "rvi",
            "wad",
            "tsf",
            "smi",
            "variance",
            "midpoint",
            "accelerator",
            "kumo",
            "volume ratio",
            "ker",
        ),
        *(
            "directional movement",
            "directional index",
            "true strength",
            "stochastic momentum",
            "relative volume",
        ),
        *(
            "volume oscillator",
            "average day range",
            "average daily range",
            "average deviation",
            "mean deviation",
        ),
    }
)
_NOT_COMPUTED: tuple[tuple[str, tuple[str, ...], float, float], ...] = (
    (
        "FNG",
        ("fear and greed index", "fear & greed index"),
        0,
        100,
    ),  # Alternative.me, "Crypto Fear & Greed Index"
)


def definitions() -> tuple[Definition, ...]:
    """Of every indicator of the table, and of a few that are not computed here."""
    known = tuple(_definition(each) for each in INDICATORS)
    return known + tuple(
        Definition(name=name, names=names, low=low, high=high) for name, names, low, high in _NOT_COMPUTED
    )


def _definition(indicator: Indicator) -> Definition:
    parameters = {
        each.name: each.default for each in indicator.parameters
    }  # one name may set two of TA-Lib's
    names = dict.fromkeys((indicator.name.replace("_", " "), indicator.title, *indicator.aliases))
    low, high = indicator.bounds or (None, None)
    return Definition(
        name=indicator.name,
        names=tuple(name for name in names if name.casefold() not in _AMBIGUOUS),
        defaults=tuple(parameters.values()),
        settled=indicator.settled,
        low=low,
        high=high,
        needs=indicator.needs,
        parameters=tuple(parameters),
        outputs=indicator.outputs,
    )
