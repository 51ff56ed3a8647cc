"""Taking messages apart, and telling follow-ups."""

import pytest

from graphs.routing.parts import continues, is_follow_up, only_continues, split_parts


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ("What is RSI?", ["What is RSI?"]),
        ("Explain RSI. What is staking?", ["Explain RSI.", "What is staking?"]),
        ("Explain RSI and compute the NPV", ["Explain RSI", "compute the NPV"]),
        ("1) explain RSI\n2) explain staking", ["explain RSI", "explain staking"]),
        ("NPV of -1000, 400, 400 at 8 %", ["NPV of -1000, 400, 400 at 8 %"]),
        (
            'Readability of "Buy now. What a deal. How nice."',
            ['Readability of "Buy now. What a deal. How nice."'],
        ),
        (
            "Lesbarkeit von “Kauf jetzt. What is it.” bitte",
            ["Lesbarkeit von “Kauf jetzt. What is it.” bitte"],
        ),
        (
            "Audit <html><body>One. What is two?</body></html>",
            ["Audit <html><body>One. What is two?</body></html>"],
        ),
        ("Explain RSI. 14!", ["Explain RSI. 14!"]),
        ("design a bot; also write ads", ["design a bot", "also write ads"]),
    ],
)
def test_a_message_is_taken_apart_at_its_requests(message, parts):
    assert [part.text for part in split_parts(message)] == parts


def test_a_part_knows_what_it_leans_on():
    told, asked, pointing = split_parts("We sell tea. Who buys tea, and how do I market it?")
    assert (told.states, asked.states, pointing.states) == (True, False, False)
    assert (asked.refers_back, pointing.refers_back) == (False, True)
    assert (asked.in_sentence, pointing.in_sentence) == (False, True)


def test_a_request_that_also_leads_to_stands_beside_the_one_before():
    message = (
        "Compute the RSI of 44 and also tell me how to sell tea, then position size for 100, and is that much"
    )
    first, second, third, last = split_parts(message)
    assert [part.adds for part in (first, second, third, last)] == [True, True, True, True]
    assert [part.in_sentence for part in (second, third, last)] == [False, True, True]
    assert [part.wants for part in (first, second, third, last)] == ["figures", "knowledge", "figures", ""]


def test_what_is_ones_own_is_not_asked_for_as_knowledge():
    assert split_parts("What is my NPV?")[0].wants == ""


def test_wanting_and_asking_are_no_statements():
    for message in ("I want a logo", "I'd like a plan", "We need a bot", "my bot is slow, why?"):
        assert not split_parts(message)[0].states


@pytest.mark.parametrize(
    "message",
    ["and for 14 days?", "why is that?", "explain it in simpler words", "2.5 %", "go on", "tell me more"],
)
def test_a_message_that_leans_on_the_last_is_a_follow_up(message):
    assert is_follow_up(message)


@pytest.mark.parametrize(
    "message",
    [
        "What is the RSI indicator used for?",
        "and " + "very " * 12 + "long",
        "calculate the NPV of -100, 60, 60",
    ],
)
def test_a_message_that_stands_by_itself_is_none(message):
    assert not is_follow_up(message)


def test_more_of_the_same_is_told_from_something_new():
    assert only_continues("go on")
    assert only_continues("can you give me another example")
    assert continues("and MACD?")
    assert not only_continues("and MACD?")
