"""Checkpoints of runs in PostgreSQL, encrypted where there is a key."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final  # Any: values of a graph's channels

import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from psycopg.rows import DictRow, dict_row

from app.database import Pool, open_pool
from graphs import STATE_TYPES
from memory.privacy import MasterCipher, PrivacySettings

_MARK: Final = "sealed:c:"
_CONNECTIONS: Final = 2
"""The saver uses one at a time; the other is for the moment in which a broken one is replaced."""


async def lay_out_checkpoints(url: str) -> None:
    """LangGraph's own tables; the service's connections may not change any."""
    async with await psycopg.AsyncConnection.connect(
        url, autocommit=True, prepare_threshold=0, row_factory=dict_row
    ) as connection:
        await AsyncPostgresSaver(connection).setup()


@asynccontextmanager
async def open_saver(url: str, privacy: PrivacySettings) -> AsyncIterator[AsyncPostgresSaver]:
    """A saver over a pool of its own, which no other work can exhaust, and whose connections are checked.

    It takes our state's types and no others, and encrypts where there is a key. Raises DatabaseUnavailable.
    """
    strict = JsonPlusSerializer(allowed_msgpack_modules=None).with_msgpack_allowlist(STATE_TYPES)
    pool = await open_pool(url, min_size=0, max_size=_CONNECTIONS, restricted=True, name="checkpoints")
    try:
        if privacy.keys:
            yield SealedSaver(pool, MasterCipher(privacy), strict)
        else:
            yield AsyncPostgresSaver(pool, serde=strict)
    finally:
        await pool.close()


class SealedSaver(AsyncPostgresSaver):
    """LangGraph's saver, all of whose values are encrypted; its own encryption leaves texts in a checkpoint's JSON readable.

    Raises KeyMissing for what was encrypted with a key that is not configured any more.
    """

    def __init__(self, pool: Pool, cipher: MasterCipher, serde: SerializerProtocol) -> None:
        super().__init__(pool, serde=EncryptedSerializer(cipher, serde))
        self._cipher = cipher

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save a checkpoint; see LangGraph."""
        values = {name: self._sealed(value) for name, value in checkpoint["channel_values"].items()}
        return await super().aput(config, {**checkpoint, "channel_values": values}, metadata, new_versions)

    async def _load_checkpoint_tuple(self, value: DictRow) -> CheckpointTuple:
        found = await super()._load_checkpoint_tuple(value)
        values = found.checkpoint["channel_values"]
        found.checkpoint["channel_values"] = {name: self._opened(each) for name, each in values.items()}
        return found

    def _sealed(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value  # numbers stand as they are, and everything else is encrypted by the serializer
        name, sealed = self._cipher.encrypt(value.encode())
        return f"{_MARK}{name}:{base64.b64encode(sealed).decode()}"

    def _opened(self, value: Any) -> Any:
        if not isinstance(value, str) or not value.startswith(_MARK):
            return value
        name, _, sealed = value.removeprefix(_MARK).partition(":")
        return self._cipher.decrypt(name, base64.b64decode(sealed)).decode()
