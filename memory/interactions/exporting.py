"""The log on its way out, as JSON lines or Parquet, in batches: any length takes the same memory."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Literal, Protocol  # Any: pyarrow has no types

import orjson

from memory.errors import ConversationError
from memory.interactions.records import LoggedInteraction

ExportFormat = Literal["jsonl", "parquet"]
Pages = Callable[[int, int], Awaitable[list[LoggedInteraction]]]
"""The interactions after a number, at most so many."""

_BATCH: Final = 500


class ExportUnavailable(ConversationError):
    """What the form of the export needs is not installed; the message says how to get it."""


@dataclass(frozen=True)
class ExportedLog:
    """How much was written."""

    interactions: int


class _Writer(Protocol):
    def write(self, batch: Sequence[LoggedInteraction]) -> None: ...

    def close(self) -> None: ...


async def export_to(target: Path | IO[bytes], form: ExportFormat, pages: Pages) -> ExportedLog:
    """Write all pages to the target. Raises ExportUnavailable, OSError."""
    written, after = 0, 0
    async with _opened(target) as stream:
        writer = await asyncio.to_thread(_WRITERS[form], stream)
        while batch := await pages(after, _BATCH):
            await asyncio.to_thread(writer.write, batch)
            written, after = written + len(batch), batch[-1].id
        await asyncio.to_thread(writer.close)
    return ExportedLog(written)


@contextlib.asynccontextmanager
async def _opened(target: Path | IO[bytes]) -> AsyncIterator[IO[bytes]]:
    if not isinstance(target, Path):
        yield target
        return
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    stream = await asyncio.to_thread(part.open, "wb")
    try:
        yield stream
        await asyncio.to_thread(stream.close)
        await asyncio.to_thread(part.replace, target)
    except BaseException:
        await asyncio.to_thread(stream.close)
        await asyncio.to_thread(part.unlink, missing_ok=True)
        raise


class _JsonLines:
    """An object a line: where it stands, the fields of the interaction, and the feedback on it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, batch: Sequence[LoggedInteraction]) -> None:
        self._stream.write(b"".join(orjson.dumps(_flat(one)) + b"\n" for one in batch))

    def close(self) -> None:
        self._stream.flush()


class _Parquet:
    """Columns for what is filtered and counted by; `record` and `feedback` are whole, as JSON."""

    def __init__(self, stream: IO[bytes]) -> None:
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError as error:
            raise ExportUnavailable(
                "Parquet needs pyarrow: install it with `pip install 'freya-agents[parquet]'`, or export JSON lines"
            ) from error
        text = pa.string()
        columns: list[tuple[str, Any]] = [
            ("id", pa.int64()),
            *((name, text) for name in ("tenant_id", "user_id", "thread_id", "run_id", "outcome")),
            *((name, text) for name in ("agent", "request", "answer", "error")),
            *((name, text) for name in ("model", "model_version", "adapter", "adapter_version")),
            ("latency_ms", pa.float64()),
            ("input_tokens", pa.int64()),
            ("output_tokens", pa.int64()),
            ("amount", pa.float64()),
            ("currency", text),
            ("grounded", pa.bool_()),
            ("hallucinated", pa.bool_()),
            ("rating", pa.int32()),
            ("created_at", pa.timestamp("us", tz="UTC")),
            ("record", text),
            ("feedback", text),
        ]
        self._schema = pa.schema(columns)
        self._batch_of = pa.RecordBatch.from_pylist
        self._writer = pq.ParquetWriter(stream, self._schema, compression="zstd")

    def write(self, batch: Sequence[LoggedInteraction]) -> None:
        self._writer.write_batch(self._batch_of([_columns(one) for one in batch], schema=self._schema))

    def close(self) -> None:
        self._writer.close()


_WRITERS: Final[dict[ExportFormat, Callable[[IO[bytes]], _Writer]]] = {
    "jsonl": _JsonLines,
    "parquet": _Parquet,
}


def _flat(one: LoggedInteraction) -> dict[str, Any]:  # JSON
    head = one.model_dump(mode="json", exclude={"interaction", "feedback"})
    said = [each.model_dump(mode="json", exclude={"run_id"}) for each in one.feedback]
    return {**head, **one.interaction.model_dump(mode="json"), "feedback": said}


def _columns(one: LoggedInteraction) -> dict[str, Any]:  # values of a row
    flat = _flat(one)
    ratings = [each.rating for each in one.feedback if each.rating is not None]
    return {
        **flat,
        **one.interaction.cost.model_dump(exclude={"models"}),
        **one.interaction.success.model_dump(include={"grounded", "hallucinated"}),
        "rating": ratings[-1] if ratings else None,
        "created_at": one.created_at,
        "record": one.interaction.model_dump_json(),
        "feedback": orjson.dumps(flat["feedback"]).decode(),
    }
