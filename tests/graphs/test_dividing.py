"""Dividing a message by what each part was read as."""

import pytest

from graphs.routing.dividing import Reading, divide
from graphs.routing.parts import Part
from graphs.settings import RouterSettings

SPECIALISTS = {"technical", "davina", "sofia", "rebecca", "fundamentals"}


def part(text, *, back=False, states=False, weak=False, adds=False):
    return Part(text, back, states, weak, adds)


def divided(*pairs):
    parts = [one for one, _, _ in pairs]
    readings = [Reading(label, probability, label, probability) for _, label, probability in pairs]
    return divide(parts, readings, SPECIALISTS, RouterSettings())


def asked(route):
    return [(task.agent, task.request, task.context) for task in route.tasks]


def test_parts_go_to_those_they_are_surely_for():
    route = divided((part("RSI?"), "technical", 0.9), (part("NPV?"), "davina", 0.8))
    assert asked(route) == [("technical", "RSI?", ""), ("davina", "NPV?", "")]
    assert [task.confidence for task in route.tasks] == [0.9, 0.8]


@pytest.mark.parametrize("label", ["technical", "small_talk", "out_of_scope"])
def test_one_request_and_what_is_unsure_beside_it_are_not_divided(label):
    assert divided((part("RSI?"), "technical", 0.9), (part("when?"), label, 0.4)) is None


def test_half_a_sentence_and_what_points_back_need_more_certainty():
    assert divided((part("RSI"), "technical", 0.9), (part("which one", weak=True), "davina", 0.85)) is None
    assert divided((part("RSI?"), "technical", 0.9), (part("value it", back=True), "davina", 0.8)) is None
    route = divided((part("RSI?"), "technical", 0.9), (part("value it", back=True), "davina", 0.95))
    assert asked(route) == [("technical", "RSI?", ""), ("davina", "value it", "RSI?")]


def test_a_request_behind_a_greeting_is_what_is_asked():
    assert asked(divided((part("Hi Freya!"), "small_talk", 0.9), (part("RSI?"), "technical", 0.9))) == [
        ("technical", "RSI?", "")
    ]


def test_what_is_told_goes_with_the_request_after_it():
    route = divided(
        (part("RSI?"), "technical", 0.9),
        (part("I sell tea.", states=True), "sofia", 0.99),
        (part("break-even?"), "davina", 0.9),
    )
    assert asked(route) == [("technical", "RSI?", ""), ("davina", "I sell tea. break-even?", "")]


def test_what_is_told_last_goes_with_the_request_before_it():
    route = divided(
        (part("RSI?"), "technical", 0.9),
        (part("break-even?"), "davina", 0.9),
        (part("I sell tea.", states=True), "sofia", 0.99),
    )
    assert asked(route)[1] == ("davina", "break-even? I sell tea.", "")


def test_requests_to_one_agent_that_lie_apart_are_one_task():
    route = divided(
        (part("RSI?"), "technical", 0.8),
        (part("NPV?"), "davina", 0.8),
        (part("MACD?"), "technical", 0.9),
    )
    assert asked(route) == [("technical", "RSI? MACD?", ""), ("davina", "NPV?", "")]
    assert route.tasks[0].confidence == 0.9


def test_what_one_agent_is_to_tell_and_what_it_is_to_work_out_are_two_tasks():
    route = divided(
        (part("Tell me about Elliott waves"), "technical", 0.9),
        (part("position size for 10000, entry 100, stop 95", weak=True, adds=True), "technical", 0.99),
        (part("explain the Sharpe ratio", adds=True), "technical", 0.9),
    )
    assert asked(route) == [
        ("technical", "Tell me about Elliott waves explain the Sharpe ratio", ""),
        ("technical", "position size for 10000, entry 100, stop 95", ""),
    ]


@pytest.mark.parametrize(
    "worked_out",
    [part("compute it for 44, 45, 46", back=True, adds=True), part("closes of BTC: 44, 45, 46")],
)
def test_figures_for_what_is_told_before_are_no_request_of_their_own(worked_out):
    assert divided((part("What is RSI?"), "technical", 0.9), (worked_out, "technical", 0.99)) is None


def test_what_nobody_is_for_is_left_out_and_greetings_are_dropped():
    route = divided(
        (part("hi there"), "small_talk", 0.99),
        (part("RSI?"), "technical", 0.9),
        (part("the weather?"), "out_of_scope", 0.9),
    )
    assert asked(route) == [("technical", "RSI?", "")]
    assert route.left_out == ("the weather?",)


def test_where_nobody_is_for_anything_there_is_nothing_to_divide():
    assert divided((part("the weather?"), "out_of_scope", 0.9), (part("tell me"), "davina", 0.2)) is None


def test_no_more_than_four_specialists_are_asked_at_once():
    pairs = [(part(name), name, 0.9) for name in sorted(SPECIALISTS)]
    assert len(divided(*pairs).tasks) == 4
