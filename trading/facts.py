"""What is certain of indicators by their authors' definitions: default settings and bounds."""

from dataclasses import dataclass

from trading.indicators import find_indicator


@dataclass(frozen=True, kw_only=True)
class Definition:
    """The author's settings of an indicator, and between which numbers its value lies."""

    names: tuple[str, ...]
    defaults: tuple[int, ...] = ()
    low: float | None = None
    high: float | None = None


_DEFINITIONS: tuple[tuple[str, tuple[int, ...], float | None, float | None], ...] = (
    ("RSI", (14,), 0, 100),  # Wilder, 1978
    ("ATR", (14,), None, None),  # Wilder, 1978
    ("ADX", (14,), 0, 100),  # Wilder, 1978
    ("MACD", (12, 26, 9), None, None),  # Appel, 1979
    ("BBANDS", (20, 2), None, None),  # Bollinger, 2001
    ("ULTOSC", (7, 14, 28), 0, 100),  # Williams, 1985
    ("MFI", (14,), 0, 100),  # Quong and Soudack, 1989
    ("WILLR", (14,), -100, 0),  # Williams, 1973
    ("AROONOSC", (), -100, 100),  # Chande, 1995
    ("CMO", (), -100, 100),  # Chande and Kroll, 1994
)


def definitions() -> tuple[Definition, ...]:
    """Those whose author gave settings or whose formula gives bounds; what conventions disagree on is left out."""
    return tuple(
        Definition(names=_names(name), defaults=defaults, low=low, high=high)
        for name, defaults, low, high in _DEFINITIONS
    )


def _names(name: str) -> tuple[str, ...]:
    indicator = find_indicator(name)
    return (indicator.name, indicator.title)
