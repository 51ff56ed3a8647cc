"""Limits on what a caller uses: counted in Redis for all processes, each request in one exchange."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.access.caller import Caller, Standing, caller
from app.access.settings import LimitSettings
from app.problems import ProblemError, problem

_log = structlog.get_logger(__name__)
_PATIENCE_S: Final = 0.5
_LEAVE_ALONE_S: Final = 2.0
_MINUTE: Final = 60
_DAY: Final = 86_400
_UNCHECKED: Final = -1
_PARTS: Final = 60
_COUNT: Final = """
local time = redis.call('TIME')
local now, parts = time[1] * 1000 + math.floor(time[2] / 1000), tonumber(ARGV[1])
local said, refused = {}, 0
for i, key in ipairs(KEYS) do
    local quota, window, cost = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
    local size, kept, found, used = window / parts, {}, redis.call('HGETALL', key), 0
    local current = math.floor(now / size)
    for at = 1, #found, 2 do
        local part, count = tonumber(found[at]), tonumber(found[at + 1])
        if part < current - parts then
            redis.call('HDEL', key, found[at])
        else
            table.insert(kept, {part, count})
            used = used + count
        end
    end
    table.sort(kept, function(one, other) return one[1] < other[1] end)
    local over, wait = used + math.max(cost, 1) - quota, 0
    if quota >= 0 and over > 0 then
        if refused == 0 then refused = i end
        for _, part in ipairs(kept) do
            over, wait = over - part[2], (part[1] + parts + 1) * size - now
            if over <= 0 then break end
        end
        if wait == 0 then wait = window end
    end
    local last = #kept > 0 and kept[#kept][1] or current
    said[3 * i - 2], said[3 * i - 1], said[3 * i] = used, (last + parts + 1) * size - now, wait
end
if refused == 0 then
    for i, key in ipairs(KEYS) do
        local window, cost = tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
        if cost > 0 then
            local size = window / parts
            local current = math.floor(now / size)
            redis.call('HINCRBY', key, string.format('%d', current), cost)
            redis.call('PEXPIRE', key, window + size)
            said[3 * i - 2], said[3 * i - 1] = said[3 * i - 2] + cost, (current + parts + 1) * size - now
        end
    end
end
table.insert(said, 1, refused)
return said
"""
"""Charges all, or nothing where one is spent.

Keys: what was used of each limit, by part of its window. Arguments: parts of a window, then for each key its quota (below 0: none is
checked), milliseconds of its window, cost. Says which limit is spent, by its place from 1, or 0; and for each what is used, and the
milliseconds until all of that is forgotten, and until what was refused would pass.
A part is forgotten a window after its end: no window of any beginning holds more than its quota.
"""


@dataclass(frozen=True)
class _Policy:
    name: str
    quota: int
    window_s: int
    cost: int


class Limiter:
    """Counts what callers use. While Redis is away it lets everything pass: a limit is no reason to lock everybody out.

    Runs need Redis themselves, so that what passes uncounted then are reads.
    """

    def __init__(
        self, redis: Redis, settings: LimitSettings, *, unchecked: Callable[[], None] = lambda: None
    ) -> None:
        """`unchecked` is told of each check that was left out."""
        self._redis = redis
        self._settings = settings
        self._unchecked = unchecked
        self._count = redis.register_script(_COUNT)
        self._left_alone_until = 0.0
        self._spending: set[asyncio.Task[None]] = set()

    async def request(self, by: Caller) -> None:
        """Count a request. Raises ProblemError (rate_limited)."""
        await self._charge(by, self._policies(by, requests=1))

    async def turn(self) -> None:
        """Count a turn of the current caller. Raises ProblemError (rate_limited)."""
        by = caller()
        if by is not None:
            await self._charge(by, self._policies(by, requests=1 if by.by_socket else None, turns=1))

    async def standing(self, by: Caller) -> dict[str, Standing]:
        """How the caller stands with each limit that he has, by its name; counts nothing. Raises RedisError."""
        policies = self._policies(by, requests=0, turns=0)
        if not policies:
            return {}
        given = [number for one in policies for number in (_UNCHECKED, one.window_s * 1000, 0)]
        _, *said = await self._count(
            keys=[_key(by, policy.name) for policy in policies], args=[_PARTS, *given]
        )
        return _standing(policies, said)

    def spent(self, tokens: int) -> None:
        """Count tokens that a run of the current caller took; behind the caller's back."""
        by = caller()
        if by is None or tokens <= 0 or self._quota(by, "tokens_a_day") is None:
            return
        task = asyncio.create_task(self._add(_key(by, "tokens"), tokens))
        self._spending.add(task)
        task.add_done_callback(self._spending.discard)

    async def _add(self, key: str, tokens: int) -> None:
        try:
            await self._count(keys=[key], args=[_PARTS, _UNCHECKED, _DAY * 1000, tokens])
        except RedisError as error:
            _log.warning("tokens were not counted", tokens=tokens, error=str(error))

    async def _charge(self, by: Caller, policies: Sequence[_Policy]) -> None:
        if not policies or time.monotonic() < self._left_alone_until:
            return
        keys = [_key(by, policy.name) for policy in policies]
        given = [number for one in policies for number in (one.quota, one.window_s * 1000, one.cost)]
        try:
            async with asyncio.timeout(_PATIENCE_S):
                refused, *said = await self._count(keys=keys, args=[_PARTS, *given])
        except (RedisError, TimeoutError, OSError) as error:
            self._left_alone_until = time.monotonic() + _LEAVE_ALONE_S
            self._unchecked()
            _log.warning(
                "limits are not checked while Redis is away", error=str(error) or "no answer in time"
            )
            return
        by.standing.update(_standing(policies, said))
        if refused:
            raise _refusal(by, policies[refused - 1], ceil(said[3 * refused - 1] / 1000))

    def _policies(
        self, by: Caller, *, requests: int | None = None, turns: int | None = None
    ) -> list[_Policy]:
        wanted = (
            ("requests", "requests_a_minute", _MINUTE, requests),
            ("turns", "turns_a_day", _DAY, turns),
            ("tokens", "tokens_a_day", _DAY, None if turns is None else 0),
        )
        return [
            _Policy(name, quota, window, cost)
            for name, setting, window, cost in wanted
            if cost is not None and (quota := self._quota(by, setting)) is not None
        ]

    def _quota(self, by: Caller, setting: str) -> int | None:
        own: int | None = getattr(by.key.limits, setting) if by.key else None
        usual: int | None = getattr(self._settings, setting)
        return own if own is not None else usual


class OpenStreams:
    """Counts the streams and WebSockets that are open in this process."""

    def __init__(self, settings: LimitSettings) -> None:
        self._settings = settings
        self._open: dict[str, int] = {}
        self.count = 0
        """Those of all callers."""

    @contextmanager
    def one_more(self, by: Caller) -> Iterator[None]:
        """Hold one. Raises ProblemError (rate_limited for the caller's own, overloaded for all)."""
        own = self._open.get(by.subject, 0)
        if own >= self._settings.streams_a_key:
            said = f"{own} streams are open for this {'key' if by.key else 'user'}. Close one, or follow several runs on a WebSocket."
            raise ProblemError(problem("rate_limited", said, retry_after_s=2))
        if self.count >= self._settings.streams:
            raise ProblemError(
                problem("overloaded", f"{self.count} streams are open here. Try again in a moment.")
            )
        self._open[by.subject] = own + 1
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1
            self._open[by.subject] -= 1
            if not self._open[by.subject]:
                del self._open[by.subject]


def _key(by: Caller, name: str) -> str:
    return f"freya:used:{by.subject}:{name}"


def _standing(policies: Sequence[_Policy], said: Sequence[int]) -> dict[str, Standing]:
    """By name how a caller stands, of what the count said."""
    return {
        policy.name: Standing(policy.quota, policy.window_s, max(0, policy.quota - used), ceil(left / 1000))
        for policy, used, left in zip(policies, said[::3], said[1::3], strict=True)
    }


def _refusal(by: Caller, policy: _Policy, wait_s: int) -> ProblemError:
    whose = "key" if by.key else "user"
    per = "minute" if policy.window_s == _MINUTE else "day"
    said = f"This {whose} may use {policy.quota} {policy.name} a {per}. Try again in {wait_s} s."
    return ProblemError(problem("rate_limited", said, retry_after_s=max(1, wait_s)))
