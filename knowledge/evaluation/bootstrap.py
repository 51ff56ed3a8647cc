"""How far a mean over cases may be trusted: percentile intervals by resampling the cases (Efron 1979)."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

Values = NDArray[np.float64]
RESAMPLES: Final = 2000
_INTERVAL = (2.5, 97.5)
_PART = 200  # resamples drawn at a time; of ten thousand cases that is 16 MB


class Interval(BaseModel):
    """A mean with its 95 % interval."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    low: float
    high: float


class Difference(Interval):
    """A mean difference between two methods over the same cases."""

    p_value: float
    """Two-sided, of no difference: twice the smaller share of resamples on either side of zero."""
    not_below: bool
    """Whether the whole interval lies above minus the margin."""


@dataclass(frozen=True)
class Bootstrap:
    """Draws cases with replacement, as many as there are; the same seed draws the same."""

    seed: int = 7
    resamples: int = RESAMPLES

    def interval(self, values: Values) -> Interval:
        """Of the mean of at least one value."""
        return _interval(values, self._means(values))

    def difference(self, ours: Values, theirs: Values, *, margin: float) -> Difference:
        """Of the paired differences of at least one case, `ours` less `theirs`."""
        differences = ours - theirs
        means = self._means(differences)
        beyond = min(int(np.sum(means <= 0.0)), int(np.sum(means >= 0.0)))
        interval = _interval(differences, means)
        return Difference(
            value=interval.value,
            low=interval.low,
            high=interval.high,
            # One is added to both, as the observed sample is one of those possible (Davison and Hinkley 1997).
            p_value=round(min(1.0, 2 * (beyond + 1) / (self.resamples + 1)), 4),
            not_below=interval.low > -margin,
        )

    def sides(self, differences: Values, point: float) -> tuple[float, float]:
        """How far a mean of at least one paired difference is on one side of a point: two one-sided chances.

        The first is small where the mean lies below the point, the second where it lies above; neither is less than
        one in as many resamples as are drawn.
        """
        means = self._means(differences)
        above, below = int(np.sum(means >= point)), int(np.sum(means <= point))
        return (above + 1) / (self.resamples + 1), (below + 1) / (self.resamples + 1)

    def _means(self, values: Values) -> Values:
        drawn = np.random.default_rng(self.seed)
        parts = [
            values[drawn.integers(0, len(values), size=(min(_PART, self.resamples - start), len(values)))]
            for start in range(0, self.resamples, _PART)
        ]
        return np.concatenate([part.mean(axis=1) for part in parts])


def _interval(values: Values, means: Values) -> Interval:
    low, high = np.percentile(means, _INTERVAL)
    return Interval(value=_rounded(values.mean()), low=_rounded(low), high=_rounded(high))


def _rounded(number: np.floating) -> float:
    return round(float(number), 4)
