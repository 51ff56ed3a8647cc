"""Putting words of other languages into English, word by word."""

import pytest

from models import english_words, personal_words
from models.glossary import gloss


@pytest.mark.parametrize(
    ("said", "english"),
    [
        (
            "Рассчитай точку безубыточности: постоянные затраты 12 000, цена 25,50",
            "calculate break-even point: fixed costs 12 000, price 25,50",
        ),
        ("фибоначчи от 69к до 49к", "fibonacci from 69k to 49k"),
        ("niveles de fibonacci de 69k a 49k", "fibonacci levels from 69k to 49k"),
        ("Análisis DAFO de una panadería", "SWOT analysis of a bakery"),
        ("Liquidationspreis eines 10x Long bei 3.000", "liquidation price a 10x Long at 3.000"),
        (
            "Wo liegt die Gewinnschwelle bei Fixkosten von 900?",
            "what is the break-even point at fixed costs of 900?",
        ),
    ],
)
def test_known_words_are_put_into_english(said: str, english: str) -> None:
    assert english_words(said) == english


@pytest.mark.parametrize(
    "text",
    [
        "What is the break-even for Die Brücke with fixed costs of 100?",
        "compute RSI 14 of 44.3, 44.1",
        "El Niño risk: what does the budget say about it",
        "runway 750k cash",
        "",
    ],
)
def test_english_text_stays_the_same(text: str) -> None:
    assert english_words(text) == text


def test_places_in_the_gloss_lead_back_to_the_original() -> None:
    said = "Сколько стоит «синий дом»: цена 25"
    found = gloss(said)
    at = found.text.index("price")
    start, end = found.original(at, at + len("price"))
    assert said[start:end] == "цена"
    start, end = found.original(found.text.index("25"), len(found.text))
    assert said[start:end] == "25"


def test_kept_spans_are_left_as_they_stand() -> None:
    said = "Проверь заголовок «цена и качество»"
    at = said.index("«")
    assert gloss(said, [(at, len(said))]).text == "check headline «цена и качество»"


@pytest.mark.parametrize(
    ("said", "english"),
    [
        ("wetter morgen in Köln", "weather tomorrow in Köln"),
        ("receta de sopa", "recipe of soup"),
        ("посоветуй фильм", "recommend film"),
    ],
)
def test_everyday_words_only_tell_what_a_text_is_about(said, english):
    assert english_words(said) == english
    assert gloss(said).text != english


@pytest.mark.parametrize(
    "text",
    [
        "red candle meaning",
        "bank loan or equity",
        "SOL price",
        "hammer or doji",
        "signals of a trend",
        "why do stablecoins lose their peg",
    ],
)
def test_terse_english_stays_the_same(text):
    assert english_words(text) == text


@pytest.mark.parametrize(
    ("said", "english"),
    [
        ("meine Schwester ist Krankenschwester", "my sister is nurse"),
        ("ich mag Tee", "I like tea"),
        ("mein Alter", "my age"),
        ("me gusta el té", "me like tea"),
        ("mi hermano vive en Bergen", "my brother live in Bergen"),
        ("tengo dos gatos y una gata", "I have two cat and a cat"),
        ("моя дочь живёт в Осло", "my daughter live in Осло"),
        ("у меня день рождения в мае", "у I birthday in may"),
        ("мой друг любит чай", "my friend like tea"),
        ("I mag be late for tee time, alter ego", "I mag be late for tee time, alter ego"),
    ],
)
def test_where_people_speak_of_themselves_words_mean_what_they_do_then(said, english):
    assert personal_words(said) == english


@pytest.mark.parametrize(
    "request_",
    [
        "Welches Alter hat der Trend bei BTC?",
        "Schreibe eine Anzeige für Tee",
        "Wie viele Kunden pro Frau im Vertrieb",
        "Casa de cambio: calcula la comisión",
        "Напиши план на дом",
        "Кто друг моего конкурента",
    ],
)
def test_such_words_mean_nothing_of_the_kind_in_requests(request_):
    english = english_words(request_).split()
    assert not {"age", "tea", "wife", "home", "friend", "live", "like"} & set(english)
    assert personal_words(request_) != " ".join(english)
