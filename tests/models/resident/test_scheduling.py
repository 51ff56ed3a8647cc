"""Who goes first, and how much of a prompt a step takes."""

from collections.abc import Hashable
from dataclasses import dataclass

from models.resident import Priority
from models.resident.scheduling import StepCosts, Turns, in_turn, plan_step, urgency
from models.resident.settings import default_threads

PATIENCE_S = 10.0


@dataclass(frozen=True)
class Work:
    """A request as the policy sees it."""

    name: str
    remaining: int = 1
    priority: Priority = Priority.INTERACTIVE
    owner: str = ""
    submitted_at: float = 0.0
    adapters: Hashable = ()


def names(work: list[Work]) -> str:
    return "".join(each.name for each in work)


def test_urgent_requests_begin_before_others():
    waiting = [
        Work("c", priority=Priority.BACKGROUND),
        Work("b", submitted_at=1),
        Work("a", priority=Priority.ROUTING, submitted_at=2),
    ]
    assert names(in_turn(waiting, [], 3, PATIENCE_S)) == "abc"


def test_owners_take_turns():
    waiting = [
        Work(name, owner=owner, submitted_at=at)
        for at, (name, owner) in enumerate(zip("abcd", "xxxy", strict=True))
    ]
    assert names(in_turn(waiting, [], 5, PATIENCE_S)) == "adbc"
    running = [Work("r", owner="y"), Work("s", owner="y")]
    assert names(in_turn(waiting, running, 5, PATIENCE_S)) == "abcd"


def test_waiting_makes_urgent():
    background = Work("b", priority=Priority.BACKGROUND)
    assert urgency(background, 0, PATIENCE_S) == 2
    assert urgency(background, 25, PATIENCE_S) == 0
    assert names(in_turn([Work("i", submitted_at=35), background], [], 36, PATIENCE_S)) == "bi"


def test_prompt_takes_a_whole_step_when_nobody_is_answered():
    assert plan_step([Work("p", 900)], StepCosts(1.5), 512, 0, PATIENCE_S) == [(Work("p", 900), 512)]


def test_prompt_slows_answers_only_as_far_as_allowed():
    costs = StepCosts(1.5)
    for _ in range(30):
        costs.learn(4, 0, 0.020)
        costs.learn(4, 10, 0.030)
    plan = dict(plan_step([*map(Work, "abcd"), Work("p", 900)], costs, 512, 0, PATIENCE_S))
    assert plan[Work("p", 900)] == 10
    assert len(plan) == 5


def test_answer_in_the_background_does_not_hold_up_an_urgent_prompt():
    writing = Work("a", priority=Priority.BACKGROUND)
    plan = dict(plan_step([writing, Work("p", 900)], StepCosts(1.5), 512, 0, PATIENCE_S))
    assert plan == {writing: 1, Work("p", 900): 511}


def test_short_prompt_overtakes_a_long_one_but_not_for_ever():
    long, short = Work("l", 2000), Work("s", 20, submitted_at=1)
    assert next(iter(plan_step([long, short], StepCosts(1.5), 512, 1, PATIENCE_S)))[0] is short
    late = Work("t", 20, submitted_at=9)
    assert next(iter(plan_step([long, late], StepCosts(1.5), 512, 9, PATIENCE_S)))[0] is long


def test_prompt_always_gets_on():
    costs = StepCosts(1.01)
    for _ in range(30):
        costs.learn(1, 0, 0.001)
        costs.learn(1, 10, 10.0)
    assert costs.prompt_budget(1) >= 1


def test_groups_of_adapters_take_turns_of_a_few_steps():
    turns = Turns()
    chosen = "".join(str(turns.next(["a", "b", "c"])) for _ in range(24))
    assert chosen == "aaaabbbbcccc" * 2
    assert turns.next(["b"]) == "b"


def test_one_core_is_left_free(monkeypatch):
    import os

    from models.resident import settings

    for cores, threads in ((1, 1), (2, 1), (8, 7), (64, 16)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)))
        monkeypatch.setattr(settings, "_quota", lambda: None)
        assert default_threads() == threads
    monkeypatch.setattr(settings, "_quota", lambda: 4)
    assert default_threads() == 3
