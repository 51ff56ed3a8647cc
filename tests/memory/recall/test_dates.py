"""The time that a question speaks of."""

from datetime import UTC, date, datetime

import pytest

from memory.recall import window

NOW = datetime(2026, 6, 17, 15, 0, tzinfo=UTC)
"""A Wednesday."""


@pytest.mark.parametrize(
    ("question", "begins", "ends"),
    [
        ("What did I do last Tuesday?", date(2026, 6, 16), date(2026, 6, 17)),
        ("What did I do on Wednesday?", date(2026, 6, 17), date(2026, 6, 18)),
        ("What did I do last Wednesday?", date(2026, 6, 10), date(2026, 6, 11)),
        ("Who called yesterday?", date(2026, 6, 16), date(2026, 6, 17)),
        ("Who called the day before yesterday?", date(2026, 6, 15), date(2026, 6, 16)),
        ("What was due on 3 May 2026?", date(2026, 5, 3), date(2026, 5, 4)),
        ("What was due on May 3rd?", date(2026, 5, 3), date(2026, 5, 4)),
        ("What was due on 2026-05-03?", date(2026, 5, 3), date(2026, 5, 4)),
        ("What was due on the 24th of December?", date(2025, 12, 24), date(2025, 12, 25)),
        ("Where was I in March?", date(2026, 3, 1), date(2026, 4, 1)),
        ("Where was I in September?", date(2025, 9, 1), date(2025, 10, 1)),
        ("Where was I in March 2024?", date(2024, 3, 1), date(2024, 4, 1)),
        ("Where was I last June?", date(2025, 6, 1), date(2025, 7, 1)),
        ("What did we say last month?", date(2026, 5, 1), date(2026, 6, 1)),
        ("What did we say this week?", date(2026, 6, 15), date(2026, 6, 22)),
        ("What did we say last week?", date(2026, 6, 8), date(2026, 6, 15)),
        ("What did we say last year?", date(2025, 1, 1), date(2026, 1, 1)),
        ("What happened in 2024?", date(2024, 1, 1), date(2025, 1, 1)),
        ("What did I do last weekend?", date(2026, 6, 13), date(2026, 6, 15)),
        ("What did I plan two days ago?", date(2026, 6, 15), date(2026, 6, 16)),
        ("What did I plan two weeks ago?", date(2026, 5, 31), date(2026, 6, 7)),
        ("Where did I go last summer?", date(2026, 6, 1), date(2026, 9, 1)),
    ],
)
def test_times_are_understood(question: str, begins: date, ends: date) -> None:
    found = window(question, NOW)
    assert found
    assert (found.begins.date(), found.ends.date()) == (begins, ends)


def test_open_times_reach_to_now() -> None:
    since = window("What has happened since April?", NOW)
    past = window("What did I say in the last 3 days?", NOW)
    assert since
    assert past
    assert (since.begins.date(), since.ends) == (date(2026, 4, 1), NOW)
    assert (past.begins.date(), past.ends) == (date(2026, 6, 14), NOW)


@pytest.mark.parametrize(
    "question",
    ["May I ask something?", "We march on.", "What is due on 31 June?", "Is 4711 the code?", "How many days are left?",
     "What was 99999 years ago?", "Who is June?"],
)  # fmt: skip
def test_what_names_no_time_has_none(question: str) -> None:
    assert window(question, NOW) is None
