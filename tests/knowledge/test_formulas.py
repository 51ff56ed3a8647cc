"""Formulas that an answer states, in symbols and with numbers put in, computed again."""

import pytest

from app.knowledge_checks import accuracy_checks
from knowledge.corpus import packaged_topics
from knowledge.refinery.accuracy.formula_table import FORMULAS
from knowledge.refinery.accuracy.formulas import formula_claims, variables_of
from knowledge.refinery.accuracy.worked import worked_claims


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
        "EMA = price * k + EMA yesterday * (1 - k)",
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
        ("The EMA has the multiplier = 2 / (n - 1).", "2 / (n + 1)"),
        ("RSI = 100 - 100 / (1 - RS)", "100 - 100 / (1 + rs)"),
        ("RSI = 100 / (1 + RS)", "100 - 100 / (1 + rs)"),
        (
            "ROC = (current price - price n periods ago) / current price * 100",
            "(current price - price n periods ago) / price n periods ago × 100",
        ),
        ("TR = max(H - L, H - PC, PC + L)", "max(h - l,abs(h - pc),abs(l - pc))"),
        ("The pivot point: PP = (High + Low + Close) / 4", "(high + low + close) / 3"),
        ("pivot levels: R1 = 2P - H", "2 × p - l"),
        (
            "%K = (close - lowest low) / (highest high - close) * 100",
            "(close - lowest low) / (highest high - lowest low) × 100",
        ),
    ],
)
def test_formula_that_is_wrong_is_found_with_what_is_so(text, instead):
    (claim,) = formula_claims(text)
    assert (claim.holds, claim.computed) == (False, instead)


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
    ],
)
def test_what_is_not_surely_understood_is_no_claim(text):
    assert formula_claims(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "If the 12-period EMA is 105 and the 26-period EMA is 100, the MACD line is {5}.",
        "Bollinger Bands: with an SMA of 100 and a standard deviation of 5, the upper band is {110}.",
        "With a previous ATR of 10 and a true range of 24, the new ATR is {11}.",
        "RS = 2, so RSI = {66.67}",
        "With an average gain of 2 and an average loss of 1 the RSI is {66.7}.",
        "With a high of 62,000, a low of 60,500 and a previous close of 60,200 the true range is {1,800}.",
        "For a high of 110, a low of 100 and a close of 105 the pivot point is {105}.",
        "With a swing high of 200 and a swing low of 100, the 61.8 % retracement is {138.2}.",
        "If the market cap is $600 billion and the realized cap is $300 billion, the MVRV ratio would be {2.0}.",
        "With a market cap of 1.2 trillion and a daily transfer value of 20 billion the NVT ratio is {60}.",
        "With a return of 12 %, a risk-free rate of 2 % and a standard deviation of 20 %, the Sharpe ratio is {0.5}.",
        "With a peak of 100 and a trough of 60 the maximum drawdown is {40} %.",
        "With a win rate of 60 % and a payoff ratio of 2, the Kelly fraction is {40} %.",
        "With a win rate of 40 %, an average win of 300 and an average loss of 100 the expected value is {60}.",
        "With an account of $10,000, a risk percentage of 1 %, an entry of 100 and a stop of 95, the position size is {20}.",
        "At a price ratio of 4 the impermanent loss is {20} %.",
        "With an APR of 12 % and compounding periods of 12, the APY is {12.68} %.",
        "At a funding rate of 0.01 % the annualised funding rate is {10.95} %.",
    ],
)
def test_numbers_put_into_a_formula_are_computed_again(text):
    result = text[text.index("{") + 1 : text.index("}")]
    (claim,) = worked_claims(text.replace("{", "").replace("}", ""))
    assert claim.holds, claim
    other = f"{float(result.replace(',', '')) * 1.3:.2f}"
    (claim,) = worked_claims(text[: text.index("{")] + other + text[text.index("}") + 1 :])
    assert not claim.holds, claim


@pytest.mark.parametrize(
    "text",
    [
        "The MVRV ratio is 2.",
        "The market cap is 600. The MVRV ratio is 2.",
        "The market cap is 600 or the market cap is 700 at a realized cap of 300; the MVRV ratio is 3.",
        "The market cap is 600, the free float 500 and the realized cap is 300, so the MVRV ratio is 3.",  # of which?
        "With a market cap of 600 and a realized cap of 300 the MVRV ratio is about 3.",
        "With a market cap of 600 and a realized cap of 300 the MVRV ratio is 6 / 3.",
        "The market cap is 600 and the realized cap is 300.\n\nThe MVRV ratio is 3.",
        "With a peak of 100 and a trough of 60 the maximum drawdown is 40-50 %.",
    ],
)
def test_a_result_that_may_follow_from_something_else_is_no_claim(text):
    assert worked_claims(text) == []


def test_a_part_of_a_formula_is_neither_right_nor_wrong():
    assert formula_claims("ADL = ((Close - Low) - (High - Close)) / (High - Low) * Volume") == []


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula.right[0])
def test_every_right_side_is_over_the_variables_of_its_formula(formula):
    assert all(variables_of(right) <= formula.terms.keys() for right in (*formula.right, *formula.partly))
    assert all(needed <= formula.terms.keys() for needed in formula.needs)
    assert any(needed <= variables_of(right) for needed in formula.needs for right in formula.right)


def test_no_packaged_answer_is_said_to_be_wrong():
    checks = accuracy_checks()
    wrong = [
        (claim.statement, claim.computed)
        for topics in packaged_topics().values()
        for topic in topics
        for pair in topic.pairs
        for check in checks
        for claim in check(pair.answer)
        if not claim.holds
    ]
    assert wrong == []
