"""Vectors in memory find and give what Chroma does, and follow what changes."""

import asyncio
import threading
from dataclasses import replace

import numpy as np
import pytest

from knowledge import DenseIndex, Field, KnowledgeUnavailable
from knowledge.resident import ResidentVectors
from tests.knowledge.test_dense import PAIRS, STORE, pair

QUERY = "What is the RSI good for?"


@pytest.fixture
def slow_loading(dense, monkeypatch) -> threading.Event:
    """Until it is set no collection is read into memory."""
    go_on = threading.Event()
    warm = dense._warm

    def wait(*arguments: object) -> None:
        assert go_on.wait(5)
        warm(*arguments)

    monkeypatch.setattr(dense, "_warm", wait)
    return go_on


async def loading_of(dense: DenseIndex) -> asyncio.Task[None]:
    """What loads, once searches wait for it."""
    task = asyncio.create_task(dense.load())
    while not dense.is_loading:
        await dense.reached(STORE)
    return task


async def everything(index: DenseIndex) -> list[dict[str, list[float]]]:
    """What searches find, with the cosines, and what the pairs' vectors are."""
    embedded = await index.encode(QUERY)
    found: list[dict[str, list[float]]] = []
    for field in Field:
        for collections in ((), ("technical",), ("technical", "business"), ("technical", "unheard-of")):
            for limit in (1, 50):
                near = await index.search(embedded[field], field, collections=collections, limit=limit)
                found.append({each: [cosine] for each, cosine in near.items()})
    ids = {"technical": ["pair_1", "pair_2", "pair_9"], "business": ["pair_3"], "unheard-of": ["pair_4"]}
    for vectors in (await index.vectors(dict.fromkeys(Field, ids))).values():
        found += [{each: row.tolist() for each, row in sorted(vectors.items())}]
    return found


def assert_same(found: list[dict[str, list[float]]], expected: list[dict[str, list[float]]]) -> None:
    assert [list(one) for one in found] == [list(one) for one in expected]
    for one, other in zip(found, expected, strict=True):
        for each, values in one.items():
            assert values == pytest.approx(other[each], abs=1e-5)


async def test_what_is_in_memory_is_what_chroma_holds(dense, embedder, tmp_path):
    await dense.apply(PAIRS, store=STORE)
    by_chroma = await everything(dense)
    await dense.load()
    assert_same(await everything(dense), by_chroma)
    await dense.apply(
        [pair(4, "What is the RSI good for?", "Turns."), pair(2, "How do averages cross?", "They do.")],
        store=STORE,
    )
    await dense.apply([replace(pair(1, "", ""), removed=True, revision=5)], store=STORE)
    in_memory = await everything(dense)
    opened = DenseIndex(embedder, folder=tmp_path / "chroma")
    assert_same(in_memory, await everything(opened))
    await opened.close()


async def test_searches_wait_until_the_index_is_in_memory(dense, slow_loading):
    await dense.apply(PAIRS, store=STORE)
    embedded = await dense.encode("What is the RSI?")
    load = await loading_of(dense)
    search = asyncio.create_task(
        dense.search(embedded[Field.QUESTION], Field.QUESTION, collections=["technical"])
    )
    vectors = asyncio.create_task(dense.vectors({Field.QUESTION: {"technical": ["pair_1"]}}))
    assert await dense.reached(STORE) == 3
    assert not search.done()
    assert not vectors.done()
    slow_loading.set()
    async with asyncio.timeout(60):
        await load
        assert list(await search) == ["pair_1", "pair_2"]
        assert list((await vectors)[Field.QUESTION]) == ["pair_1"]
    assert not dense.is_loading


async def test_search_that_waited_long_says_what_for(dense, slow_loading, monkeypatch):
    monkeypatch.setattr("knowledge.chroma._LOADING_SECONDS", 0.05)
    await dense.apply(PAIRS, store=STORE)
    embedded = await dense.encode("What is the RSI?")
    load = await loading_of(dense)
    with pytest.raises(KnowledgeUnavailable, match="still being read into memory"):
        await dense.search(embedded[Field.QUESTION], Field.QUESTION)
    slow_loading.set()
    async with asyncio.timeout(60):
        await load
    assert next(iter(await dense.search(embedded[Field.QUESTION], Field.QUESTION))) == "pair_1"


async def test_what_another_process_changes_is_read_again_where_it_is_in_memory(dense, embedder, tmp_path):
    await dense.apply(PAIRS, store=STORE)
    small, large = (DenseIndex(embedder, folder=tmp_path / "chroma", resident=most) for most in (1, 2))
    embedded = await dense.encode("gas")
    for index in (small, large):
        await index.load()
    await dense.apply([pair(4, "gas", "gas")], store=STORE)

    async def nearest(index: DenseIndex) -> str:
        return next(
            iter(await index.search(embedded[Field.QUESTION], Field.QUESTION, collections=["technical"]))
        )

    assert await nearest(small) == "pair_4"  # asks Chroma
    assert await nearest(large) != "pair_4"  # does not
    await large.load()
    assert await nearest(large) == "pair_4"
    for index in (small, large):
        await index.close()


async def test_changes_meanwhile_by_another_process_are_not_missed(dense, embedder, tmp_path):
    await dense.apply(PAIRS, store=STORE)
    other = DenseIndex(embedder, folder=tmp_path / "chroma")
    await other.load()
    await dense.apply([pair(4, "gas", "gas")], store=STORE)
    await other.apply([pair(5, "fees", "fees")], store=STORE)
    await other.load()
    embedded = await dense.encode("gas")
    assert (
        next(iter(await other.search(embedded[Field.QUESTION], Field.QUESTION, collections=["technical"])))
        == "pair_4"
    )
    await other.close()


async def test_cleared_index_finds_nothing(dense):
    await dense.apply(PAIRS, store=STORE)
    await dense.load()
    await dense.clear()
    assert (
        await dense.search(
            (await dense.encode("RSI"))[Field.QUESTION], Field.QUESTION, collections=["technical"]
        )
        == {}
    )


@pytest.mark.parametrize(("pairs", "recall"), [(300, 1.0), (5_000, 1.0), (6_000, 0.97)])
def test_nearest_are_those_of_comparing_with_all(pairs, recall):
    rng = np.random.default_rng(5)
    spread = 0.97 ** np.arange(128)  # as of texts: some directions tell more than others
    rows = (rng.standard_normal((pairs, 128)) * spread).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    vectors = ResidentVectors([str(row) for row in range(pairs)], rows)
    for query in rows[:20]:
        found = vectors.nearest(query, 50)
        expected = np.argsort(-(rows @ query))[:50]
        assert len({str(row) for row in expected} & set(found)) >= recall * 50
        assert list(found.values()) == sorted(found.values(), reverse=True)
        assert [rows[int(pair)] @ query for pair in found] == pytest.approx(list(found.values()), abs=1e-5)
    assert list(vectors.nearest(rows[7], 1)) == ["7"]
