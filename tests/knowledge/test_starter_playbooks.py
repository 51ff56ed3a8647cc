import json
import re
from collections import Counter
from importlib.resources import files

import pytest

PLAYBOOKS = ("rebecca", "sofia", "davina")
EVERY_FILE = ("fundamentals", *PLAYBOOKS)
CATEGORIES = {
    "market structure",
    "order types and execution",
    "reading charts",
    "volatility and risk",
    "exchanges and platforms",
    "portfolio basics",
    "tokenomics",
    "valuation",
    "investment strategy",
    "blockchain technology",
    "protocols and DeFi",
    "ecosystem, history and regulation",
}
FILLER = re.compile(
    r"(certainly|sure|of course|absolutely|great question|good question|as an ai|let me)\b|(well|yes|no),",
    re.IGNORECASE,
)
LEANING = re.compile(r"(It|Its|This|That|These|Those|They|Their|Such)\b")
SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def pairs_of(name: str) -> list[dict[str, str]]:
    text = files("knowledge").joinpath("starter", f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def topics_of(name: str) -> Counter[str]:
    return Counter(pair["topic"] for pair in pairs_of(name))


def test_fundamentals_cover_at_least_24_topics_with_four_pairs_each():
    topics = topics_of("fundamentals")
    assert len(topics) >= 24
    assert [topic for topic, count in topics.items() if count < 4] == []


def test_fundamentals_cover_exactly_the_twelve_categories():
    assert {pair["category"] for pair in pairs_of("fundamentals")} == CATEGORIES


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_playbook_has_at_least_20_pairs_over_8_topics(name):
    topics = topics_of(name)
    assert topics.total() >= 20
    assert len(topics) >= 8


@pytest.mark.parametrize("name", EVERY_FILE)
def test_every_pair_has_exactly_the_four_fields_and_none_is_blank(name):
    for pair in pairs_of(name):
        assert list(pair) == ["topic", "category", "question", "answer"]
        assert all(value and value == value.strip() for value in pair.values()), pair["question"]


@pytest.mark.parametrize("name", EVERY_FILE)
def test_a_topic_lies_in_one_category(name):
    placed = {(pair["topic"], pair["category"]) for pair in pairs_of(name)}
    assert len(placed) == len({topic for topic, _ in placed})


def test_no_question_and_no_answer_occurs_twice():
    pairs = [pair for name in EVERY_FILE for pair in pairs_of(name)]
    asked = Counter(re.sub(r"\W+", " ", pair["question"]).strip().casefold() for pair in pairs)
    answered = Counter(pair["answer"] for pair in pairs)
    assert [text for text, count in (asked + answered).items() if count > 1] == []


@pytest.mark.parametrize("name", EVERY_FILE)
def test_answers_are_70_to_160_words_long(name):
    lengths = {pair["question"]: len(pair["answer"].split()) for pair in pairs_of(name)}
    assert {question: words for question, words in lengths.items() if not 70 <= words <= 160} == {}


@pytest.mark.parametrize("name", EVERY_FILE)
def test_no_answer_opens_with_filler(name):
    assert [pair["answer"][:40] for pair in pairs_of(name) if FILLER.match(pair["answer"])] == []


@pytest.mark.parametrize("name", EVERY_FILE)
def test_no_sentence_leans_on_the_one_before(name):
    sentences = [part for pair in pairs_of(name) for part in SENTENCE_END.split(pair["answer"])]
    assert [sentence for sentence in sentences if LEANING.match(sentence)] == []
