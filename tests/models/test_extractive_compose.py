import re
import time

import pytest

from models.chat import Passage
from models.chat.extractive.aims import read_aims
from models.chat.extractive.compose import compose
from models.chat.extractive.units import quotable_units
from models.chat.extractive.words import sentences, stem

RSI = (
    "The Relative Strength Index (RSI) is a momentum oscillator between 0 and 100 that compares recent gains with losses. "
    "It was published by J. Welles Wilder, Jr. in 1978. Use the RSI for Bitcoin trading mainly in sideways markets, where a "
    "reading below 30 near support favours buying. In an uptrend the RSI can stay above 70 for weeks."
)
LIMITS = (
    "Certainly! Here's a comprehensive overview of the limits of the RSI:\n\n## Limits\n"
    "- The RSI gives false signals in strong trends, because momentum persists.\n"
    "- Short RSI periods react faster but produce more noise, e.g. on the 5-minute chart.\n\n"
    "Let me know if you have further questions!\n\nSources:\n- https://example.com/rsi\n- The RSI book, 1978."
)
MACD = "MACD is the difference between two moving averages. The MACD lags the price by several bars."


def passage(number: int, text: str, title: str = "RSI", relevance: float = 0.8) -> Passage:
    return Passage(number=number, title=title, text=text, relevance=relevance)


def quoted(answer: str) -> list[tuple[str, int]]:
    """The sentences of an answer with the passage that each cites."""
    return [(said.strip(" -\n"), int(number)) for said, number in re.findall(r"(.+?) \[(\d+)\]", answer)]


def test_a_definition_comes_first_and_every_part_is_answered():
    answer = compose(
        "What is the RSI indicator and when should I use it for Bitcoin trading?",
        [passage(1, RSI), passage(2, LIMITS, "What are the limits of the RSI?", 0.7)],
    )
    said = quoted(answer)
    assert said[0][0].startswith("The Relative Strength Index (RSI) is a momentum oscillator")
    assert any(sentence.startswith("Use the RSI for Bitcoin trading") for sentence, _ in said)
    assert {number for _, number in said} == {1, 2}


def test_every_sentence_stands_in_the_passage_it_cites():
    passages = [passage(1, RSI), passage(2, LIMITS, relevance=0.7), passage(3, MACD, "MACD", 0.6)]
    for request in (
        "What is the RSI?",
        "RSI and MACD: what are their limits?",
        "how do I use the RSI in a trend",
    ):
        said = quoted(compose(request, passages))
        assert said
        for sentence, number in said:
            assert sentence.rstrip(":") in passages[number - 1].text


def test_filler_sources_links_and_greetings_are_left_out():
    answer = compose("What are the limits of the RSI?", [passage(1, LIMITS)])
    assert answer
    for filler in ("Certainly", "overview", "Let me know", "Sources", "http", "book"):
        assert filler not in answer


@pytest.mark.parametrize(
    "request_", ["How do I bake bread?", "", "???", "and the", "😀", "日本語で教えて", "\ud800", "the of is"]
)
def test_what_no_passage_speaks_of_is_declined(request_: str):
    assert compose(request_, [passage(1, RSI, relevance=0.1), passage(2, MACD, "MACD", 0.05)]) == ""


def test_no_passages_give_no_answer():
    assert compose("What is the RSI?", []) == ""
    assert compose("What is the RSI?", [passage(1, ""), passage(2, "RSI\n\nhttps://x.y\n- a\n")]) == ""


def test_a_word_in_common_with_a_far_passage_is_no_answer():
    far = passage(1, "Strong trends in fashion return every decade or two.", "Fashion", 0.05)
    assert compose("Which indicators measure momentum in strong crypto markets?", [far]) == ""


def test_what_two_passages_say_is_said_once():
    twice = compose("What is the RSI?", [passage(1, RSI), passage(2, RSI, relevance=0.79)])
    assert len({sentence for sentence, _ in quoted(twice)}) == len(quoted(twice))


def test_a_sentence_that_leans_on_another_comes_with_it_or_not_at_all():
    text = (
        "Shorts pay longs when the funding rate is negative. This is because the perpetual trades below spot. "
        "The weather was fine. It also depends on funding caps of the exchange."
    )
    answer = compose("Why is the funding rate negative?", [passage(1, text, "funding rate")])
    assert "Shorts pay longs when the funding rate is negative. [1]" in answer
    if "This is because" in answer:
        assert answer.index("Shorts pay") < answer.index("This is because")
    first = compose(
        "funding caps", [passage(1, "It also depends on funding caps. Nothing else matters here today.")]
    )
    assert "It also depends" not in first


@pytest.mark.parametrize(
    "goes_on", ["Ether then falls, and the TVL is low.", "The sum of that TVL is 64 million dollars."]
)
def test_what_goes_on_is_not_told_without_what_came_before(goes_on: str):
    near = passage(1, "TVL is the value of all deposits.", "TVL", 0.7)
    far = passage(2, f"A depositor locks 10 ether. {goes_on} Nobody has left.", "TVL", 0.6)
    said = [sentence for sentence, _ in quoted(compose("What is TVL?", [near, far]))]
    assert said[0] == "TVL is the value of all deposits."
    assert goes_on not in said or said[said.index(goes_on) - 1] == "A depositor locks 10 ether."


@pytest.mark.parametrize(
    ("request_", "told"),
    [("What is the RSI?", False), ("What is the RSI where the StochRSI is 0.88?", True)],
)
def test_a_worked_sum_is_not_told_of_what_a_thing_is(request_: str, told: bool):  # noqa: FBT001
    stochastic = (
        "The Stochastic RSI applies the stochastic formula to the RSI instead of to price. "
        "With an RSI of 62, a 14-period RSI low of 40 and a high of 65 the StochRSI is 22 / 25 = 0.88."
    )
    passages = [
        passage(1, RSI, "What is the RSI?", 0.74),
        passage(2, stochastic, "What is the StochRSI?", 0.7),
    ]
    assert ("= 0.88" in compose(request_, passages)) == told


def test_a_reply_to_another_question_is_no_definition():
    passages = [
        passage(
            1,
            "Yes, slippage can be positive, which means a better price.",
            "Can slippage work in my favour?",
            0.81,
        ),
        passage(
            2,
            "Slippage is the difference between the price expected and received.",
            "How is slippage calculated?",
            0.71,
        ),
    ]
    assert quoted(compose("define slippage", passages))[0][1] == 2


def test_a_connective_goes_when_what_it_connects_to_is_not_quoted():
    text = "The sky is blue over most of Europe today. However, the RSI gives false signals in strong trends."
    assert compose("false signals of the RSI", [passage(1, text)]).startswith("The RSI gives false signals")


def test_list_items_stay_under_their_heading_and_each_line_is_cited():
    text = "Donchian channels consist of three lines:\n- Upper channel: the highest high\n- Lower channel: the lowest low\n- Median: the midpoint"
    answer = compose("What lines do Donchian channels have?", [passage(4, text, "Donchian channels")])
    assert answer.splitlines() == [
        "Donchian channels consist of three lines: [4]",
        "- Upper channel: the highest high [4]",
        "- Lower channel: the lowest low [4]",
        "- Median: the midpoint [4]",
    ]


def test_an_answer_keeps_to_its_length_and_hears_several_passages():
    rows = [
        " ".join(f"The RSI topic{n}{k}a measures topic{n}{k}b beside topic{n}{k}c topic{n}{k}d and topic{n}{k}e topic{n}{k}f here." for k in range(9))
        for n in range(5)
    ]  # fmt: skip
    answer = compose(
        "What does the RSI measure?", [passage(n, row, relevance=0.8) for n, row in enumerate(rows, 1)]
    )
    assert 60 <= len(answer.split()) <= 200
    assert len({number for _, number in quoted(answer)}) >= 2


def test_a_direct_answer_is_followed_by_what_belongs_to_it():
    text = (
        "A SWOT analysis is useful when every entry is specific and supported by evidence. Strengths and weaknesses are "
        "internal, while opportunities and threats are external. The matrix should end in actions with owners and dates."
    )
    answer = compose(
        "What makes a SWOT analysis useful?", [passage(1, text, "What makes a SWOT analysis useful?", 0.97)]
    )
    assert len(quoted(answer)) == 3


def test_a_request_that_leans_on_an_earlier_one_is_answered_with_it_in_view():
    passages = [passage(1, RSI), passage(2, MACD, "MACD", 0.6)]
    assert compose("and when should I use it?", passages, earlier="What is the RSI?").startswith(
        ("Use", "The Rel")
    )
    assert compose("and when should I use it?", passages) == ""


def test_a_follow_up_in_words_that_no_passage_has_is_answered_of_what_was_asked_before():
    steps = "The average gain is divided by the average loss to give RS. The RSI is 100 - 100 / (1 + RS)."
    passages = [passage(1, steps, "How is the RSI worked out?", 0.6)]
    assert "100 / (1 + RS)" in compose("and how do I compute it?", passages, earlier="What is the RSI?")
    assert compose("and how do I compute it?", passages, earlier="What is a moat?") == ""
    assert compose("and how is a moat built?", passages, earlier="What is the RSI?") == ""


def test_the_side_that_is_emphasised_is_told_first():
    text = "Onboarding costs time of the team. Onboarding raises retention of users. Onboarding needs a guide and tests."
    plain = [passage(1, text, "onboarding")]
    assert quoted(compose("onboarding", plain, emphasis="risk to retention of users"))[0][0] in text
    assert "retention" in compose("onboarding", plain, emphasis="retention")


def test_marks_and_markdown_are_taken_off_and_names_kept():
    (unit,) = quotable_units("**Use `my_var_name`** with *care* in 2*3*4 grids [3], as __all__ say.")
    assert unit.text == "Use `my_var_name` with care in 2*3*4 grids, as all say."


def test_a_passage_that_was_cut_off_loses_its_broken_end():
    text = ("The RSI measures momentum of gains and losses. " * 12) + "- The RSI is further used to determ"
    assert all(unit.text.endswith(".") for unit in quotable_units(text))


@pytest.mark.parametrize(
    ("paragraph", "count"),
    [
        ("Prices rose, e.g. in May. They fell.", 2),
        ("Mr. Smith of Acme Inc. came. He left.", 2),
        ("J. Welles Wilder published it. Good.", 2),
        ("It rose 3.5 % vs. 2.1 % before. Then it fell.", 2),
        ('He said "Stop." Then he left.', 2),
        ("One sentence only", 1),
        ("", 0),
    ],
)
def test_sentences_end_where_they_end(paragraph: str, count: int):
    assert len(sentences(paragraph)) == count


@pytest.mark.parametrize(
    ("first", "second"),
    [("trading", "trades"), ("studies", "study"), ("indicators", "indicator"), ("calculated", "calculate"), ("user's", "users")],
)  # fmt: skip
def test_inflections_share_a_stem(first: str, second: str):
    assert stem(first) == stem(second)


def test_a_request_is_taken_apart_into_its_questions():
    aims = read_aims("What is the RSI? How is it calculated, and why does it fail?")
    assert [aim.defines for aim in aims] == [True, False, False]
    assert aims[1].fits("It is the average gain divided by the average loss.")
    assert aims[2].fits("It fails because trends persist.")


@pytest.mark.parametrize(
    "attack",
    [
        "a. " * 10_000, "." * 30_000, "." + ")" * 30_000, "." + " " * 30_000, "*" * 30_000, "**a" * 10_000, "* a" * 10_000, "- a\n" * 7_500,
        "a:\n- b\n" * 4_000, "[1]" * 10_000, "Here is " * 4_000, "A " * 15_000, "it " * 10_000, "\n" * 30_000, "`" * 30_000,
        "the key " * 4_000, "#" * 30_000, "A. B. " * 5_000, "e.g. " * 6_000, "\ud800. " * 8_000, "é " * 15_000, "However, " * 3_000,
    ],
    ids=lambda attack: re.sub(r"\W", "_", repr(attack[:8])) + str(len(attack)),
)  # fmt: skip
def test_composing_out_of_hostile_text_takes_no_long_time(attack: str):
    began = time.process_time()
    compose(attack, [passage(1, attack, attack[:300])])
    compose("What is the RSI and how is it used?", [passage(1, attack, "RSI")])
    assert time.process_time() - began < 1.5  # what backtracks takes minutes
