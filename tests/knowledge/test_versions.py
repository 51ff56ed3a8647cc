"""Versions of the index: built beside the live one, put in its place, taken back and pruned."""

import asyncio

import pytest

from knowledge import (
    KnowledgeUnavailable,
    Shelf,
    VersionRefused,
    VersionState,
)
from tests.knowledge.samples import RSI
from tests.knowledge.versioned import live, more, no_versions, shelf, states, stored, versions

__all__ = ["live", "no_versions", "shelf", "stored", "versions"]


@pytest.mark.usefixtures("stored")
async def test_build_that_was_broken_off_is_taken_up(versions, embedder, monkeypatch):
    monkeypatch.setattr("knowledge.dense.DenseIndex.batch_size", 1)
    await versions.create()
    first_batch = asyncio.Event()
    building = asyncio.create_task(
        versions.build(1, lambda step: first_batch.set() if step.index == "dense" else None)
    )
    async with asyncio.timeout(60):
        await first_batch.wait()
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await building
    assert (await versions.get(1)).state is VersionState.BUILDING
    with pytest.raises(VersionRefused, match="has not been built to its end"):
        await versions.activate(1, anyway=True)
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
    await versions.activate(2, anyway=True)
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
        await versions.activate(2, anyway=True)
    monkeypatch.setattr(store, "revision", revision)

    async def fewer(**_):
        return {"technical": 2}

    monkeypatch.setattr(store, "indexable", fewer)
    with pytest.raises(
        VersionRefused, match="holds 3 pairs of technical, and the store 2 pairs of technical"
    ):
        await versions.activate(2, anyway=True)
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
    assert await versions.activate(1, anyway=True) == before
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
    await versions.activate(4, anyway=True)
    await live.follow()
    assert list(await versions.prune(keep=2)) == [2, 3]
    assert states(await versions.list()) == {1: "ready", 2: "retired", 3: "retired", 4: "live"}
    assert sorted(entry.name for entry in (tmp_path / "lexical").iterdir()) == ["1", "4"]
    async with shelf.opened(await versions.get(2)) as gone:
        assert await gone.dense.counts() == {}
    with pytest.raises(VersionRefused, match="were deleted"):
        await versions.activate(2, anyway=True)
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
    await versions.activate(2, anyway=True)
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
