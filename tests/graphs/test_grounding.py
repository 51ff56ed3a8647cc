"""Numbers traced to their sources and citations held against their passages, faults planted on purpose."""

import pytest

from agents import Figure
from graphs.grounding import Sources, check_answer
from graphs.numerals import read_numerals
from models.chat import Passage

RSI = Passage(
    number=1,
    title="What is the RSI?",
    text="The relative strength index is a momentum oscillator between 0 and 100. Readings above 70 are called overbought.",
    relevance=0.9,
)
STAKING = Passage(
    number=2,
    title="What is staking?",
    text="Staking locks coins as a deposit; validators earn about 4 percent a year.",
    relevance=0.8,
)
SOURCES = Sources.of(
    texts=["What is the net present value of -1000, 400, 400 and 400 at 8 %?"],
    values=[{"npv": 30.8387, "irr": 0.097, "flows": [-1000, 400, 400, 400]}, "deposit of 12k"],
    figures=[Figure(name="net present value", value=30.8387, unit="USD")],
    passages=[RSI, STAKING],
)


def untraced(text, sources=SOURCES):
    return check_answer(text, sources, repair=False)[1].untraced


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,234.50", {1234.5}),
        ("1.234,50 €", {1234.5}),
        ("1 234,5", {1234.5}),
        ("1'234", {1234}),
        ("1.234", {1.234, 1234}),
        ("1,234", {1.234, 1234}),
        ("12k", {12_000, 12}),
        ("2.5 million", {2.5e6}),
        ("3 Mio.", {3e6}),
        ("15 млн", {15e6}),
        ("1.5e6", {1.5e6}),
        ("1.5 × 10^6", {1.5e6}),
        (".5", {0.5}),
        ("16.6667", {16.6667}),
        ("1234,5678", {1234.5678}),
        ("twenty-four thousand", {24_000}),
        ("one hundred and five", {105}),
        ("five percent", {5}),
        ("7 percent", {7}),
    ],
)
def test_numbers_are_read_in_every_notation(text, values):
    (numeral,) = read_numerals(text)
    assert sorted(value for value, _ in numeral.readings) == pytest.approx(sorted(values))


@pytest.mark.parametrize(
    "text",
    [
        "two reasons",
        "EMA20 and BM25",
        "see [12]",
        "`x = 42`",
        "```\n99\n```",
        "1. First\n2. Second",
        "Step 3: go",
        "open 24/7",
    ],
)
def test_counting_words_names_code_and_numbering_are_no_figures(text):
    assert read_numerals(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "The NPV is 30.84.",
        "The NPV is 30.8 USD, an IRR of 9.7 %.",
        "The NPV is 31.",
        "Es sind 30,84 USD.",
        "A deposit of 12,000 and flows of 1 000.",
        "You invest 1,000 and get 400 three times, at 8 %.",
        "A deposit of 12 thousand.",
        "It is −1000 at first.",
        "The flows are 400 400 400.",
        "Above 70 it is called an overbought reading of the relative strength index [1].",
        "About 31 dollars.",
    ],
)
def test_numbers_that_a_source_holds_are_traced(text):
    assert untraced(text) == ()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("The NPV is 30.94.", "30.94"),
        ("The NPV is 38.84.", "38.84"),
        ("An IRR of 9.8 %.", "9.8 %"),
        ("Es sind 31,84 USD.", "31,84"),
        ("You invest 10,000.", "10,000"),
        ("It pays back in 2.6 years.", "2.6"),
        ("A market of 2.5 million.", "2.5 million"),
        ("That is ninety percent.", "ninety percent"),
        ("Above 70 it is overbought.", "70"),
        ("Above 75 it is called an overbought reading of the relative strength index [1].", "75"),
        ("| NPV | 30.84 |\n| IRR | 11.2 % |", "11.2 %"),
        ("- the value is 17", "17"),
    ],
)
def test_a_planted_number_is_found(text, wrong):
    assert untraced(text) == (wrong,)


def test_a_number_of_a_passage_counts_only_where_that_passage_is_cited():
    text = "Validators who stake coins as a deposit earn about 4 percent a year [1]."
    _, found = check_answer(text, SOURCES, repair=False)
    assert (found.untraced, found.miscited) == (("4 percent",), (1,))


def test_a_citation_of_a_passage_that_speaks_of_something_else_is_taken_out():
    text = "Staking locks coins as a deposit for validators [1]. The index is a momentum oscillator [1]."
    shown, found = check_answer(text, SOURCES, repair=False)
    assert found.miscited == (1,)
    assert shown == "Staking locks coins as a deposit for validators. The index is a momentum oscillator [1]."


def test_a_true_citation_in_another_language_is_held_against_its_numbers():
    good = "Индекс относительной силы лежит между 0 и 100, выше 70 рынок считается перекупленным [1]."
    bad = "Индекс относительной силы лежит между 0 и 100, выше 80 рынок считается перекупленным [1]."
    assert check_answer(good, SOURCES, repair=False)[1].holds
    assert not check_answer(bad, SOURCES, repair=False)[1].holds


def test_what_a_language_model_made_up_is_taken_out_sentence_by_sentence():
    text = "The NPV is 30.84. It beats 93 % of projects. So it adds value.\n\n- pays 400 a year\n- grows 17 % a year\n"
    shown, found = check_answer(text, SOURCES, repair=True)
    assert shown == "The NPV is 30.84. So it adds value.\n\n- pays 400 a year"
    assert (found.untraced, found.removed, found.numbers) == (("93 %", "17 %"), 2, 4)


def test_a_number_of_a_passage_that_was_not_cited_gets_its_citation():
    shown, found = check_answer(
        "Readings of the relative strength index above 70 are called overbought.", SOURCES, repair=True
    )
    assert shown == "Readings of the relative strength index above 70 are called overbought. [1]"
    assert found.holds


def test_a_citation_covers_the_sentences_of_its_line_before_it():
    text = "Readings above 70 are high. The relative strength index is a momentum oscillator up to 100. [1]"
    assert check_answer(text, SOURCES, repair=False)[1].holds
    other = (
        "Readings above 70 are high.\n\nThe relative strength index is a momentum oscillator up to 100. [1]"
    )
    assert untraced(other) == ("70",)


def test_the_last_sentence_keeps_its_citation():
    text = "It is an oscillator [1]. The relative strength index lies between 0 and 100. [1]"
    assert check_answer(text, SOURCES, repair=False)[1].holds


def test_code_is_left_alone():
    text = "Here:\n\n```python\nx = 12345\n```\n\nIt is 30.84."
    assert check_answer(text, SOURCES, repair=True) == (text, check_answer(text, SOURCES, repair=True)[1])
    assert untraced(text) == ()


def test_an_answer_without_faults_comes_back_as_it_was():
    text = "The NPV is 30.84 USD, e.g. at 8 %.\n\n| year | flow |\n| --- | --- |\n| 1 | 400 |\n"
    sources = Sources.of(texts=["1 year"], values=[30.8387, 8, 400])
    shown, found = check_answer(text, sources, repair=True)
    assert (shown, found.holds) == (text, True)
