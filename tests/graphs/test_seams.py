"""Parting a text where no verb says that another request begins."""

import pytest

from graphs.routing.dividing import Reading
from graphs.routing.seams import parted, pieces_of, runs_of

SPECIALISTS = {"technical", "davina", "sofia", "rebecca", "fundamentals"}
LEANS = {"slogan": "sofia", "bot": "rebecca", "rsi": "technical", "swot": "davina", "bookings": "davina"}


def leaning(texts):
    return [next((name for word, name in LEANS.items() if word in text), "") for text in texts]


def requests_in(text, probability=0.97):
    runs = runs_of(pieces_of(text, leaning))
    first = {run: next((LEANS[word] for word in LEANS if word in run), "small_talk") for run in runs.values()}
    readings = {run: Reading(label, probability, label, 0.0) for run, label in first.items()}
    return parted(runs, readings, SPECIALISTS)


@pytest.mark.parametrize(
    ("text", "requests"),
    [
        ("swot of a kiosk + three slogans", ["swot of a kiosk", "three slogans"]),
        ("Hotelbot und ein slogan dazu", ["Hotelbot", "ein slogan dazu"]),
        ("слоган: slogan для кафе, а ещё bot для заказов", ["слоган: slogan для кафе", "bot для заказов"]),
        (
            "rsi 4 5 6 5 7, a slogan for tea, a bot for orders",
            ["rsi 4 5 6 5 7", "a slogan for tea", "a bot for orders"],
        ),
    ],
)
def test_pieces_for_different_specialists_are_requests_of_their_own(text, requests):
    assert requests_in(text) == requests


@pytest.mark.parametrize(
    "text",
    [
        "a bot and a bot for orders",  # one specialist
        'a bot that answers "give me the rsi, please"',  # quoted
        "a slogan for tea, which a bot writes",  # what depends
        "a slogan for tea, rsi 14",  # a value
        "plan an agency bot with offers, orders and bookings",  # the last item of a list
    ],
)
def test_what_belongs_together_stays_together(text):
    assert requests_in(text) == []


def test_pieces_that_are_not_surely_for_anybody_stay_together():
    assert requests_in("swot of a kiosk + three slogans", probability=0.7) == []


def test_words_that_lean_to_one_specialist_are_never_read():
    assert pieces_of("a bot, a bot and a bot", leaning) == ["a bot, a bot and a bot"]
