"""The events of runs in Redis streams, one a run, the entry's id being the event's number; beside each, the work on its run.

What a run is at lies in a hash beside its events, and both are written by one script, which is refused once another worker
has taken the run over.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any  # what redis-py takes as a mapping

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from app.runs.news import News
from graphs import LAST_EVENTS, RunEvent
from memory import Owner
from memory.privacy import Sealer

_WAIT_S = 5.0
_BATCH = 200
_READING = 64
"""Readers that ask at once; each takes a connection for as long as that."""
_TAKEN = "TAKEN"
_LEASE = "lease"
_WRITE = """
local held = redis.call('HGET', KEYS[2], 'lease')
if ARGV[1] ~= '' then
    if held and held ~= ARGV[1] then return redis.error_reply('TAKEN the run is another worker\\'s') end
    if not held then redis.call('HSET', KEYS[2], 'lease', ARGV[1]) end
end
local at = 5
for _ = 1, tonumber(ARGV[4]) do
    redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
    at = at + 2
end
while at <= #ARGV do
    local done = redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], ARGV[at], 't', ARGV[at + 1], 'o', ARGV[at + 2], 'e', ARGV[at + 3])
    if type(done) == 'table' and done.err and not string.find(done.err, 'equal or smaller') then return done end
    at = at + 4
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', 'freya:runs:news', KEYS[1])
redis.call('EXPIRE', KEYS[2], ARGV[2])
return 0
"""
"""Keys: events, work. Arguments: lease or nothing, seconds to live, entries kept, number of fields, fields, events of 4 parts."""
_PUT_BACK = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local there = 0
if #last > 0 then there = tonumber(string.match(last[1][1], '^%d+')) end
if there < tonumber(ARGV[2]) then
    redis.call('DEL', KEYS[1])
    for at = 3, #ARGV, 4 do
        redis.call('XADD', KEYS[1], ARGV[at], 't', ARGV[at + 1], 'o', ARGV[at + 2], 'e', ARGV[at + 3])
    end
    redis.call('EXPIRE', KEYS[1], ARGV[1])
end
return 0
"""
"""Key: events. Arguments: seconds to live, the number of the last event, events of 4 parts. Where all are there, nothing is done."""
_LONGEST = 20_000
"""Entries of a stream; a run beyond it loses its oldest."""


@dataclass(frozen=True, slots=True)
class RawEvent:
    """An event as it lies in its stream, encrypted or not."""

    seq: int
    type: str
    origin: str
    json: str


@dataclass(frozen=True, slots=True)
class KeptRun:
    """All that lies in Redis of a run."""

    events: Sequence[RawEvent]
    work: Mapping[str, bytes]


Entries = list[tuple[bytes, dict[bytes, bytes]]]
Seal = Callable[[str], str]
"""Gives an event's JSON as it is to be stored."""


def unsealed(json: str) -> str:
    """As it is."""
    return json


async def _as_it_is(json: bytes) -> bytes:
    return json


class RunTaken(Exception):
    """Another worker has taken the run over: this one has no say in it any more."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it was written: its number, its type, and the whole of it as JSON."""

    seq: int
    type: str
    json: bytes
    origin: str = ""
    """The step of the graph that it comes from; empty for what is told about the run from outside of it."""


class EventLog:
    """Appends and reads events. An outage raises redis-py's errors, which the doors know.

    With a sealer that has a key what events say is encrypted for the run's owner; reading raises KeyMissing where his
    key was erased.
    """

    def __init__(self, redis: Redis, readers: Redis, *, ttl_s: int, sealer: Sealer | None = None) -> None:
        """`readers` is a client of its own, which waits for news on one connection for all who read."""
        self._redis = redis
        self._news = News(readers)
        self._reading = asyncio.Semaphore(_READING)
        self._asked: dict[tuple[str, int], asyncio.Task[Entries]] = {}
        self._ttl_s = ttl_s
        self._sealer = sealer
        self._write = redis.register_script(_WRITE)
        self._put_back = redis.register_script(_PUT_BACK)

    async def sealing(self, owner: Owner) -> Seal:
        """What encrypts the events of a run of this owner, without asking for his key again."""
        return await self._sealer.sealing(owner) if self._sealer else unsealed

    async def append(
        self,
        run_id: str,
        events: Sequence[tuple[RunEvent, str]],
        *,
        seal: Seal = unsealed,
        lease: str = "",
        work: Mapping[str, bytes] | None = None,
    ) -> None:
        """Write stamped events, each with its origin, in order, and fields of the work on the run: all at once, or nothing.

        They live on for their time after the last writing. Events that are there already, as an exchange whose answer
        was lost had written them, stay as they are. With a lease it raises RunTaken where another one holds.
        """
        fields: list[str | bytes] = []
        for name, value in (work or {}).items():
            fields += [name, value]
        for event, origin in events:
            kind = str(getattr(event, "type", ""))
            fields += [f"{event.seq}-0", kind, origin, seal(event.model_dump_json())]
        given = [lease, self._ttl_s, _LONGEST, len(work or {}), *fields]
        try:
            await self._write(keys=[_key(run_id), _work(run_id)], args=given)
        except ResponseError as error:
            if str(error).startswith(_TAKEN):
                raise RunTaken(run_id) from error
            raise

    async def take(self, run_id: str, lease: str) -> None:
        """From now on nobody writes to the run but who holds this lease."""
        await self._redis.hset(_work(run_id), _LEASE, lease)

    async def work(self, run_id: str) -> dict[str, bytes]:
        """What is kept of the work on a run, by field; empty where there is nothing."""
        found: dict[bytes, bytes] = await self._redis.hgetall(_work(run_id))  # type: ignore[assignment]  # this client answers in bytes
        return {name.decode(): value for name, value in found.items() if name.decode() != _LEASE}

    async def copy(self, run_id: str) -> KeptRun:
        """All that is kept of a run, as it lies there."""
        entries: list[tuple[bytes, dict[bytes, bytes]]] = await self._redis.xrange(_key(run_id))  # type: ignore[assignment]  # this client answers in bytes
        events = [
            RawEvent(
                int(entry_id.split(b"-")[0]),
                fields[b"t"].decode(),
                fields.get(b"o", b"").decode(),
                fields[b"e"].decode(),
            )
            for entry_id, fields in entries
        ]
        return KeptRun(events, await self.work(run_id))

    async def put_back(self, run_id: str, kept: KeptRun, *, lease: str | None = None) -> None:
        """Write events again that Redis may have lost; with a lease the work too, and nobody else writes from then on."""
        last = kept.events[-1].seq if kept.events else 0
        given: list[str | int] = [self._ttl_s, last]
        for event in kept.events:
            given += [f"{event.seq}-0", event.type, event.origin, event.json]
        await self._put_back(keys=[_key(run_id)], args=given)
        if lease is None:
            return
        fields: dict[Any, Any] = {**kept.work, _LEASE: lease}
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(_work(run_id))
            pipe.hset(_work(run_id), mapping=fields)
            pipe.expire(_work(run_id), self._ttl_s)
            await pipe.execute()

    async def done(self, run_id: str, lease: str) -> None:
        """Drop the work on a run that ended; its lease stays for a while, so that nobody late writes to it."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(_work(run_id))
            pipe.hset(_work(run_id), _LEASE, f"{lease} ended")
            pipe.expire(_work(run_id), self._ttl_s)
            await pipe.execute()

    async def end(self, run_id: str, event: RunEvent) -> None:
        """Write the last event of a run whose own process cannot: numbered after those that are there.

        It is not encrypted, and so must say nothing of what was said.
        """
        last = await self.last(run_id)
        if last is None or last.type not in LAST_EVENTS:
            await self.append(run_id, [(event.stamped(run_id, last.seq + 1 if last else 1), "")])
        await self.done(run_id, "nobody")

    async def last(self, run_id: str) -> StoredEvent | None:
        """The last event that is kept of the run, without its JSON; None where there is none, or none any more."""
        answer: list[tuple[bytes, dict[bytes, bytes]]] = await self._redis.xrevrange(_key(run_id), count=1)  # type: ignore[assignment]  # this client answers in bytes
        return _stored(*answer[0], json=b"") if answer else None

    async def forget(self, runs: Sequence[str]) -> None:
        """Delete the events of these runs, and the work on them."""
        if runs:
            await self._redis.unlink(*map(_key, runs), *map(_work, runs))

    async def kept(self, owner: Owner, run_id: str, *, after: int) -> AsyncGenerator[StoredEvent]:
        """The events after number `after` of the owner's run that are there; waits for none."""
        async for event in self._opened(self._opening(owner), run_id, after):
            yield event

    async def _opened(
        self, opened: Callable[[bytes], Awaitable[bytes]], run_id: str, after: int
    ) -> AsyncGenerator[StoredEvent]:
        full = True
        while full:
            entries = await self._after(run_id, after)
            for entry_id, fields in entries:
                event = _stored(entry_id, fields, json=await opened(fields[b"e"]))
                after = event.seq
                yield event
            full = len(entries) == _BATCH

    async def read(
        self,
        owner: Owner,
        run_id: str,
        *,
        after: int,
        heartbeat_s: float,
        stopped: asyncio.Event | None = None,
    ) -> AsyncGenerator[StoredEvent | None]:
        """Events after number `after` as they come, up to the last one of the owner's run; None where it was silent.

        Once `stopped` is set it ends with what is there.
        """
        opened, silent_since = self._opening(owner), time.monotonic()
        async with self._news.of(_key(run_id)) as news:
            while stopped is None or not stopped.is_set():
                news.clear()
                async for event in self._opened(opened, run_id, after):
                    after = event.seq
                    yield event
                    if event.type in LAST_EVENTS:
                        return
                    silent_since = time.monotonic()
                await news.wait(min(_WAIT_S, heartbeat_s), stopped)
                await self._news.listen()
                if time.monotonic() - silent_since >= heartbeat_s:
                    silent_since = time.monotonic()
                    yield None

    async def _after(self, run_id: str, after: int) -> Entries:
        """What comes after this event; who asks before the question is put shares the answer to it."""
        place = run_id, after
        if place not in self._asked:
            self._asked[place] = asking = asyncio.create_task(self._ask(run_id, after))
            asking.add_done_callback(_taken_note_of)
        return await asyncio.shield(self._asked[place])

    async def _ask(self, run_id: str, after: int) -> Entries:
        try:
            await self._reading.acquire()
        finally:
            del self._asked[run_id, after]  # what is written from now on may not be in the answer
        try:
            return await self._redis.xrange(_key(run_id), min=f"({after}-0", count=_BATCH)  # type: ignore[return-value]  # this client answers in bytes
        finally:
            self._reading.release()

    def _opening(self, owner: Owner) -> Callable[[bytes], Awaitable[bytes]]:
        if self._sealer is None:
            return _as_it_is
        opener = self._sealer.opening(owner)

        async def opened(json: bytes) -> bytes:
            return json if json.startswith(b"{") else (await opener(json.decode())).encode()

        return opened


def _taken_note_of(asking: asyncio.Task[Entries]) -> None:
    """An error is told to those who asked, unless all of them left."""
    if not asking.cancelled():
        asking.exception()


def _key(run_id: str) -> str:
    return f"freya:run:{run_id}:events"


def _work(run_id: str) -> str:
    return f"freya:run:{run_id}:work"


def _stored(entry_id: bytes, fields: dict[bytes, bytes], *, json: bytes) -> StoredEvent:
    origin = fields.get(b"o", b"").decode()
    return StoredEvent(int(entry_id.split(b"-")[0]), fields[b"t"].decode(), json, origin)
