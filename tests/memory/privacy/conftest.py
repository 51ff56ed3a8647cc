"""A database under row-level security, and keys."""

import base64
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from app.database import open_pool
from memory.database import Database
from memory.privacy import PrivacySettings


def key(byte: int) -> SecretStr:
    return SecretStr(base64.b64encode(bytes([byte]) * 32).decode())


@pytest.fixture
def one_key() -> PrivacySettings:
    return PrivacySettings(keys=(key(1),))


@pytest.fixture
def other_key() -> PrivacySettings:
    return PrivacySettings(keys=(key(2),))


@pytest.fixture
def other_then_one() -> PrivacySettings:
    return PrivacySettings(keys=(key(2), key(1)))


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    pool = await open_pool(database_url, restricted=True)
    yield Database(pool)
    await pool.close()
