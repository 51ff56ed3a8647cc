"""Readings of indicators over prices that a text gives, computed again by our own code."""

from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.knowledge_checks import accuracy_checks
from knowledge.refinery.accuracy import IndicatorFacts
from knowledge.refinery.accuracy.prices import prices_before
from knowledge.refinery.accuracy.readings import reading_check
from trading import definitions, readings

FACTS = [IndicatorFacts(**asdict(each)) for each in definitions()]
COMPUTED = [
    each for each in FACTS if each.needs and "volume" not in each.needs and "period" in each.parameters
]
SURE = (
    "SMA",
    "EMA",
    "WMA",
    "BBANDS",
    "RSI",
    "ROC",
    "MOM",
    "STDDEV",
    "WILLR",
    "CCI",
    "ATR",
    "STOCH",
    "AROONOSC",
)
reading_claims = reading_check(FACTS, readings)


@pytest.mark.parametrize(
    ("text", "holds", "computed"),
    [
        ("With closes 100, 102, 101, 104, 105: the 4-period ROC is 5 %.", True, "5"),
        ("closes of 100, 102, 101, 104 and 105 - the 4-period rate of change (ROC) is 6%", False, "5"),
        ("Closing prices are 10, 20, 30. The 3-day simple moving average is 20.", True, "20"),
        ("Closing prices are $1,000, $1,100, and $1,200. A 3-day SMA is 1,150", False, "1,100"),
        ("closes: 1, 2, 3, 4; the 4-bar weighted moving average = 3", True, "3"),
        ("If the closing prices for the past 5 days were 50, 52, 48, 51, and 49, the 5-day SMA would be 50.", True, "50"),
        ("closes 44, 44.5, 44.2, 43.9, 44.6: the 4-period RSI is 66.67", True, "66.6667"),
        ("closes 44, 44.5, 44.2, 43.9, 44.6: the RSI(4) is 57.1", False, "66.6667"),
        ("closes 10, 11, 12, 13, 14, 15: the 5-period EMA is 13.", True, "13"),
        ("closes 10, 11, 12, 13, 14, 15: the 5-period EMA is 12.", False, "13"),
        ("For closes 10, 12, 14, 13, 11 the upper Bollinger Band (5, 2) is 14.83", True, "14.8284"),
        ("For closes 10, 12, 14, 13, 11 the lower band (5, 2) is 8.84", True, "9.17157"),  # of a sample
        ("For closes 10, 12, 14, 13, 11 the lower band (5, 2) is 7.5", False, "9.17157"),
        ("high 110, low 100, close 105; high 112, low 104, close 110; high 111, low 103, close 104. The 2-period ATR is 8", True, "8"),
        ("high 110, low 100, close 105; high 112, low 104, close 110; high 111, low 103, close 104. The 2-period ATR is 12", False, "8"),
        ("Day 1: High = 110, Low = 100, Close = 105\nDay 2: High = 112, Low = 104, Close = 110\nDay 3: High = 111, Low = 103, Close = 104\nWilliams %R(3) is -66.7.", True, "-66.6667"),
        ("| Day | High | Low | Close |\n|---|---|---|---|\n| 1 | 110 | 100 | 105 |\n| 2 | 112 | 104 | 110 |\n| 3 | 111 | 103 | 104 |\n\nThe 3-period Williams %R is -50.", False, "-66.6667"),
        ("highs 110, 112, 111, lows 100, 104, 103 and closes 105, 110, 104: the 3-period Williams %R is -66.7", True, "-66.6667"),
        ("closes 10, 11, 10.5 and volumes 100, 200, 300: the OBV is -100", True, "0"),  # started from nothing
    ],
)  # fmt: skip
def test_reading_of_given_prices_is_computed_again(text, holds, computed):
    (claim,) = reading_claims(text)
    assert (claim.holds, claim.computed) == (holds, computed)


@pytest.mark.parametrize(
    "text",
    [
        "The 4-period ROC is 5 %.",
        "closes 100, 102, 101: the 4-period ROC is 5 %.",
        "closes 100, 102, 101, 104, 105: the SMA is 5.",  # of how many?
        "closes 100, 102, 101, 104, 105: the 4-period ROC is about 7 %.",
        "closes 100, 102, 101, 104, 105.\n\nElsewhere the 4-period ROC is 7 %.",
        "closes 100, 102, 101, 104, 105: the 3-period SMA is 101 + 104 + 105 = 310 divided by 3.",
        "closes 100, 102, 101, 104, 105: the 3-period ATR is 2.",
        "volumes 100, 102, 101, 104, 105: the 4-period SMA is 5.",
        "closes 1, 2, 3, 4, 5, 6, 7, 8: the 2-period DEMA is 20.",  # started in other ways elsewhere
        "closes rise for 3 days",
        "closes 100, 102, 101, 104, 105: the 3-period SMA is 2 % below the close",
        "high 110, low 100, close 105; high 112, close 110: the 1-period ATR is 3",
    ],
)
def test_reading_that_does_not_follow_is_no_claim(text):
    assert [claim for claim in reading_claims(text) if not claim.holds] == []


def test_prices_are_the_last_ones_before_the_reading():
    text = "closes 1, 2, 3 and then closes 4, 5, 6: the 3-day SMA is 5"
    assert prices_before(text, text.index(": the"), 100) == {"close": [4.0, 5.0, 6.0]}
    assert prices_before(text, 5, 100) is None
    assert prices_before(text + " " * 200, len(text) + 200, 100) is None


SERIES = "{name} {numbers}"
PHRASES = (
    "the {period}-period {name} is {value}",
    "the {name} ({period}) is {value}",
    "a {period}-day {name} equals {value}",
    "the {period}-bar {name} would be {value}",
    "the {name}({period}) comes to {value}",
)


@st.composite
def worked(draw: st.DrawFn) -> tuple[str, str, str, float]:
    """A text that ends in a reading, its indicator, and the value as it is by our code."""
    facts = draw(st.sampled_from([each for each in COMPUTED if each.name in SURE]))
    period = draw(st.integers(2, 6))
    bars = draw(
        st.lists(
            st.tuples(*[st.integers(1_000, 9_999)] * 3), min_size=2 * period + 6, max_size=2 * period + 10
        )
    )
    ordered = [sorted(bar) for bar in bars]
    series = {
        "high": [bar[2] / 100 for bar in ordered],
        "low": [bar[0] / 100 for bar in ordered],
        "close": [bar[1] / 100 for bar in ordered],
    }
    given_series = {name: series[name] for name in facts.needs}
    values, _ = readings(facts.name, given_series, {"period": period})
    value = values[0][facts.outputs[0]] if values else float("nan")
    name = draw(st.sampled_from([each for each in facts.names if "directional" not in each]))
    phrase = draw(st.sampled_from(PHRASES))
    named = {"BBANDS": "upper Bollinger band", "STOCH": "stochastic %K"}.get(facts.name, name)
    told = ", ".join(
        f"{key}s {', '.join(f'{price:.2f}' for price in prices)}" for key, prices in given_series.items()
    )
    return (
        f"For {told}: " + phrase.format(period=period, name=named, value="{}"),
        facts.name,
        facts.outputs[0],
        value,
    )


@pytest.mark.uncounted
@settings(max_examples=250, deadline=None)
@given(worked())
def test_readings_of_our_own_code_are_found_right_and_altered_ones_wrong(case):
    text, name, _, value = case
    if value != value or abs(value) < 0.05:  # noqa: PLR0124  # prices that do not move have no reading
        return
    (claim,) = reading_claims(text.format(f"{value:.2f}"))
    assert claim.holds, (text, name, value)
    altered = value * 1.7 + (3 if value > 0 else -3)
    assert [each.holds for each in reading_claims(text.format(f"{altered:.2f}"))] == [False], (
        text,
        name,
        value,
    )


@pytest.mark.uncounted
@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                "the RSI MACD price of a and is close high trend 14 70 $100 percent moving average default range = from to".split()
            ),
            st.integers(0, 10_000).map(str),
            st.text(max_size=8),
        ),
        max_size=60,
    ).map(" ".join)
)
def test_no_text_breaks_a_check(text):
    for check in accuracy_checks():
        for claim in check(text):
            assert claim.statement
            assert claim.computed


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "The RSI is above 70 and the price at 65,000.", "Volume rose for 3 days.", "In 2021 fees were 62.78 dollars.",
                "Traders use 9, 12 or 26 days.", "The ADX is 30.", "A stop at 2 ATR is common.", "Closes were mixed.",
                "From 2013 to 2018 prices rose.", "Around 60% of coins did not move.", "See pages 12-14 of 2019-05-01.",
                "The MACD line is above its signal line by 5.", "See https://example.org/?page=3&n=4-2=x for more.",
            ]
        ),
        max_size=12,
    ).map(" ".join)
)  # fmt: skip
def test_texts_without_claims_give_none(text):
    assert [claim for check in accuracy_checks() for claim in check(text)] == []
