"""The short-term tier: the last turns of a thread in Redis, until it has been idle for its time to live."""

import json

from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from memory.errors import MemoryUnavailable
from memory.interfaces import Scope, Turn
from memory.settings import MemorySettings

_APPEND = """
for _, kept in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
    if string.find(kept, ARGV[2], 1, true) == 1 then return 0 end
end
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], -tonumber(ARGV[3]), -1)
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""
"""Appends a turn unless one of its run is there, which its JSON begins with; at once, so that no two writers mix."""


class ShortTermTier:
    """A Redis list a thread, newest last, cut to the last turns."""

    def __init__(self, redis: Redis, settings: MemorySettings) -> None:
        self._redis = redis
        self._settings = settings
        self._append = redis.register_script(_APPEND)

    async def recall(self, scope: Scope, *, limit: int) -> list[Turn]:
        """The newest turns of the thread, at most `limit`, oldest first."""
        try:
            stored = await self._redis.lrange(_key(scope), -limit, -1)
        except RedisError as error:
            raise MemoryUnavailable(f"short-term memory does not answer: {error}") from error
        turns = []
        for raw in stored:
            try:
                turns.append(Turn.model_validate_json(raw))
            except ValidationError:
                continue  # written by another version; the permanent copy is in the database
        return turns

    async def remember(self, scope: Scope, turn: Turn) -> None:
        """Append the turn, cut the list, and start its time to live anew; a run's turn is kept once."""
        begins = f'{{"run_id":{json.dumps(turn.run_id)},'
        limits = (self._settings.short_turns, self._settings.short_ttl_s)
        try:
            await self._append(keys=[_key(scope)], args=[turn.model_dump_json(), begins, *limits])
        except RedisError as error:
            raise MemoryUnavailable(f"short-term memory does not answer: {error}") from error

    async def forget(self, scope: Scope) -> None:
        """Drop what is kept of the thread."""
        try:
            await self._redis.delete(_key(scope))
        except RedisError as error:
            raise MemoryUnavailable(f"short-term memory does not answer: {error}") from error


def _key(scope: Scope) -> str:
    return f"freya:short:{scope.tenant_id}:{scope.user_id}:{scope.thread_id}"
