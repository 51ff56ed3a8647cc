"""The saver of checkpoints: its connections are its own, and are checked."""

from collections.abc import AsyncIterator

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

from app import database
from app.checkpoints import lay_out_checkpoints, open_saver
from app.database import Pool, open_pool
from memory.privacy import PrivacySettings


@pytest.fixture(scope="module")
async def laid_out(database_url: str) -> str:
    """The URL of a database with LangGraph's tables."""
    await lay_out_checkpoints(database_url)
    return database_url


@pytest.fixture
async def saver(laid_out: str) -> AsyncIterator[AsyncPostgresSaver]:
    async with open_saver(laid_out, PrivacySettings()) as opened:
        yield opened


async def saved(saver: AsyncPostgresSaver, run: str) -> bool:
    """Whether a checkpoint of the run can be saved and is found again."""
    config: RunnableConfig = {"configurable": {"thread_id": run, "checkpoint_ns": ""}}
    checkpoint = empty_checkpoint()
    found = await saver.aget_tuple(await saver.aput(config, checkpoint, {}, {}))
    return found is not None and found.checkpoint["id"] == checkpoint["id"]


async def test_checkpoint_is_saved_while_other_work_holds_every_connection(laid_out, saver):
    pool = await open_pool(laid_out, max_size=1)
    async with pool.connection():
        assert await saved(saver, "run_held")
    await pool.close()


async def test_checkpoint_is_saved_after_the_server_closed_the_connection(saver, pool: Pool, monkeypatch):
    monkeypatch.setattr(database, "_TRUSTED_SECONDS", 0.0)
    assert await saved(saver, "run_before")
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity"
            " WHERE datname = current_database() AND query ILIKE '%checkpoint%' AND pid <> pg_backend_pid()"
        )
        assert [row["ended"] for row in await cursor.fetchall()] == [True]
    assert await saved(saver, "run_after")
