"""Designed agents, changed in the store: it needs no service, and one that runs takes the change up within seconds."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from app.agents_service import AgentsService, Deployed
from app.agents_store import AgentStore, AgentVersion, StoredAgent
from app.cli.interruption import Interruption
from app.cli.stores import open_stores
from app.settings import Settings


async def deployed(settings: Settings, request: str, name: str | None, _: Interruption) -> Deployed:
    """Deploy from a description. Raises DeploymentRefused."""
    async with _service(settings) as service:
        return await service.deploy(request, name)


async def listed(settings: Settings, _: Interruption) -> list[StoredAgent]:
    """All designed agents."""
    async with _service(settings) as service:
        return await service.all()


async def versions_of(settings: Settings, name: str, _: Interruption) -> list[AgentVersion]:
    """The versions of one. Raises AgentUnknown."""
    async with _service(settings) as service:
        return await service.versions(name)


async def rolled_back(settings: Settings, name: str, version: int | None, _: Interruption) -> StoredAgent:
    """Have a version work. Raises AgentUnknown, DeploymentRefused."""
    async with _service(settings) as service:
        return await service.rollback(name, version)


async def disabled(settings: Settings, name: str, _: Interruption) -> StoredAgent:
    """Have one answer nobody. Raises AgentUnknown."""
    async with _service(settings) as service:
        return await service.disable(name)


@asynccontextmanager
async def _service(settings: Settings) -> AsyncIterator[AgentsService]:
    import asyncio

    from agents import discover

    taken = await asyncio.to_thread(discover)
    async with AsyncExitStack() as stack:
        pool = (await open_stores(settings, stack)).pool
        yield AgentsService(AgentStore(pool), tuple(taken))
