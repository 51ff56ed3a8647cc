"""Which messages ask that something remembered be forgotten, or told."""

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any  # TOML

import pytest

from memory.consolidation.extraction.sentences import statements
from memory.errors import WordingInvalid
from memory.personal_words import in_english
from memory.wishes import chosen, wish_to_forget, wish_to_know, without_wishes
from memory.wordings import read_wordings, wordings

CASES: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "wish_cases.toml").read_text(encoding="utf-8")
)
WISHES = files("memory").joinpath("wishes.toml").read_text(encoding="utf-8")
OFFERED = ("rec_a", "rec_b", "rec_c")


def cases(*keys: str) -> list[Any]:
    """The sentences under these keys, each with what is meant and its language."""
    return [
        (sentence, found[sentence] if isinstance(found, dict) else None, language)
        for language, kinds in CASES.items()
        for key in keys
        for found in [kinds.get(key, ())]
        for sentence in found
    ]


@pytest.mark.parametrize(("message", "about", "language"), cases("forget", "aside"))
def test_a_request_to_forget_names_what_is_meant_and_states_nothing(message: str, about: str, language: str):
    wish = wish_to_forget(message)
    assert wish is not None
    assert (wish.about, wish.language, wish.everything) == (about, language, False)
    assert wish.sure is (message not in CASES[language].get("aside", {}))
    assert without_wishes(message) != message
    assert not [said for said in statements(message) if about in said]
    assert about not in without_wishes(message)


@pytest.mark.parametrize(("message", "_", "language"), cases("everything"))
def test_everything_is_told_from_something(message: str, _: None, language: str):
    wish = wish_to_forget(message)
    assert wish is not None
    assert (wish.everything, wish.language) == (True, language)


@pytest.mark.parametrize(("message", "ids", "language"), cases("records"))
def test_records_are_named_by_their_ids(message: str, ids: list[str], language: str):
    wish = wish_to_forget(message)
    assert wish is not None
    assert (list(wish.ids), wish.language) == (ids, language)


@pytest.mark.parametrize(("message", "_", "language"), cases("neither", "unclear"))
def test_other_messages_ask_for_no_forgetting(message: str, _: None, language: str):
    assert wish_to_forget(message) is None
    assert (without_wishes(message) != message) is (message in CASES[language].get("unclear", ()))


@pytest.mark.parametrize(("message", "about", "language"), cases("know"))
def test_a_question_for_what_is_known_names_its_matter(message: str, about: str, language: str):
    wish = wish_to_know(message)
    assert wish is not None
    assert (wish.about, wish.language) == (about, language)


@pytest.mark.parametrize(("message", "_", "language"), cases("ask_nothing"))
def test_other_questions_ask_for_no_list(message: str, _: None, language: str):
    assert language in CASES
    assert wish_to_know(message) is None


@pytest.mark.parametrize(("message", "letters", "language"), cases("answers"))
def test_a_choice_is_read(message: str, letters: str, language: str):
    assert language in CASES
    assert chosen(message, OFFERED) == tuple(f"rec_{letter}" for letter in letters)


@pytest.mark.parametrize("message", ["What is the RSI?", "yes", "the fourth", "please", ""])
def test_what_chooses_none_of_those_offered_is_no_choice(message: str):
    assert chosen(message, OFFERED) is None


@pytest.mark.parametrize("message", ["yes", "Ja, genau", "sí", "Да", "that one"])
def test_yes_is_a_choice_where_one_was_offered(message: str):
    assert chosen(message, ("rec_a",)) == ("rec_a",)
    assert chosen(message, ()) is None


@pytest.mark.parametrize(
    "message",
    [
        "yes but not that one",
        "Yes I still live there",
        "sure?",
        "that one is wrong, keep it",
        "ja bitte nicht löschen",
        "sí, pero no lo borres",
        "да, но не удаляй",
        "да нет",
    ],
)
def test_a_yes_with_more_behind_it_forgets_nothing(message: str):
    assert not chosen(message, ("rec_a",))


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ("Forget my old job, I now work at Siemens.", "I now work at Siemens."),
        ("Forget where I live and remember that I work at Siemens", "remember that I work at Siemens"),
        ("Vergiss meinen alten Job, ich arbeite jetzt bei Siemens", "ich arbeite jetzt bei Siemens"),
    ],
)
def test_what_is_said_beside_a_request_to_forget_is_stated(message: str, left: str):
    assert without_wishes(message) == left
    wish = wish_to_forget(message)
    assert wish is not None
    assert wish.besides


@pytest.mark.parametrize("kind", ["forget", "aside", "everything", "records", "unclear", "know"])
def test_each_wording_has_a_sentence_that_no_wording_before_it_reads(kind: str):
    for each in wordings().languages:
        patterns: tuple[re.Pattern[str], ...] = getattr(each, kind)
        read = set()
        for message in CASES[each.language].get(kind, ()):
            for sentence in re.split(r"(?<=[.!?])\s+", message):
                said = wordings().prepared(sentence)
                read.add(next((n for n, pattern in enumerate(patterns) if pattern.match(said)), None))
        assert set(range(len(patterns))) <= read, each.language


def test_each_piece_is_used():
    for table in tomllib.loads(WISHES).values():
        written = str(table)
        assert not [name for name in table["pieces"] if not re.search(rf"\{{(?:what:)?{name}\}}", written)]


def test_what_stands_beside_a_request_is_noticed_and_still_stated():
    wish = wish_to_forget("Forget that I live in Oslo. I live in Bergen.")
    assert wish is not None
    assert wish.besides
    assert statements("Forget that I live in Oslo. I live in Bergen.") == ["I live in Bergen."]


def test_a_request_in_other_words_states_nothing_either():
    assert statements("Erase once and for all from everywhere that I live in Oslo.") == []
    assert statements("Forget that, I live in Bergen now.") == ["Forget that, I live in Bergen now."]


def test_long_messages_command_nothing():
    brought = "Forget that I live in Oslo. " + "Here is the report. " * 20
    assert wish_to_forget(brought) is None
    assert wish_to_know("What do you know about me? " + "Thanks. " * 60) is None


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('"{forget} {what:mine} [', '"{olvid} {what:mine} [', "es.forget[2]: there is no piece {olvid}"),
        ('"olvídame"', '"(olvídame"', "es.everything[0]: ( is never closed"),
        ('"olvídame"', '"olvídame]"', "es.everything[0]: ] closes what nothing opened"),
        ('"olvídame"', '"olvídame | "', "es.everything[0]: nothing stands behind |"),
        ('"olvídame"', '"(| olvídame)"', "es.everything[0]: nothing stands between ( and |"),
        ('"olvídame"', '"olvídame }"', "es.everything[0]: } stands alone"),
        ('"olvídame"', '"[olvídame]"', "es.everything[0]: nothing in it must be said"),
        ('"olvídame"', '""', "es.everything[0]: nothing is said in it"),
        ("no (recuerdes | guardes", "{what} (recuerdes | guardes", "es.forget[5]: {what} stands in it more"),
        ("memorices) que {what}", "memorices)", "es.forget[5]: {what} does not stand in it"),
        ('"de tu memoria"', '"de {from_memory}"', "es.pieces.from_memory: {from_memory} is made of itself"),
        ("adverb = ", "words = ", "en.pieces.words: the name has a meaning of its own"),
        ('pointing = "eso', 'pointig = "eso', "es.pointing: Field required; es.pointig: Extra inputs"),
        ('lead = "hola', 'lead = "(hola', "es.lead: ( is never closed"),
        ('lead = "hola', "lead = hola", "Invalid value (at line"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_place(before: str, after: str, fault: str):
    assert before in WISHES
    with pytest.raises(WordingInvalid) as told:
        read_wordings(WISHES.replace(before, after), "wishes.toml")
    assert str(told.value).startswith("wishes.toml: ")
    assert fault in str(told.value)


@pytest.mark.parametrize(
    ("text", "english"),
    [("meine Schwester", "my sister"), ("vivo en Oslo", "live in oslo"), ("я живу в Осло", "i live in oslo")],
)
def test_what_people_say_of_themselves_is_found_in_english(text: str, english: str):
    assert in_english(text).casefold() == english
