"""The parts, joined: what a start brings up, and what it does not need."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisTimeout

from app import backends
from app.backends import open_backends
from app.housekeeping import Housekeeping
from app.runs import ChatRequest
from app.settings import Settings
from app.wiring import Running, open_freya
from knowledge import IndexProgress, KnowledgeUnavailable
from memory import LOCAL
from tests.e2e.seeding import seeded_data
from training.llama import MadeModel


@pytest.fixture(scope="module")
async def again(trained_model: MadeModel) -> AsyncIterator[tuple[Running, list[str]]]:
    """A second service on a folder of its own, Freya herself with a resident model, and what its start said."""
    data = await seeded_data("freya-wiring-")
    said: list[str] = []
    small = {"path": trained_model.q8_0, "context_tokens": 2048, "max_tokens": 8, "threads": 1, "pin": True}
    models = {"resident": {"small": small}, "roles": {"agentic": ["small"]}}
    settings = Settings.model_validate({"data": data, "models": models})
    async with open_freya(settings, progress=said.append) as opened:
        yield opened, said
    await asyncio.to_thread(shutil.rmtree, data)


async def test_start_says_what_it_brings_up(again):
    _, said = again
    text = "\n".join(said)
    for part in (
        "PostgreSQL 18",
        "Redis",
        "schema at revision",
        "all-MiniLM-L6-v2",
        "davina",
        "model small, ",
    ):
        assert part in text


async def test_resident_model_answers_in_its_role(again):
    other, _ = again
    answer = await other.freya.chat(LOCAL, ChatRequest(message="hello there"))
    assert (answer.model, answer.fallbacks) == ("small", [])
    told = (await asyncio.to_thread(other.metrics.render)).decode()
    assert 'freya_model_requests_total{model="small",outcome="answered",role="agentic"}' in told
    assert 'freya_resident_loaded{model="small"} 1.0' in told
    assert 'freya_resident_ended_total{how="completed",model="small"}' in told


async def test_two_services_in_one_process_do_not_touch_each_other(again, running: Running):
    other, _ = again
    answer = await other.freya.chat(LOCAL, ChatRequest(message="NPV of -1000, 400, 400, 400 at 8 %"))
    assert "30.84" in answer.answer
    assert answer.thread_id not in [
        thread.id for thread in await running.freya.threads(LOCAL, limit=200, before=None)
    ]


async def test_backends_can_be_given_by_url(database_url: str, redis_url: str, tmp_path: Path):
    settings = Settings.model_validate(
        {"data": tmp_path, "postgres_url": database_url, "redis_url": redis_url}
    )
    said: list[str] = []
    async with open_backends(settings, progress=said.append) as backends:
        await backends.redis.set("x", "1")
        async with backends.pool.connection() as connection:
            cursor = await connection.execute("SELECT 1 AS one")
            assert (await cursor.fetchone()) == {"one": 1}
    assert all("external" in server for server in backends.servers)
    assert not (tmp_path / "postgres").exists()


async def test_a_redis_that_hangs_is_asked_once():
    asked = 0

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.read()
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with backends._redis(f"redis://127.0.0.1:{port}/0", waits=False) as redis:
            redis.connection_pool.connection_kwargs["socket_timeout"] = 0.05
            with pytest.raises(RedisTimeout):
                await redis.ping()
        assert asked == 1


async def test_a_redis_that_is_not_there_ends_the_start_before_anything_is_indexed(
    database_url: str, tmp_path: Path
):
    settings = Settings.model_validate(
        {"data": tmp_path, "postgres_url": database_url, "redis_url": "redis://127.0.0.1:1/0"}
    )
    said: list[str] = []
    with pytest.raises(RedisGone):
        async with open_freya(settings, progress=said.append):
            pass
    assert not any("embedding model" in line for line in said)


class AwayIndexer:
    """An indexer whose index is away the first times."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.caught_up = asyncio.Event()

    async def catch_up(self, progress: Callable[[IndexProgress], None] | None = None) -> int:  # noqa: ARG002  # the Protocol's
        if self._errors:
            raise self._errors.pop(0)
        self.caught_up.set()
        return 3


async def test_indexing_is_tried_again_whatever_went_wrong(running: Running, logged):
    quick = running.settings.model_copy(
        update={"knowledge": running.settings.knowledge.model_copy(update={"catch_up_seconds": 0.01})}
    )
    indexer = AwayIndexer(KnowledgeUnavailable("Chroma is away"), KeyError("a defect"))
    async with Housekeeping(indexer, quick), asyncio.timeout(60):  # type: ignore[arg-type]  # stands for the indexer
        await indexer.caught_up.wait()
    assert logged.text.count("it will be tried again") == 2


async def test_start_does_not_wait_for_an_index_that_is_away(running: Running, logged):
    indexer = AwayIndexer(KnowledgeUnavailable("Chroma is away"))
    housekeeping = Housekeeping(indexer, running.settings)  # type: ignore[arg-type]  # stands for the indexer
    await housekeeping.index_now(lambda _: None)
    assert "it will be tried again" in logged.text


async def test_start_leaves_long_indexing_to_the_background(running: Running):
    class Slow(AwayIndexer):
        async def catch_up(self, progress: Callable[[IndexProgress], None] | None = None) -> int:
            assert progress is not None
            for index, revision in (("lexical", 90), ("dense", 40)):
                progress(IndexProgress(index=index, revision=revision, latest=100, applied=revision))
            await self.goes_on.wait()
            self.caught_up.set()
            return 60

        goes_on = asyncio.Event()

    said: list[str] = []
    hasty = running.settings.model_copy(
        update={
            "knowledge": running.settings.knowledge.model_copy(
                update={"start_indexing_s": 0.05, "catch_up_seconds": 0.01}
            )
        }
    )
    slow = Slow()
    housekeeping = Housekeeping(slow, hasty)  # type: ignore[arg-type]  # stands for the indexer
    assert housekeeping.indexed is None
    await housekeeping.index_now(said.append)
    assert "background" in said[-1]
    assert housekeeping.indexed == 0.4
    slow.goes_on.set()
    async with asyncio.timeout(60), housekeeping:
        await slow.caught_up.wait()
        while housekeeping.indexed is not None:
            await asyncio.sleep(0)
