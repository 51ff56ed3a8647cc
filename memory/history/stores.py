"""What a user has beside the tables: keys in Redis, and vectors."""

from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import islice
from typing import Any, Final, Protocol  # Any: answers of Redis, which differ by version of its protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

from memory.errors import MemoryUnavailable
from memory.history.planted import forms
from memory.owner import Owner
from memory.short.keys import owner_prefix

_BATCH: Final = 500


class ShortTerm(Protocol):
    """The short-term tier as far as erasing goes. An outage raises MemoryUnavailable."""

    async def erase(self, owner: Owner) -> int:
        """Remove all keys of the user; how many there were."""
        ...

    async def keys(self, owner: Owner) -> Sequence[str]:
        """The keys of the user."""
        ...


class OwnedVectors(Protocol):
    """Vectors by owner as far as erasing goes. An outage raises MemoryUnavailable."""

    async def erase(self, owner: Owner) -> int:
        """Remove all of the user's, of whatever model; how many there were."""
        ...

    async def found(self, owner: Owner) -> int:
        """How many of the user's there are, of whatever model."""
        ...


_OF_RUNS: Final = {"streams": "freya:run:{}:events", "work": "freya:run:{}:work"}
"""By what it is the key of a run."""


class RedisKeys:
    """The short-term tier's keys, the event streams of runs and what runs are at."""

    name = "redis"

    def __init__(self, redis: Redis, short: ShortTerm) -> None:
        self._redis = redis
        self._short = short

    async def erase(self, owner: Owner, runs: Sequence[str]) -> dict[str, int]:
        """Remove the user's keys, the streams of the runs and the work on them."""
        removed = {"short_term": await self._short.erase(owner), "streams": 0, "work": 0}
        try:
            for what, key in _OF_RUNS.items():
                for keys in _batches(key.format(run) for run in runs):
                    removed[what] += int(await self._redis.unlink(*keys))
        except RedisError as error:
            raise _away(error) from error
        return {what: count for what, count in removed.items() if count}

    async def left(self, owner: Owner, runs: Sequence[str]) -> dict[str, int]:
        """Keys that the tier knows of or that begin as the user's do, streams of the runs and the work on them."""
        known = set(await self._short.keys(owner))
        found = {"streams": 0, "work": 0}
        try:
            async for key in self._redis.scan_iter(f"{owner_prefix(owner)}*", count=1000):
                known.add(_text(key))
            for what, key in _OF_RUNS.items():
                for keys in _batches(key.format(run) for run in runs):
                    found[what] += int(await self._redis.exists(*keys))
        except RedisError as error:
            raise _away(error) from error
        found = {"short_term": len(known), **found}
        return {what: count for what, count in found.items() if count}

    async def holding(self, planted: Sequence[str]) -> dict[str, int]:
        """Keys whose names or values have one of the texts, by their type."""
        wanted = [form.encode() for form in forms(planted)]
        found: dict[str, int] = {}
        try:
            async for key in self._redis.scan_iter(count=1000):
                kind = _text(await self._redis.type(key))
                pieces = [key] if isinstance(key, bytes) else [str(key).encode()]
                async for value in self._values(key, kind):
                    pieces.append(value)
                    if any(form in piece for piece in pieces for form in wanted):
                        found[kind] = found.get(kind, 0) + 1
                        break
                    pieces.clear()
        except RedisError as error:
            raise _away(error) from error
        return found

    async def _values(self, key: Any, kind: str) -> AsyncIterator[bytes]:
        """All that stands under a key, in pieces; at least one, which may be empty."""
        client: Any = self._redis  # redis-py's types of answers are those of both its protocols at once
        if kind == "string":
            yield _raw(await client.get(key))
        elif kind == "list":
            begin = 0
            while piece := await client.lrange(key, begin, begin + _BATCH - 1):
                yield _raw(piece)
                begin += len(piece)
        elif kind == "hash":
            yield _raw(await client.hgetall(key))
        elif kind == "set":
            yield _raw(await client.smembers(key))
        elif kind == "zset":
            yield _raw(await client.zrange(key, 0, -1))
        elif kind == "stream":
            after = b"-"
            while piece := await client.xrange(key, min=after, count=_BATCH):
                yield _raw(piece)
                after = b"(" + piece[-1][0]
        else:
            yield b""


class VectorRows:
    """The vectors of records."""

    name = "vectors"

    def __init__(self, vectors: OwnedVectors) -> None:
        self._vectors = vectors

    async def erase(self, owner: Owner, runs: Sequence[str]) -> dict[str, int]:  # noqa: ARG002  # vectors are of no run
        """Forget the user's vectors."""
        removed = await self._vectors.erase(owner)
        return {"records": removed} if removed else {}

    async def left(self, owner: Owner, runs: Sequence[str]) -> dict[str, int]:  # noqa: ARG002  # vectors are of no run
        """Vectors that are still there."""
        found = await self._vectors.found(owner)
        return {"records": found} if found else {}

    async def holding(self, planted: Sequence[str]) -> dict[str, int]:  # noqa: ARG002  # there is no text
        """Nothing: the store has ids and numbers, and no text."""
        return {}


def _batches(keys: Iterable[str]) -> Iterable[list[str]]:
    rest = iter(keys)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _raw(value: Any) -> bytes:
    """The bytes of a value and of all that is in it, one after the other, kept apart."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, dict):
        return b"\xff".join(_raw(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple | set):
        return b"\xff".join(_raw(part) for part in value)
    return str(value).encode()


def _text(key: Any) -> str:
    return key.decode() if isinstance(key, bytes) else str(key)


def _away(error: RedisError) -> MemoryUnavailable:
    return MemoryUnavailable(f"Redis does not answer: {error}")
