"""Misspelled words and what they stand for."""

import pytest

from models import Spelling, english_words

WORDS = Spelling(
    {"calculate": 3.0, "calculated": 1.0, "design": 2.0, "wrong": 1.0, "price": 5.0, "tail": 1.0}
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("calclate", "calculate"),  # a letter missing
        ("desiign", "design"),  # one too many
        ("dezign", "design"),  # another one
        ("desgin", "design"),  # two exchanged
        ("pricee", "price"),
    ],
)
def test_a_slip_of_the_pen_is_seen_through(written, meant):
    assert WORDS.nearest(written) == meant


@pytest.mark.parametrize("written", ["design", "dasgin", "wrngo!", "trail", "slice", ""])
def test_what_is_right_or_further_away_or_begins_otherwise_stays(written):
    assert WORDS.nearest(written) is None


def test_of_several_the_commonest_is_meant():
    assert Spelling({"stocks": 1.0, "stacks": 4.0}).nearest("sticks") == "stacks"


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("berechne die gewinschwelle", "calculate the break-even point"),
        ("посчитай безубыточнсть", "calculate break even"),
    ],
)
def test_misspelled_words_of_other_languages_are_put_into_english(text, english):
    assert english_words(text) == english
