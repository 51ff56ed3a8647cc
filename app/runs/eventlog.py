"""The events of runs in Redis streams, one a run, the entry's id being the event's number."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from graphs import LAST_EVENTS, RunEvent
from memory import Owner
from memory.privacy import Sealer

_BLOCK_MS = 5_000
_BATCH = 200
_LINGER_S = 0.02
_THERE = "equal or smaller than the target stream top item"
_LONGEST = 20_000
"""Entries of a stream; a run beyond it loses its oldest."""


Seal = Callable[[str], str]
"""Gives an event's JSON as it is to be stored."""


def _unsealed(json: str) -> str:
    return json


async def _as_it_is(json: bytes) -> bytes:
    return json


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it was written: its number, its type, and the whole of it as JSON."""

    seq: int
    type: str
    json: bytes


class EventLog:
    """Appends and reads events. An outage raises redis-py's errors, which the doors know.

    With a sealer that has a key what events say is encrypted for the run's owner; reading raises KeyMissing where his
    key was erased.
    """

    def __init__(self, redis: Redis, readers: Redis, *, ttl_s: int, sealer: Sealer | None = None) -> None:
        """`readers` is a client of its own: a waiting reader holds a connection."""
        self._redis = redis
        self._readers = readers
        self._ttl_s = ttl_s
        self._sealer = sealer

    async def sealing(self, owner: Owner) -> Seal:
        """What encrypts the events of a run of this owner, without asking for his key again."""
        return await self._sealer.sealing(owner) if self._sealer else _unsealed

    async def append(self, run_id: str, events: Sequence[RunEvent], *, seal: Seal = _unsealed) -> None:
        """Write stamped events in order, in one exchange; the stream lives on for its time after the last one.

        Those that are there already, as an exchange whose answer was lost had written them, stay as they are.
        """
        key = _key(run_id)
        async with self._redis.pipeline(transaction=False) as pipe:
            for event in events:
                kind = str(getattr(event, "type", ""))
                fields: dict[
                    bytes | bytearray | memoryview | str | int | float,
                    bytes | bytearray | memoryview | str | int | float,
                ] = {
                    "t": kind,
                    "e": seal(event.model_dump_json()).encode(),
                }
                pipe.xadd(key, fields, id=f"{event.seq}-0", maxlen=_LONGEST, approximate=True)
            pipe.expire(key, self._ttl_s)
            for answer in await pipe.execute(raise_on_error=False):
                if isinstance(answer, RedisError) and _THERE not in str(answer):
                    raise answer

    async def end(self, run_id: str, event: RunEvent) -> None:
        """Write the last event of a run whose own process cannot: numbered after those that are there.

        It is not encrypted, and so must say nothing of what was said.
        """
        last = await self.last(run_id)
        if last is None or last.type not in LAST_EVENTS:
            await self.append(run_id, [event.stamped(run_id, last.seq + 1 if last else 1)])

    async def last(self, run_id: str) -> StoredEvent | None:
        """The last event that is kept of the run, without its JSON; None where there is none, or none any more."""
        answer: list[tuple[bytes, dict[bytes, bytes]]] = await self._redis.xrevrange(_key(run_id), count=1)  # type: ignore[assignment]  # this client answers in bytes
        return _stored(*answer[0], json=b"") if answer else None

    async def forget(self, runs: Sequence[str]) -> None:
        """Delete the events of these runs."""
        if runs:
            await self._redis.unlink(*map(_key, runs))

    async def kept(self, owner: Owner, run_id: str, *, after: int) -> AsyncGenerator[StoredEvent]:
        """The events after number `after` of the owner's run that are there; waits for none."""
        opened = self._opening(owner)
        full = True
        while full:
            entries: list[tuple[bytes, dict[bytes, bytes]]] = await self._redis.xrange(
                _key(run_id), min=f"({after}-0", count=_BATCH
            )  # type: ignore[assignment]  # this client answers in bytes
            for entry_id, fields in entries:
                event = _stored(entry_id, fields, json=await opened(fields[b"e"]))
                after = event.seq
                yield event
            full = len(entries) == _BATCH

    async def read(
        self, owner: Owner, run_id: str, *, after: int, heartbeat_s: float
    ) -> AsyncGenerator[StoredEvent | None]:
        """Events after number `after` as they come, up to the last one of the owner's run; None where it was silent."""
        opened = self._opening(owner)
        key, position = _key(run_id), f"{after}-0"
        silent_since = time.monotonic()
        while True:
            block = max(1, min(_BLOCK_MS, int(heartbeat_s * 1000)))
            answer = await self._readers.xread({key: position}, count=_BATCH, block=block)
            for entry_id, fields in _entries(answer):
                position = entry_id.decode()
                event = _stored(entry_id, fields, json=await opened(fields[b"e"]))
                yield event
                if event.type in LAST_EVENTS:
                    return
                silent_since = time.monotonic()
            if time.monotonic() - silent_since >= heartbeat_s:
                silent_since = time.monotonic()
                yield None

    def _opening(self, owner: Owner) -> Callable[[bytes], Awaitable[bytes]]:
        if self._sealer is None:
            return _as_it_is
        opener = self._sealer.opening(owner)

        async def opened(json: bytes) -> bytes:
            return json if json.startswith(b"{") else (await opener(json.decode())).encode()

        return opened


class EventWriter:
    """Numbers the events of one run as they are emitted, and writes them behind it, many at a time."""

    def __init__(self, log: EventLog, run_id: str, seal: Seal = _unsealed) -> None:
        self._log = log
        self._run_id = run_id
        self._seal = seal
        self._seq = 0
        self._waiting: list[RunEvent] = []
        self._wake = asyncio.Event()
        self._closed = asyncio.Event()

    def emit(self, event: RunEvent) -> None:
        """Take an event; never blocks."""
        self._seq += 1
        self._waiting.append(event.stamped(self._run_id, self._seq))
        self._wake.set()

    def close(self) -> None:
        """No more events will come."""
        self._closed.set()
        self._wake.set()

    async def flush(self) -> None:
        """Write what is waiting now."""
        batch, self._waiting = self._waiting, []
        if batch:
            try:
                await self._log.append(self._run_id, batch, seal=self._seal)
            except BaseException:
                self._waiting = batch + self._waiting
                raise

    async def write_until_closed(self) -> None:
        """Write events as they are emitted, until `close` and everything is written.

        After each exchange it lingers a moment, so that a burst of tokens is one exchange and not fifty.
        """
        while not (self._closed.is_set() and not self._waiting):
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            await self.flush()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LINGER_S):
                    await self._closed.wait()


def _key(run_id: str) -> str:
    return f"freya:run:{run_id}:events"


def _stored(entry_id: bytes, fields: dict[bytes, bytes], *, json: bytes) -> StoredEvent:
    return StoredEvent(int(entry_id.split(b"-")[0]), fields[b"t"].decode(), json)


def _entries(answer: object) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """The entries of the one stream that was asked for; redis-py gives a list (RESP 2) or a mapping (RESP 3)."""
    if not answer:
        return []
    streams = list(answer.values()) if isinstance(answer, dict) else [item[1] for item in answer]  # type: ignore[attr-defined]  # redis-py's untyped answer
    entries = streams[0]
    return entries[0] if entries and isinstance(entries[0], list) else entries
