import pytest
from pydantic import ValidationError

from knowledge import PassageSettings
from knowledge.passages import best_passage, passages
from models import estimated_tokens

SMALL = PassageSettings(tokens=40, lead_tokens=16)


def cut(text, settings=SMALL):
    return passages([text], estimated_tokens, settings)[0]


def texts(text, settings=SMALL):
    return [text[part.start : part.end] for part in cut(text, settings)]


def sentences(count, word="Word"):
    return " ".join(f"{word} number {number} stands here." for number in range(count))


def test_short_answer_is_one_passage_embedded_whole():
    (only,) = cut("One sentence. And another one.")
    assert (only.start, only.end, only.lead) == (0, 30, 30)


def test_whole_sentences_are_packed_and_nothing_is_lost():
    text = sentences(40)
    parts = texts(text)
    assert " ".join(parts) == text
    assert len(parts) > 3
    assert all(part.endswith("here.") and part.startswith("Word") for part in parts)
    assert all(sum(estimated_tokens(part.split(". "))) <= 48 for part in parts)


def test_later_passages_are_embedded_by_their_first_sentences():
    text = sentences(40)
    first, *later = cut(text)
    assert first.lead == first.end
    for part in later[:-1]:
        assert part.start < part.lead < part.end
        assert estimated_tokens([text[part.start : part.lead]])[0] <= 16
        assert text[part.lead - 1] == "."


def test_long_sentence_stands_alone_and_leads_whole():
    long = "word " * 60 + "end."
    parts = cut(f"A short one. {long} Another short one.")
    assert len(parts) == 3
    assert parts[1].lead == parts[1].end


def test_text_without_punctuation_is_cut_between_words():
    text = "word " * 1000
    parts = texts(text)
    assert len(parts) > 4
    assert all(len(part) <= 1000 and part.split() == ["word"] * len(part.split()) for part in parts)
    assert sum(len(part.split()) for part in parts) == 1000


def test_text_without_blanks_is_cut_all_the_same():
    assert sum(len(part) for part in texts("字" * 5000)) == 5000


@pytest.mark.parametrize("text", ["", "   \n "])
def test_blank_answer_is_one_passage(text):
    (only,) = cut(text)
    assert (only.start, only.end) == (0, len(text))


@pytest.mark.parametrize(
    "text",
    [
        "Use e.g. the RSI here.",
        "It was J. Welles Wilder then.",
        "About 3.14 of them.",
        "Mr. Smith and St. Moritz go.",
    ],
)
def test_points_inside_of_sentences_end_none(text):
    settings = PassageSettings(tokens=32, lead_tokens=16)
    doubled = f"{text} {sentences(8)}"
    assert texts(doubled, settings)[0].startswith(text)


def test_lines_end_sentences():
    assert texts("- first of all\n- second of all\n" * 30)[0].count("\n") >= 1


def test_endless_answer_is_embedded_up_to_a_bound():
    assert len(cut(sentences(5000))) == 64


def test_many_texts_are_counted_at_once():
    calls = []

    def count(given):
        calls.append(len(given))
        return estimated_tokens(given)

    first, second = passages([sentences(3), sentences(20)], count, SMALL)
    assert (len(first), len(calls)) == (1, 1)
    assert len(second) > 1


def test_best_passage_says_most_of_the_query():
    text = f"{sentences(30)} Quokkas burrow at night, quokkas do. {sentences(30)}"
    found = best_passage(text, {"quokka": 5.0, "burrow": 4.0, "word": 0.1}, SMALL)
    assert "Quokkas burrow" in found
    assert len(found) <= 4 * SMALL.tokens


def test_best_passage_of_equals_is_the_first_and_of_a_short_answer_all_of_it():
    text = sentences(40)
    assert text.startswith(best_passage(text, {"word": 1.0}, SMALL))
    assert text.startswith(best_passage(text, {}, SMALL))
    assert best_passage(" Short. ", {"absent": 1.0}, SMALL) == "Short."
    assert best_passage("", {"absent": 1.0}, SMALL) == ""


def test_best_passage_of_a_text_without_blanks_is_cut_all_the_same():
    assert best_passage("字" * 1000, {"字": 1.0}, SMALL) in "字" * 1000


def test_passages_must_hold_something():
    with pytest.raises(ValidationError):
        PassageSettings(tokens=1)
