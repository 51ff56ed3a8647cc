"""Answers are told apart into thinking, text and calls, wherever the pieces fall."""

import itertools
import json
from typing import Any  # JSON

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.chat.resident.calling import (
    HERMES,
    LLAMA,
    MISTRAL,
    MISTRAL_NAMED,
    PHI,
    CallFormat,
    call_format,
    read_calls,
)
from models.chat.resident.reading import AnswerReader
from tests.models.chat.families import FAMILIES

CALL = {"name": "weather", "arguments": {"place": 'R"ö}m</tool_call>'}}
WRITTEN = json.dumps(CALL)
OTHER = json.dumps({"name": "time", "arguments": {}})


def read(
    text: str, form: CallFormat | None, cuts: list[int], *, thinking: bool = False
) -> tuple[str, str, list[Any]]:
    reader = AnswerReader(form, thinking=thinking)
    places = sorted({0, *(cut % (len(text) + 1) for cut in cuts), len(text)})
    pieces = [piece for start, end in itertools.pairwise(places) for piece in reader.push(text[start:end])]
    rest, calls = reader.end()
    pieces += rest
    said = {kind: "".join(one.text for one in pieces if one.kind == kind) for kind in ("thinking", "answer")}
    return said["thinking"], said["answer"], [(call.name, call.arguments) for call in calls]


ANSWERS = {
    "text": ("Hello, 2 < 3.\n", HERMES, ("", "Hello, 2 < 3.\n", [])),
    "no tools": ("I write <tool_call> here.", None, ("", "I write <tool_call> here.", [])),
    "thinking": ("<think>\nLet me see.\n</think>\n\nIt is 3.", None, ("Let me see.", "It is 3.", [])),
    "empty thinking": ("<think>\n\n</think>\n\nIt is 3.", HERMES, ("", "It is 3.", [])),
    "thinking broken off": ("<think>\nLet me", HERMES, ("Let me", "", [])),
    "call": (f"<tool_call>\n{WRITTEN}\n</tool_call>", HERMES, ("", "", [CALL])),
    "text and calls": (f"Let me look.\n<tool_call>{WRITTEN}</tool_call>\n<tool_call>\n{OTHER}\n</tool_call>", HERMES, ("", "Let me look.", [CALL, {"name": "time", "arguments": {}}])),
    "thinking and call": (f"<think>Hm.</think>\n<tool_call>{WRITTEN}</tool_call>", HERMES, ("Hm.", "", [CALL])),
    "call while thinking": (f"<think>Hm. <tool_call>{WRITTEN}</tool_call>", HERMES, ("Hm.", "", [CALL])),
    "list": (f"[TOOL_CALLS] [{WRITTEN}, {OTHER}]", MISTRAL, ("", "", [CALL, {"name": "time", "arguments": {}}])),
    "names": ('[TOOL_CALLS]weather[ARGS]{"place": "Rom"}[TOOL_CALLS]time[ARGS]{}', MISTRAL_NAMED, ("", "", [{"name": "weather", "arguments": {"place": "Rom"}}, {"name": "time", "arguments": {}}])),
    "tags around a list": (f"<|tool_call|>[{WRITTEN}]<|/tool_call|>", PHI, ("", "", [CALL])),
    "bare": ('{"name": "weather", "parameters": {"place": "Rom"}}', LLAMA, ("", "", [{"name": "weather", "arguments": {"place": "Rom"}}])),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
@given(cuts=st.lists(st.integers(0, 200), max_size=12))
def test_parts_are_found_wherever_pieces_fall(name: str, cuts: list[int]):
    text, form, (thinking, answer, calls) = ANSWERS[name]
    expected = (thinking, answer, [(call["name"], call["arguments"]) for call in calls])
    assert read(text, form, cuts) == expected
    assert read(text, form, list(range(len(text)))) == expected


def test_prompt_that_began_to_think_is_read_on():
    assert read("I see.\n</think>\n\nYes.", None, [], thinking=True) == ("I see.", "Yes.", [])


def test_call_that_breaks_off_is_told_as_it_stands():
    (call,) = read_calls(HERMES, '<tool_call>\n{"name": "weather", "arguments": {"pl')
    assert (call.name, call.arguments) == ("weather", None)
    assert call.text.endswith('{"pl')
    (call,) = read_calls(MISTRAL_NAMED, '[TOOL_CALLS]weather[ARGS]{"pl')
    assert (call.name, call.arguments) == ("weather", None)
    (call,) = read_calls(HERMES, '<tool_call>{"name": "weather", "arguments": [1]}')
    assert call.arguments is None


def test_formats_are_known_by_their_templates():
    expected = {"qwen": HERMES, "llama": LLAMA, "mistral": MISTRAL, "phi": PHI, "gemma": None}
    assert {family: call_format(template) for family, template in FAMILIES.items()} == expected
    assert call_format("[TOOL_CALLS]{{ name }}[ARGS]") is MISTRAL_NAMED
