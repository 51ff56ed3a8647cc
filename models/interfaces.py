"""What the models package offers to the packages above it."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Vectors: TypeAlias = NDArray[np.float32]
"""Shape (n, dimensions), float32, each row of unit length."""


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors. Raises EmbeddingUnavailable when the model cannot answer."""

    @property
    def name(self) -> str:
        """The model's name, part of every cache key and index name."""
        ...

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        ...

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text, in order; no texts give an array of shape (0, dimensions)."""
        ...
