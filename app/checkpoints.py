"""Checkpoints of runs in PostgreSQL, encrypted where there is a key."""

import base64
from typing import Any, Final  # Any: values of a graph's channels

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
from psycopg.rows import DictRow

from app.database import Pool
from memory.privacy import MasterCipher

_MARK: Final = "sealed:c:"


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
