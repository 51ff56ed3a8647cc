"""The structure of answers, and how people read it."""

import pytest

from agents import Figure
from graphs.answers import conclude, left_out, parts_of, summary_of
from graphs.state import Computed, SpecialistResult

SIZED = Computed(
    tool="position_size",
    figures=(Figure(name="quantity", value=0.0833, unit="BTC", decimals=4),),
    assumptions=("Fees are left out.", "The risk is 2 %, as you gave none."),
    would_change=("A stop 5 % further away would halve the size.",),
)


def result(**changes):
    given = {
        "position": 0,
        "agent": "technical",
        "request": "size it",
        "answer": "**Buy 0.0833 BTC** [1]. Fees are left out.",
        "outcome": "answered",
        "financial": True,
        "computed": (SIZED,),
    }
    return SpecialistResult(**{**given, **changes})


def test_programs_get_summary_figures_assumptions_and_what_would_change_it():
    parts = parts_of([result()], "x", request="size it")
    assert parts.summary == "Buy 0.0833 BTC."
    (figure,) = parts.figures
    assert (figure.name, figure.value, figure.unit) == ("quantity", 0.0833, "BTC")
    assert (figure.agent, figure.tool, figure.text) == ("technical", "position_size", "0.0833 BTC")
    assert parts.assumptions == SIZED.assumptions
    assert parts.would_change == SIZED.would_change


def test_people_read_what_the_text_does_not_say_yet_and_the_risk_note_last():
    text = conclude(result().answer, [result()], request="size it")
    assert text == (
        "**Buy 0.0833 BTC** [1]. Fees are left out.\n\n"
        "**Assumed:** The risk is 2 %, as you gave none.\n\n"
        "**What would change this:** A stop 5 % further away would halve the size.\n\n"
        "*Not investment advice: figures follow from the inputs and may not hold; money at risk can be lost.*"
    )


def test_the_risk_note_stands_once_however_many_answers_need_it():
    both = [result(), result(position=1, agent="fundamentals")]
    text = conclude("Both.", both, request="size it")
    assert text.count("Not investment advice") == 1
    assert conclude(text, both, request="size it").count("Not investment advice") == 1


@pytest.mark.parametrize(
    "changes",
    [{"financial": False}, {"computed": ()}, {"outcome": "declined"}, {"outcome": "needs_input"}],
)
def test_terms_explained_and_answers_without_money_at_risk_carry_no_note(changes):
    assert parts_of([result(**changes)], "x", request="size it").risk_note == ""


def test_what_sub_agents_worked_out_about_money_carries_the_note():
    assert parts_of([result(computed=(), sub_agents=("risk_reviewer",))], "x", request="review").risk_note


@pytest.mark.parametrize(
    ("request_", "word"),
    [
        ("Wie groß ist die Position für das Konto und mit dem Stop?", "Angenommen"),
        ("¿Cuál es el tamaño de la posición para una cuenta?", "Supuestos"),
        ("Посчитай размер позиции", "Принято"),
        ("2 x 2", "Assumed"),
    ],
)
def test_frame_words_are_in_the_language_of_the_request(request_, word):
    assert f"**{word}:**" in conclude("So.", [result()], request=request_)


def test_sentences_that_were_left_out_are_told_of():
    assert left_out(1, request="x").endswith("one sentence.")
    assert left_out(3, request="x").endswith("3 sentences.")
    assert "Sätze" in left_out(2, request="Was ist der Wert für das Konto und die Position?")


@pytest.mark.parametrize(
    ("answer", "summary"),
    [
        ("## Verdict\n\nIt rises [1]. More follows.", "It rises."),
        ("| a | b |\n| --- | --- |\n\nThe table holds two.", "The table holds two."),
        ("- **First** thing\n- second", "First thing"),
        ("", ""),
        ("word " * 100, ("word " * 60).strip() + "…"),
    ],
)
def test_a_summary_is_the_first_sentence_without_markup(answer, summary):
    assert summary_of(answer) == summary


def test_an_answer_without_specialists_has_a_summary_alone():
    parts = parts_of([], "Hello! How are you?", request="hi")
    assert (parts.summary, parts.figures, parts.risk_note) == ("Hello!", (), "")
