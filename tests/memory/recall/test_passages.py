"""How messages are cut."""

import time
from itertools import pairwise

import pytest

from memory.recall import cut
from memory.recall.passages import MOST_CHARACTERS

TEXTS = [
    "One sentence. And here is another one, which says a little more! Short. Dr. Smith agreed, e.g. yesterday.",
    "a" * 5000,
    "word " * 900,
    "- milk\n- bread\n- a very long item that goes on; and on, because it can, and has clauses — many of them - to cut at",
    "日本語の文です。もう一つの文です。",
    "é" * 300 + ". " + "x, and y " * 40,
]


@pytest.mark.parametrize("text", TEXTS)
def test_passages_hold_all_of_a_text_in_order_and_none_is_long(text: str) -> None:
    passages = cut(text)
    assert "".join(text[each.begins : each.ends] for each in passages).replace(" ", "") == "".join(
        text.replace("\n", "").replace(" ", "")
    )
    assert all(0 < each.ends - each.begins <= MOST_CHARACTERS for each in passages)
    assert all(one.ends <= other.begins for one, other in pairwise(passages))


@pytest.mark.parametrize("text", ["", "   ", "\n\n\t"])
def test_white_space_has_no_passages(text: str) -> None:
    assert cut(text) == []


def test_abbreviations_end_no_sentence() -> None:
    text = "I saw Dr. Brandt on the ferry to the islands this morning with her two dogs."
    assert [text[each.begins : each.ends] for each in cut(text)] == [text]


@pytest.mark.parametrize("hostile", ["." * 200_000, ", and" * 40_000, "a.b " * 50_000, "—" * 200_000])
def test_hostile_text_is_cut_in_time(hostile: str) -> None:
    began = time.perf_counter()
    cut(hostile)
    assert time.perf_counter() - began < 60
