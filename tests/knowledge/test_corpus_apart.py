"""No two packaged pairs say nearly the same, judged by the default embedding model."""

import asyncio
from contextlib import AsyncExitStack

import numpy as np
import pytest

from knowledge import DenseIndex
from knowledge.corpus import packaged_topics
from knowledge.fields import Field
from knowledge.importer import STARTER
from knowledge.readers.records import PairRecord
from knowledge.resident import Vector
from knowledge.starting import CorpusReader
from knowledge.store import pair_id, source_id
from models.embeddings import OpenVinoEmbedder
from tests.e2e.seeding import fresh_data

HIGHEST = 0.93
ALIKE = 0.8
"""Whole pairs are at most 0.08 nearer to each other than the indexed vectors of their answers: this leaves 0.13."""


@pytest.mark.slow
@pytest.mark.uncounted
async def test_no_two_packaged_pairs_are_near():
    packaged = await asyncio.to_thread(packaged_topics)
    pairs: dict[str, PairRecord] = {}
    places: dict[str, dict[str, PairRecord]] = {}
    for collection, topics in packaged.items():
        source = source_id(collection, STARTER)
        places[collection] = {pair_id(source, record): record for record in CorpusReader(topics).pairs()}
        pairs |= places[collection]
    async with fresh_data("freya-apart-") as data, AsyncExitStack() as stack:
        embedder = await OpenVinoEmbedder.load(data)
        stack.push_async_callback(embedder.close)
        index = DenseIndex(embedder, folder=data / "chroma", number=1)
        stack.push_async_callback(index.close)
        answers = (await index.vectors({Field.ANSWER: {name: list(ids) for name, ids in places.items()}}))[
            Field.ANSWER
        ]
        assert answers.keys() == pairs.keys()
        alike = sorted({name for both in _above(ALIKE, list(answers), [*answers.values()]) for name in both})
        texts = [f"{pairs[name].question}\n{pairs[name].answer}" for name in alike]
        near = _above(HIGHEST, alike, list(await embedder.embed(texts)))
    assert [(pairs[one].question, pairs[other].question) for one, other in near] == []


def _above(cosine: float, names: list[str], vectors: list[Vector]) -> list[tuple[str, str]]:
    """Which two have vectors nearer to each other than that."""
    rows = np.array(vectors)
    return [(names[one], names[other]) for one, other in np.argwhere(np.triu(rows @ rows.T, k=1) > cosine)]
