"""Steps in the background: woken, repeated, surviving outages, ended cleanly."""

import asyncio
import itertools

import pytest

from memory import MemoryUnavailable
from memory.consolidation import ConsolidationWorker, Step

_FAR = 3600.0


class Work:
    """Counts how often it was done; fails or finds something to do as the test says."""

    def __init__(self, found: list[int | Exception] | None = None) -> None:
        self.found = found or []
        self.times = 0
        self._changed = asyncio.Condition()

    async def run(self) -> int:
        async with self._changed:
            self.times += 1
            self._changed.notify_all()
        step = self.found.pop(0) if self.found else 0
        if isinstance(step, Exception):
            raise step
        return step

    async def done(self, times: int) -> None:
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: self.times >= times)


async def test_the_end_of_a_turn_starts_what_waits_for_it() -> None:
    turns, daily = Work(), Work()
    steps = (
        Step(name="consolidate", run=turns.run, every_s=_FAR, at_wake=True),
        Step(name="fade", run=daily.run, every_s=_FAR),
    )
    async with ConsolidationWorker(steps) as worker:
        await turns.done(1)
        await daily.done(1)
        worker.wake()
        await turns.done(2)

    assert daily.times == 1


async def test_a_step_that_did_something_looks_again() -> None:
    work = Work([200, 200, 7, 0])
    async with ConsolidationWorker([Step(name="embed", run=work.run, every_s=_FAR, at_wake=True)]):
        await work.done(4)


async def test_an_outage_is_waited_out_and_stops_no_other_step() -> None:
    failing, other = Work([MemoryUnavailable("away"), MemoryUnavailable("away")]), Work()
    steps = (
        Step(name="consolidate", run=failing.run, every_s=_FAR, at_wake=True),
        Step(name="heal", run=other.run, every_s=0.001),
    )
    async with ConsolidationWorker(steps, retry_s=0.001) as worker:
        await failing.done(3)
        await other.done(3)
        worker.wake()
        await failing.done(4)


async def test_leaving_ends_a_step_that_hangs() -> None:
    begun = asyncio.Event()
    ended = asyncio.Event()

    async def hang() -> int:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return 0

    async with ConsolidationWorker([Step(name="heal", run=hang, every_s=_FAR)]):
        async with asyncio.timeout(60):
            await begun.wait()

    assert ended.is_set()


@pytest.mark.parametrize("times", [3])
async def test_a_step_is_done_again_by_schedule(times: int) -> None:
    work = Work()
    async with ConsolidationWorker([Step(name="consolidate", run=work.run, every_s=0.001)]):
        await work.done(times)


async def test_turns_that_follow_each_other_are_waited_out_for_a_while_only() -> None:
    work = Work()
    step = Step(name="embed", run=work.run, every_s=_FAR, at_wake=True, settle_s=0.3, behind_s=0.6)
    async with ConsolidationWorker([step]) as worker:
        await work.done(1)
        loop = asyncio.get_running_loop()
        calls = [loop.call_later(turn * 0.05, worker.wake) for turn in range(100)]  # for five seconds
        began = loop.time()
        await work.done(2)
        took = loop.time() - began
        for call in calls:
            call.cancel()

    assert 0.55 <= took < 4.0


async def test_a_step_waits_while_a_turn_is_going_on() -> None:
    work = Work()
    step = Step(name="embed", run=work.run, every_s=_FAR, at_wake=True, settle_s=0.05, behind_s=_FAR)
    async with ConsolidationWorker([step]) as worker:
        await work.done(1)
        loop = asyncio.get_running_loop()
        worker.going(2)
        worker.wake()
        loop.call_later(0.2, worker.going, 1)
        loop.call_later(0.4, worker.going, 0)
        began = loop.time()
        await work.done(2)

    assert loop.time() - began >= 0.43


async def test_a_step_that_can_wait_no_longer_leaves_turns_as_much_time_as_it_takes() -> None:
    loop = asyncio.get_running_loop()
    spans: list[tuple[float, float]] = []
    ended = asyncio.Event()

    async def run() -> int:
        began = loop.time()
        await asyncio.sleep(0.1)
        spans.append((began, loop.time()))
        if len(spans) == 3:
            ended.set()
        return 200

    step = Step(name="embed", run=run, every_s=_FAR, at_wake=True, settle_s=_FAR, behind_s=0.0)
    async with ConsolidationWorker([step]) as worker:
        worker.going(1)
        async with asyncio.timeout(60):
            await ended.wait()

    pauses = [after - before for (_, before), (after, _) in itertools.pairwise(spans)]
    assert min(pauses) >= 0.09


async def test_what_waits_is_done_without_a_pause_once_no_turn_is_going_on() -> None:
    work = Work([200] * 5)
    step = Step(name="embed", run=work.run, every_s=_FAR, at_wake=True, settle_s=_FAR, behind_s=_FAR)
    async with ConsolidationWorker([step]):
        await work.done(6)


async def test_a_step_waits_for_the_pause_between_two_turns() -> None:
    work = Work()
    step = Step(name="embed", run=work.run, every_s=_FAR, at_wake=True, settle_s=0.2, behind_s=_FAR)
    async with ConsolidationWorker([step]) as worker:
        await work.done(1)
        loop = asyncio.get_running_loop()
        worker.wake()
        loop.call_later(0.1, worker.wake)
        began = loop.time()
        await work.done(2)

    assert loop.time() - began >= 0.28
