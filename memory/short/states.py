"""Working states in Redis: a hash a thread, a field a value, so that changes of different values never meet."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from redis.asyncio import Redis

from memory.interfaces import Scope, WorkingState
from memory.short.keys import Answer, text_of, thread_keys
from memory.short.scripts import UPDATE
from memory.short.sealed import Sealing
from memory.short.state import (
    StateChange,
    StateInvalid,
    check_agent,
    check_version,
    field_values,
    own_fields,
    state_from,
)

_OTHER_VERSION = -1
_UNKNOWN = 0
_TOO_LARGE = -2


class WorkingStates:
    """Reads and changes working states. What Redis raises is the caller's."""

    def __init__(self, redis: Redis, sealing: Sealing, *, ttl_s: int, most_bytes: int) -> None:
        self._redis = redis
        self._sealing = sealing
        self._ttl_s = ttl_s
        self._most_bytes = most_bytes
        self._update = redis.register_script(UPDATE)

    async def read(self, scope: Scope, agent: str) -> WorkingState:
        """The agent's state; of version 0 where there is none. Raises StateInvalid for a name that cannot be one."""
        check_agent(agent)
        stored = await self._redis.hgetall(thread_keys(scope).state)
        return await self._opened(scope, agent, _texts(stored))

    async def change(self, scope: Scope, agent: str, change: StateChange) -> WorkingState:
        """The state after the change, which is made at once. Raises StateInvalid or StateConflict."""
        sets, drops = field_values(agent, change)
        sealed = [await self._sealing.seal(scope.owner, value) for value in sets.values()]
        outcome, detail = await self._update(
            keys=[thread_keys(scope).state],
            args=[
                agent,
                _wanted(change),
                datetime.now(UTC).isoformat(),
                self._ttl_s,
                self._most_bytes,
                len(drops),
                *drops,
                *(part for pair in zip(sets, sealed, strict=True) for part in pair),
            ],
        )
        if outcome == _OTHER_VERSION:
            check_version(agent, detail, change)
        if outcome == _UNKNOWN:
            return WorkingState(agent=agent)
        if outcome == _TOO_LARGE:
            raise StateInvalid(
                f"the working state of {agent} would have {detail} bytes, and may have {self._most_bytes}: drop what it "
                "no longer needs"
            )
        return await self._opened(scope, agent, _texts(dict(zip(detail[::2], detail[1::2], strict=True))))

    async def _opened(self, scope: Scope, agent: str, fields: dict[str, str]) -> WorkingState:
        names = own_fields(agent, list(fields))
        opened = await asyncio.gather(*(self._sealing.open(scope.owner, fields[name]) for name in names))
        return state_from(agent, fields | dict(zip(names, opened, strict=True)))


def _wanted(change: StateChange) -> str | int:
    if change.only_known:
        return "+"
    return "" if change.version is None else change.version


def _texts(stored: Mapping[Answer, Answer]) -> dict[str, str]:
    return {text_of(field): text_of(value) for field, value in stored.items()}
