"""The short-term tier: the last turns of a thread in Redis, until it has been idle for its time to live."""

from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from memory.errors import MemoryUnavailable
from memory.interfaces import Scope, Turn
from memory.settings import MemorySettings


class ShortTermTier:
    """A Redis list a thread, newest last, cut to the last turns."""

    def __init__(self, redis: Redis, settings: MemorySettings) -> None:
        self._redis = redis
        self._settings = settings

    async def recall(self, scope: Scope, *, limit: int) -> list[Turn]:
        """The newest turns of the thread, at most `limit`, oldest first."""
        try:
            stored = await self._redis.lrange(_key(scope), -limit, -1)
        except RedisError as error:
            raise MemoryUnavailable(f"short-term memory does not answer: {error}") from error
        turns: dict[str, Turn] = {}
        for raw in stored:
            try:
                turn = Turn.model_validate_json(raw)
            except ValidationError:
                continue  # written by another version; the permanent copy is in the database
            turns[turn.run_id] = turn
        return list(turns.values())

    async def remember(self, scope: Scope, turn: Turn) -> None:
        """Append the turn, cut the list, and start its time to live anew."""
        key = _key(scope)
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.rpush(key, turn.model_dump_json())
                pipe.ltrim(key, -self._settings.short_turns, -1)
                pipe.expire(key, self._settings.short_ttl_s)
                await pipe.execute()
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
