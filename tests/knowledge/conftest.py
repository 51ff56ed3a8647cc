"""An empty store for each test, and vectors that mean something without a model."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from app.database import Pool
from knowledge import DenseIndex, Importer, Indexer, KnowledgeStore, LexicalIndex
from knowledge.readers.text import plain
from models import EmbeddingUnavailable, Vectors

_SYNONYMS = {"momentum": "rsi", "oscillator": "rsi", "stop": "loss", "fee": "gas"}
_LONG = {"relative strength index": "rsi", "moving average convergence divergence": "macd"}


class WordEmbedder:
    """Sums one fixed direction a word, with a few synonyms: texts that share words are near to each other."""

    name = "words"
    dimensions = 64

    def __init__(self) -> None:
        self.embedded = 0
        self.down = False

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if self.down:
            raise EmbeddingUnavailable("the model is switched off in this test")
        self.embedded += len(texts)
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            for word in _known(plain(text)).split() or ["nothing"]:
                rows[row] += _direction(_SYNONYMS.get(word, word))
        return rows / np.linalg.norm(rows, axis=1, keepdims=True) if len(texts) else rows


def _known(text: str) -> str:
    """An abbreviation and what it stands for mean the same, as a model knows of common ones."""
    for long, short in _LONG.items():
        text = text.replace(long, short)
    return text


def _direction(word: str) -> Vectors:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
    return np.random.default_rng(seed).standard_normal(WordEmbedder.dimensions).astype(np.float32)


@pytest.fixture
async def store(pool: Pool) -> KnowledgeStore:
    async with pool.connection() as connection:
        await connection.execute(
            "TRUNCATE knowledge_sources, knowledge_topics, knowledge_catalogue, knowledge_mappings CASCADE"
        )
        await connection.execute("UPDATE knowledge_store SET catalogue = 0, placed = NULL")
        await connection.execute("ALTER SEQUENCE knowledge_revision RESTART")
    return KnowledgeStore(pool)


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def lexical(tmp_path: Path) -> LexicalIndex:
    return LexicalIndex(tmp_path / "lexical")


@pytest.fixture
async def dense(tmp_path: Path, embedder: WordEmbedder) -> AsyncIterator[DenseIndex]:
    index = DenseIndex(embedder, folder=tmp_path / "chroma")
    yield index
    await index.close()


@pytest.fixture
def indexer(store: KnowledgeStore, lexical: LexicalIndex, dense: DenseIndex) -> Indexer:
    return Indexer(store, [lexical, dense])


@pytest.fixture
def importer(store: KnowledgeStore, indexer: Indexer) -> Importer:
    return Importer(store, indexer)
