"""One embedded PostgreSQL and one Redis for the whole session, and a guard against blocking calls in the loop.

A test module that asks for `database_url` gets a database of its own with the schema in place; what its
tests write is visible to each other and to nobody else.
"""

import asyncio
import fcntl
import hashlib
import inspect
import itertools
import shutil
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import psycopg
import pytest
from blockbuster import BlockBuster
from psycopg import sql
from redis.asyncio import Redis

from app.database import Pool, migrate, open_pool
from app.embedded import EmbeddedServers, postgres
from memory.privacy import prepare
from models.embeddings.settings import DEFAULT_MODEL
from models.embeddings.weights import ensure_layout

if TYPE_CHECKING:
    from training.llama import MadeModel

_ROOT = Path(__file__).parents[1]
_TEMPLATE = "freya_template"
_REDIS_DATABASES = 15  # 0 is left to tests of the embedded servers themselves
_PACKAGES = ("app", "graphs", "training", "agents", "knowledge", "memory", "trading", "models")
_numbers = itertools.count(1)

# A machine that is slow, or busy with other tests, is no defect.
hypothesis.settings.register_profile(
    "freya", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("freya")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files of most long tests, so that no worker is left with one of them when the others are done."""
    long = Counter(item.path for item in items for mark in ("slow", "e2e") if item.get_closest_marker(mark))
    items.sort(key=lambda item: -long[item.path])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Coverage looks away from an `uncounted` test: it makes each line take twice as long.

    It looks away from the threads that a test without a loop begins, too; those of the session's loop outlive a test.
    """
    counting, counting_threads = sys.gettrace(), threading.gettrace()
    if item.get_closest_marker("uncounted"):
        sys.settrace(None)
        if not inspect.iscoroutinefunction(getattr(item, "obj", None)):
            threading.settrace(None)
    try:
        yield
    finally:
        sys.settrace(counting)
        threading.settrace(counting_threads)


@pytest.fixture(scope="session")
def blocking_guard() -> BlockBuster:
    """Finds blocking calls in the event loop that our packages make, themselves or through a library."""
    folders = []
    for name in _PACKAGES:
        folder = ModuleType(name)  # the guard wants modules for their paths; the real ones would be imported
        folder.__path__ = [f"{_ROOT / name}/"]
        folders.append(folder)
    guard = BlockBuster(folders)
    for function in guard.functions.values():
        # The first import of a module reads files, once a process, wherever it happens.
        function.can_block_in("<frozen importlib._bootstrap>", "_find_and_load")
        # So are the system's types of files, the first time one is asked for.
        function.can_block_in("mimetypes.py", {"init"})
        # Coverage takes its own lock where it meets a file for the first time; log lines go to a stream.
        function.can_block_in("coverage/collector.py", {"lock_data", "unlock_data"})
        function.can_block_in("logging/__init__.py", {"emit", "flush", "acquire"})
        # NiceGUI looks once, when it starts, whether its icon is a file.
        function.can_block_in("nicegui/nicegui.py", {"_startup"})
        # A traceback that is logged reads the lines of source it shows.
        function.can_block_in("linecache.py", {"checkcache", "updatecache"})
    return guard


@pytest.fixture(autouse=True)
def _nothing_blocks_the_loop(blocking_guard: BlockBuster) -> Iterator[None]:
    """Fail a test when code of ours, or anything it calls, blocks inside the event loop."""
    blocking_guard.activate()
    yield
    blocking_guard.deactivate()


@pytest.fixture(scope="session")
async def embedded_servers() -> AsyncIterator[EmbeddedServers]:
    """The session's PostgreSQL and Redis."""
    data = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="freya-tests-"))
    preparing = asyncio.create_task(asyncio.to_thread(prepare))  # as a service does at its start
    async with AsyncExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(postgres._SETTINGS, "fsync", "off")  # what is thrown away need not reach the disk
            servers = EmbeddedServers(data, postgres_url=None, redis_url=None)
            await stack.enter_async_context(servers)
        await preparing
        yield servers
    await asyncio.to_thread(shutil.rmtree, data)


@pytest.fixture(scope="session")
async def postgres_url(embedded_servers: EmbeddedServers) -> str:
    """The URL of the server's own database; a migrated template stands beside it. For administration."""
    url = embedded_servers.postgres_url
    await _execute(url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_TEMPLATE)))
    await migrate(_with_database(url, _TEMPLATE))
    return url


@pytest.fixture(scope="module")
async def database_url(postgres_url: str) -> AsyncIterator[str]:
    """The URL of a fresh database with the whole schema, one for a test module."""
    name = f"freya_test_{next(_numbers)}"
    database, template = sql.Identifier(name), sql.Identifier(_TEMPLATE)
    await _execute(postgres_url, sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(database, template))
    yield _with_database(postgres_url, name)
    await _execute(postgres_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))


@pytest.fixture
async def empty_database_url(postgres_url: str) -> AsyncIterator[str]:
    """The URL of a database without any schema, one for a test."""
    name = f"freya_empty_{next(_numbers)}"
    database = sql.Identifier(name)
    await _execute(postgres_url, sql.SQL("CREATE DATABASE {}").format(database))
    yield _with_database(postgres_url, name)
    await _execute(postgres_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))


@pytest.fixture(scope="module")
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """A connection pool (autocommit, dict rows) on the module's database."""
    opened = await open_pool(database_url, min_size=1, max_size=8)
    yield opened
    await opened.close()


@pytest.fixture
async def redis_url(embedded_servers: EmbeddedServers) -> str:
    """The URL of an empty Redis database, one for a test."""
    return await _empty_redis(embedded_servers)


@pytest.fixture(scope="module")
async def module_redis_url(embedded_servers: EmbeddedServers) -> str:
    """The same, one for a test module that asks for no other: vectors of texts are computed once for all its tests."""
    return await _empty_redis(embedded_servers)


async def _empty_redis(servers: EmbeddedServers) -> str:
    """The URL of a Redis database that is empty now."""
    url = f"{servers.redis_url}?db={1 + next(_numbers) % _REDIS_DATABASES}"
    async with Redis.from_url(url, driver_info=None) as client:
        await client.flushdb()
    return url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client on the test's Redis database."""
    async with Redis.from_url(redis_url, driver_info=None) as client:
        yield client


@pytest.fixture(scope="session")
async def embedding_data() -> Path:
    """A data folder where the embedding model is laid out, once for a state of its sources, as that takes seconds."""
    folder = await asyncio.to_thread(_embedding_folder)
    with (folder / "lock").open("wb") as turn:  # another process may be writing it
        await asyncio.to_thread(fcntl.flock, turn, fcntl.LOCK_EX)
        await ensure_layout(folder / "models" / DEFAULT_MODEL)
    return folder


@pytest.fixture(scope="session")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Llama of random numbers with a token for each byte, as a GGUF file."""
    from tests.small_llama import SHAPE, VOCABULARY
    from training.llama import RandomWeights, byte_vocabulary, write_llama

    path = tmp_path_factory.mktemp("random") / "random.gguf"
    write_llama(path, SHAPE, byte_vocabulary(VOCABULARY), RandomWeights(SHAPE, VOCABULARY))
    return path


@pytest.fixture(scope="session")
def trained_model() -> "MadeModel":
    """A small Llama that was trained for seconds, once for a state of its sources."""
    from tests.small_llama import RECIPE
    from training.llama import made_model

    return made_model(_ROOT / ".pytest_cache" / "freya-models", recipe=RECIPE, threads=1)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of shared example data beside the repository; skips where it is not laid out."""
    folder = _ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs the shared example data, and {folder} does not exist")
    return folder


def _embedding_folder() -> Path:
    sources = hashlib.sha256()
    for path in sorted((_ROOT / "models" / "embeddings").glob("*.py")):
        sources.update(path.read_bytes())
    folder = _ROOT / ".pytest_cache" / "freya-models" / f"embedding-{sources.hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def _execute(url: str, statement: sql.Composed) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(statement)
