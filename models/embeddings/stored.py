"""Vectors kept in Redis, which may fail without anyone having to care."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Mapping, Sequence
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from redis.asyncio import Redis
from redis.exceptions import RedisError

Vector: TypeAlias = NDArray[np.float32]

_Answer = TypeVar("_Answer")

_BYTES = np.dtype("<f4")
_KEYS_AT_ONCE = 512
_UNIT_TOLERANCE = 1e-3

logger = logging.getLogger(__name__)


class StoredVectors:
    """Unit vectors by digest. Never raises on an outage: it is logged once, and Redis left alone for `cooldown_s`.

    A value is the vector's float32 bytes, low byte first: exact, so that an answer does not depend on whether
    the cache held it (halving them to float16 would save 768 bytes and move scores in the fourth digit).
    """

    def __init__(
        self,
        redis: Redis,
        *,
        name: str,
        dimensions: int,
        ttl_s: int,
        timeout_s: float = 1.0,
        cooldown_s: float = 30.0,
    ) -> None:
        if redis.connection_pool.connection_kwargs.get("decode_responses"):
            raise ValueError("vectors are bytes: give the cache a Redis client without decode_responses")
        self._redis = redis
        self._prefix = f"freya:embedding:{name}:{dimensions}:"
        self._dimensions = dimensions
        self._ttl_s = ttl_s
        self._timeout_s = timeout_s
        self._cooldown_s = cooldown_s
        self._retry_at = 0.0
        self._failing = False

    async def get(self, digests: Sequence[str]) -> dict[str, Vector]:
        """Those of the vectors that are there and sound."""
        found: dict[str, Vector] = {}
        if self._resting():
            return found
        try:
            for start in range(0, len(digests), _KEYS_AT_ONCE):
                part = digests[start : start + _KEYS_AT_ONCE]
                values = await self._exchange(self._redis.mget([self._prefix + digest for digest in part]))
                for digest, value in zip(part, values, strict=True):
                    vector = self._read(value)
                    if vector is not None:
                        found[digest] = vector
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
        else:
            self._answered()
        return found

    async def set(self, vectors: Mapping[str, Vector]) -> None:
        """Keep them for the time to live, as far as Redis takes them."""
        items = list(vectors.items())
        if self._resting():
            return
        try:
            for start in range(0, len(items), _KEYS_AT_ONCE):
                async with self._redis.pipeline(transaction=False) as pipe:
                    for digest, vector in items[start : start + _KEYS_AT_ONCE]:
                        pipe.set(self._prefix + digest, vector.astype(_BYTES).tobytes(), ex=self._ttl_s)
                    await self._exchange(pipe.execute())
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
        else:
            self._answered()

    async def _exchange(self, exchange: Awaitable[_Answer]) -> _Answer:
        """Wait for Redis, but not too long; and be cancelled when asked to.

        redis-py sends inside asyncio.wait_for, which up to Python 3.11 drops a cancellation that arrives in the
        same turn of the loop as its result (CPython gh-86296).
        """
        task = asyncio.current_task()
        before = task.cancelling() if task else 0
        async with asyncio.timeout(self._timeout_s):
            answer = await exchange
        if task and task.cancelling() > before:
            raise asyncio.CancelledError
        return answer

    def _read(self, value: bytes | str | None) -> Vector | None:
        if not isinstance(value, bytes) or len(value) != self._dimensions * _BYTES.itemsize:
            return None
        vector = np.frombuffer(value, dtype=_BYTES).astype(np.float32)
        length = float(np.linalg.norm(vector.astype(np.float64)))
        return vector if abs(length - 1.0) < _UNIT_TOLERANCE else None

    def _resting(self) -> bool:
        return time.monotonic() < self._retry_at

    def _failed(self, error: Exception) -> None:
        self._retry_at = time.monotonic() + self._cooldown_s
        if not self._failing:
            logger.warning("the embedding cache in Redis does not answer (%r); computing without it", error)
        self._failing = True

    def _answered(self) -> None:
        if self._failing:
            logger.info("the embedding cache in Redis answers again")
        self._failing = False
