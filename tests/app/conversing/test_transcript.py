"""What is shown of an answer."""

from pydantic import JsonValue

from app.cli.transcript import Wrapping, footnotes
from tests.app.cli_service import (
    RESULT,
)


def test_streamed_words_are_wrapped_at_the_width_of_the_terminal():
    wrapping = Wrapping(10)
    pieces = ["one tw", "o three fo", "ur\nfive sixsevene", "ightnine ", "ten"]
    assert "".join(map(wrapping.add, pieces)) + wrapping.rest() == (
        "one two \nthree four\nfive \nsixseveneightnine\nten"
    )


def test_a_tier_of_memory_that_did_not_answer_is_said_in_one_line():
    missing: list[JsonValue] = [
        {"tier": "short", "reason": "it hangs"},
        {"tier": "long", "reason": "found by words alone"},
    ]
    assert footnotes({**RESULT, "degraded": missing})[-2] == (
        "memory did not answer, and is missing: short (it hangs), long (found by words alone)"
    )
    assert not any("memory" in one for one in footnotes(RESULT))
