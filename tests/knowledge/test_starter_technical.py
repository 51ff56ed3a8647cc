import json
import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest

from knowledge.readers.lines import LinesReader

STARTER = Path(__file__).parents[2] / "knowledge" / "starter" / "technical.jsonl"
LEAST_TOPICS = 40
PAIRS_A_TOPIC = 4
WORDS = range(70, 161)
CATEGORIES = {
    "candlestick",
    "derivatives",
    "dominance",
    "levels",
    "momentum",
    "on-chain",
    "pattern",
    "sentiment",
    "trend",
    "valuation",
    "volatility",
    "volume",
}
FILLER = re.compile(
    r"(certainly|sure\b|of course|great question|good question|absolutely|as an ai|i hope|let's)",
    re.IGNORECASE,
)
# A sentence quoted alone must not lean on the one before it.
DANGLING = re.compile(r"(?:^|(?<=[.!?]) )(?:It|Its|They|Their|This|These|Those|He|She)\b")


@cache
def pairs() -> list[dict[str, str]]:
    return [json.loads(line) for line in STARTER.read_text(encoding="utf-8").splitlines()]


def plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def test_every_indicator_has_four_pairs_or_more():
    a_topic = Counter(pair["topic"] for pair in pairs())
    assert len(a_topic) >= LEAST_TOPICS
    assert {topic: count for topic, count in a_topic.items() if count < PAIRS_A_TOPIC} == {}


def test_every_pair_has_exactly_the_four_fields_filled():
    for pair in pairs():
        assert set(pair) == {"topic", "category", "question", "answer"}
        assert all(value.strip() == value and value for value in pair.values()), pair["question"]


def test_a_topic_lies_in_one_known_category():
    categories = defaultdict(set)
    for pair in pairs():
        categories[pair["topic"]].add(pair["category"])
    assert {topic: found for topic, found in categories.items() if len(found) > 1} == {}
    assert set().union(*categories.values()) <= CATEGORIES


def test_no_question_or_answer_is_given_twice():
    for field in ("question", "answer"):
        seen = Counter(plain(pair[field]) for pair in pairs())
        assert [text for text, count in seen.items() if count > 1] == []


def test_answers_keep_to_the_length_that_can_be_quoted():
    lengths = {pair["question"]: len(pair["answer"].split()) for pair in pairs()}
    assert {question: words for question, words in lengths.items() if words not in WORDS} == {}


def test_answers_open_with_the_answer_and_not_with_filler():
    assert [pair["question"] for pair in pairs() if FILLER.match(pair["answer"])] == []


def test_no_sentence_leans_on_the_one_before():
    assert [pair["question"] for pair in pairs() if DANGLING.search(pair["answer"])] == []


def test_answers_end_as_whole_sentences():
    assert [pair["question"] for pair in pairs() if not pair["answer"].endswith(".")] == []


def test_the_rsi_question_of_a_newcomer_is_answered_with_levels_and_limits():
    (answer,) = [
        pair["answer"]
        for pair in pairs()
        if pair["question"] == "What is the RSI indicator and when should I use it for Bitcoin trading?"
    ]
    assert answer.startswith("The Relative Strength Index (RSI) is")
    for part in ("below 30", "above 70", "uptrend", "divergence", "confirmed"):
        assert part in answer


@pytest.mark.parametrize(
    "topic", ["Relative Strength Index (RSI)", "Funding Rate", "MVRV Ratio", "Doji", "Volume Profile"]
)
def test_each_kind_of_indicator_is_covered(topic):
    assert topic in {pair["topic"] for pair in pairs()}


def test_the_importer_reads_every_line():
    reader = LinesReader(STARTER.open("rb"), STARTER.name)
    read = list(reader.pairs())
    assert len(read) == len(pairs())
    assert reader.report.rejected == []
