"""Recall: what has to do with a question, from all tiers at once, within a budget and in time."""

import asyncio
import contextlib
import functools
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar  # a task's result may be anything

from memory.database import Database
from memory.errors import KeyMissing, MemoryUnavailable
from memory.interfaces import Degraded, Recalled, RecallFilter, Recollection, Tier, Vectors, VectorStore
from memory.owner import Owner
from memory.recall.cache import HeldIndex, IndexCache
from memory.recall.composing import compose
from memory.recall.dates import window
from memory.recall.deleted import still_there, told, unheld
from memory.recall.glance import glance, is_long
from memory.recall.index import Counter, UserIndex
from memory.recall.question import Question, read
from memory.recall.ranking import NEAREST, rank
from memory.recall.rows import Opens, still_shared
from memory.recall.settings import RecallSettings
from models import Embedder, EmbeddingUnavailable

_Result = TypeVar("_Result")
_BOTH = (Tier.MEDIUM, Tier.LONG)
_WORDS = "; found by words alone"
_MOST_CHARACTERS = 2000  # of a query: what is longer is no question any more


class MemoryRecaller:
    """Recalls over the medium and the long tier; see `memory.interfaces.Recaller`. Closed by `close`.

    `count` gives tokens by the tokenizer that budgets are meant in. `long` holds the vectors of the long tier's
    records; without it they are found by their words alone. `opener` opens what is sealed.
    """

    def __init__(
        self,
        database: Database,
        embedder: Embedder,
        *,
        count: Counter,
        settings: RecallSettings | None = None,
        long: VectorStore | None = None,
        opener: Opens | None = None,
    ) -> None:
        self._settings = settings or RecallSettings()
        self._database = database
        self._embedder = embedder
        self._long = long
        self._count = count
        self._opener = opener
        self._tasks: set[asyncio.Task[Any]] = set()
        self._cache = IndexCache(
            database,
            model=embedder.name,
            dimensions=embedder.dimensions,
            most_bytes=self._settings.index_bytes,
            opener=opener,
        )

    async def recall(
        self, owner: Owner, query: str, *, budget: int, wanted: RecallFilter, now: datetime | None = None
    ) -> Recollection:
        """The best items of this owner within `budget` tokens, best first; no items: nothing relevant is known.

        Never raises for a store that is slow or away: what is missing is said in `degraded`. Times that the question
        speaks of are seen from `now`.
        """
        began, at = time.perf_counter(), now or datetime.now(UTC)
        missing: dict[Tier, str] = {}
        found: list[Recalled] = []
        if query.strip() and budget > 0 and wanted.tiers & {Tier.MEDIUM, Tier.LONG}:
            found = await self._recalled(owner, query, budget, wanted, at, missing)
        return Recollection(
            items=tuple(found),
            tokens=sum(item.tokens for item in found),
            budget=budget,
            degraded=tuple(
                Degraded(tier=tier, reason=reason) for tier, reason in missing.items() if tier in wanted.tiers
            ),
            took_ms=(time.perf_counter() - began) * 1000,
        )

    async def warm(self, owner: Owner) -> None:
        """Read the owner's memory, so that the next recall finds it at hand. Raises MemoryUnavailable."""
        await asyncio.shield(self._start(self._cache.current(owner)))

    def forget(self, owner: Owner) -> None:
        """Let go of what is held in memory of the owner; the next recall reads it again."""
        self._cache.drop(owner)

    async def close(self) -> None:
        """Wait for what is being read."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _recalled(
        self,
        owner: Owner,
        query: str,
        budget: int,
        wanted: RecallFilter,
        at: datetime,
        missing: dict[Tier, str],
    ) -> list[Recalled]:
        timeout_s = self._settings.timeout_s
        deadline = asyncio.get_running_loop().time() + timeout_s
        asked = _shortened(query)
        question = read(asked, window=window(asked, at))
        held = self._cache.held(owner)
        long = await self._is_long(owner, held, deadline)
        with held.undisturbed() if long else contextlib.nullcontext():
            following = self._start(self._cache.current(owner))
            vector, nearest = await self._meaning(owner, question.text, wanted, deadline, missing)
            question = replace(question, vector=vector)
            work = functools.partial(
                items,
                question=question,
                settings=self._settings,
                budget=budget,
                count=self._count,
                wanted=wanted,
                now=at.timestamp(),
                nearest=nearest,
            )
            found = await self._glanced(owner, question, work, deadline) if long else None
        later = deadline
        if found is None:
            if await _in_turn(following, held, deadline, timeout_s, missing) is None:
                return []
            later = asyncio.get_running_loop().time() + timeout_s
            found = await _in_turn(self._start(held.search(work)), held, later, timeout_s, missing) or []
        found = await self._still_shared(owner, found, later, missing)
        return await self._told_of_deleted(owner, found, later)

    async def _is_long(self, owner: Owner, held: HeldIndex, deadline: float) -> bool:
        """Whether the owner's memory is still to be read whole, and takes longer than recall should."""
        if held.whole:
            return False
        return bool(await _in_time(self._start(is_long(self._database, owner)), deadline, (), {}))

    async def _glanced(
        self, owner: Owner, question: Question, work: Callable[[UserIndex], list[Recalled]], deadline: float
    ) -> list[Recalled] | None:
        """What is found with an index of the little that the database finds for the question; None where it is late or away."""

        async def found() -> list[Recalled]:
            index = await glance(
                self._database,
                owner,
                question,
                model=self._embedder.name,
                dimensions=self._embedder.dimensions,
                opener=self._opener,
            )
            return await asyncio.to_thread(work, index)

        return await _in_time(self._start(found()), deadline, (), {})

    async def _still_shared(
        self, owner: Owner, found: list[Recalled], deadline: float, missing: dict[Tier, str]
    ) -> list[Recalled]:
        """Without what others shared when the index was read and do not any more, whatever kept word of it back."""
        shared = {item.id for item in found if item.by is not None}
        if not shared:
            return found
        looking = self._start(still_shared(self._database, owner, sorted(shared)))
        still = await _in_time(looking, deadline, (Tier.MEDIUM,), missing)
        if still is not None and still != shared:
            self._cache.drop(owner)
        gone = shared - (still or set())
        return [item for item in found if item.id not in gone]

    async def _told_of_deleted(self, owner: Owner, found: list[Recalled], deadline: float) -> list[Recalled]:
        """With word of which messages were deleted; without any where that cannot be known in time."""
        asked = unheld(found)
        if not asked:
            return found
        there = await _in_time(self._start(still_there(self._database, owner, asked)), deadline, (), {})
        return [told(item, asked if there is None else there) for item in found]

    async def _meaning(
        self, owner: Owner, asked: str, wanted: RecallFilter, deadline: float, missing: dict[Tier, str]
    ) -> tuple[Vectors | None, Mapping[str, float]]:
        """The question's vector, and the cosines of what is kept elsewhere."""
        embedding = self._start(self._embedder.embed([asked]))
        vectors = await _in_time(embedding, deadline, _BOTH, missing, else_by=_WORDS)
        if vectors is None:
            return None, {}
        if self._long is None or Tier.LONG not in wanted.tiers:
            return vectors[0], {}
        near = self._start(self._long.nearest(owner, vectors[0], limit=NEAREST))
        return vectors[0], await _in_time(near, deadline, (Tier.LONG,), missing, else_by=_WORDS) or {}

    def _start(self, work: Coroutine[Any, Any, _Result]) -> asyncio.Task[_Result]:
        """A task that goes on when nobody waits for it any more: what it reads is there for the next."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # who still waited has heard of it


def _shortened(query: str) -> str:
    if len(query) <= _MOST_CHARACTERS:
        return query
    return query.strip()[:_MOST_CHARACTERS].rsplit(maxsplit=1)[0]


def items(
    index: UserIndex,
    *,
    question: Question,
    settings: RecallSettings,
    budget: int,
    count: Counter,
    wanted: RecallFilter,
    now: float,
    nearest: Mapping[str, float],
) -> list[Recalled]:
    """What of an index has to do with a question, best first, within a budget of tokens; computes."""
    ranked = rank(index, question, settings, wanted=wanted, now=now, nearest=nearest)
    return compose(
        index, ranked, question, settings, budget=budget, count=count, now=now, headed=wanted.headed
    )


async def _in_time(
    task: asyncio.Task[_Result],
    deadline: float,
    tiers: Sequence[Tier],
    missing: dict[Tier, str],
    *,
    else_by: str = "",
) -> _Result | None:
    """What the task gives by the deadline of the loop's clock; None, and a word on each tier, where it does not."""
    left = deadline - asyncio.get_running_loop().time()
    await asyncio.wait({task}, timeout=max(0.0, left))
    reason = "it did not answer in time"
    if task.done():
        try:
            return task.result()
        except (MemoryUnavailable, KeyMissing, EmbeddingUnavailable) as error:
            reason = str(error)
    for tier in tiers:
        missing.setdefault(tier, reason + else_by)
    return None


async def _in_turn(
    task: asyncio.Task[_Result], held: HeldIndex, deadline: float, timeout_s: float, missing: dict[Tier, str]
) -> _Result | None:
    """As `_in_time`, but each turn of an index that others use too has its own time: to queue is not to be late."""
    loop = asyncio.get_running_loop()
    while not task.done():
        deadline = max(deadline, held.turned_at + timeout_s)
        if loop.time() >= deadline:
            break
        await asyncio.wait({task}, timeout=deadline - loop.time())
    return await _in_time(task, deadline, _BOTH, missing)
