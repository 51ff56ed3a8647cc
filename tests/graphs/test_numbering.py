"""Citation numbers, exchanged in a text that comes whole or in pieces."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.events import Citation
from graphs.numbering import OrderOfUse, Renumbering, renumbered

TEXTS = st.lists(
    st.sampled_from(
        ["[1]", "[2]", "[3]", "[77]", "[1234]", "[", "]", "1", "(x)", " ", "\n", "`", "```", "a word"]
    ),
    max_size=12,
).map("".join)


def _citations(*numbers: int) -> list[Citation]:
    return [
        Citation(number=n, pair_id=f"pair_{n}", title="t", source="s", quote="q", relevance=0.5)
        for n in numbers
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("First [3], then [1], again [3].", "First [1], then [2], again [1]."),
        ("Unknown [9] and known [2].", "Unknown and known [1]."),
        ("A [link [2]](x) and [3](y).", "A [link [1]](x) and [3](y)."),
        ("`a[2]` and [2]\n```\nb[3]\n```\n[1]", "`a[2]` and [1]\n```\nb[3]\n```\n[2]"),
        ("```\nopen [1]", "```\nopen [1]"),
        ("a `quote that stays open [2]", "a `quote that stays open [1]"),
        ("``[2]`` [3]", "``[1]`` [2]"),
    ],
)
def test_numbers_follow_the_order_of_first_use_and_code_stays(text: str, expected: str):
    assert renumbered(text, OrderOfUse(_citations(1, 2, 3))) == expected


def test_what_was_used_comes_in_its_new_order():
    order = OrderOfUse(_citations(1, 2, 3))
    renumbered("[3] and [1], not [7]", order)
    assert [(c.number, c.pair_id) for c in order.used()] == [(1, "pair_3"), (2, "pair_1")]


def test_words_are_not_held_back():
    marks = Renumbering({3: 1}.get)
    assert [marks.take(piece) for piece in ("It", " is", " so [", "3", "].", " Yes")] == [
        "It",
        " is",
        " so",
        "",
        " [1].",
        " Yes",
    ]


@given(TEXTS, st.lists(st.integers(0, 60), max_size=8))
def test_pieces_give_what_the_whole_gives(text: str, cuts: list[int]):
    bounds = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    marks = Renumbering(OrderOfUse(_citations(1, 2, 3)))
    told = [marks.take(text[start:end]) for start, end in pairwise(bounds)]
    assert "".join([*told, marks.rest()]) == renumbered(text, OrderOfUse(_citations(1, 2, 3)))
