"""What every index of pairs keeps to, whatever it is made of."""

import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge import DenseIndex, LexicalIndex, PairIndex, StoredPair
from tests.knowledge.chroma import chroma_server, free_port, until_it_answers
from tests.knowledge.conftest import WordEmbedder

STORE = "4b1d0a52-0000-0000-0000-000000000001"
OTHER = "4b1d0a52-0000-0000-0000-000000000002"
_numbers = itertools.count(1)


OpenIndex = Callable[[], PairIndex]


@pytest.fixture(scope="module")
async def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A Chroma server for the tests of this module."""
    port, folder = free_port(), tmp_path_factory.mktemp("server")
    async with chroma_server(folder, port):
        url = f"http://127.0.0.1:{port}"
        index = DenseIndex(WordEmbedder(), folder=folder, url=url)
        await until_it_answers(index)
        await index.close()
        yield url


@pytest.fixture(params=["lexical", "dense", "dense by a server"])
def open_index(request: pytest.FixtureRequest, tmp_path: Path) -> OpenIndex:
    """Opens the test's index, which is empty when it is opened first."""
    if request.param == "lexical":
        return lambda: LexicalIndex(tmp_path / "lexical")
    if request.param == "dense":
        return lambda: DenseIndex(WordEmbedder(), folder=tmp_path / "chroma")
    url = request.getfixturevalue("chroma_url")
    number = next(_numbers)  # collections of its own
    return lambda: DenseIndex(WordEmbedder(), folder=tmp_path / "unused", url=url, number=number)


@pytest.fixture
async def index(open_index: OpenIndex) -> AsyncIterator[PairIndex]:
    made = open_index()
    yield made
    await close(made)


async def close(index: PairIndex) -> None:
    if isinstance(index, DenseIndex):
        await index.close()


def pair(
    number: int, *, collection: str = "technical", removed: bool = False, revision: int = 0
) -> StoredPair:
    return StoredPair(
        id=f"pair_{number}",
        collection=collection,
        topic="Momentum",
        source="report.txt",
        question=f"What is indicator {number}?",
        answer=f"Indicator {number} is one of many.",
        removed=removed,
        revision=revision or number,
    )


async def test_fresh_index_holds_nothing_and_has_reached_nothing(index):
    assert await index.reached(STORE) == 0
    assert await index.counts() == {}


async def test_applied_pairs_are_counted_by_collection_and_the_revision_is_kept(index):
    await index.apply([pair(1), pair(2), pair(3, collection="business")], store=STORE)
    assert await index.counts() == {"technical": 2, "business": 1}
    assert await index.reached(STORE) == 3


async def test_long_answer_is_one_pair_and_changes_as_one(index):
    long = replace(pair(1), answer=" ".join(f"Sentence {number} of many." for number in range(500)))
    await index.apply([long, pair(2)], store=STORE)
    assert await index.counts() == {"technical": 2}
    await index.apply([replace(long, answer="Short now.", revision=3)], store=STORE)
    assert await index.counts() == {"technical": 2}
    await index.apply([replace(long, removed=True, revision=4)], store=STORE)
    assert await index.counts() == {"technical": 1}


async def test_applying_again_changes_nothing(index):
    for _ in range(2):
        await index.apply([pair(1), pair(2)], store=STORE)
    assert await index.counts() == {"technical": 2}


async def test_applying_nothing_reaches_nothing(index):
    await index.apply([], store=STORE)
    assert await index.reached(STORE) == 0


async def test_removed_pairs_are_taken_out(index):
    await index.apply([pair(1), pair(2)], store=STORE)
    await index.apply([pair(1, removed=True, revision=3)], store=STORE)
    assert await index.counts() == {"technical": 1}
    await index.apply([pair(2, removed=True, revision=4)], store=STORE)
    assert await index.counts() == {}
    assert await index.reached(STORE) == 4


async def test_pair_that_was_never_there_can_be_removed(index):
    await index.apply([pair(1, removed=True)], store=STORE)
    assert await index.counts() == {}
    assert await index.reached(STORE) == 1


async def test_index_of_another_database_counts_as_not_built(index):
    await index.apply([pair(1)], store=STORE)
    assert await index.reached(OTHER) == 0


async def test_cleared_index_holds_nothing(index):
    await index.apply([pair(1)], store=STORE)
    await index.clear()
    assert await index.counts() == {}
    assert await index.reached(STORE) == 0
    await index.apply([pair(2)], store=STORE)
    assert await index.counts() == {"technical": 1}


async def test_index_is_as_it_was_when_opened_again(open_index):
    first = open_index()
    await first.apply([pair(1), pair(2)], store=STORE)
    await close(first)
    again = open_index()
    assert await again.reached(STORE) == 2
    assert await again.counts() == {"technical": 2}
    await close(again)
