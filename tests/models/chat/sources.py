"""Where a chat model of tests has its engine from."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from models.resident import Engine, ResidentEngine


class One:
    """An engine that is always in memory."""

    name = "small"

    def __init__(self, engine: ResidentEngine) -> None:
        self.loaded: Engine | None = engine
        self._engine = engine

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[Engine]:
        yield self._engine
