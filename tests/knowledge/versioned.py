"""What the tests of versions share: a shelf of them, and the live one as it is searched."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from knowledge import (
    LiveIndexes,
    RetrievalSettings,
    Shelf,
    Versions,
)
from tests.knowledge.samples import ATR, GAS, MACD, RSI, write_export

OPEN = RetrievalSettings(floor=0.0)


@pytest.fixture(autouse=True)
async def no_versions(pool):
    async with pool.connection() as connection:
        await connection.execute("TRUNCATE knowledge_versions RESTART IDENTITY")


@pytest.fixture
def shelf(store, embedder, tmp_path: Path) -> Shelf:
    return Shelf(store, embedder, data=tmp_path, settings=OPEN)


@pytest.fixture
def versions(store, shelf) -> Versions:
    return Versions(store, shelf)


@pytest.fixture
async def live(versions, shelf) -> AsyncIterator[LiveIndexes]:
    followed = LiveIndexes(versions, shelf)
    yield followed
    await followed.close()


@pytest.fixture
async def stored(importer, tmp_path):
    await importer.import_file(write_export(tmp_path / "a.json", [("Momentum", [RSI, MACD, ATR])]))


async def more(importer, tmp_path, pairs=(GAS,), name="more.json"):
    await importer.import_file(write_export(tmp_path / name, [("More", pairs)]))


def states(found) -> dict[int, str]:
    return {version.number: version.state for version in found}
