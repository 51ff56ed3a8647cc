"""A run of the graph with the real charters, tools, Redis and PostgreSQL, and a scripted or the extractive model."""

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from agents import Charter, discover
from app.database import Pool
from graphs import CalibratedRouter
from graphs.settings import RouterSettings
from memory import Database, MemorySettings, ShortTermTier, ThreadStore, TieredConversation
from models.chat import ChatModels, ChatSettings, ConfiguredChatModels
from models.embeddings import CachedEmbedder, OpenVinoEmbedder
from tests.fakes.scripted_model import Script, ScriptedChat, Step
from tests.graphs.conversation import Conversation


@pytest.fixture(scope="session")
def charters() -> Mapping[str, Charter]:
    return discover()


@pytest.fixture
def memory(pool: Pool, redis: Redis) -> TieredConversation:
    settings = MemorySettings()
    return TieredConversation(ShortTermTier(redis, settings), ThreadStore(Database(pool)), settings)


@pytest.fixture
def play(
    pool: Pool, memory: TieredConversation, charters: Mapping[str, Charter]
) -> Iterator[Callable[..., tuple[Conversation, Script]]]:
    """Makes a conversation with a scripted model; at the end of the test every step must have been played."""
    scripts: list[Script] = []

    def make(*steps: Step, router: Any, **more: Any) -> tuple[Conversation, Script]:
        script = Script(list(steps))
        scripts.append(script)
        return Conversation(pool, memory, charters, ScriptedChat(script), router, **more), script

    yield make
    for script in scripts:
        script.finish()


@pytest.fixture(scope="session")
def router_data() -> Path:
    """Where what the router learns is kept, from one run of the tests to the next; the service's own name tells states apart."""
    return Path(__file__).parents[2] / ".pytest_cache" / "freya-router"


@pytest.fixture(scope="session")
async def embedder(embedding_data: Path) -> AsyncIterator[CachedEmbedder]:
    opened = CachedEmbedder(await OpenVinoEmbedder.load(embedding_data, threads=1), None, hot_vectors=20_000)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def extractive(embedder: CachedEmbedder) -> ChatModels:
    return ConfiguredChatModels(ChatSettings(), embedder)


@pytest.fixture(scope="session")
async def router(
    embedder: CachedEmbedder, charters: Mapping[str, Charter], extractive: ChatModels, router_data: Path
) -> CalibratedRouter:
    """The router as the service opens it, without starter questions; processes wait for the first that learns it."""
    await asyncio.to_thread(router_data.mkdir, parents=True, exist_ok=True)
    with await asyncio.to_thread((router_data / "lock").open, "wb") as turn:
        await asyncio.to_thread(fcntl.flock, turn, fcntl.LOCK_EX)
        return await CalibratedRouter.open(
            embedder, charters, extractive, RouterSettings(), data=router_data, questions={}
        )
