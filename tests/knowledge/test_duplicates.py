import pytest

from knowledge.refinery import (
    Candidate,
    Likeness,
    ask_the_same,
    kept_and_linked,
    overlap_of,
    say_the_same,
    subject_of,
)


def candidate(name: str, question: str, quality: float = 50.0) -> Candidate:
    return Candidate(id=name, subject=subject_of(question), quality=quality)


def like(
    first: str, second: str, question: float = 0.95, answer: float = 0.9, overlap: float = 0.95
) -> Likeness:
    return Likeness(first=first, second=second, question=question, answer=answer, overlap=overlap)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is the role of RSI in crypto trading?", "RSI and its role in cryptocurrency markets"),
        (
            "handling look-ahead bias in quantitative backtests",
            "techniques for handling look-ahead bias in quantitative backtests",
        ),
        (
            "psychology of crypto market bubbles and crashes",
            "The psychology of cryptocurrency bubbles and crashes",
        ),
        ("portfolio rebalancing strategy", "portfolio rebalancing strategies"),
    ],
)
def test_questions_about_the_same_are_one_subject(one, other):
    assert say_the_same(candidate("a", one), candidate("b", other), like("a", "b"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("weekly active addresses", "monthly active addresses"),
        ("111DMA crossover analysis", "350DMA crossover analysis"),
        ("How does the SMA react to a gap?", "How does the EMA react to a gap?"),
        ("price feeds", "price feed manipulation"),
        ("Is a 14-day RSI better?", "Is a 21-day RSI better?"),
    ],
)
def test_questions_about_different_things_are_not_however_near(one, other):
    assert not say_the_same(candidate("a", one), candidate("b", other), like("a", "b", 0.965, 0.94))


def test_one_word_more_needs_vectors_that_are_nearly_the_same():
    one, other = (
        candidate("a", "revenge trading prevention"),
        candidate("b", "revenge trading prevention plan"),
    )
    assert say_the_same(one, other, like("a", "b", 0.985, 0.97))
    assert not say_the_same(one, other, like("a", "b", 0.985, 0.94))
    assert not say_the_same(one, other, like("a", "b", 0.96, 0.97))


def test_an_answer_written_anew_is_a_variant_and_stays():
    one, other = candidate("a", "What is RSI?"), candidate("b", "What is the RSI?")
    variant = like("a", "b", 0.99, 0.95, overlap=0.35)
    assert ask_the_same(one, other, variant)
    assert not say_the_same(one, other, variant)
    assert kept_and_linked([one, other], [variant]) == {}


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("The RSI runs from 0 to 100.", "the rsi runs from 0 to 100", 1.0),
        ("The RSI runs from 0 to 100.", "Read above: the RSI runs from 0 to 100. Nothing else.", 1.0),
        ("The RSI runs from 0 to 100.", "A MACD has no bounds at all.", 0.0),
        ("one two three four five", "one two three four six", 2 / 3),
        ("short", "short", 1.0),
        ("short", "", 0.0),
    ],
)
def test_overlap_is_the_share_of_common_runs_of_words(one, other, overlap):
    assert overlap_of(one, other) == pytest.approx(overlap)
    assert overlap_of(other, one) == pytest.approx(overlap)


def test_two_different_answers_to_one_question_both_stay():
    one, other = candidate("a", "What is RSI?"), candidate("b", "What is RSI?")
    assert not say_the_same(one, other, like("a", "b", 1.0, 0.6))
    assert kept_and_linked([one, other], [like("a", "b", 1.0, 0.6)]) == {}


def test_the_best_is_kept_and_the_others_are_linked_to_it():
    candidates = [
        candidate(name, "What is RSI?", quality) for name, quality in (("a", 70), ("b", 90), ("c", 80))
    ]
    gone = kept_and_linked(candidates, [like("a", "b"), like("b", "c"), like("a", "c")])
    assert {name: likeness.first for name, likeness in gone.items()} == {"a": "b", "c": "b"}


def test_a_chain_of_small_differences_loses_nothing():
    candidates = [
        candidate(name, "What is RSI?", quality) for name, quality in (("a", 90), ("b", 80), ("c", 70))
    ]
    gone = kept_and_linked(candidates, [like("a", "b"), like("b", "c")])
    assert {name: likeness.first for name, likeness in gone.items()} == {"b": "a"}


def test_of_equals_the_same_one_is_kept_in_whatever_order_they_come():
    candidates = [candidate(name, "What is RSI?") for name in ("b", "a", "c")]
    links = [like("c", "b"), like("a", "b"), like("c", "a")]
    expected = {"b": "a", "c": "a"}
    for order in (candidates, candidates[::-1]):
        for given in (links, links[::-1]):
            assert {name: each.first for name, each in kept_and_linked(order, given).items()} == expected


def test_likenesses_of_pairs_that_are_gone_are_ignored():
    assert kept_and_linked([candidate("a", "What is RSI?")], [like("a", "gone")]) == {}
