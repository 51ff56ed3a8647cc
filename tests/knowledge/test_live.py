"""The live version as it is searched: made at the first start, followed when it changes, read into memory."""

import asyncio
import threading

import pytest
import structlog

from knowledge import (
    DenseIndex,
    Field,
    HybridRetriever,
    IndexProgress,
    KnowledgeUnavailable,
    LiveIndexes,
    PassageSettings,
    Retriever,
    Shelf,
    Versions,
    VersionState,
)
from models import EmbeddingUnavailable
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
    activated = await versions.activate(2)
    assert activated.state is VersionState.LIVE
    assert activated.activated_at is not None
    assert activated.recipe == recipe
    assert states(await versions.list()) == {1: "ready", 2: "live"}


@pytest.mark.usefixtures("stored")
async def test_who_searches_follows_and_goes_back(live, versions, importer, tmp_path):
    await live.catch_up()
    await versions.create()
    await versions.build(2)
    await versions.activate(2)
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
        await versions.activate(number)
        await live.follow()
    stop.set()
    async with asyncio.timeout(5):
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
    async with asyncio.timeout(5):
        await begun.wait()
        await versions.activate(2)
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
    await elsewhere.activate(2)
    await live.catch_up()
    assert live._current is not None
    assert live._current.version.number == 2


@pytest.mark.usefixtures("stored")
async def test_version_that_cannot_be_opened_leaves_the_old_one_in_use(live, versions, pool):
    await live.catch_up()
    await versions.build((await versions.create()).number)
    await versions.activate(2)
    async with pool.connection() as connection:
        await connection.execute(
            """UPDATE knowledge_versions SET recipe = recipe || '{"model": "unheard-of"}' WHERE number = 2"""
        )
    with structlog.testing.capture_logs() as logs:
        await live.catch_up()
    assert "unheard-of" in logs[0]["error"]
    assert (await live.search("What is RSI?"))[0].question == RSI[0]


class OtherEmbedder(WordEmbedder):
    name = "other"

    def __init__(self) -> None:
        super().__init__()
        self.closed = False

    async def close(self) -> None:
        self.closed = True


@pytest.mark.usefixtures("stored")
async def test_changed_embedding_model_makes_a_new_live_version(live, versions, store, tmp_path):
    await live.catch_up()
    other = Shelf(store, OtherEmbedder(), data=tmp_path, settings=OPEN)
    changed = LiveIndexes(Versions(store, other), other)
    await changed.catch_up()
    assert states(await versions.list()) == {1: "ready", 2: "live"}
    assert (await changed.search("What is RSI?"))[0].question == RSI[0]
    await changed.close()
    again = LiveIndexes(versions, Shelf(store, WordEmbedder(), data=tmp_path, settings=OPEN))
    await again.catch_up()
    assert states(await versions.list()) == {1: "live", 2: "ready"}
    await again.close()


@pytest.mark.usefixtures("stored")
async def test_model_of_another_version_is_loaded_and_closed(store, versions, embedder, tmp_path):
    loaded: list[OtherEmbedder] = []

    async def load(name: str) -> OtherEmbedder:
        if name != "other":
            raise EmbeddingUnavailable("there is no such model")
        loaded.append(OtherEmbedder())
        return loaded[-1]

    shelf = Shelf(store, embedder, data=tmp_path, settings=OPEN, open_embedder=load)
    both = Versions(store, shelf)
    await both.create(shelf.recipe.model_copy(update={"model": "other"}))
    assert (await both.build(1)).pairs == 3
    assert [each.closed for each in loaded] == [True]
    await both.create(shelf.recipe.model_copy(update={"model": "neither"}))
    with pytest.raises(KnowledgeUnavailable, match="cannot be loaded: there is no such model"):
        await both.build(2)
    with pytest.raises(KnowledgeUnavailable, match="which is not loaded"):
        await versions.build(1)


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
    async with asyncio.timeout(5):
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
    async with asyncio.timeout(5):
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
    async with asyncio.timeout(5):
        while tried < 3:  # once in vain, then question and answer
            await live.catch_up()
            await live.search("What is RSI?")
