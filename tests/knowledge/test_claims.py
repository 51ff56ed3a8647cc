from datetime import date

import pytest

from knowledge.refinery.checks import checks_of
from knowledge.refinery.claims import IndicatorFacts, arithmetic_claims, setting_claims
from knowledge.refinery.dates import latest_date
from trading.facts import definitions

FACTS = tuple(
    IndicatorFacts(names=each.names, defaults=each.defaults, low=each.low, high=each.high)
    for each in definitions()
)


@pytest.mark.parametrize(
    "text",
    [
        "NVT is 600 / 12 = 50.",
        "RSI = 100 - 100 / (1 + 2.33) and so 100 - 100/(1 + 2.33) = 69.97",
        "With a fee of 0.1% the cost is $10,000 x 0.1% = $10.",
        "The return is (110 - 100) / 100 = 10%.",
        "5 × 3 = 15",
        "1,234.5 * 2 = 2,469",
        "10 / 3 ≈ 3.33",
        "the mean is (10 + 12 + 14) / 3 = 12",
    ],
)
def test_sum_that_is_right_holds(text):
    claims = arithmetic_claims(text)
    assert claims
    assert all(claim.holds for claim in claims)


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("NVT is 600 / 12 = 60.", "50"),
        ("profit: 200 - 150 = 60 dollars", "50"),
        ("0.02 * 10,000 = $20", "200"),
    ],
)
def test_sum_that_is_wrong_is_found_with_what_is_so(text, instead):
    (claim,) = arithmetic_claims(text)
    assert (claim.holds, claim.instead) == (False, instead)


@pytest.mark.parametrize(
    "text",
    [
        "RSI 70-80 = overbought",
        "on 2024-01-05 = day one",
        "A/B = 3",
        "version 1.2.3 = new",
        "price = 100",
        "70-30 = the usual bounds",
        "",
    ],
)
def test_what_is_no_sum_is_left_alone(text):
    assert [claim for claim in arithmetic_claims(text) if not claim.holds] == []


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("The RSI oscillates between 0 and 100.", True),
        ("Williams %R ranges from -100 to 0.", True),
        ("The RSI moves between -1 and 1.", False),
        ("RSI is typically calculated over a default period of 14 days", True),
        ("The RSI uses a default of 21 periods", False),
        ("MACD with its default settings of 12, 26 and 9", True),
        ("MACD standard settings are 10, 20, 5", False),
    ],
)
def test_settings_and_ranges_are_compared_with_the_definition(text, holds):
    (claim,) = setting_claims(text, FACTS)
    assert claim.holds is holds
    assert bool(claim.instead) is not holds


def test_other_settings_than_the_default_are_no_mistake():
    assert setting_claims("Many traders use an RSI of 7 or 21 periods on short charts.", FACTS) == []


def test_all_checks_find_all_claims():
    text = "The RSI ranges from 0 to 100. Then 2 + 2 = 5."
    assert [claim.holds for check in checks_of(FACTS) for claim in check(text)] == [False, True]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Bitcoin peaked in November 2021 and fell in 2022.", date(2022, 1, 1)),
        ("On March 12, 2020 prices halved.", date(2020, 3, 12)),
        ("data of 2024-05-17 and 2023-01", date(2024, 5, 17)),
        ("as of early 2025 (2026 is a forecast)", date(2026, 1, 1)),
        ("In 2031 rewards halve again; since 2019 they fell.", date(2019, 1, 1)),
        ("An account with 2000 coins and 2048 words", None),
        ("on 2024-02-31 nothing happened", None),
        ("Feb 30, 2023", None),
        ("", None),
    ],
)
def test_latest_date_of_a_text_that_is_past(text, found):
    assert latest_date(text, until=date(2026, 11, 21)) == found
