"""The default embedder against its reference, and what it leaves out of the process."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from models import Vectors
from models.embeddings import OpenVinoEmbedder
from models.embeddings.weights import wheel_folder

_TEXTS = [
    "",
    "RSI",
    "What is the Relative Strength Index (RSI) and how is it calculated?",
    "A stop-loss at 2 % below the 50-day moving average limits the drawdown of a position. " * 3,
    "Größe, naïve café, 価格の動き, цена, \U0001f680\U0001f4c8",
    "Supercalifragilisticexpialidocious pneumonoultramicroscopicsilicovolcanoconiosis",
    "word " * 600,
    "if price > ema(200) and rsi(14) < 30:\n\tbuy(size=0.01)",
]


@pytest.fixture(scope="module")
async def embedder(embedding_data: Path) -> AsyncIterator[OpenVinoEmbedder]:
    loaded = await OpenVinoEmbedder.load(embedding_data, threads=1)
    yield loaded
    await loaded.close()


@pytest.mark.slow
async def test_vectors_are_those_of_sentence_transformers(embedder: OpenVinoEmbedder):
    def reference() -> Vectors:
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(wheel_folder()), device="cpu")
        return np.asarray(model.encode(_TEXTS), dtype=np.float32)

    expected = await asyncio.to_thread(reference)
    cosines = (await embedder.embed(_TEXTS) * expected).sum(axis=1)
    assert cosines[0] > 0.9998  # the empty text: two tokens, over which no rounding to bfloat16 averages out
    assert cosines[1:].min() > 0.9999


async def test_near_meanings_are_near(embedder: OpenVinoEmbedder):
    question, paraphrase, other = await embedder.embed(
        ["How do I limit my losses?", "What keeps a loss small?", "The recipe needs two eggs and flour."]
    )
    assert question @ paraphrase > 0.5
    assert question @ other < 0.2


async def test_text_beyond_256_tokens_is_not_read(embedder: OpenVinoEmbedder):
    start = "market " * 254
    short, long = await embedder.embed([start, start + "something else altogether"])
    assert np.array_equal(short, long)


async def test_a_surrogate_pair_counts_as_its_character(embedder: OpenVinoEmbedder):
    pair, character = await embedder.embed(["to the \ud83d\ude80 moon", "to the \U0001f680 moon"])
    assert np.array_equal(pair, character)


async def test_many_texts_of_all_lengths_keep_their_order(embedder: OpenVinoEmbedder):
    texts = [f"{'long ' * (n % 7 * 20)}text number {n}" for n in range(150)]
    together = await embedder.embed(texts)
    picked = [0, 33, 75, 149]
    alone = np.concatenate([await embedder.embed([texts[n]]) for n in picked])
    assert np.abs(together[picked] - alone).max() < 1e-5


def test_a_process_that_embeds_never_loads_torch(embedding_data: Path):
    script = """
import asyncio, sys
from pathlib import Path
from models.embeddings import EmbeddingSettings, open_embedder

async def main():
    embedder = await open_embedder(EmbeddingSettings(), Path(sys.argv[1]), None)
    await embedder.embed(["a question"])
    await embedder.close()

asyncio.run(main())
print([name for name in ("torch", "transformers", "sentence_transformers", "openvino_telemetry") if sys.modules.get(name)])
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(embedding_data)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "[]"
