from typing import Any

import pytest
from langchain_core.tools import BaseTool

from agents.sofia.keyword_gaps import keyword_gap, read_sides
from agents.sofia.keywords import keyword_research, keywords
from agents.sofia.readability import readability, sentences
from agents.sofia.scales import counted, grade_level, huerta_ease, reading_ease, spanish_ease
from agents.sofia.syllables import (
    english_syllables,
    german_syllables,
    russian_syllables,
    spanish_syllables,
)


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


@pytest.mark.parametrize(
    ("text", "language", "ease", "grade"),
    [
        # 6 words, 1 sentence, 9 syllables; of them 1 has three or more, 1 more than six letters, 4 have one.
        (
            "Wir backen jeden Morgen frisches Brot.",
            "German",
            180 - 6 - 58.5 * 10 / 6,
            0.1672 * 6 + 0.1297 * 100 / 6 - 0.0327 * 200 / 6 - 0.875,
        ),
        # 6 words, 1 sentence, 12 syllables: ha-ce-mos pan fres-co to-dos los dí-as.
        ("Hacemos pan fresco todos los días.", "Spanish", 206.835 - 62.3 * 11 / 6 - 6, None),
        # 5 words, 1 sentence, 10 syllables: мы пе-чём хлеб каж-до-е ут-ро.
        (
            "Мы печём хлеб каждое утро.",
            "Russian",
            206.835 - 1.3 * 5 - 60.1 * 9 / 5,
            0.5 * 5 + 8.4 * 9 / 5 - 15.59,
        ),
    ],
)
async def test_each_language_is_measured_by_its_own_formula(text, language, ease, grade):
    data = (await call(readability(), text=text)).artifact.data
    assert data["language"] == language
    assert data["reading_ease"] == pytest.approx(ease, abs=0.01)
    assert data["grade"] == (grade if grade is None else pytest.approx(grade, abs=0.01))


def test_the_two_spanish_formulas_are_the_published_ones():
    counts = counted(["sol"] * 10, 2, spanish_syllables)
    assert spanish_ease(counts) == pytest.approx(206.835 - 62.3 - 5)
    assert huerta_ease(counts) == pytest.approx(206.84 - 60 - 1.02 * 5)


@pytest.mark.parametrize(
    ("count", "word", "syllables"),
    [
        (german_syllables, "Zeitungen", 3), (german_syllables, "Quelle", 2), (german_syllables, "Feuer", 2),
        (spanish_syllables, "poesía", 4), (spanish_syllables, "guerra", 2), (spanish_syllables, "pingüino", 3),
        (spanish_syllables, "ciudad", 2), (spanish_syllables, "muy", 1), (spanish_syllables, "construye", 3),
        (russian_syllables, "объявление", 5), (russian_syllables, "в", 1),
    ],
)  # fmt: skip
def test_syllables_of_other_languages_follow_their_rules(count, word, syllables):
    assert count(word) == syllables


async def test_html_is_read_as_its_visible_text():
    message = await call(readability(), text="<p>The cat sat.</p><script>ignored()</script>")
    assert message.artifact.data["words"] == 3


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no words"),
        ("123 456", "no words"),
        ("猫坐在窗户上，看着外面的街道。", "seems to be Chinese"),
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


async def test_keywords_that_only_others_have_come_first_by_how_many_have_them():
    message = await call(
        keyword_gap(),
        texts='ours "rye bread", theirs "rye bread, oat rolls, cakes", theirs "rye bread, oat rolls"',
    )
    data = message.artifact.data
    assert data["lacking"] == ["oat", "oat rolls", "rolls", "cakes"] or data["lacking"][-1] == "cakes"
    assert "rye" in " ".join(data["shared"])
    assert data["texts_of_others"] == 2
    assert message.artifact.artifacts[0].name == "keyword-gap.csv"
    assert message.artifact.artifacts[0].content.startswith("keyword,ours,theirs 1,theirs 2\n")


@pytest.mark.parametrize(
    ("text", "ours", "theirs"),
    [
        ('our copy says "a b", the competitor says "c d"', "a b", ("c d",)),
        ('Competitor: "c d". Ours: "a b".', "a b", ("c d",)),
        ("What do they have? Ours: cheap tea. Theirs: green tea", "cheap tea", ("green tea",)),
        ('compare "a b" with "c d"', "a b", ("c d",)),
        ("my page <html><p>x</p></html> their page <html><p>y</p></html>", "<html><p>x</p></html>", ("<html><p>y</p></html>",)),
        ('unser Text "a", ihr Text "c"', "a", ("c",)),
        ('наш текст "а б", их текст "в г"', "а б", ("в г",)),
    ],
)  # fmt: skip
def test_texts_go_to_the_side_that_is_named(text, ours, theirs):
    assert read_sides(text) == (ours, theirs)


@pytest.mark.parametrize(
    "texts",
    [
        "compare our keywords with theirs",
        'ours "green tea"',
        'ours "the of", theirs "and"',
        "theirs “a” " * 12 + "ours “b”",
    ],
)
async def test_a_comparison_that_lacks_a_side_is_refused(texts):
    message = await call(keyword_gap(), texts=texts)
    assert message.status == "error"
