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


@runtime_checkable
class TokenCounter(Protocol):
    """An embedder that says how many tokens its model makes of a text."""

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text, as far as the model reads it; computes, so call it in a thread."""
        ...


CHARACTERS_A_TOKEN = 4
"""What English comes to with the vocabularies in use."""


def estimated_tokens(texts: Sequence[str]) -> list[int]:
    """What stands in for a model's own count where that cannot be had."""
    return [-(-len(text) // CHARACTERS_A_TOKEN) for text in texts]
