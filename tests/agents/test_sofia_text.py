from typing import Any

import pytest
from langchain_core.tools import BaseTool

from agents.sofia.keywords import keyword_research, keywords
from agents.sofia.readability import readability, sentences
from agents.sofia.scales import grade_level, reading_ease
from agents.sofia.syllables import english_syllables


async def call(tool: BaseTool, **arguments: Any) -> Any:  # ainvoke returns Any
    return await tool.ainvoke({"name": tool.name, "args": arguments, "id": "1", "type": "tool_call"})


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("the", 1), ("apple", 2), ("jumped", 1), ("wanted", 2), ("handled", 2), ("makes", 1), ("boxes", 2),
        ("changes", 2), ("apples", 2), ("coffee", 2), ("media", 3), ("video", 3), ("creative", 3), ("question", 2),
        ("marketing", 3), ("language", 2), ("actual", 3), ("being", 2), ("people", 2), ("company's", 3), ("hmm", 1),
    ],
)  # fmt: skip
def test_syllables_follow_the_dictionary(word, count):
    assert english_syllables(word) == count


def test_sentences_end_at_full_stops_and_empty_lines():
    assert sentences("One. Two! Three?\n\nA heading\n\nFour 3.5 times.") == [
        "One.", "Two!", "Three?", "A heading", "Four 3.5 times.",
    ]  # fmt: skip


async def test_readability_agrees_with_flesch_worked_by_hand():
    # 12 words, 2 sentences, 13 syllables: only "table" has two.
    message = await call(readability(), text="The cat sat on the mat. The dog slept by the table.")
    data = message.artifact.data
    assert (data["words"], data["sentences"], data["syllables"]) == (12, 2, 13)
    assert data["reading_ease"] == pytest.approx(206.835 - 1.015 * 6 - 84.6 * 13 / 12, abs=0.01)
    assert data["grade"] == pytest.approx(0.39 * 6 + 11.8 * 13 / 12 - 15.59, abs=0.01)
    assert message.content.startswith("The text is very easy to read: Flesch reading ease 109.1")
    assert "only a rough one" in message.content


def test_formulas_reproduce_their_constants():
    assert reading_ease(1, 1, 1) == pytest.approx(206.835 - 1.015 - 84.6)
    assert grade_level(1, 1, 1) == pytest.approx(0.39 + 11.8 - 15.59)


async def test_long_heavy_sentence_is_difficult_and_is_shown_for_shortening():
    heavy = (
        "Organizational interoperability considerations necessitate comprehensive infrastructural documentation "
        * 4
    )
    message = await call(readability(), text=f"{heavy}. " * 4)
    assert message.content.startswith("The text is very difficult to read")
    assert "Shorten (28 words)" in message.content
    assert "rough" not in message.content


async def test_html_is_read_as_its_visible_text():
    message = await call(readability(), text="<p>The cat sat.</p><script>ignored()</script>")
    assert message.artifact.data["words"] == 3


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no words"),
        ("123 456", "no words"),
        ("Кошка сидит на окне.", "made for English"),
        ("word " * 250_000, "at most 1,000,000"),
    ],
)
async def test_unreadable_input_is_refused(text, complaint):
    message = await call(readability(), text=text)
    assert message.status == "error"
    assert complaint in message.content


async def test_keywords_are_the_repeated_phrases_without_common_words():
    message = await call(
        keyword_research(),
        text="Organic coffee beans, roasted fresh. Our coffee beans are the best coffee beans.",
    )
    first = message.artifact.data["keywords"][0]
    assert first == {
        "phrase": "coffee beans",
        "count": 3,
        "density": pytest.approx(6 / 13, abs=1e-5),
        "weight": 6.0,
    }
    assert message.content.startswith("The text is mostly about “coffee beans” (3×)")
    assert "the" not in {word["phrase"] for word in message.artifact.data["keywords"]}
    assert message.artifact.artifacts[0].content.startswith("keyword,count,density,weight\ncoffee beans,3,")


def test_word_that_only_stands_in_a_phrase_is_not_listed_again():
    phrases = {word.phrase for word in keywords("green tea and green tea")}
    assert phrases == {"green tea"}


def test_phrases_do_not_run_over_clauses():
    assert "beans roasted" not in {word.phrase for word in keywords("beans, roasted. beans, roasted.")}


async def test_title_and_headings_of_a_page_weigh_more():
    page = "<title>Espresso</title><body><h1>Grinder</h1><p>espresso grinder filter filter</p></body>"
    message = await call(keyword_research(), text=page)
    weights = {word["phrase"]: word["weight"] for word in message.artifact.data["keywords"]}
    assert weights["espresso"] == 2 * 3
    assert weights["grinder"] == 2 * 2
    assert weights["filter"] == 2


async def test_only_as_many_keywords_as_asked_for_are_listed():
    message = await call(keyword_research(), text="alpha beta gamma delta", limit=2)
    assert len(message.artifact.data["keywords"]) == 2


@pytest.mark.parametrize(
    "arguments",
    [{"text": ""}, {"text": "the of and"}, {"text": "tea", "limit": 0}, {"text": "tea " * 300_000}],
)
async def test_text_without_keywords_is_refused(arguments):
    message = await call(keyword_research(), **arguments)
    assert message.status == "error"
