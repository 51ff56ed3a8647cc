import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from knowledge.catalogue import read_catalogue
from knowledge.corpus import CorpusInvalid, Pair, Topic, packaged_topics, read_folder, read_part
from knowledge.readers.text import plain
from knowledge.worked import agrees, evaluate
from tests.knowledge.corpus_samples import write_corpus
from trading.expressions import EXPRESSIONS

LEAST = {"technical": 864, "fundamentals": 450, "rebecca": 80, "sofia": 80, "davina": 80}
FUNDAMENTALS = {
    "Market structure",
    "Order types and execution",
    "Reading charts",
    "Volatility and risk",
    "Exchanges and platforms",
    "Portfolio basics",
    "Tokenomics",
    "Valuation",
    "Investment strategy",
    "Blockchain technology",
    "Protocols and DeFi",
    "Ecosystem, history and regulation",
}
FILLER = re.compile(
    r"certainly|sure\b|of course|absolutely|great question|good question|as an ai|let me|let's|i hope|well,",
    re.IGNORECASE,
)
LEANING = re.compile(r"(It|Its|This|These|They|Their|He|She)\b")
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
MARKUP = re.compile(r"\*\*|^#|```|\|---|</?[a-z]+>|https?://", re.MULTILINE)


@cache
def pairs() -> tuple[tuple[str, Topic, Pair], ...]:
    return tuple(
        (collection, topic, pair)
        for collection, topics in packaged_topics().items()
        for topic in topics
        for pair in topic.pairs
    )


def listed(wrong: list[Pair]) -> list[str]:
    return [pair.question for pair in wrong]


@pytest.mark.parametrize("collection", LEAST)
def test_collection_has_its_pairs(collection):
    assert sum(len(topic.pairs) for topic in packaged_topics()[collection]) >= LEAST[collection]


def test_every_indicator_has_four_pairs_and_every_subtopic_of_fundamentals_five():
    topics = packaged_topics()
    assert len(topics["technical"]) >= 216
    assert [topic.slug for topic in topics["technical"] if len(topic.pairs) < 4] == []
    assert len(topics["fundamentals"]) >= 90
    assert [topic.slug for topic in topics["fundamentals"] if len(topic.pairs) < 5] == []


def test_technical_topics_belong_to_44_sessions_and_fundamentals_to_twelve_categories():
    sessions = {topic.session for topic in packaged_topics()["technical"]}
    assert sessions == set(range(1, 45))
    assert {topic.category for topic in packaged_topics()["fundamentals"]} == FUNDAMENTALS


def test_every_indicator_of_the_list_is_in_the_catalogue(shared_data):
    lines = (shared_data / "knowledge" / "indicators.tsv").read_text(encoding="utf-8").splitlines()[1:]
    known = {plain(topic.name) for topic in packaged_topics()["technical"]}
    missing = []
    for line in lines:
        name = line.split("\t")[2]
        bare = plain(re.sub(r"\s*\([^)]*\)", "", name))
        if not any(bare and (bare in each or each in plain(name)) for each in known):
            missing.append(name)
    assert missing == []


def test_no_question_and_no_answer_stands_twice():
    for texts in ([pair.question for *_, pair in pairs()], [pair.answer for *_, pair in pairs()]):
        counted = Counter(plain(text) for text in texts)
        assert [text for text, count in counted.items() if count > 1] == []


def test_answers_are_as_long_as_they_should_be():
    assert listed([pair for *_, pair in pairs() if not 60 <= len(pair.answer.split()) <= 260]) == []


def test_answers_open_with_the_answer_and_end_as_sentences():
    assert listed([pair for *_, pair in pairs() if FILLER.match(pair.answer)]) == []
    assert listed([pair for *_, pair in pairs() if not re.search(r"[.!)]$", pair.answer.strip())]) == []


def test_answers_are_plain_prose():
    assert listed([pair for *_, pair in pairs() if MARKUP.search(pair.answer)]) == []


def test_hardly_a_sentence_leans_on_the_one_before():
    sentences = [sentence for *_, pair in pairs() for sentence in SENTENCE_END.split(pair.answer)]
    leaning = [sentence for sentence in sentences if LEANING.match(sentence)]
    assert len(leaning) <= 0.01 * len(sentences), leaning[:20]


def test_every_worked_number_is_what_our_code_computes():
    wrong = []
    for _, topic, pair in pairs():
        for worked in pair.worked:
            value = evaluate(worked.expression, EXPRESSIONS)
            if not agrees(worked.figure, value):
                wrong.append((topic.slug, worked.figure, value))
    assert wrong == []


def test_the_example_in_the_documentation_is_a_part_of_a_corpus():
    page = (Path(__file__).parents[2] / "docs" / "knowledge.md").read_text("utf-8")
    example, own = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (topic,) = read_part(example, "the example")
    (pair,) = topic.pairs
    (worked,) = pair.worked
    assert agrees(worked.figure, evaluate(worked.expression, EXPRESSIONS))
    assert len(read_catalogue(own.encode(), "the example", collection="technical").topics) == 2


def test_about_every_second_technical_pair_works_a_number_out():
    technical = [pair for collection, _, pair in pairs() if collection == "technical"]
    assert sum(bool(pair.worked) for pair in technical) >= 0.4 * len(technical)


def test_the_rsi_question_of_a_newcomer_is_answered_with_levels_and_limits():
    (answer,) = [
        pair.answer
        for *_, pair in pairs()
        if pair.question == "What is the RSI indicator and when should I use it for Bitcoin trading?"
    ]
    assert answer.startswith("The Relative Strength Index (RSI) is")
    for part in ("below 30", "above 70", "uptrend", "divergence", "confirmed"):
        assert part in answer


def test_one_slug_for_two_topics_is_refused(tmp_path):
    write_corpus(tmp_path, "technical", [("What is RSI?", "RSI is a number.")])
    twin = tmp_path / "technical" / "twin.toml"
    twin.write_text((tmp_path / "technical" / "part.toml").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(CorpusInvalid, match="technical-momentum stand for two topics"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("question =", "asked ="), "topics.0.pairs.0.question: Field required"),
        (("and why?", "and why."), "should match pattern"),
        (('"beginner"', '"easy"'), "difficulty"),
        (('["A test, 2026"]', "[]"), "sources"),
        (('tags = ["sample"]', 'tags = ["Not A Tag"]'), "tags.0"),
        (
            ('["A test, 2026"]', '["A test, 2026"]\nworked = [{ figure = "7.5", expression = "15 / 2" }]'),
            "7.5",
        ),
        (("[[topics]]", "[[topics"), "part.toml"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_refused_with_its_place(tmp_path, change, said):
    path = write_corpus(tmp_path, "technical", [("What is RSI and why?", "RSI is a number.")])
    text = path.read_text(encoding="utf-8").replace(*change)
    assert text != path.read_text(encoding="utf-8")
    with pytest.raises(CorpusInvalid, match=re.escape(said)):
        read_part(text, path.name)
