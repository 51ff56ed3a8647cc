"""Price series for tests: paths between planted turning points, and random walks."""

from collections.abc import Sequence

import numpy as np

from trading import Bars

Pivots = Sequence[tuple[int, float]]


def planted(pivots: Pivots, seed: int = 0, noise: float = 0.4) -> Bars:
    """Bars along straight lines between (index, price) points, with normal noise on the closes."""
    rng = np.random.default_rng(seed)
    places, prices = zip(*pivots, strict=True)
    count = places[-1] + 1
    closes = np.interp(np.arange(count), places, prices) + rng.normal(0, noise, count)
    return _bars(closes, rng.uniform(0, 0.25, (2, count)))


def walk(seed: int, count: int = 250, volatility: float = 0.02) -> Bars:
    """Bars of a geometric random walk from 100 on: no pattern in it means anything."""
    rng = np.random.default_rng(seed)
    closes = 100 * np.exp(np.cumsum(rng.normal(0, volatility, count)))
    return _bars(closes, rng.uniform(0, 0.01, (2, count)) * closes)


def upside_down(pivots: Pivots, around: float = 100.0) -> Pivots:
    """The same path mirrored at a price."""
    return [(place, 2 * around - price) for place, price in pivots]


def _bars(closes: np.ndarray, shadows: np.ndarray) -> Bars:
    opens = np.concatenate([closes[:1], closes[:-1]])
    return Bars(
        open=tuple(opens.tolist()),
        high=tuple((np.maximum(opens, closes) + shadows[0]).tolist()),
        low=tuple((np.minimum(opens, closes) - shadows[1]).tolist()),
        close=tuple(closes.tolist()),
        volume=tuple([1000.0] * len(closes)),
    )
