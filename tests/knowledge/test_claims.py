from dataclasses import asdict
from datetime import date

import pytest

from app.knowledge_checks import accuracy_checks
from knowledge.refinery.accuracy import IndicatorFacts
from knowledge.refinery.accuracy.changes import change_claims
from knowledge.refinery.accuracy.settings import setting_check
from knowledge.refinery.accuracy.sums import sum_claims
from knowledge.refinery.dates import latest_date
from trading.facts import definitions

FACTS = [IndicatorFacts(**asdict(each)) for each in definitions()]
setting_claims = setting_check(FACTS)


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
        "Multiplier = 2 / (12 + 1) = 0.1538",
        "- Stop at 2 x ATR: $50,000 - ($1,000 x 2) = $48,000",
        "stock-to-flow is 19 million BTC / 328,500 BTC per year = 57.8",
        "costs of $500,000 (initial) + $100,000 (annual) = $600,000",
        "$1 million (daily) / 24 hours = $41,667",
        "the pool holds 50 * sqrt(4) = 100",
        "the bands are 100 + 2 x 5 = 110",
        "a day has 24 hours * 60 minutes ≈ 1,440",
    ],
)
def test_sum_that_is_right_holds(text):
    claims = sum_claims(text)
    assert claims
    assert all(claim.holds for claim in claims)


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("NVT is 600 / 12 = 60.", "50"),
        ("profit: 200 - 150 = 60 dollars", "50"),
        ("0.02 * 10,000 = $20", "200"),
        ("RSI = 100 - 100 / (1 + 2) = 70", "66.6667"),
        ("the fee is 10 million x 2% = 300,000", "200,000"),
    ],
)
def test_sum_that_is_wrong_is_found_with_what_is_so(text, instead):
    (claim,) = sum_claims(text)
    assert (claim.holds, claim.computed) == (False, instead)


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
        "Macro 4/4 + Bitcoin 4/4 = 8/8",
        "Score = Macro (0-4) + Bitcoin (0-4) = 0-8",
        "Price + 5 * 2 = 20",
        "twice 5 + 3 = 16",
        "EMA(3 + 4) = 12",
        "log 100 / 10 = 1",
        "10 + 20 + 30 / 3 = 20",  # a bracket is missing
        "√121 / 10 = 3.48",
        "5 + 5 = 10 x 2",
        "600 / 12 = roughly fifty",
        "/?sh=4d3f5e9f3f3f and page=2-1=x",
        "if x >= 5 - 3 == 2",
    ],
)
def test_what_is_no_sum_is_left_alone(text):
    assert sum_claims(text) == []


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
        ("The Ultimate Oscillator is scaled from 0 to 100", True),
        ("CMF ranges between -1 and +1", True),
        ("Aroon Oscillator ranges from -100 to +100", True),
        ("The stochastic oscillator has two lines, %K and %D, that oscillate between 0 and 100.", True),
        ("ADX values range from 0 to 1000.", False),
        ("Money Flow Index (MFI) ranges from -100 to 100", False),
        ("Bollinger Bands have default settings of 20 periods and 2 standard deviations", True),
    ],
)
def test_settings_and_ranges_are_compared_with_the_definition(text, holds):
    (claim,) = setting_claims(text)
    assert claim.holds is holds
    assert claim.computed


@pytest.mark.parametrize(
    "text",
    [
        "Many traders use an RSI of 7 or 21 periods on short charts.",
        "In an uptrend the RSI moves between 40 and 90.",
        "The RSI moves between 40 and 80 in a bull market.",
        "Stochastic RSI oscillates between 0 and 1.",
        "During a rally RSI readings fluctuate between -5 and 120 on broken feeds",
        "Williams %R ranges from 0 to 100 on some charts.",
        "The RSI strategy has returns that range from -20 to 150.",
        "The CCI ranges from -100 to 100 most of the time.",
        "The default of a simple moving average is 50 days.",
        "The RSI is used with a common setting of 9 periods",
        "The typical price of the RSI is 20 periods",
        "RSI. The default is 5 periods.",
    ],
)
def test_settings_that_people_may_choose_and_ranges_that_are_usual_are_no_mistake(text):
    assert setting_claims(text) == []


def test_the_indicator_named_last_is_the_one_that_is_spoken_of():
    assert [
        claim.computed for claim in setting_claims("Beside the RSI, Williams %R ranges from -100 to 0.")
    ] == ["-100 to 0"]


@pytest.mark.parametrize(
    ("text", "holds", "computed"),
    [
        ("The price rose from $100 to $110, a 10% increase.", True, "+10 %"),
        ("from 100 to 110 is a 15 % rise", False, "+10 %"),
        ("Bitcoin crashed from $69,000 to $15,500 (77% decline).", True, "-77.54 %"),
        ("BTC fell from 60,000 dollars to 45,000 dollars, a 33 % drop", False, "-25 %"),
        ("wallets grew from 545,000 in 2020 to 2.5 million by 2021, an increase of 358%", True, "+358.7 %"),
        ("rose 10% from 200 to 220", True, "+10 %"),
        ("gained 300 % from 10 to 30", False, "+200 %"),
        ("from $4.9 billion in 2021 to $67.4 billion by 2026, at a CAGR of 68.4%", True, "68.92 % a year"),
        ("from $1 billion in 2020 to $2 billion by 2030, at a CAGR of 20%", False, "7.177 % a year"),
        ("2 % of a $10,000 account is $200", True, "200"),
        ("2 % of 10,000 is 300.", False, "200"),
    ],
)
def test_changes_and_shares_in_percent_are_computed_again(text, holds, computed):
    (claim,) = change_claims(text)
    assert (claim.holds, claim.computed) == (holds, computed)


@pytest.mark.parametrize(
    "text",
    [
        "Fees range from 10% to 37% (depending on income).",
        "fell from over 60% to around 15%, a 70% decline",
        "from around $10,000 to over $69,000, a 300% rise",  # both ends are bounds
        "fell from 100 to 90, a 50 % rise of the year before",
        "from 2013 to 2018 volatility was around 80%",
        "moved from 100 to 110 while the volume had a 40 % rise",
        "from $1 billion in 2020 to $2 billion by 2021, at a CAGR of 20%",
        "12 % of accounts is 5 % of all",
        "rose from 0 to 100 (a 50 % gain)",
    ],
)
def test_what_is_no_sure_change_is_left_alone(text):
    assert change_claims(text) == []


def test_all_checks_find_all_claims():
    text = (
        "The RSI ranges from 0 to 100. Then 2 + 2 = 5. From 50 to 60 is a 20 % rise. RSI = 100 - 100/(1 - RS). "
        "With RS = 2 the RSI is 66.7. For closes 1, 2, 3 the 3-day SMA is 2."
    )
    found = [(claim.kind.value, claim.holds) for check in accuracy_checks() for claim in check(text)]
    assert found == [
        ("sum", False), ("change", True), ("formula", False), ("worked formula", True), ("range", True), ("reading", True),
    ]  # fmt: skip


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
