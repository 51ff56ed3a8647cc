from datetime import date

import pytest

from knowledge.refinery import WEIGHTS, Claim, Kind, Measure, Tier, measure, tier_of

TODAY = date(2026, 11, 21)
QUESTION = "How is the Relative Strength Index calculated and read?"
GOOD = """The Relative Strength Index (RSI) is a momentum oscillator that measures how large recent gains are beside recent losses.

The RSI is calculated as 100 - 100 / (1 + RS), where RS is the average gain divided by the average loss of 14 periods. With an average gain of 2 and an average loss of 1, RS is 2 and the RSI is 66.7.

A reading above 70 suggests that Bitcoin is overbought, one below 30 that it is oversold. For example, when BTC fell by 20 % within 10 days on an exchange in January 2026, the RSI reached 22 and a bounce followed. However, the RSI can give false signals in a strong trend, unlike the ADX, which measures the trend itself. A stop-loss below the last low limits the risk of such an entry."""


def measured(answer: str = GOOD, *, question: str = QUESTION, cosine: float = 0.8, **options):
    return measure(question, answer, cosine=cosine, today=TODAY, **options)


def test_weights_add_up_to_one_and_cover_all_eight():
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)
    assert set(WEIGHTS) == set(Measure)
    assert len(Measure) == 8


@pytest.mark.parametrize(
    ("score", "tier"),
    [
        (100, Tier.PREMIUM),
        (90, Tier.PREMIUM),
        (89.9, Tier.STANDARD),
        (70, Tier.STANDARD),
        (50, Tier.REVIEW),
        (49.9, Tier.LOW),
        (0, Tier.LOW),
    ],
)
def test_tier_of_a_score(score, tier):
    assert tier_of(score) is tier


def test_a_good_pair_is_premium_and_its_score_is_the_weighted_mean_of_its_parts():
    quality = measured()
    assert quality.tier is Tier.PREMIUM
    assert quality.score == pytest.approx(
        sum(WEIGHTS[each] * part.score for each, part in quality.parts.items()), abs=0.05
    )
    assert quality.dated == date(2026, 1, 1)
    assert all(0 <= part.score <= 100 and part.because for part in quality.parts.values())


@pytest.mark.parametrize(
    ("worse", "part"),
    [
        (GOOD[: GOOD.index("overbought")], Measure.COMPLETENESS),
        ("Prices move up and down all day long, and nobody knows why they do so.", Measure.COMPLETENESS),
        (
            GOOD.replace("Bitcoin", "gold").replace("BTC", "gold").replace("exchange", "venue"),
            Measure.CONTEXT,
        ),
        ("Certainly! " + GOOD, Measure.CLARITY),
        (GOOD + (" " + GOOD.split("\n\n", maxsplit=1)[0]) * 6, Measure.CLARITY),
        (" and ".join(GOOD.replace(".", ",").split("\n\n") * 2), Measure.CLARITY),
        ("The RSI is a momentum oscillator that traders read as a signal.", Measure.EXAMPLES),
        (GOOD.replace("January 2026", "January 2017"), Measure.RECENCY),
        ("The RSI is an oscillator.", Measure.LENGTH),
        (GOOD * 9, Measure.LENGTH),
    ],
)
def test_what_is_worse_scores_lower_in_its_measure(worse, part):
    assert measured(worse).parts[part].score < measured().parts[part].score


def test_an_answer_beside_the_question_is_not_aligned():
    assert (
        measured(cosine=0.3).parts[Measure.ALIGNMENT].score
        < 20
        < measured(cosine=0.7).parts[Measure.ALIGNMENT].score
    )
    assert measured(cosine=-0.2).parts[Measure.ALIGNMENT].score == 0
    assert measured(cosine=1.0).parts[Measure.ALIGNMENT].score == 100


def test_wrong_claims_cost_accuracy_and_are_named():
    right = measured(
        checks=(lambda _: [Claim(kind=Kind.SUM, statement="1 + 1 = 2", computed="2", holds=True)],)
    ).parts[Measure.ACCURACY]
    unchecked = measured().parts[Measure.ACCURACY]
    wrong = measured(
        checks=(lambda _: [Claim(kind=Kind.SUM, statement="1 + 1 = 3", computed="2", holds=False)],)
    ).parts[Measure.ACCURACY]
    assert right.score == 100 > unchecked.score > wrong.score == 0
    assert "'1 + 1 = 3' (it is 2)" in wrong.because


def test_claims_are_told_wrong_ones_first_and_each_once():
    claims = [
        Claim(kind=Kind.SUM, statement=f"{number} + 1 = 3", computed=str(number + 1), holds=number == 2)
        for number in (2, 2, 1)
    ]
    part = measured(checks=(lambda _: claims,)).parts[Measure.ACCURACY]
    assert [claim.holds for claim in part.claims] == [False, True]
    assert part.score == 25


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "   ",
        GOOD + " **",
        "<div>" + GOOD,
        GOOD.replace("momentum", "mom\ufffdntum"),
        "\x1b[31m" + GOOD,
        "[INSERT ANSWER] " + GOOD,
    ],
)
def test_garbled_or_empty_answer_is_low_whatever_else_it_has(answer):
    assert measured(answer).tier is Tier.LOW


def test_collections_beside_crypto_need_no_crypto():
    assert (
        measured("Net present value discounts each cash flow. " * 8, fielded=False)
        .parts[Measure.CONTEXT]
        .score
        == 100
    )
