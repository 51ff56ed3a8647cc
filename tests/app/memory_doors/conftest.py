"""The application with what is remembered, and two users of it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from memory import Owner, new_id
from tests.app.memory_doors.users import client_of
from tests.app.remembering import Remembering, remembering


@pytest.fixture(scope="module")
async def opened(
    database_url: str, embedded_servers: Any, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Remembering]:
    folder = tmp_path_factory.mktemp("memory")
    async with remembering(database_url, f"{embedded_servers.redis_url}?db=15", folder) as made:
        yield made


@pytest.fixture
def owner() -> Owner:
    return Owner(new_id("ana"))


@pytest.fixture
def other() -> Owner:
    return Owner(new_id("ben"))


@pytest.fixture
async def mine(opened: Remembering, owner: Owner) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(opened, owner) as client:
        yield client


@pytest.fixture
async def others(opened: Remembering, other: Owner) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(opened, other) as client:
        yield client
