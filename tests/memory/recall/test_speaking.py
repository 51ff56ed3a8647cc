"""Who speaks of himself, and who says that something changed."""

import pytest

from memory.recall.analysis import asks_of_self, speaks_of_change, speaks_of_self


@pytest.mark.parametrize(
    "text",
    ["I live in Oslo.", "It’s what I’ve got.", "Please answer briefly.", "Ich wohne in Hamburg.", "Unser Hund ist krank.",
     "Bitte kurze Antworten.", "Vivo en Sevilla.", "Soy médica.", "Nuestra casa es vieja.", "Живу в Казани.", "Моя сестра врач.",
     "У нас есть кот."],
)  # fmt: skip
def test_somebody_speaks_of_himself(text: str) -> None:
    assert speaks_of_self(text)


@pytest.mark.parametrize(
    "text",
    ["The price rises.", "Der Preis steigt.", "El precio sube.", "Цена растёт.", "Er wohnt in Ulm.", "Soy milk is white.",
     "El trabajo es duro.", "Она живёт в Перми.", "Eine Meinung hat jeder."],
)  # fmt: skip
def test_what_is_said_of_others_is_not(text: str) -> None:
    assert not speaks_of_self(text)


@pytest.mark.parametrize(
    "text",
    ["I moved to Oslo.", "Ich bin nach Köln gezogen.", "Ich mag keinen Kaffee mehr.", "Ab jetzt kurz.", "Ya no vivo en Madrid.",
     "Me he pasado a Linux.", "Я больше не курю.", "Она переехала.", "Теперь коротко."],
)  # fmt: skip
def test_a_change_is_told(text: str) -> None:
    assert speaks_of_change(text)


@pytest.mark.parametrize(
    "text", ["I live in Oslo.", "Ich wohne in Köln.", "Vivo en Madrid.", "Я живу в Перми.", "Kein Problem."]
)
def test_what_stays_is_none(text: str) -> None:
    assert not speaks_of_change(text)


@pytest.mark.parametrize(
    ("question", "own"),
    [("Where do I live?", True), ("Where do we live?", False), ("Wo wohne ich?", True), ("Was kostet es?", False),
     ("¿Dónde vivo?", True), ("¿Cuánto cuesta?", False), ("Где я живу?", True), ("Сколько стоит?", False)],
)  # fmt: skip
def test_a_question_is_about_who_asks_it(question: str, own: object) -> None:
    assert asks_of_self(question) is own
