"""Dates in requests: which are read, which are asked about, and which are none."""

from datetime import date

import pytest
from pydantic import BaseModel

from models import Unit, argument
from models.chat.extractive.arguments import read_arguments
from models.chat.extractive.dates import read_dates
from models.chat.extractive.quantities import read_quantities

TODAY = date(2026, 3, 10)
MARCH = date(2026, 3, 1)


class Plan(BaseModel):
    posts: int = argument("Posts a week", unit=Unit.COUNT, cues=("posts",), default=3)
    start: date | None = argument("First day", unit=Unit.DATE, cues=("from",), default=None)


def read(text: str) -> list[list[date]]:
    return [mention.readings(TODAY) for mention in read_dates(text)]


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01", "2026/03/01", "2026/3/1", "01.03.2026", "1.3.2026", "1 March 2026", "1st of March 2026",
        "March 1, 2026", "March 1st 2026", "mar 1 2026",
    ],
)  # fmt: skip
def test_a_date_is_read_in_the_usual_forms(written: str):
    text = f"a calendar from {written}, 4 posts"
    assert read(text) == [[MARCH]]
    assert [quantity.value for quantity in read_quantities(text)] == [4.0]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("1 March", date(2027, 3, 1)), ("10 March", date(2026, 3, 10)), ("March 11", date(2026, 3, 11)),
        ("the 1st of april", date(2026, 4, 1)), ("May 5th", date(2026, 5, 5)), ("29 Feb", date(2028, 2, 29)),
        ("Dec 24", date(2026, 12, 24)), ("Sept 3", date(2026, 9, 3)),
    ],
)  # fmt: skip
def test_a_day_without_a_year_is_the_next_such_day(written: str, day: date):
    assert read(f"plan from {written} to the end") == read(f"plan from {written}") == [[day]]


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("01/03/2026", [MARCH, date(2026, 1, 3)]),
        ("31/12/2026", [date(2026, 12, 31)]),
        ("12/31/2026", [date(2026, 12, 31)]),
        ("03/03/2026", [date(2026, 3, 3)]),
        ("2026-02-30", []),
        ("30 February 2026", []),
        ("13/13/2026", []),
    ],
)
def test_what_is_open_or_impossible_is_not_guessed(written: str, days: list[date]):
    assert read(f"from {written}") == [days]


@pytest.mark.parametrize(
    "text",
    [
        "in March 3 posts a week", "in March 5,000 visitors", "we may 5 times", "3 March campaigns", "40 Foo 2025",
        "version 1.2.3", "1/3/20", "March 2025", "192.168.2024.1", "in May 10 %",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_date_is_none(text: str):
    assert read_dates(text) == ()


def test_dates_stand_in_the_order_of_the_text():
    assert read("to March 12, from 2026-03-11") == [[date(2026, 3, 12)], [date(2026, 3, 11)]]


def test_a_date_that_is_given_and_not_understood_is_asked_for_though_it_is_optional():
    schema = Plan.model_json_schema()
    assert read_arguments(schema, "3 posts", today=TODAY).missing == ()
    open_day = read_arguments(schema, "3 posts from 01/03/2026", today=TODAY)
    assert open_day.missing == ("start",)
    assert open_day.unclear == {"start": "“01/03/2026” may be 2026-03-01 or 2026-01-03"}
    assert open_day.values == {"posts": 3}
    no_day = read_arguments(schema, "from 2026-02-30", today=TODAY)
    assert no_day.unclear == {"start": "“2026-02-30” is in no calendar"}
    answered = read_arguments(schema, "3 posts from 01/03/2026\nMarch 12", today=TODAY)
    assert (answered.missing, answered.values["start"]) == ((), "2026-03-12")
