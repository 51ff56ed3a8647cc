"""Which messages ask that something remembered be forgotten, or told."""

import pytest

from memory.consolidation.extraction.sentences import statements
from memory.personal_words import in_english
from memory.wishes import chosen, wish_to_forget, wish_to_know


@pytest.mark.parametrize(
    ("message", "about"),
    [
        ("please forget that I live in Oslo", "I live in Oslo"),
        ("Hi! Please forget that I live in Oslo. Thanks!", "I live in Oslo"),
        ("I don't want you to remember that I am a nurse", "I am a nurse"),
        ("I don’t want you to remember that I am a nurse", "I am a nurse"),
        ("Delete what you know about my sister", "my sister"),
        ("Forget what I said about Oslo", "Oslo"),
        ("Can you forget where I live?", "where I live"),
        ("Delete my address from your memory", "my address"),
        ("Don't remember that I like tea", "I like tea"),
        ("Forget that I live in Oslo, please", "I live in Oslo"),
        ("Please delete all memories about my sister", "my sister"),
        ("Kannst du bitte vergessen, dass ich in Oslo wohne?", "ich in Oslo wohne"),
        ("Lösche alles, was du über meine Schwester weißt", "meine Schwester"),
        ("Ich möchte nicht, dass du dir merkst, dass ich Arzt bin", "ich Arzt bin"),
        ("Kannst du mein Alter vergessen?", "mein Alter"),
        ("Por favor, olvida que vivo en Oslo", "vivo en Oslo"),
        ("Borra lo que sabes sobre mi hermana", "mi hermana"),
        ("No quiero que recuerdes que soy enfermera", "soy enfermera"),
        ("Olvídate de que soy médico", "soy médico"),
        ("удали из памяти, что я живу в Осло", "я живу в Осло"),
        ("Пожалуйста, забудь, что я живу в Осло", "я живу в Осло"),
        ("Удали всё, что ты знаешь о моей сестре", "моей сестре"),
        ("Я не хочу, чтобы ты помнила, что я медсестра", "я медсестра"),
    ],
)
def test_a_request_to_forget_names_what_is_meant_and_states_nothing(message: str, about: str):
    wish = wish_to_forget(message)
    assert wish is not None
    assert wish.about == about
    assert not wish.everything
    assert not [said for said in statements(message) if about in said]


@pytest.mark.parametrize(
    "message",
    [
        "Forget everything you know about me.",
        "forget me",
        "delete all my data",
        "Vergiss alles über mich",
        "Olvida todo lo que sabes de mí",
        "забудь всё, что ты знаешь обо мне",
    ],
)
def test_everything_is_told_from_something(message: str):
    wish = wish_to_forget(message)
    assert wish is not None
    assert wish.everything


@pytest.mark.parametrize(
    "message",
    [
        "Don't forget that I live in Oslo",
        "I forget where I live",
        "forget it",
        "Forget the RSI, tell me about MACD",
        "I don't remember my password",
        "How do I delete my account?",
        "Remove the outliers from the data",
        "I will never forget my wedding",
        "Vergiss nicht, dass ich in Oslo wohne",
        "No olvides que vivo en Oslo",
        "Не забудь, что я живу в Осло",
        'He wrote: "Please forget that I live in Oslo."',
        "> Please forget that I live in Oslo.",
        "olvida",
    ],
)
def test_other_messages_ask_for_no_forgetting(message: str):
    assert wish_to_forget(message) is None


def test_what_stands_beside_a_request_is_noticed_and_still_stated():
    wish = wish_to_forget("Forget that I live in Oslo. I live in Bergen.")
    assert wish is not None
    assert wish.besides
    assert statements("Forget that I live in Oslo. I live in Bergen.") == ["I live in Bergen."]


def test_a_request_in_other_words_states_nothing_either():
    message = "Erase once and for all from everywhere that I live in Oslo."
    assert wish_to_forget(message) is None
    assert statements(message) == []
    assert statements("Forget that, I live in Bergen now.") == ["Forget that, I live in Bergen now."]


def test_a_subject_that_may_only_be_left_aside_is_not_sure():
    wish = wish_to_forget("Forget about my job")
    assert wish is not None
    assert not wish.sure


@pytest.mark.parametrize(
    ("message", "about"),
    [
        ("What do you know about me?", ""),
        ("what do you remember about my job?", "job"),
        ("What have you noted about me?", ""),
        ("tell me everything you know about me", ""),
        ("Was weißt du über mich?", ""),
        ("Was weißt du über meinen Beruf?", "Beruf"),
        ("¿Qué sabes de mí?", ""),
        ("¿Qué recuerdas de mi trabajo?", "trabajo"),
        ("Что ты знаешь обо мне?", ""),
        ("Что ты обо мне знаешь?", ""),
        ("Что ты помнишь о моей работе?", "работе"),
    ],
)
def test_a_question_for_what_is_known_names_its_matter(message: str, about: str):
    wish = wish_to_know(message)
    assert wish is not None
    assert wish.about == about


@pytest.mark.parametrize(
    "message", ["What do you know about the RSI?", "Where do I live?", "Tell me about me."]
)
def test_other_questions_ask_for_no_list(message: str):
    assert wish_to_know(message) is None


@pytest.mark.parametrize(
    ("message", "ids"),
    [
        ("all of them", ("rec_a", "rec_b", "rec_c")),
        ("alle", ("rec_a", "rec_b", "rec_c")),
        ("The second one", ("rec_b",)),
        ("la primera", ("rec_a",)),
        ("последний", ("rec_c",)),
        ("forget rec_c and rec_a please", ("rec_c", "rec_a")),
        ("none of them", ()),
        ("What is the RSI?", None),
        ("yes", None),
    ],
)
def test_a_choice_is_read(message: str, ids: tuple[str, ...] | None):
    assert chosen(message, ("rec_a", "rec_b", "rec_c")) == ids


@pytest.mark.parametrize(
    ("text", "english"),
    [("meine Schwester", "my sister"), ("vivo en Oslo", "live in oslo"), ("я живу в Осло", "i live in oslo")],
)
def test_what_people_say_of_themselves_is_found_in_english(text: str, english: str):
    assert in_english(text).casefold() == english
