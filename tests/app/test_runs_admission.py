from collections import deque

import pytest

from app.problems import ProblemError
from app.runs.admission import LEAST, Admission
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
