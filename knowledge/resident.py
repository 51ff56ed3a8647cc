"""The vectors of a collection in memory: what a small one is searched in, and each pair's own at once."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain
from typing import Self

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

_SEARCHED = 5_000
"""Vectors up to which comparing with all of them takes less than a fifth of what asking Chroma does."""


class ResidentVectors:
    """Unit vectors by pair id, in the order in which they came. It never changes; `changed` gives another one."""

    def __init__(self, ids: Sequence[str], rows: NDArray[np.float32]) -> None:
        """`rows` has one row for each id."""
        self._ids = list(ids)
        self._rows = rows

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def is_searched(self) -> bool:
        """Whether `nearest` is the way to search so few."""
        return len(self) <= _SEARCHED

    def nearest(self, vector: Vector, limit: int) -> dict[str, float]:
        """The cosines of the pairs nearest to a unit vector, highest first."""
        cosines = self._rows @ vector
        found = np.argpartition(cosines, -limit)[-limit:] if len(self) > limit else np.arange(len(self))
        return {
            self._ids[row]: float(cosines[row]) for row in found[np.argsort(-cosines[found], kind="stable")]
        }

    def of(self, ids: Iterable[str]) -> dict[str, Vector]:
        """The vectors of these pairs; ids that are not among them are left out."""
        return {pair: self._rows[self._places[pair]] for pair in ids if pair in self._places}

    def changed(self, ids: Sequence[str], rows: NDArray[np.float32], gone: Iterable[str]) -> Self:
        """The same with these vectors in place of those they had or besides, and without those that are gone."""
        away = {*gone, *ids}
        kept = [place for pair, place in self._places.items() if pair not in away]
        return type(self)(
            list(chain((self._ids[place] for place in kept), ids)), np.concatenate([self._rows[kept], rows])
        )

    @cached_property
    def _places(self) -> dict[str, int]:
        return {pair: place for place, pair in enumerate(self._ids)}
