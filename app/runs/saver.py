"""Checkpoints of the runs that are going on, each written with the events that led to it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final  # Any: values of a graph's channels

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_id,
    get_checkpoint_metadata,
)
from langgraph.checkpoint.serde.base import SerializerProtocol

from app.checkpoints import packed, unpacked
from app.runs.writing import Field, RunWriter

_AT: Final = "at"
_VALUE: Final = "value"
_WRITTEN: Final = "written"
_SEP: Final = "\x1f"


class RunSaver(BaseCheckpointSaver[str]):
    """Keeps the newest checkpoint of each graph of a run, in the hash of the work on it.

    It never waits: what it is given is written by the run's writer, with the events up to then. A run is known from
    `attach` to `detach`; `found` is what another worker left of it.
    """

    def __init__(self, serde: SerializerProtocol) -> None:
        super().__init__(serde=serde)
        self._writers: dict[str, RunWriter] = {}
        self._found: dict[str, dict[str, bytes]] = {}

    def attach(self, run_id: str, writer: RunWriter, found: Mapping[str, bytes] | None = None) -> bool:
        """Begin with a run; whether there is a checkpoint to go on from."""
        self._writers[run_id] = writer
        self._found[run_id] = dict(found or {})
        return _name(_AT, "") in self._found[run_id]

    def detach(self, run_id: str) -> None:
        """The run has ended."""
        self._writers.pop(run_id, None)
        self._found.pop(run_id, None)

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The newest checkpoint of a graph of the run, as it was found; see LangGraph."""
        configurable = config["configurable"]
        run_id, ns = configurable["thread_id"], configurable.get("checkpoint_ns", "")
        found = self._found.get(run_id, {})
        kept = found.get(_name(_AT, ns))
        if kept is None:
            return None
        at, metadata, parent = self._load(kept)
        wanted = get_checkpoint_id(config)
        if wanted and wanted != at["id"]:
            return None
        values = {}
        for channel, version in at["channel_versions"].items():
            value = found.get(_name(_VALUE, ns, channel))
            if value is None:
                continue
            its_version, has, held = self._load(value)
            if its_version == version and has:
                values[channel] = held
        at["channel_values"] = values
        prefix = _name(_WRITTEN, ns, at["id"], "")
        writes = [self._load(each) for name, each in found.items() if name.startswith(prefix)]
        writes.sort(key=lambda write: (write[0], write[1], write[2]))
        return CheckpointTuple(
            config=_config(run_id, ns, at["id"]),
            checkpoint=at,
            metadata=metadata,
            parent_config=_config(run_id, ns, parent) if parent else None,
            pending_writes=[(task, channel, value) for _, task, _, channel, value in writes],
        )

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Take a checkpoint to be written; see LangGraph."""
        configurable = config["configurable"]
        run_id, ns = configurable["thread_id"], configurable.get("checkpoint_ns", "")
        values = checkpoint["channel_values"]
        at = checkpoint.copy()
        at["channel_values"] = {}
        fields = {
            _name(_AT, ns): self._field(
                [at, get_checkpoint_metadata(config, metadata), configurable.get("checkpoint_id")]
            )
        }
        for channel, version in new_versions.items():
            has = channel in values
            fields[_name(_VALUE, ns, channel)] = self._field([version, has, values[channel] if has else None])
        self._keep(run_id, fields)
        return _config(run_id, ns, checkpoint["id"])

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Take what a step of several at once has given, to be written; see LangGraph."""
        configurable = config["configurable"]
        ns, at = configurable.get("checkpoint_ns", ""), configurable["checkpoint_id"]
        fields = {}
        for number, (channel, value) in enumerate(writes):
            place = WRITES_IDX_MAP.get(channel, number)
            name = _name(_WRITTEN, ns, at, task_id, str(place))
            fields[name] = self._field([task_path, task_id, place, channel, value])
        self._keep(configurable["thread_id"], fields)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002  # LangGraph's name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """The newest checkpoint alone is kept; see LangGraph."""
        found = await self.aget_tuple(config) if config and not filter and not before else None
        if found and limit != 0:
            yield found

    def get_next_version(self, current: str | None, channel: None) -> str:  # noqa: ARG002  # LangGraph's signature
        """Versions count."""
        return f"{int(current or 0) + 1:012}"

    def _keep(self, run_id: str, fields: Mapping[str, Field]) -> None:
        writer = self._writers.get(run_id)
        if writer is not None:  # a step that is being stopped may outlive its run for a moment
            writer.keep(fields)

    def _field(self, value: list[Any]) -> Field:
        return lambda: packed(self.serde, value)

    def _load(self, data: bytes) -> Any:
        return unpacked(self.serde, data)


def _name(*parts: str) -> str:
    return _SEP.join(parts)


def _config(run_id: str, ns: str, checkpoint: str) -> RunnableConfig:
    return {"configurable": {"thread_id": run_id, "checkpoint_ns": ns, "checkpoint_id": checkpoint}}
