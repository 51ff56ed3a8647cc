import time
from typing import Any

import pytest
from langchain_core.tools import BaseTool

from agents.davina.canvases import business_model_canvas, swot
from agents.davina.sections import read_items, read_sections
from agents.tools import ToolRefused

LABELS = {"Pros": ("pros", "pro"), "Cons": ("cons", "con")}


async def call(tool: BaseTool, notes: str) -> Any:  # ainvoke returns Any
    return await tool.ainvoke({"name": tool.name, "args": {"notes": notes}, "id": "1", "type": "tool_call"})


async def test_swot_holds_what_was_said_and_names_what_was_not():
    message = await call(
        swot(),
        "Make a SWOT. Strengths: loyal customers, location. Weaknesses: no website. Threats: rising rent",
    )
    data = message.artifact.data
    assert [item["point"] for item in data["strengths"]] == ["loyal customers", "location"]
    assert [item["point"] for item in data["weaknesses"]] == ["no website"]
    assert data["opportunities"] == []
    assert message.content.startswith("The SWOT has 2 strengths, 1 weakness, 0 opportunities, 1 threat.")
    assert "Nothing was given for opportunities." in message.content
    assert message.artifact.artifacts[0].content.startswith("# SWOT\n")


async def test_swot_orders_points_by_their_importance_and_sums_them():
    message = await call(
        swot(),
        "strengths: team (3), patents (5/5); weaknesses: cash [4]; opportunities: export; threats: copycats",
    )
    assert message.artifact.data["strengths"] == [
        {"point": "patents", "importance": 5},
        {"point": "team", "importance": 3},
    ]
    assert "the inside is +4 (strengths 8 less weaknesses 4)" in message.content
    assert "Nothing was given" not in message.content


async def test_swot_of_one_label_misses_the_other_three():
    message = await call(swot(), "Strengths:\n- recipes\n- staff, all trained")
    assert [item["point"] for item in message.artifact.data["strengths"]] == ["recipes", "staff, all trained"]
    assert "Nothing was given for weaknesses, opportunities and threats." in message.content


async def test_canvas_fills_blocks_and_asks_for_the_others():
    message = await call(
        business_model_canvas(),
        "Customers: students. Value: cheap bikes. Channels: app, campus shop. Revenue: subscription",
    )
    data = message.artifact.data
    assert data["blocks"]["Channels"] == ["app", "campus shop"]
    assert data["blocks"]["Customer segments"] == ["students"]
    assert len(data["missing"]) == 5
    assert message.content.startswith(
        "The canvas has 4 of 9 blocks filled; missing are customer relationships"
    )
    assert "open: What costs most" in message.content


async def test_complete_canvas_misses_nothing():
    notes = (
        "Customer segments: a\nValue propositions: b\nChannels: c\nCustomer relationships: d\nRevenue streams: e\n"
        "Key resources: f\nKey activities: g\nKey partners: h\nCost structure: i"
    )
    message = await call(business_model_canvas(), notes)
    assert message.content.startswith("The canvas has 9 of 9 blocks filled.")
    assert message.artifact.data["missing"] == []


@pytest.mark.parametrize("tool", [swot, business_model_canvas])
@pytest.mark.parametrize("notes", ["", "Do something with my idea of a bakery", "Strengths and customers: ;"])
async def test_notes_without_points_are_refused_with_an_example(tool, notes):
    message = await call(tool(), notes)
    assert message.status == "error"
    assert "such as" in message.content


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Pros: a, b. Cons: c", {"Pros": ["a", "b"], "Cons": ["c"]}),
        ("**Cons**: c; d\n**Pros**: a", {"Pros": ["a"], "Cons": ["c", "d"]}),
        ("Our pros are speed and our cons are price", {"Pros": ["speed and"], "Cons": ["price"]}),
        ("Pros: a. Pros: a, b", {"Pros": ["a", "b"]}),
        ("Pros - cheap\nCons - slow", {"Pros": ["cheap"], "Cons": ["slow"]}),
        ("the prose is fine", {}),
    ],
)
def test_labelled_lists_are_read(text, found):
    assert read_sections(text, LABELS) == found


def test_commas_in_brackets_and_thousands_do_not_separate():
    assert read_items("bikes (red, blue), 10,000 users, and shops") == [
        "bikes (red, blue)",
        "10,000 users",
        "shops",
    ]


def test_endless_notes_are_refused():
    with pytest.raises(ToolRefused, match="at most 50,000"):
        read_sections("x" * 50_001, LABELS)


def test_longest_notes_are_read_in_a_moment():
    started = time.perf_counter()
    read_sections("Pros: " + "(, " * 16_000, LABELS)
    read_sections("pros " * 10_000, LABELS)
    assert time.perf_counter() - started < 60
