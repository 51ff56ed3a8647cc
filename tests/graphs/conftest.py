"""A run of the graph with the real charters, tools, Redis and PostgreSQL, and a scripted or the extractive model."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from agents import Charter, discover
from app.database import Pool
from graphs import CalibratedRouter
from graphs.settings import RouterSettings
from knowledge import starter_questions
from memory import Database, MemorySettings, ShortTermTier, ThreadStore, TieredConversation
from models.chat import ChatModels, ChatSettings, ConfiguredChatModels
from models.embeddings import CachedEmbedder, OpenVinoEmbedder
from tests.e2e.seeding import learned_before
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
async def router_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with what the router of a service learned at its first start."""
    folder = tmp_path_factory.mktemp("router")
    await learned_before(folder)
    return folder


@pytest.fixture(scope="session")
def questions(charters: Mapping[str, Charter]) -> Mapping[str, list[str]]:
    """The starter questions of each specialist, as the service gives them to its router."""
    asked = starter_questions()
    return {
        name: [text for collection in charter.collections for text in asked.get(collection, ())]
        for name, charter in charters.items()
    }


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
    embedder: CachedEmbedder,
    charters: Mapping[str, Charter],
    extractive: ChatModels,
    router_data: Path,
    questions: Mapping[str, list[str]],
) -> CalibratedRouter:
    """The router of a service."""
    return await CalibratedRouter.open(
        embedder, charters, extractive, RouterSettings(), data=router_data, questions=questions
    )
