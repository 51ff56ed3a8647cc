from datetime import UTC, datetime

import pytest

from memory import Interaction, ToolUse
from training import Judgement, Lesson, lesson, reward


def _interaction(*, outcome="answered", tools=0, latency_ms=80.0) -> Interaction:
    uses = tuple(ToolUse(agent="davina", name="npv_irr", arguments={}, result="30.84") for _ in range(tools))
    return Interaction(
        run_id="run_1",
        request="NPV?",
        answer="30.84",
        outcome=outcome,
        tool_uses=uses,
        latency_ms=latency_ms,
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_a_quick_answer_in_three_steps_that_was_liked_earns_the_most():
    assert reward(_interaction(tools=2), Judgement(rating=5)) == 10 + 4 + 2


def test_each_step_away_from_three_costs_half_a_point():
    assert reward(_interaction(tools=0), Judgement()) == 10 - 1
    assert reward(_interaction(tools=5), Judgement()) == 10 - 1.5 + 2


def test_failed_tools_earn_in_proportion():
    assert reward(_interaction(tools=4), Judgement(failed_tools=3)) == pytest.approx(10 - 1 + 0.5)


def test_a_made_up_statement_slowness_and_a_bad_rating_are_held_against_it():
    slow = _interaction(tools=2, latency_ms=3_001)
    assert reward(slow, Judgement(rating=1, hallucinated=True)) == 10 + 2 - 4 - 5 - 1


@pytest.mark.parametrize("outcome", ["declined", "failed", "cancelled", "needs_input"])
def test_only_an_answer_counts_as_success(outcome):
    assert reward(_interaction(outcome=outcome, tools=2), Judgement()) == 2


def test_lessons_are_drawn_above_five_and_below_zero():
    assert [lesson(points) for points in (5.1, 5.0, 0.0, -0.1)] == [
        Lesson.POSITIVE,
        Lesson.NEITHER,
        Lesson.NEITHER,
        Lesson.NEGATIVE,
    ]


@pytest.mark.parametrize("rating", [0, 6, -3])
def test_a_rating_outside_one_to_five_is_refused(rating):
    with pytest.raises(ValueError, match="from 1 to 5"):
        Judgement(rating=rating)
