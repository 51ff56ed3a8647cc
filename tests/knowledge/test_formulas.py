"""Formulas and readings that an answer states, computed again."""

import pytest

from knowledge.corpus import packaged_topics
from knowledge.refinery.formulas import formula_claims
from knowledge.refinery.readings import reading_claims
from trading.expressions import last_reading


@pytest.mark.parametrize(
    "text",
    [
        "The EMA weighs the last close by a multiplier = 2 / (n + 1).",
        "The EMA's smoothing factor is 2 / (n + 1), so that it follows faster.",
        "- Typical price = (high + low + close) / 3\n- High is the highest price",
        "For an exponential moving average, smoothing factor = 2/(number of periods + 1), where more is slower.",
        "EMA: α = 2 ÷ (period + 1)",
        "**RSI** = 100 − [100 ÷ (1 + RS)]",
        "RSI = 100 - 100/(1 + average gain / average loss)",
        "RSI = 100 × average gain / (average gain + average loss)",
        "The formula is ROC = (current price - price n periods ago) / price n periods ago x 100.",
        "ROC = [(Close − Close n periods ago) / Close n periods ago] × 100".replace(
            "Close −", "Current close −"
        ),
        "ROC(n) = (C_t / C[t-n] - 1) * 100",
        "TR = max(H - L, |H - PC|, |L - PC|)",
        "True range = max(high - low, abs(high - previous close), abs(low - previous close)).",
        "Typical price = (high + low + close) / 3",
        "The pivot point is found first: PP = (High + Low + Close) / 3; R1 = (2 x PP) - Low and S1 = 2PP - High.",
        "pivot levels: R2 = P + (H - L), S2 = P - (H - L)",
        "%K = 100(close - lowest low)/(highest high - lowest low)",
        "Williams %R = (highest high - close) / (highest high - lowest low) * -100",
    ],
)
def test_formula_as_its_author_has_it_holds(text):
    claims = formula_claims(text)
    assert claims
    assert all(claim.holds for claim in claims), claims


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("The EMA has the multiplier = 2 / (n - 1).", "2/(n+1)"),
        ("RSI = 100 - 100 / (1 - RS)", "100-100/(1+rs)"),
        ("RSI = 100 / (1 + RS)", "100-100/(1+rs)"),
        ("ROC = (current price - price n periods ago) / current price * 100", "(a-b)/b*100"),
        ("TR = max(H - L, H - PC, PC + L)", "max(h-l,abs(h-b),abs(l-b))"),
        ("The pivot point: PP = (High + Low + Close) / 4", "(h+l+c)/3"),
        ("pivot levels: R1 = 2P - H", "2*p-l"),
        ("%K = (close - lowest low) / (highest high - close) * 100", "(c-b)/(t-b)*100"),
    ],
)
def test_formula_that_is_wrong_is_found_with_what_is_so(text, instead):
    (claim,) = formula_claims(text)
    assert (claim.holds, claim.instead) == (False, instead)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "multiplier = 2 / (n + 3)",  # of what?
        "Wilder's EMA has the smoothing factor = 1 / n",
        "Stochastic RSI = (RSI - lowest RSI) / (highest RSI - lowest RSI)",
        "RSI = 70 is overbought",
        "The RSI is a ratio - and no more",
        "Typical price = (high + low +\nclose) / 3",
        "Typical price = (high + low + close)\n / 3",
        "RSI = 100 - 100 / (1 + some other ratio)",
        "The ROC = 5 % over ten days",
        "Woodie's pivot: PP = (H + L + 2C) / 4",
        "the demand P = (H + L + C) / 4",
        "RSI = \\frac{100}{1 + RS}",
        "RSI = 100 - 100 / (1 + RS",
        "a weighted RSI2RSI = 100 / (1 + RS)",
        "EMA = price * k + EMA yesterday * (1 - k)",
    ],
)
def test_what_is_not_surely_understood_is_no_claim(text):
    assert formula_claims(text) == []


@pytest.mark.parametrize(
    ("text", "holds", "instead"),
    [
        ("With closes 100, 102, 101, 104, 105: the 4-period ROC is 5 %.", True, ""),
        ("closes of 100, 102, 101, 104 and 105 - the 4-period rate of change (ROC) is 6%", False, "5"),
        ("Closing prices are 10, 20, 30. The 3-day simple moving average is 20.", True, ""),
        ("Closing prices are $1,000, $1,100, and $1,200. A 3-day SMA is 1,150", False, "1100"),
        ("closes: 1, 2, 3, 4; the 4-bar weighted moving average = 3", True, ""),
    ],
)
def test_reading_of_given_closes_is_computed_again(text, holds, instead):
    (claim,) = reading_claims(text, last_reading)
    assert (claim.holds, claim.instead) == (holds, instead)


@pytest.mark.parametrize(
    "text",
    [
        "The 4-period ROC is 5 %.",
        "closes 100, 102, 101: the 4-period ROC is 5 %.",
        "closes 100, 102, 101, 104, 105: the 4-period RSI is 5.",
        "closes 100, 102, 101, 104, 105: the 4-period EMA is 5.",
        "closes 100, 102, 101, 104, 105.\n\nElsewhere the 4-period ROC is 7 %.",
        "closes 100, 102, 101, 104, 105: the 3-period SMA is 101 + 104 + 105 = 310 divided by 3.",
        "volumes 100, 102, 101, 104, 105: the 4-period SMA is 5.",
        "closes rise for 3 days",
    ],
)
def test_reading_that_does_not_follow_is_no_claim(text):
    assert reading_claims(text, last_reading) == []


def test_no_packaged_answer_is_said_to_be_wrong():
    wrong = [
        (claim.statement, claim.instead)
        for topics in packaged_topics().values()
        for topic in topics
        for pair in topic.pairs
        for claim in (*formula_claims(pair.answer), *reading_claims(pair.answer, last_reading))
        if not claim.holds
    ]
    assert wrong == []
