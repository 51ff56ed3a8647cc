"""Requests put plainly: one notation of numbers, English words, and no number left out in silence."""

import pytest
from pydantic import BaseModel

from models import Unit, argument
from models.chat.extractive.arguments import Reading, read_arguments
from models.chat.extractive.plain import put_plainly
from models.chat.extractive.texts import left_as_written


def plain(request: str) -> str:
    return put_plainly(request, left_as_written(request)).text


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ("My capital is €15.000, I risk half a percent", "My capital is €15000, I risk 0.5 percent"),
        ("RSI 14 of 44,3 44,1 44,2", "RSI 14 of 44.3 44.1 44.2"),
        ("12.000 / 25,50", "12000 / 25.50"),
        ("1.234,56 against 0,5", "1234.56 against 0.5"),
        ("1,234.56 against 0.5", "1,234.56 against 0.5"),
        ("Liquidationspreis eines 10x Long bei 3.000", "liquidation price a 10x Long at 3000"),
        ("ставка 0,01 %, депозит 12 500", "rate 0.01 %, deposit 12500"),
        ("budget 12 000", "budget 12000"),
        ("RSI of 100 102 101 105", "RSI of 100 102 101 105"),
        ("key hire leaves (2,5)", "key hire leaves (2,5)"),
        ("divide 12,000 euros: search 45%", "divide 12,000 euros: search 45%"),
        ("price 1.085", "price 1.085"),
        ("since 01.03.2026", "since 01.03.2026"),
        ("in a year and a half", "in 1.5 year"),
        ("two and a half years", "2.5 years"),
        ("half a million at 300", "0.5 million at 300"),
        ("EMA20 of prices", "EMA 20 of prices"),
    ],
)
def test_numbers_are_put_into_one_notation(request_: str, text: str):
    assert plain(request_) == text


@pytest.mark.parametrize(
    "request_",
    ['Prüfe die Anzeige „x“: "Preis 1.000 €"', "prüfe ```\n1.000,5 Preis\n``` bitte"],
)
def test_quotations_and_fences_are_left_as_they_are(request_: str):
    found = put_plainly(request_, left_as_written(request_))
    start, end = left_as_written(request_)[0]
    assert request_[start:end] in found.text


class Sizing(BaseModel):
    account: float = argument("Account", unit=Unit.MONEY, cues=("account",))
    entry: float = argument("Entry", unit=Unit.MONEY, cues=("entry", "at"))
    stop: float = argument("Stop", unit=Unit.MONEY, cues=("stop",))
    risk_percent: float = argument("Risk", unit=Unit.PERCENT, cues=("risk", "lose"), default=2.0)


class Flows(BaseModel):
    cash_flows: list[float] = argument("Flows", unit=Unit.MONEY, cues=("cash flows",))
    rate_percent: float | None = argument("Rate", unit=Unit.PERCENT, cues=("rate", "at"), default=None)


class Bet(BaseModel):
    win_rate_percent: float = argument("Wins", unit=Unit.PERCENT, cues=("win rate", "win"))
    payoff_ratio: float | None = argument("Payoff", unit=Unit.NUMBER, cues=("payoff",), default=None)


class Day(BaseModel):
    high: float = argument("High", unit=Unit.MONEY, cues=("high",))
    low: float = argument("Low", unit=Unit.MONEY, cues=("low",))
    close: float = argument("Close", unit=Unit.MONEY, cues=("close", "closed"))


class Lift(BaseModel):
    baseline_percent: float = argument("Base", unit=Unit.PERCENT, cues=("baseline", "from"))
    effect_percent: float = argument("Lift", unit=Unit.PERCENT, cues=("lift",))


class Idea(BaseModel):
    market: float | None = argument("Market", unit=Unit.NUMBER, cues=("market",), default=None)
    team: float | None = argument("Team", unit=Unit.NUMBER, cues=("team",), default=None)
    out_of: float = argument("Top of the scale", unit=Unit.NUMBER, cues=("out of", "scale"), default=5.0)


class Split(BaseModel):
    conversions_a: int = argument("A", unit=Unit.COUNT, cues=("conversions",))
    visitors_a: int = argument("A", unit=Unit.COUNT, cues=("of",))
    conversions_b: int = argument("B", unit=Unit.COUNT, cues=("conversions",))
    visitors_b: int = argument("B", unit=Unit.COUNT, cues=("of",))


def read(model: type[BaseModel], request: str) -> Reading:
    return read_arguments(model.model_json_schema(), request)


@pytest.mark.parametrize(
    ("model", "request_", "values"),
    [
        (
            Flows,
            "invest 80,000 now, get 25,000 in each of the next 3 years",
            {"cash_flows": [-80000, 25000, 25000, 25000]},
        ),
        (
            Flows,
            "spend 50k now for 20k, 22k and 24k in the next three years",
            {"cash_flows": [-50000, 20000, 22000, 24000]},
        ),
        (Flows, "flows -100, 60, 70", {"cash_flows": [-100, 60, 70]}),
        (Bet, "I win 55 out of 100 trades", {"win_rate_percent": 55}),
        (Day, "between 61,200 and 63,900, closed at 63,100", {"high": 63900, "low": 61200, "close": 63100}),
        (Lift, "going from 2% to 2.5%", {"baseline_percent": 2, "effect_percent": 25}),
        (Idea, "market 7/10, team 8/10", {"market": 7, "team": 8, "out_of": 10}),
        (
            Split,
            "3.2% of 5000 against 3.9% of 5100",
            {"conversions_a": 160, "visitors_a": 5000, "conversions_b": 199, "visitors_b": 5100},
        ),
        (
            Sizing,
            "account 20k, entry 120, stop 114, lose 300 dollars at most",
            {"account": 20000, "entry": 120, "stop": 114, "risk_percent": 1.5},
        ),
    ],
)
def test_figures_that_stand_together_are_read_together(
    model: type[BaseModel], request_: str, values: dict[str, object]
):
    found = read(model, request_)
    assert found.values == values
    assert found.unexplained == ()


@pytest.mark.parametrize(
    ("request_", "unexplained"),
    [
        ("account 20k, entry 120, stop 114", ()),
        ("account 20k, entry 120, stop 114 or 110", ("110",)),
        ("account 20k, entry 120, stop 114, leverage 10x", ("10x",)),
        ("Konto 20.000 €, entry 120, stop 114, Hebel 7.500", ("7.500",)),
        ("account 20k in 2026, entry 120, stop 114 on layer 2", ()),
    ],
)
def test_a_number_that_no_argument_takes_is_told(request_: str, unexplained: tuple[str, ...]):
    assert read(Sizing, request_).unexplained == unexplained
