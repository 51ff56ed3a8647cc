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


@pytest.mark.parametrize(
    ("question", "begins", "ends"),
    [
        ("Was habe ich letzten Dienstag gemacht?", date(2026, 6, 16), date(2026, 6, 17)),
        ("Was habe ich am Mittwoch gemacht?", date(2026, 6, 17), date(2026, 6, 18)),
        ("Was habe ich letzten Mittwoch gemacht?", date(2026, 6, 10), date(2026, 6, 11)),
        ("Wer hat gestern angerufen?", date(2026, 6, 16), date(2026, 6, 17)),
        ("Wer hat vorgestern Abend angerufen?", date(2026, 6, 15), date(2026, 6, 16)),
        ("Was haben wir vor drei Tagen besprochen?", date(2026, 6, 14), date(2026, 6, 15)),
        ("Was haben wir vor einer Woche besprochen?", date(2026, 6, 7), date(2026, 6, 14)),
        ("Was war am 24.12.2025?", date(2025, 12, 24), date(2025, 12, 25)),
        ("Was war am 24.12.?", date(2025, 12, 24), date(2025, 12, 25)),
        ("Was war am 3. Mai fällig?", date(2026, 5, 3), date(2026, 5, 4)),
        ("Was war am 29.02.2024?", date(2024, 2, 29), date(2024, 3, 1)),
        ("Wo war ich im März?", date(2026, 3, 1), date(2026, 4, 1)),
        ("Wo war ich im September?", date(2025, 9, 1), date(2025, 10, 1)),
        ("Wo war ich letzten Juni?", date(2025, 6, 1), date(2025, 7, 1)),
        ("Was haben wir letzten Monat gesagt?", date(2026, 5, 1), date(2026, 6, 1)),
        ("Was haben wir in der letzten Woche gesagt?", date(2026, 6, 8), date(2026, 6, 15)),
        ("Was haben wir diese Woche gesagt?", date(2026, 6, 15), date(2026, 6, 22)),
        ("Was war letztes Jahr?", date(2025, 1, 1), date(2026, 1, 1)),
        ("Was geschah im Jahr 2024?", date(2024, 1, 1), date(2025, 1, 1)),
        ("Was habe ich letztes Wochenende gemacht?", date(2026, 6, 13), date(2026, 6, 15)),
        ("Wo war ich letzten Sommer?", date(2026, 6, 1), date(2026, 9, 1)),
        ("¿Qué hice el martes pasado?", date(2026, 6, 16), date(2026, 6, 17)),
        ("¿Qué hice el miércoles?", date(2026, 6, 17), date(2026, 6, 18)),
        ("¿Qué hice el miércoles pasado?", date(2026, 6, 10), date(2026, 6, 11)),
        ("¿Quién llamó anoche?", date(2026, 6, 16), date(2026, 6, 17)),
        ("¿Quién llamó anteayer?", date(2026, 6, 15), date(2026, 6, 16)),
        ("¿Quién llamó antes de ayer?", date(2026, 6, 15), date(2026, 6, 16)),
        ("¿Qué dijimos hace dos semanas?", date(2026, 5, 31), date(2026, 6, 7)),
        ("¿Qué dijimos hace tres días?", date(2026, 6, 14), date(2026, 6, 15)),
        ("¿Qué pasó el 24/12/2025?", date(2025, 12, 24), date(2025, 12, 25)),
        ("¿Qué pasó el 3/5?", date(2026, 5, 3), date(2026, 5, 4)),
        ("¿Qué pasó el 3 de mayo?", date(2026, 5, 3), date(2026, 5, 4)),
        ("¿Qué pasó el 1 de mayo de 2024?", date(2024, 5, 1), date(2024, 5, 2)),
        ("¿Dónde estuve en marzo?", date(2026, 3, 1), date(2026, 4, 1)),
        ("¿Dónde estuve en septiembre de 2024?", date(2024, 9, 1), date(2024, 10, 1)),
        ("¿Dónde estuve el pasado junio?", date(2025, 6, 1), date(2025, 7, 1)),
        ("¿Qué dijimos la semana pasada?", date(2026, 6, 8), date(2026, 6, 15)),
        ("¿Qué dijimos esta semana?", date(2026, 6, 15), date(2026, 6, 22)),
        ("¿Qué dijimos el mes pasado?", date(2026, 5, 1), date(2026, 6, 1)),
        ("¿Qué pasó el año pasado?", date(2025, 1, 1), date(2026, 1, 1)),
        ("¿Qué pasó en 2024?", date(2024, 1, 1), date(2025, 1, 1)),
        ("¿Qué hice el fin de semana pasado?", date(2026, 6, 13), date(2026, 6, 15)),
        ("¿Adónde fui el verano pasado?", date(2026, 6, 1), date(2026, 9, 1)),
        ("Что я делал в прошлый вторник?", date(2026, 6, 16), date(2026, 6, 17)),
        ("Что я делал в среду?", date(2026, 6, 17), date(2026, 6, 18)),
        ("Что я делал в прошлую среду?", date(2026, 6, 10), date(2026, 6, 11)),
        ("Кто звонил вчера вечером?", date(2026, 6, 16), date(2026, 6, 17)),
        ("Кто звонил позавчера?", date(2026, 6, 15), date(2026, 6, 16)),
        ("Что мы решили три дня назад?", date(2026, 6, 14), date(2026, 6, 15)),
        ("Что мы решили две недели назад?", date(2026, 5, 31), date(2026, 6, 7)),
        ("Что мы решили неделю назад?", date(2026, 6, 7), date(2026, 6, 14)),
        ("Что было 24.12.2025?", date(2025, 12, 24), date(2025, 12, 25)),
        ("Что было 3 мая?", date(2026, 5, 3), date(2026, 5, 4)),
        ("Что было 3 мая 2024 года?", date(2024, 5, 3), date(2024, 5, 4)),
        ("Где я был в марте?", date(2026, 3, 1), date(2026, 4, 1)),
        ("Где я был в сентябре?", date(2025, 9, 1), date(2025, 10, 1)),
        ("Где я был в прошлом июне?", date(2025, 6, 1), date(2025, 7, 1)),
        ("Что мы говорили на прошлой неделе?", date(2026, 6, 8), date(2026, 6, 15)),
        ("Что мы говорили на этой неделе?", date(2026, 6, 15), date(2026, 6, 22)),
        ("Что мы говорили в прошлом месяце?", date(2026, 5, 1), date(2026, 6, 1)),
        ("Что было в прошлом году?", date(2025, 1, 1), date(2026, 1, 1)),
        ("Что было в 2024 году?", date(2024, 1, 1), date(2025, 1, 1)),
        ("Что я делал в прошлые выходные?", date(2026, 6, 13), date(2026, 6, 15)),
        ("Куда я ездил прошлым летом?", date(2026, 6, 1), date(2026, 9, 1)),
    ],
)
def test_times_are_understood_in_german_spanish_and_russian(question: str, begins: date, ends: date) -> None:
    found = window(question, NOW)
    assert found
    assert (found.begins.date(), found.ends.date()) == (begins, ends)


@pytest.mark.parametrize(
    ("since", "past"),
    [
        ("Was ist seit April passiert?", "Was habe ich in den letzten 3 Tagen gesagt?"),
        ("¿Qué ha pasado desde abril?", "¿Qué dije en los últimos 3 días?"),
        ("Что случилось с апреля?", "Что я говорил за последние 3 дня?"),
    ],
)
def test_open_times_of_other_languages_reach_to_now(since: str, past: str) -> None:
    begun, stretch = window(since, NOW), window(past, NOW)
    assert begun
    assert stretch
    assert (begun.begins.date(), begun.ends) == (date(2026, 4, 1), NOW)
    assert (stretch.begins.date(), stretch.ends) == (date(2026, 6, 14), NOW)


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
     "What was 99999 years ago?", "Who is June?", "Mach es so wie immer.", "Was kostet das pro Tag?", "Wer ist Mai?",
     "Version 3.12.10 oder 10.12.2025.1?", "Was war am 31. Juni?", "Was ist nächste Woche?", "Vor allem drei Tage Ruhe.",
     "¿Cuánto cuesta al día?", "Dame dos semanas de menús.", "¿Quién es Domingo?", "Is 3/4 more than 1/2?",
     "Сколько стоит в день?", "Кто такая Марта?", "Составь план на неделю.", "У меня две недели отпуска."],
)  # fmt: skip
def test_what_names_no_time_has_none(question: str) -> None:
    assert window(question, NOW) is None


@pytest.mark.parametrize(
    "text",
    [
        "el martes que viene",
        "el verano que viene",
        "el fin de semana que viene",
        "следующим летом",
        "half a year ago",
    ],
)
def test_times_to_come_are_none_of_the_past(text: str) -> None:
    assert window(text, NOW) is None


@pytest.mark.parametrize("text", ["hace unos días", "несколько дней назад", "a few days ago"])
def test_a_few_days_are_three(text: str) -> None:
    found = window(text, NOW)
    assert found is not None
    assert (NOW - found.begins).days == 3
