import asyncio
from collections import deque

import pytest

from app.problems import ProblemError
from app.runs.admission import LEAST, Admission
from app.runs.executors import Full, InProcess
from graphs import RouteChosen, RunStarted
from memory import LOCAL
from tests.app.scripted import Gate, Setup, ask

ROUTED = RouteChosen(kind="tasks", tasks=[])


def offered(admission: Admission, *, a_second: float, bears: float, seconds: float) -> list[float]:
    """Offers runs evenly to a process that routes so many a second, in their order; gives the seconds to the routes."""
    waiting: deque[float] = deque()
    took: list[float] = []
    now, free_at, arrived = 0.0, 0.0, 0.0
    while now < seconds:
        now += 1 / a_second
        while waiting and free_at <= now:
            began = waiting.popleft()
            admission.heard(ROUTED, free_at - began, now=free_at, active=len(waiting) + 1)
            took.append(free_at - began)
            arrived = waiting[0] if waiting else now
            free_at = max(free_at, arrived) + 1 / bears
        if len(waiting) < admission.limit:
            free_at = free_at if waiting else now + 1 / bears
            waiting.append(now)
    return took


def test_those_who_are_let_in_are_soon_under_way_however_many_are_offered():
    admission = Admission(most=64, within_s=0.5)
    late = [took for took in offered(admission, a_second=50, bears=10, seconds=300) if took > 1]
    everything = offered(Admission(most=64, within_s=0), a_second=50, bears=10, seconds=300)
    assert min(everything[100:]) > 5  # all of them, without it
    assert len(late) < 100
    assert LEAST <= admission.limit <= 12


def test_as_many_as_may_are_let_in_where_each_is_routed_at_once():
    admission = Admission(most=64, within_s=0.5)
    for _ in range(64):
        admission.heard(ROUTED, 0.01, now=1.0, active=admission.limit)
    assert admission.limit == 64


def test_after_a_while_without_late_ones_it_grows_as_at_first():
    admission = Admission(most=64, within_s=0.5)
    admission.heard(ROUTED, 2.0, now=10.0, active=16)
    assert admission.limit == 8
    for _ in range(4):
        admission.heard(ROUTED, 0.1, now=11.0, active=8)
    assert admission.limit == 8
    for _ in range(4):
        admission.heard(ROUTED, 0.1, now=30.0, active=admission.limit)
    assert admission.limit == 12


def test_what_is_not_offered_is_not_learned():
    admission = Admission(most=64, within_s=0.5)
    before = admission.limit
    for _ in range(64):
        admission.heard(ROUTED, 0.01, now=1.0, active=2)
    assert admission.limit == before


def test_late_ones_that_began_together_count_once_and_some_are_always_let_in():
    admission = Admission(most=64, within_s=0.5)
    before = admission.limit
    for took in (2.0, 2.1, 2.2):
        admission.heard(ROUTED, took, now=10 + took, active=16)
    assert admission.limit == before // 2
    admission.heard(ROUTED, 0.6, now=50, active=LEAST)
    assert admission.limit == before // 2, "too few to be too many"
    for number in range(1, 20):
        admission.heard(ROUTED, 0.6, now=100.0 * number, active=30)
    assert admission.limit == LEAST


def test_other_events_and_a_switched_off_one_change_nothing():
    admission = Admission(most=64, within_s=0.5)
    before = admission.limit
    admission.heard(RunStarted(thread_id="thr_1"), 9.0, now=20.0, active=30)
    assert admission.limit == before
    off = Admission(most=64, within_s=0)
    off.heard(ROUTED, 9.0, now=20.0, active=30)
    assert off.limit == 64
    assert Admission(most=2, within_s=0.5).limit == 2


async def test_a_run_that_is_not_let_in_is_refused_with_when_to_try_again(pool, redis):
    setup = Setup(pool=pool, redis=redis, most_runs=1)
    gate = setup.graph.script = Gate()
    async with setup.open() as manager:
        run_id, _ = await manager.start(LOCAL, ask())
        assert manager.admitted == 1
        with pytest.raises(ProblemError, match="1 runs are going on") as refused:
            await manager.start(LOCAL, ask())
        assert (refused.value.problem.code, refused.value.problem.retry_after_s) == ("overloaded", 1)
        gate.through.set()
        await manager.wait(LOCAL, run_id)


class Places:
    """Runs that take a place each, as those of the manager do."""

    def __init__(self, limit: int) -> None:
        self.admission = Admission(most=limit, within_s=0.5)
        self.going = 0
        self.order: list[int] = []
        self.executor = InProcess(
            "wrk_1", active=lambda: self.going, admission=self.admission, carry=lambda _run: None
        )

    async def enter(self, number: int) -> None:
        async with self.executor.place():
            await asyncio.sleep(0)  # until it is on record
            self.going += 1
            self.order.append(number)

    def leave(self) -> None:
        self.going -= 1
        self.admission.ended(now=asyncio.get_running_loop().time())


async def test_who_finds_no_place_waits_for_one_in_turn():
    places = Places(limit=2)
    entering = [asyncio.create_task(places.enter(number)) for number in range(6)]
    for left in range(1, 5):
        async with asyncio.timeout(60):
            while len(places.order) < left + 1:
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)
        assert places.going == 2, "no more than have a place"
        places.leave()
    await asyncio.gather(*entering)
    assert places.order == list(range(6))


async def test_nobody_waits_behind_sixteen_nor_where_more_are_refused_than_end():
    places = Places(limit=1)
    entering = [asyncio.create_task(places.enter(number)) for number in range(17)]
    await asyncio.sleep(0.01)
    for _ in range(4):
        with pytest.raises(Full, match="1 runs are going on"):
            await places.enter(17)
    places.leave()
    async with asyncio.timeout(60):
        while len(places.order) < 2:
            await asyncio.sleep(0.001)
    with pytest.raises(Full):  # there is room in the line, but four were refused and one ended
        await places.enter(17)
    for task in entering:
        task.cancel()
    await asyncio.gather(*entering, return_exceptions=True)
    now = asyncio.get_running_loop().time()
    assert not places.admission.lets_wait(now=now)
    assert places.admission.lets_wait(now=now + 10)


async def test_who_leaves_the_line_leaves_his_place_in_it_to_the_next():
    places = Places(limit=1)
    await places.enter(0)
    first, second = (asyncio.create_task(places.enter(number)) for number in (1, 2))
    await asyncio.sleep(0.01)
    first.cancel()
    places.leave()
    await second
    assert places.order == [0, 2]
