"""The last turns of a thread in Redis, what came before them, and the working state of its agents."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from memory.errors import KeyMissing, MemoryUnavailable
from memory.interfaces import Scope, Turn, WorkingState
from memory.owner import Owner
from memory.settings import MemorySettings
from memory.short.condensing import Condensed, Condenser, short_settings
from memory.short.keys import Answer, owner_prefix, text_of, thread_keys
from memory.short.scripts import APPEND, FOLD, RESTORE
from memory.short.sealed import Sealing, Unsealed
from memory.short.state import StateChange
from memory.short.states import WorkingStates
from memory.short.summaries import Summariser, Summary
from memory.short.tokens import Counter, count_tokens, turn_tokens

_TRIES = 3
_RUNS_KNOWN = 100  # runs of summed-up turns that are still told from new ones
_SCANNED = 1000


@dataclass(frozen=True)
class Mark:
    """What the turns of a thread looked like when they were read."""

    held: int
    last: str
    """The run of the newest; empty for none."""


@dataclass(frozen=True)
class Held:
    """What Redis holds of a thread."""

    turns: tuple[Turn, ...]
    """Oldest first."""
    summary: Summary | None
    whole: bool
    """Summary and turns are the whole thread, as far as Redis knows."""
    folded: tuple[str, ...]
    """The last runs that went into the summary."""
    mark: Mark

    def knows(self, run_id: str) -> bool:
        """Whether the run's turn is here or in the summary."""
        return run_id in self.folded or any(turn.run_id == run_id for turn in self.turns)


class ShortTermTier:
    """Turns, their summary and working states, by thread and user. An outage raises MemoryUnavailable.

    So does a Redis that takes longer for one thing than recall waits for a tier.

    Turns that are too many, or together too long, are summed up, once the tier knows the whole thread; until
    `restore` has told it, it keeps the newest only.
    """

    def __init__(
        self,
        redis: Redis,
        settings: MemorySettings,
        *,
        summariser: Summariser | None = None,
        count: Counter = count_tokens,
        sealing: Sealing | None = None,
    ) -> None:
        self.condenser = Condenser(settings, summariser=summariser, count=count)
        self._redis = redis
        self._settings = settings
        self._sealing = sealing or Unsealed()
        self._states = WorkingStates(
            redis, self._sealing, ttl_s=settings.short_ttl_s, most_bytes=short_settings(settings).state_bytes
        )
        self._append = redis.register_script(APPEND)
        self._fold = redis.register_script(FOLD)
        self._restore = redis.register_script(RESTORE)

    async def recall(self, scope: Scope, *, limit: int) -> list[Turn]:
        """The newest turns of the thread, at most `limit`, oldest first."""
        return list((await self.held(scope)).turns[-limit:])

    async def summary(self, scope: Scope) -> Summary | None:
        """What stands for the turns before those that are held; None where nothing is summed up."""
        return (await self.held(scope)).summary

    async def held(self, scope: Scope) -> Held:
        """All that is held of the thread, read at once."""
        keys = thread_keys(scope)
        async with self._in_time(), self._redis.pipeline(transaction=True) as pipe:
            pipe.lrange(keys.turns, 0, -1)
            pipe.hgetall(keys.summary)
            entries, stored = await pipe.execute()
        turns = [await self._turn(scope, entry) for entry in entries]
        about = {text_of(field): text_of(value) for field, value in stored.items()}
        readable = tuple(turn for turn in turns if turn)
        summary = await self._summary(scope, about)
        understood = len(readable) == len(entries) and (summary is None) == (about.get("covers", "0") == "0")
        return Held(
            turns=readable,
            summary=summary,
            whole=understood and about.get("held") == str(len(entries)),
            folded=tuple(orjson.loads(about.get("runs", "[]"))),
            mark=Mark(len(entries), _run(entries[-1]) if entries else ""),
        )

    async def remember(self, scope: Scope, turn: Turn, *, first: bool = False) -> None:
        """Append the turn, sum up the oldest where there is too much, and start the time to live anew.

        A run's turn is kept once. With the first of a thread the tier knows the whole of it.
        """
        keys = thread_keys(scope)
        body = await self._sealing.seal(scope.owner, turn.model_dump_json())
        tokens = await asyncio.to_thread(turn_tokens, turn, self.condenser.count)
        async with self._in_time():
            whole, held, total, covers = await self._append(
                keys=keys,
                args=[
                    turn.run_id,
                    body,
                    tokens,
                    self._settings.short_turns,
                    self._settings.short_ttl_s,
                    int(first),
                ],
            )
        if whole and not self.condenser.fits(held, total, summarised=covers > 0):
            await self._sum_up(scope)

    async def restore(self, scope: Scope, turns: Sequence[Turn], mark: Mark) -> Condensed:
        """Hold the whole thread, given its turns, oldest first, unless it has changed since it was `mark`ed.

        Gives what is carried along of these turns, whether or not it could be held.
        """
        condensed = await self.condenser.condense(None, turns, quick=True)
        entries = [
            f"{turn.run_id}\n{await self._sealing.seal(scope.owner, turn.model_dump_json())}"
            for turn in condensed.turns
        ]
        before: list[str | int] = [mark.held, mark.last, self._settings.short_ttl_s, condensed.tokens]
        summed_up = await self._fields(scope, condensed.summary, [turn.run_id for turn in condensed.folded])
        with contextlib.suppress(MemoryUnavailable):
            async with self._in_time():
                await self._restore(keys=thread_keys(scope)[:2], args=[*before, *summed_up, *entries])
        return condensed

    async def state(self, scope: Scope, agent: str) -> WorkingState:
        """What the agent is at in the thread; of version 0 where nobody has said. Raises StateInvalid for its name."""
        async with self._in_time():
            return await self._states.read(scope, agent)

    async def update(self, scope: Scope, agent: str, change: StateChange) -> WorkingState:
        """The working state after the change, which is made at once: changes at the same time all last.

        Raises StateInvalid where it would be too large, StateConflict where it is not at the version that is asked for.
        """
        async with self._in_time():
            return await self._states.change(scope, agent, change)

    async def forget(self, scope: Scope) -> None:
        """Drop all that is kept of the thread."""
        async with self._in_time():
            await self._redis.delete(*thread_keys(scope))

    async def keys(self, owner: Owner) -> list[str]:
        """The keys of all that is kept of the user, in order."""
        with _outages_named():
            return sorted([key async for batch in self._scan(owner) for key in batch])

    async def erase(self, owner: Owner) -> int:
        """Drop all that is kept of the user; gives how many keys there were."""
        with _outages_named():
            return sum([await self._redis.unlink(*batch) async for batch in self._scan(owner)])

    @contextlib.asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        """Within which Redis is spoken to: that it hangs is an outage like any other."""
        timeout_s = self._settings.recall.timeout_s
        with _outages_named():
            try:
                async with asyncio.timeout(timeout_s):
                    yield
            except TimeoutError as error:
                raise MemoryUnavailable(f"short-term memory did not answer within {timeout_s:g} s") from error

    async def _scan(self, owner: Owner) -> AsyncIterator[set[str]]:
        cursor = 0
        while True:
            cursor, found = await self._redis.scan(cursor, match=f"{owner_prefix(owner)}*", count=_SCANNED)
            if found:
                yield {text_of(key) for key in found}
            if not cursor:
                return

    async def _sum_up(self, scope: Scope) -> None:
        """Move the oldest turns into the summary; where others do so at the same time, look again."""
        for _ in range(_TRIES):
            held = await self.held(scope)
            condensed = await self.condenser.condense(held.summary, held.turns)
            if not held.whole or not condensed.folded:
                return
            runs = [*held.folded, *(turn.run_id for turn in condensed.folded)]
            before: list[str | int] = [
                held.summary.covers if held.summary else 0,
                condensed.folded[0].run_id,
                len(condensed.folded),
                condensed.folded_tokens,
                self._settings.short_ttl_s,
            ]
            summed_up = await self._fields(scope, condensed.summary, runs)
            async with self._in_time():
                if await self._fold(keys=thread_keys(scope)[:2], args=[*before, *summed_up]):
                    return

    async def _turn(self, scope: Scope, entry: Answer) -> Turn | None:
        """The turn of an entry; None for one that another version or another key wrote."""
        _, _, body = text_of(entry).partition("\n")
        try:
            return Turn.model_validate_json(await self._sealing.open(scope.owner, body))
        except (ValidationError, KeyMissing):
            return None  # the permanent copy is in the database

    async def _summary(self, scope: Scope, about: dict[str, str]) -> Summary | None:
        covers = int(about.get("covers", "0"))
        if not covers:
            return None
        try:
            text = await self._sealing.open(scope.owner, about["text"])
        except KeyMissing:
            return None
        return Summary(text=text, covers=covers, until=datetime.fromisoformat(about["until"]))

    async def _fields(self, scope: Scope, summary: Summary | None, runs: list[str]) -> list[str | int]:
        """A summary as its text, number, time and runs."""
        known = orjson.dumps(runs[-_RUNS_KNOWN:]).decode()
        if summary is None:
            return ["", 0, "", known]
        return [
            await self._sealing.seal(scope.owner, summary.text),
            summary.covers,
            summary.until.isoformat(),
            known,
        ]


def _run(entry: Answer) -> str:
    return text_of(entry).partition("\n")[0]


@contextlib.contextmanager
def _outages_named() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise MemoryUnavailable(f"short-term memory does not answer: {error}") from error
