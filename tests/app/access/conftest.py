"""An application whose keys stand in the module's own database, over the running service."""

import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from fastapi import FastAPI

from app.access import KeyBook, KeyService, KeyStore, NewKey
from app.access.settings import LimitSettings
from app.database import Pool, open_pool
from app.http import create_app
from app.settings import HttpSettings
from app.wiring import Running
from memory import Database
from memory.privacy import AuditTrail

BOOTSTRAP = "frk_bootstrap-key-of-the-tests"


@pytest.fixture(scope="module")
async def restricted(database_url: str) -> AsyncIterator[Pool]:
    """Connections as the service has them."""
    opened = await open_pool(database_url, min_size=1, max_size=4, restricted=True)
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
def keys_of(restricted: Pool) -> Callable[[], KeyService]:
    """The keys as one more process knows them."""

    def made() -> KeyService:
        store, audit = KeyStore(restricted), AuditTrail(Database(restricted))
        return KeyService(store, audit, KeyBook(store, audit))

    return made


@pytest.fixture(scope="module")
async def keys(keys_of: Callable[[], KeyService]) -> AsyncIterator[KeyService]:
    """The keys of the application."""
    made = keys_of()
    async with made.book:
        yield made


@pytest.fixture(autouse=True)
async def _no_keys(keys: KeyService, restricted: Pool) -> None:
    """Each test begins without any."""
    async with restricted.connection() as connection:
        await connection.execute("DELETE FROM api_keys")
    await keys.book.refresh()


@pytest.fixture(scope="module")
async def served(running: Running, keys: KeyService) -> AsyncIterator[FastAPI]:
    """The application."""
    with_keys = dataclasses.replace(running, keys=keys)
    limits = LimitSettings(streams=5, streams_a_key=3)
    settings = running.settings.model_copy(update={"http": HttpSettings(), "limits": limits})
    made = create_app(settings, lambda: contextlib.nullcontext(with_keys))
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def http(served: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(served), base_url="http://localhost"
    ) as client:
        yield client


@pytest.fixture
def make(keys: KeyService) -> Callable[..., object]:
    """Makes a key and gives the headers of a request with it."""

    async def made(**given: object) -> dict[str, str]:
        done = await keys.create(None, NewKey.model_validate({"name": "test", **given}))
        return {"authorization": f"Bearer {done.key}", "x-id": done.api_key.id}

    return made
