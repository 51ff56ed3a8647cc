"""No two packaged pairs say nearly the same, judged by the default embedding model."""

import asyncio

import numpy as np
import pytest

from knowledge.corpus import packaged_topics
from models.embeddings import OnnxEmbedder

HIGHEST = 0.93


@pytest.mark.slow
async def test_no_two_packaged_pairs_are_near(tmp_path):
    packaged = await asyncio.to_thread(packaged_topics)
    pairs = [pair for topics in packaged.values() for topic in topics for pair in topic.pairs]
    embedder = await OnnxEmbedder.load(tmp_path)
    try:
        vectors = await embedder.embed([f"{pair.question}\n{pair.answer}" for pair in pairs])
    finally:
        await embedder.close()
    cosines = np.triu(vectors @ vectors.T, k=1)
    near = [(pairs[row].question, pairs[column].question) for row, column in np.argwhere(cosines > HIGHEST)]
    assert near == []
