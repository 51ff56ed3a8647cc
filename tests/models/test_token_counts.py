"""How many tokens a text has: by the model where it counts them, else by its length."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from models import TokenCounter, Vectors, estimated_tokens
from models.embeddings import CachedEmbedder, OpenVinoEmbedder


class Mute:
    name = "mute"
    dimensions = 2

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return np.ones((len(texts), 2), dtype=np.float32)


class Counting(Mute):
    def token_counts(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]


def test_estimate_is_four_characters_a_token():
    assert estimated_tokens(["", "a", "four", "five!", "x" * 400]) == [0, 1, 1, 2, 100]


def test_cache_counts_as_its_model_does():
    assert CachedEmbedder(Counting(), None).token_counts(["one two three four"]) == [4]
    assert CachedEmbedder(Mute(), None).token_counts(["one two three four"]) == [5]


@pytest.mark.slow
async def test_default_model_counts_what_it_reads(embedding_data: Path):
    embedder = await OpenVinoEmbedder.load(embedding_data, threads=1)
    assert isinstance(embedder, TokenCounter)
    assert embedder.token_counts(["", "hello world", "word " * 600]) == [0, 2, 256]
    await embedder.close()
