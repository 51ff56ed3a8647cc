"""The live version as it is searched: made at the first start, followed when it changes, read into memory."""

import asyncio
import contextlib
import dataclasses
import threading
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest
import structlog

from knowledge import (
    DenseIndex,
    Field,
    HybridRetriever,
    IndexProgress,
    KnowledgeUnavailable,
    LiveIndexes,
    ModelRefused,
    PassageSettings,
    Retriever,
    Shelf,
    Versions,
    VersionState,
)
from models import Embedder, EmbeddingUnavailable, Vectors
from tests.knowledge.conftest import WordEmbedder
from tests.knowledge.samples import GAS, RSI
from tests.knowledge.versioned import OPEN, live, more, no_versions, shelf, states, stored, versions

__all__ = ["live", "no_versions", "shelf", "stored", "versions"]


def test_live_indexes_are_a_retriever(live):
    assert isinstance(live, Retriever)


@pytest.mark.usefixtures("stored")
async def test_first_start_makes_version_1_and_searches_it(live, versions):
    assert await live.catch_up() == 6
    assert (await live.search("What is RSI?"))[0].question == RSI[0]
    assert await live.counts() == {"technical": 3}
    (only,) = await versions.list()
    assert (only.number, only.state, only.recipe.model) == (1, VersionState.LIVE, "words")
    assert [state.pairs for state in await live.state()] == [{"technical": 3}] * 2


@pytest.mark.usefixtures("stored")
async def test_many_processes_that_start_at_once_make_one_version(versions, shelf):
    made = await asyncio.gather(*(versions.live_or_first(shelf.recipe) for _ in range(8)))
    assert {version.number for version, _ in made} == {made[0][0].number}
    assert [fresh for _, fresh in made].count(True) == 1
    assert len(await versions.list()) == 1


@pytest.mark.usefixtures("stored")
async def test_what_was_indexed_before_there_were_versions_is_removed(live, tmp_path):
    (tmp_path / "lexical").mkdir()
    (tmp_path / "lexical" / "meta.json").write_text("{}", encoding="utf-8")
    await live.catch_up()
    assert [entry.name for entry in (tmp_path / "lexical").iterdir()] == ["1"]


@pytest.mark.usefixtures("stored")
async def test_version_is_built_beside_and_becomes_live(live, versions, shelf):
    await live.catch_up()
    recipe = shelf.recipe.model_copy(update={"passages": PassageSettings(tokens=64)})
    made = await versions.create(recipe, note="smaller passages")
    assert (made.number, made.state, made.note) == (2, VersionState.BUILDING, "smaller passages")
    told: list[IndexProgress] = []
    built = await versions.build(2, told.append)
    assert (built.state, built.pairs) == (VersionState.READY, 3)
    assert {step.index for step in told} == {"dense", "lexical"}
    activated = await versions.activate(2, anyway=True)
    assert activated.state is VersionState.LIVE
    assert activated.activated_at is not None
    assert activated.recipe == recipe
    assert states(await versions.list()) == {1: "ready", 2: "live"}


@pytest.mark.usefixtures("stored")
async def test_who_searches_follows_and_goes_back(live, versions, importer, tmp_path):
    await live.catch_up()
    await versions.create()
    await versions.build(2)
    await versions.activate(2, anyway=True)
    assert live._current is not None
    assert live._current.version.number == 1
    await live.follow()
    assert live._current.version.number == 2
    assert (await live.search("What is RSI?"))[0].question == RSI[0]
    await more(importer, tmp_path)
    await live.catch_up()
    assert (await live.search(GAS[0]))[0].question == GAS[0]
    back = await versions.rollback()
    assert back.number == 1
    await live.catch_up()
    assert live._current.version.number == 1
    assert (await live.search(GAS[0]))[0].question == GAS[0]
    assert (await versions.rollback()).number == 2


@pytest.mark.usefixtures("stored")
async def test_no_search_fails_while_the_version_changes(live, versions):
    await live.catch_up()
    for _ in range(2):
        await versions.build((await versions.create()).number)
    stop = asyncio.Event()
    served = 0

    async def keep_searching() -> None:
        nonlocal served
        while not stop.is_set():
            assert (await live.search("What is RSI?"))[0].question == RSI[0]
            served += 1

    searching = [asyncio.create_task(keep_searching()) for _ in range(4)]
    for number in (2, 3, 1, 3):
        await versions.activate(number, anyway=True)
        await live.follow()
    stop.set()
    async with asyncio.timeout(60):
        await asyncio.gather(*searching)
    assert served > 4
    assert live._current is not None
    assert live._current.version.number == 3


@pytest.mark.usefixtures("stored")
async def test_version_in_use_is_closed_after_its_last_search(live, versions, monkeypatch):
    await live.catch_up()
    await versions.build((await versions.create()).number)
    old = live._current
    assert old is not None
    begun, go_on = asyncio.Event(), asyncio.Event()
    search = HybridRetriever.search

    async def slow(self, *args, **kwargs):
        if self is old.retriever:
            begun.set()
            await go_on.wait()
        return await search(self, *args, **kwargs)

    monkeypatch.setattr(HybridRetriever, "search", slow)
    searching = asyncio.create_task(live.search("What is RSI?"))
    async with asyncio.timeout(60):
        await begun.wait()
        await versions.activate(2, anyway=True)
        await live.follow()
        (closing,) = live._closing
        assert not closing.done()
        go_on.set()
        assert (await searching)[0].question == RSI[0]
        await closing


@pytest.mark.usefixtures("stored")
async def test_other_processes_follow_as_well(live, store, embedder, tmp_path):
    await live.catch_up()
    elsewhere = Versions(store, Shelf(store, embedder, data=tmp_path, settings=OPEN))
    await elsewhere.build((await elsewhere.create()).number)
    await elsewhere.activate(2, anyway=True)
    await live.catch_up()
    assert live._current is not None
    assert live._current.version.number == 2


@pytest.mark.usefixtures("stored")
async def test_version_that_cannot_be_opened_leaves_the_old_one_in_use(live, versions, pool):
    await live.catch_up()
    await versions.build((await versions.create()).number)
    await versions.activate(2, anyway=True)
    async with pool.connection() as connection:
        await connection.execute(
            """UPDATE knowledge_versions SET recipe = recipe || '{"model": "unheard-of"}' WHERE number = 2"""
        )
    with structlog.testing.capture_logs() as logs:
        await live.catch_up()
    assert "unheard-of" in logs[0]["error"]
    assert (await live.search("What is RSI?"))[0].question == RSI[0]


class Lent:
    """Models that a shelf borrows, by name; those that `there` does not have cannot be loaded."""

    def __init__(self, **there: WordEmbedder) -> None:
        self.there = there
        self.asked: list[str] = []
        self.in_use: list[str] = []

    @contextlib.asynccontextmanager
    async def __call__(self, name: str) -> AsyncIterator[Embedder]:
        self.asked.append(name)
        if name not in self.there:
            raise EmbeddingUnavailable(f"there is no model {name}")
        self.in_use.append(name)
        try:
            yield self.there[name]
        finally:
            self.in_use.remove(name)


class OtherEmbedder(WordEmbedder):
    """Texts in other directions, of another length."""

    name = "other"
    dimensions = 32

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded += len(texts)
        rows = (await WordEmbedder().embed(texts))[:, : self.dimensions]
        vectors: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return vectors


def a_minute_later(live: LiveIndexes) -> None:
    assert live._away is not None
    live._away = dataclasses.replace(live._away, until=0.0)


@pytest.fixture
def lent() -> Lent:
    return Lent(other=OtherEmbedder())


@pytest.fixture
def two_models(store, embedder, tmp_path, lent) -> Shelf:
    return Shelf(store, embedder, data=tmp_path, settings=OPEN, lend=lent)


@pytest.fixture
async def both(store, two_models) -> AsyncIterator[LiveIndexes]:
    """The live version of a process that can load another model beside its own."""
    followed = LiveIndexes(Versions(store, two_models), two_models)
    yield followed
    await followed.close()


@pytest.mark.usefixtures("stored")
async def test_version_of_another_model_is_built_beside_searched_and_taken_back(
    both, store, two_models, embedder, lent
):
    await both.catch_up()
    versions = Versions(store, two_models)
    built = await versions.build_fresh(model="other", note="another model")
    assert (built.number, built.recipe.model, built.recipe.dimensions, built.pairs) == (2, "other", 32, 3)
    assert lent.in_use == []
    assert both.version.number == 1
    other = lent.there["other"]
    await both.activate(2, anyway=True)
    assert (both.version.number, both.trouble, lent.in_use) == (2, None, ["other"])
    before = embedder.embedded, other.embedded
    assert (await both.search("What is RSI?"))[0].question == RSI[0]
    assert embedder.embedded == before[0]
    assert other.embedded > before[1]
    await both.rollback()
    async with asyncio.timeout(60):
        await asyncio.gather(*both._closing)
    assert (both.version.number, lent.in_use) == (1, [])
    before = embedder.embedded, other.embedded
    assert (await both.search("What is RSI?"))[0].question == RSI[0]
    assert embedder.embedded > before[0]
    assert other.embedded == before[1]


@pytest.mark.usefixtures("stored")
async def test_settings_that_name_another_model_leave_the_live_version_as_it_is(
    live, versions, store, tmp_path, embedder
):
    await live.catch_up()
    lent = Lent(words=embedder)
    changed = Shelf(store, OtherEmbedder(), data=tmp_path, settings=OPEN, lend=lent)
    elsewhere = LiveIndexes(Versions(store, changed), changed)
    await elsewhere.catch_up()
    assert states(await versions.list()) == {1: "live"}
    assert (await elsewhere.search("What is RSI?"))[0].question == RSI[0]
    assert lent.in_use == ["words"]
    assert (await Versions(store, changed).build_fresh()).recipe.model == "other"
    await elsewhere.close()
    assert lent.in_use == []


@pytest.mark.usefixtures("stored")
async def test_broken_build_by_another_model_is_gone_on_with_and_other_recipes_are_not(
    store, two_models, monkeypatch
):
    versions = Versions(store, two_models)
    short = PassageSettings(tokens=64)

    async def away(*_: object, **__: object) -> None:
        raise KnowledgeUnavailable("The index is away.")

    with monkeypatch.context() as patch:
        patch.setattr("knowledge.indexer.Indexer.catch_up", away)
        for passages in (None, short):
            with pytest.raises(KnowledgeUnavailable, match="away"):
                await versions.build_fresh(model="other", passages=passages)
    assert states(await versions.list()) == {1: "building", 2: "building"}
    assert (await versions.build_fresh(model="other")).number == 1
    assert (await versions.build_fresh()).number == 3
    built = await versions.build_fresh(model="other", passages=short)
    assert (built.number, built.recipe.passages) == (2, short)


@pytest.mark.usefixtures("stored")
async def test_model_that_cannot_be_loaded_makes_no_version(store, two_models, versions):
    with pytest.raises(ModelRefused, match="with the embedding model neither: there is no model neither"):
        await Versions(store, two_models).build_fresh(model="neither")
    with pytest.raises(ModelRefused, match="is not loaded"):
        await versions.build_fresh(model="other")
    assert await versions.list() == []


@pytest.mark.usefixtures("stored")
async def test_process_that_cannot_load_the_model_stays_on_its_version_until_it_can(both, live, lent):
    await both.catch_up()
    await Versions(both._versions._store, both._shelf).build_fresh(model="other")
    await live.catch_up()
    await both.activate(2, anyway=True)
    assert (both.version.number, live.version.number) == (2, 1)
    with structlog.testing.capture_logs() as logs:
        await live.catch_up()
        await live.catch_up()
    assert [line["event"] for line in logs] == ["knowledge.version_away"]
    assert "other is not loaded" in logs[0]["error"]
    assert live.trouble == (
        "version 2 is live and cannot be opened; the log says why; version 1 is searched instead"
    )
    assert (await live.search("What is RSI?"))[0].question == RSI[0]
    live._shelf._lend = lent
    a_minute_later(live)
    await live.catch_up()
    assert (live.version.number, live.trouble) == (2, None)


@pytest.mark.usefixtures("stored")
async def test_start_without_the_model_of_the_live_version_searches_the_one_before(
    both, store, embedder, tmp_path, importer
):
    await both.catch_up()
    await both._versions.build_fresh(model="other")
    await both.activate(2, anyway=True)
    await both.close()
    await more(importer, tmp_path)
    lent = Lent()
    shelf = Shelf(store, embedder, data=tmp_path, settings=OPEN, lend=lent)
    started = LiveIndexes(Versions(store, shelf), shelf)
    with structlog.testing.capture_logs() as logs:
        await started.catch_up()
    assert [line["event"] for line in logs] == ["knowledge.version_away", "knowledge.version_stands_in"]
    assert (await started.search(GAS[0]))[0].question == GAS[0]
    assert started.trouble is not None
    assert "version 1 is searched instead" in started.trouble
    assert states(await started._versions.list()) == {1: "ready", 2: "live"}
    await started.catch_up()
    assert lent.asked == ["other"]
    await started.close()


@pytest.mark.usefixtures("stored")
async def test_start_with_nothing_that_can_be_opened_says_why_and_asks_for_the_model_once_a_minute(
    both, store, embedder, tmp_path
):
    await both._versions.build_fresh(model="other")
    await both.activate(1, anyway=True)
    await both.close()
    lent = Lent()
    shelf = Shelf(store, embedder, data=tmp_path, settings=OPEN, lend=lent)
    started = LiveIndexes(Versions(store, shelf), shelf)
    for _ in range(3):
        with pytest.raises(KnowledgeUnavailable, match="model of version 1 cannot be loaded: there is no"):
            await started.search("What is RSI?")
    assert (started.version, lent.asked) == (None, ["other"])
    assert started.trouble == "version 1 is live and cannot be opened; the log says why"
    lent.there["other"] = OtherEmbedder()
    a_minute_later(started)
    assert (await started.search("What is RSI?"))[0].question == RSI[0]
    assert started.trouble is None
    await started.close()


@pytest.mark.usefixtures("stored")
async def test_model_that_changed_under_its_name_is_told_and_not_searched_with(both, lent, monkeypatch):
    await both.catch_up()
    await both._versions.build_fresh(model="other")
    monkeypatch.setattr(OtherEmbedder, "dimensions", 16)
    with pytest.raises(KnowledgeUnavailable, match="of length 32, and those of other are 16 long now"):
        await both.activate(2, anyway=True)
    assert (both.version.number, lent.in_use) == (1, [])


@pytest.mark.usefixtures("stored")
async def test_version_whose_model_is_gone_can_be_pruned(both, lent):
    await both.catch_up()
    await both._versions.build_fresh(model="other")
    await both.activate(2, anyway=True)
    await both.rollback()
    del lent.there["other"]
    assert list(await both._versions.prune(keep=1)) == [2]


@pytest.mark.usefixtures("stored")
async def test_vectors_are_those_of_the_live_version(live):
    await live.catch_up()
    hit = (await live.search("What is RSI?"))[0]
    held = await live.vectors({Field.QUESTION: {"technical": [hit.pair_id]}})
    vector = held[Field.QUESTION][hit.pair_id]
    (near,) = await live.nearest([vector], Field.QUESTION, collection="technical", limit=1)
    assert list(near) == [hit.pair_id]


@pytest.mark.usefixtures("stored")
async def test_closed_indexes_open_again(live):
    await live.catch_up()
    await live.close()
    assert (await live.search("What is RSI?"))[0].question == RSI[0]


@pytest.mark.usefixtures("stored")
async def test_searches_wait_while_the_live_version_is_read_into_memory(live, versions, monkeypatch):
    await live.catch_up()
    await live.close()
    go_on = threading.Event()
    warm = DenseIndex._warm

    def wait(self: DenseIndex, name: str, field: Field) -> None:
        assert go_on.wait(5)
        warm(self, name, field)

    monkeypatch.setattr(DenseIndex, "_warm", wait)
    search = asyncio.create_task(live.search("What is RSI?"))
    async with asyncio.timeout(60):
        while not live.is_loading:
            await versions.live()
        assert await live.catch_up() == 0
        assert not search.done()
        go_on.set()
        assert (await search)[0].question == RSI[0]
        while live.is_loading:
            await versions.live()


@pytest.mark.usefixtures("stored")
async def test_indexes_that_are_being_read_can_be_closed(live, monkeypatch):
    await live.catch_up()
    await live.close()
    entered, go_on = threading.Event(), threading.Event()

    def wait(*_: object) -> None:
        entered.set()
        assert go_on.wait(5)

    monkeypatch.setattr(DenseIndex, "_warm", wait)
    await live.counts()
    assert await asyncio.to_thread(entered.wait, 5)
    closing = asyncio.create_task(live.close())
    go_on.set()
    async with asyncio.timeout(60):
        await closing
    assert not live.is_loading


@pytest.mark.usefixtures("stored")
async def test_index_that_could_not_be_read_is_read_later(live, monkeypatch):
    tried = 0
    warm = DenseIndex._warm

    def fail_first(self: DenseIndex, name: str, field: Field) -> None:
        nonlocal tried
        tried += 1
        if tried == 1:
            raise KnowledgeUnavailable("the disk is away")
        warm(self, name, field)

    monkeypatch.setattr(DenseIndex, "_warm", fail_first)
    async with asyncio.timeout(60):
        while tried < 3:  # once in vain, then question and answer
            await live.catch_up()
            await live.search("What is RSI?")
