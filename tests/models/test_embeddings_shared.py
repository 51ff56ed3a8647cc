"""Models that several users have at the same time: loaded once, and closed after the last one."""

import asyncio
from pathlib import Path

import pytest

from models import EmbeddingUnavailable, Vectors
from models.embeddings import CachedEmbedder, SharedEmbedders, whole_name


class Model:
    """An embedder that says whether it was closed."""

    dimensions = 2

    def __init__(self, name: str) -> None:
        self.name = name
        self.closed = 0

    async def embed(self, _texts: object) -> Vectors:
        raise NotImplementedError

    async def close(self) -> None:
        self.closed += 1


class Loader:
    """Loads models that it is let, and keeps them."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.began = asyncio.Event()
        self.made: list[Model] = []
        self.missing = False

    async def __call__(self, name: str) -> CachedEmbedder:
        self.began.set()
        await self.go_on.wait()
        if self.missing:
            raise EmbeddingUnavailable("it is not there")
        self.made.append(Model(name))
        return CachedEmbedder(self.made[-1], None)


@pytest.fixture
def own() -> Model:
    return Model("own")


@pytest.fixture
def load() -> Loader:
    return Loader()


@pytest.fixture
def shared(own: Model, load: Loader) -> SharedEmbedders:
    return SharedEmbedders(CachedEmbedder(own, None), load)


async def test_own_model_is_lent_and_never_closed(shared: SharedEmbedders, own: Model, load: Loader):
    async with shared.lent("own") as lent:
        assert lent.inner is own
    assert (load.made, own.closed) == ([], 0)


async def test_model_is_loaded_once_and_closed_after_its_last_user(shared: SharedEmbedders, load: Loader):
    async with shared.lent("other") as one:
        async with shared.lent("other") as two:
            assert one is two
        assert load.made[0].closed == 0
    assert [model.closed for model in load.made] == [1]
    async with shared.lent("other"):
        assert [model.closed for model in load.made] == [1, 0]
    assert [model.closed for model in load.made] == [1, 1]


async def test_users_that_come_while_it_loads_wait_for_the_same(shared: SharedEmbedders, load: Loader):
    async def use() -> CachedEmbedder:
        async with shared.lent("other") as lent:
            await asyncio.sleep(0)
            return lent

    load.go_on.clear()
    users = [asyncio.create_task(use()) for _ in range(3)]
    await asyncio.wait_for(load.began.wait(), 60)
    load.go_on.set()
    assert len(set(await asyncio.gather(*users))) == 1
    assert [model.closed for model in load.made] == [1]


async def test_user_that_gives_up_leaves_the_loading_to_the_next(shared: SharedEmbedders, load: Loader):
    load.go_on.clear()
    gone = asyncio.create_task(shared.lent("other").__aenter__())
    await asyncio.wait_for(load.began.wait(), 60)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    lent = shared.lent("other")
    next_one = asyncio.create_task(lent.__aenter__())
    await asyncio.sleep(0)
    load.go_on.set()
    await asyncio.wait_for(next_one, 60)
    assert [model.closed for model in load.made] == [0]
    await lent.__aexit__(None, None, None)
    assert [model.closed for model in load.made] == [1]


async def test_model_that_nobody_waits_for_any_more_is_closed_when_it_is_loaded(
    shared: SharedEmbedders, load: Loader
):
    load.go_on.clear()
    gone = asyncio.create_task(shared.lent("other").__aenter__())
    await asyncio.wait_for(load.began.wait(), 60)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    load.go_on.set()
    async with asyncio.timeout(60):
        await shared.close()
    assert [model.closed for model in load.made] == [1]


async def test_model_that_cannot_be_loaded_is_told_to_each_and_tried_again(
    shared: SharedEmbedders, load: Loader
):
    load.missing = True
    for _ in range(2):
        with pytest.raises(EmbeddingUnavailable, match="not there"):
            async with shared.lent("other"):
                pass
    load.missing = False
    async with shared.lent("other") as lent:
        assert lent.name == "other"


def test_folder_is_named_by_its_full_path_and_a_name_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path)
    assert whole_name("model") == whole_name("./model/") == str((tmp_path / "model").resolve())
    assert whole_name("BAAI/bge-m3") == "BAAI/bge-m3"
