"""Versions of the index: built beside the live one, put in its place, taken back, and followed by who searches."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

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
    RetrievalSettings,
    Retriever,
    Shelf,
    VersionRefused,
    Versions,
    VersionState,
)
from models import EmbeddingUnavailable
from tests.knowledge.conftest import WordEmbedder
from tests.knowledge.samples import ATR, GAS, MACD, RSI, write_export

OPEN = RetrievalSettings(floor=0.0)


@pytest.fixture(autouse=True)
async def _no_versions(pool):
    async with pool.connection() as connection:
        await connection.execute("TRUNCATE knowledge_versions RESTART IDENTITY")


@pytest.fixture
def shelf(store, embedder, tmp_path: Path) -> Shelf:
    return Shelf(store, embedder, data=tmp_path, settings=OPEN)


@pytest.fixture
def versions(store, shelf) -> Versions:
    return Versions(store, shelf)


@pytest.fixture
async def live(versions, shelf) -> AsyncIterator[LiveIndexes]:
    followed = LiveIndexes(versions, shelf)
    yield followed
    await followed.close()


@pytest.fixture
async def stored(importer, tmp_path):
    await importer.import_file(write_export(tmp_path / "a.json", [("Momentum", [RSI, MACD, ATR])]))


async def more(importer, tmp_path, pairs=(GAS,), name="more.json"):
    await importer.import_file(write_export(tmp_path / name, [("More", pairs)]))


def states(found) -> dict[int, str]:
    return {version.number: version.state for version in found}


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


@pytest.mark.usefixtures("stored")
async def test_build_that_was_broken_off_is_taken_up(versions, embedder, monkeypatch):
    monkeypatch.setattr("knowledge.dense.DenseIndex.batch_size", 1)
    await versions.create()
    first_batch = asyncio.Event()
    building = asyncio.create_task(
        versions.build(1, lambda step: first_batch.set() if step.index == "dense" else None)
    )
    async with asyncio.timeout(5):
        await first_batch.wait()
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await building
    assert (await versions.get(1)).state is VersionState.BUILDING
    with pytest.raises(VersionRefused, match="has not been built to its end"):
        await versions.activate(1)
    embedded = embedder.embedded
    assert (await versions.build(1)).state is VersionState.READY
    assert embedder.embedded - embedded < 6


@pytest.mark.usefixtures("stored")
async def test_build_that_failed_is_taken_up(versions, embedder):
    await versions.create()
    embedder.down = True
    with pytest.raises(KnowledgeUnavailable):
        await versions.build(1)
    embedder.down = False
    assert (await versions.build(1)).pairs == 3


@pytest.mark.usefixtures("stored")
async def test_activation_catches_up_first(live, versions, importer, tmp_path):
    await live.catch_up()
    await versions.build((await versions.create()).number)
    await more(importer, tmp_path)
    await live.catch_up()
    await versions.activate(2)
    await live.follow()
    assert await live.counts() == {"technical": 4}


@pytest.mark.usefixtures("stored")
async def test_version_that_is_behind_or_disagrees_is_refused(live, versions, store, monkeypatch):
    await live.catch_up()
    await versions.build((await versions.create()).number)

    async def nothing(*_):
        return 0

    monkeypatch.setattr("knowledge.indexer.Indexer.catch_up", nothing)
    revision = store.revision

    async def later():
        return await revision() + 5

    monkeypatch.setattr(store, "revision", later)
    with pytest.raises(VersionRefused, match="is at revision 3 and the store at 8"):
        await versions.activate(2)
    monkeypatch.setattr(store, "revision", revision)

    async def fewer(**_):
        return {"technical": 2}

    monkeypatch.setattr(store, "indexable", fewer)
    with pytest.raises(
        VersionRefused, match="holds 3 pairs of technical, and the store 2 pairs of technical"
    ):
        await versions.activate(2)
    assert states(await versions.list()) == {1: "live", 2: "ready"}


@pytest.mark.usefixtures("stored")
async def test_builds_take_turns(versions, monkeypatch):
    for _ in range(3):
        await versions.create()
    going = most = 0
    catch_up = Shelf.open

    async def counted(self, version):
        nonlocal going, most
        going += 1
        most = max(most, going)
        opened = await catch_up(self, version)
        close = opened.close

        async def closed():
            nonlocal going
            await close()
            going -= 1

        monkeypatch.setattr(opened, "close", closed)
        return opened

    monkeypatch.setattr(Shelf, "open", counted)
    built = await asyncio.gather(*(versions.build(number) for number in (1, 2, 3)))
    assert [version.pairs for version in built] == [3, 3, 3]
    assert most == 1


@pytest.mark.usefixtures("stored")
async def test_rollback_without_an_earlier_version_is_refused(live, versions):
    await live.catch_up()
    await versions.build((await versions.create()).number)
    with pytest.raises(VersionRefused, match="No version that was live before"):
        await versions.rollback()


async def test_version_that_there_is_not_is_refused(versions):
    for ask in (versions.get, versions.build, versions.activate):
        with pytest.raises(VersionRefused, match="There is no version 7"):
            await ask(7)
    with pytest.raises(VersionRefused, match="There is no version 7"):
        await versions.store_evaluation(7, {})


@pytest.mark.usefixtures("stored")
async def test_live_version_may_be_activated_and_built_again(live, versions, importer, tmp_path):
    await live.catch_up()
    before = await versions.get(1)
    assert await versions.activate(1) == before
    await more(importer, tmp_path)
    assert (await versions.build(1)).pairs == 4
    assert (await versions.get(1)).state is VersionState.LIVE


@pytest.mark.usefixtures("stored")
async def test_pruning_keeps_the_live_version_and_the_last_ones(live, versions, shelf, tmp_path):
    await live.catch_up()
    for number in (2, 3, 4):
        await versions.create()
        if number != 3:
            await versions.build(number)
    await versions.activate(4)
    await live.follow()
    assert list(await versions.prune(keep=2)) == [2, 3]
    assert states(await versions.list()) == {1: "ready", 2: "retired", 3: "retired", 4: "live"}
    assert sorted(entry.name for entry in (tmp_path / "lexical").iterdir()) == ["1", "4"]
    async with shelf.opened(await versions.get(2)) as gone:
        assert await gone.dense.counts() == {}
    with pytest.raises(VersionRefused, match="were deleted"):
        await versions.activate(2)
    assert (await live.search("What is RSI?"))[0].question == RSI[0]
    await versions.build((await versions.create()).number)
    assert list(await versions.prune(keep=1)) == [1]
    assert states(await versions.list())[5] == "ready"
    with pytest.raises(ValueError, match="keep at least 1"):
        await versions.prune(keep=0)


@pytest.mark.usefixtures("stored")
async def test_evaluation_is_kept_with_its_version(live, versions):
    await live.catch_up()
    await versions.store_evaluation(1, {"top5": 0.97})
    assert (await versions.get(1)).evaluation == {"top5": 0.97}


@pytest.mark.usefixtures("stored")
async def test_pairs_of_low_quality_can_be_left_out(live, versions, shelf, store, pool):
    await live.catch_up()
    low = (await store.changes(0, 1))[0].id
    async with pool.connection() as connection:
        await connection.execute(
            """INSERT INTO knowledge_refinements (pair_id, text_md5, measures, quality, tier, parts)
            VALUES (%s, '', 1, 20, 'low', '{}')""",
            (low,),
        )
    await versions.create(shelf.recipe.model_copy(update={"low_tier": False}))
    assert (await versions.build(2)).pairs == 2
    assert await live.counts() == {"technical": 3}
    await versions.activate(2)
    await live.catch_up()
    assert await live.counts() == {"technical": 2}
    assert low not in {hit.pair_id for hit in await live.search("What is RSI?")}


@pytest.mark.usefixtures("stored")
async def test_duplicates_are_in_no_index(live, store, pool):
    await live.catch_up()
    gone, kept, *_ = await store.changes(0, 3)
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO knowledge_duplicates VALUES (%s, %s, 0.95, 0.95)", (gone.id, kept.id)
        )
        await connection.execute(
            "UPDATE knowledge_pairs SET revision = nextval('knowledge_revision') WHERE id = %s", (gone.id,)
        )
    await live.catch_up()
    assert await store.counts() == {"technical": 3}
    assert await live.counts() == await store.indexable() == {"technical": 2}
    assert [state.wanted for state in await live.state()] == [{"technical": 2}] * 2
    async with pool.connection() as connection:
        await connection.execute("DELETE FROM knowledge_duplicates")
        await connection.execute(
            "UPDATE knowledge_pairs SET revision = nextval('knowledge_revision') WHERE id = %s", (gone.id,)
        )
    await live.catch_up()
    assert await live.counts() == {"technical": 3}


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
