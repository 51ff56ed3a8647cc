"""What people say of themselves in German, Spanish and Russian, and what is left alone."""

import json
import time
from pathlib import Path

import pytest

from memory.consolidation.extraction.foreign import language_of
from memory.consolidation.extraction.vocabulary import LANGUAGES, vocabulary
from tests.memory.consolidation.conftest import Find


def _rows(name: str) -> list[tuple[str, str, frozenset[tuple[str, str]]]]:
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    return [
        (row["language"], row["text"], frozenset((slot, value) for slot, value in row["records"]))
        for row in map(json.loads, lines)
    ]


def _found(find: Find, text: str) -> frozenset[tuple[str | None, str | None]]:
    return frozenset((draft.slot, draft.value) for draft in find(text).values())


@pytest.mark.parametrize(("language", "text", "records"), _rows("statements_languages.jsonl"))
def test_statements_fill_the_slots_that_english_ones_do(
    find: Find, language: str, text: str, records: frozenset[tuple[str, str]]
) -> None:
    assert language_of(text) == language
    assert _found(find, text) == records


def test_of_statements_written_before_the_rules_most_are_found_and_nothing_of_what_states_nothing(
    find: Find,
) -> None:
    right = wrong = missed = 0
    for _, text, records in _rows("statements_held_out.jsonl"):
        found = _found(find, text)
        if not records:
            assert found == frozenset(), text
        right += len(found & records)
        wrong += len(found - records)
        missed += len(records - found)
    assert right / (right + missed) >= 0.9
    assert right / (right + wrong) >= 0.85


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("I live in Oslo.", "Ich bin nach Hamburg gezogen."),
        ("Ich wohne in Hamburg.", "Me mudé a Sevilla."),
        ("Vivo en Sevilla.", "Я переехал в Казань."),
        ("Живу в Казани.", "I moved to Oslo."),
        ("I'm vegetarian.", "Ya no soy vegetariano."),
        ("Ich mag Kaffee.", "Я больше не люблю кофе."),
        ("Please keep your answers short.", "Bitte ab jetzt ausführliche Antworten."),
        ("We decided on Postgres.", "Hemos decidido usar MySQL porque es gratis."),
        ("Я женат.", "I'm divorced."),
    ],
)
def test_a_newer_statement_in_another_language_has_the_slot_of_the_earlier(
    find: Find, earlier: str, later: str
) -> None:
    before, after = find(earlier), find(later)
    assert set(before) & set(after)
    assert {draft.value for draft in before.values()} != {draft.value for draft in after.values()}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Ich wohne in München.", "Lives in München."),
        ("Ich wohne in der Schweiz.", "Lives in Switzerland."),
        ("Soy maestra de primaria.", "Is a primary school teacher."),
        ("Живу в Нижнем Новгороде.", "Lives in Нижний Новгород."),
        ("Me encanta la paella.", "Likes paella."),
        ("Wir haben uns für Postgres entschieden, weil wir es kennen.", "Decided on Postgres, because wir es kennen."),
        ("Ich bin freiberufliche Grafikerin.", "Works as a graphic designer (freiberufliche Grafikerin)."),
    ],
)  # fmt: skip
def test_records_are_worded_in_english_with_the_users_own_names_and_reasons(
    find: Find, text: str, told: str
) -> None:
    assert [draft.text for draft in find(text).values()] == [told]


@pytest.mark.parametrize(
    "text",
    [
        "Ich bin nicht nach Berlin gezogen.",
        "Wir haben uns nicht für Postgres entschieden.",
        "Mein Sohn ist nicht allergisch gegen Nüsse.",
        "Ich hasse Jazz nicht.",
        "Ich liebe Jazz nicht mehr.",
        "Ich benutze Linux nicht.",
        "Ich habe 3 Bitcoin verkauft.",
        "Vielleicht habe ich Diabetes.",
        "Ich glaube, ich habe Diabetes.",
        "Busco trabajo en Google.",
        "Mi padre perdió su trabajo en Google.",
        "Creo que tengo diabetes.",
        "Наверное, у меня диабет.",
        "Учитель ушёл.",
        "Мама на пенсии.",
        "Моя собака укусила Машу.",
        "Don't avoid emojis.",
        "I doubt I'm allergic to nuts.",
        "Maybe I have diabetes.",
    ],
)
def test_what_is_denied_or_unsure_or_of_others_leaves_no_record(find: Find, text: str) -> None:
    assert find(text) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Wir haben uns gegen Kafka entschieden.", ["Decided against Kafka."]),
        ("Мы решили не использовать Postgres.", ["Decided against Postgres."]),
        ("Dejé mi trabajo en Google.", ["No longer works at Google."]),
        ("Ich mag Kaffee nicht.", ["Dislikes coffee."]),
        ("Don't use metric units.", ["Wants no metric units."]),
        ("I'm a doctor now.", ["Is a doctor."]),
        ("I live in Oslo, I work at Siemens.", ["Lives in Oslo.", "Works at Siemens."]),
        ("Forget my old job, I now work at Siemens.", ["Works at Siemens."]),
        ("Vergiss meinen alten Job, ich arbeite jetzt bei Siemens.", ["Works at Siemens."]),
    ],
)
def test_what_is_denied_or_ended_is_told_as_such(find: Find, text: str, told: list[str]) -> None:
    assert [draft.text for draft in find(text).values()] == told


def test_a_decision_keeps_why_instead_of_what_and_when(find: Find) -> None:
    [draft] = find(
        "Letzten Dienstag haben wir uns für MySQL statt Postgres entschieden, weil es reicht."
    ).values()

    assert draft.details["why"] == "es reicht"
    assert draft.details["alternatives"] == ["Postgres"]
    assert draft.details["when"] == "Letzten Dienstag"


@pytest.mark.parametrize(
    ("asked", "text", "records"),
    [
        ("Wo wohnst du?", "In Hamburg", {("fact:home", "Hamburg")}),
        ("¿Cómo te llamas?", "Lucía", {("fact:name", "Lucía")}),
        ("Где вы живёте?", "В Казани", {("fact:home", "Казань")}),
        ("Как дела?", "Хорошо", set()),
    ],
)
def test_an_answer_of_a_few_words_is_read_with_its_question(
    find: Find, asked: str, text: str, records: set[tuple[str, str]]
) -> None:
    assert {(draft.slot, draft.value) for draft in find(text, asked=asked).values()} == records


@pytest.mark.parametrize(
    "text",
    [
        "„Ich wohne in Hamburg und heiße Max Mustermann“, stand auf dem Zettel.",
        "Sie schrieb: «Vivo en Lima y soy médica desde hace años».",
        "> Ich wohne in Hamburg.",
        "Schreib eine Kurzgeschichte.\nIch heiße Tom und wohne in Ulm.",
        "Vergiss, dass ich in Hamburg wohne.",
        "Olvida que vivo en Sevilla.",
        "Забудь, что я живу в Казани.",
        "Ich würde gern in Rom leben.",
        "Quiero vivir en Madrid.",
        "Хочу переехать в Сочи.",
        "Ich mag deine Antwort.",
        "Ich bin nicht verheiratet.",
        "Я не женат.",
        "Hallo, ich bin neu hier.",
        "Soy muy feliz.",
    ],
)
def test_what_is_quoted_wished_or_to_be_forgotten_states_nothing(find: Find, text: str) -> None:
    assert find(text) == {}


def test_every_profession_is_one_that_the_english_rules_know(find: Find) -> None:
    says = {"de": "Ich bin {}.", "es": "Soy {}.", "ru": "Я {}."}
    for language in LANGUAGES:
        words = vocabulary(language)
        for form, english in words.terms["job"].items():
            said = form.title() if language == "de" else form
            found = find(says[language].format(said))
            assert "fact:job" in found, (language, form)
            assert found["fact:job"].value == english, (language, form)


def test_hostile_text_of_other_languages_is_read_within_seconds(find: Find) -> None:
    began = time.process_time()
    for text in (
        "ich wohne seit seit seit " * 30,
        "ich habe " * 2000,
        "ich mag " + "a b " * 4000,
        "mein hund und " * 1500,
        "vivo con con con con en " * 30,
        "tengo un una " * 1500,
        "me gusta " + "a y " * 4000,
        "у меня есть " * 1500,
        "я живу с с с с с " * 40,
        "меня зовут " + "Аа " * 6000,
        "Ich liebe es. " * 1400,
    ):
        assert len(find(text)) <= 1

    assert time.process_time() - began < 15
