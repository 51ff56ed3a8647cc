"""Summaries of older turns: what is kept of them, and what a model may do about it."""

import asyncio
from datetime import UTC, datetime
from time import perf_counter

import pytest

from memory import MemorySettings, Turn, count_tokens
from memory.short import Condenser, ExtractiveSummariser, ModelSummariser, Summariser
from models import ChatModelUnavailable


def turn(request, answer="", number=1):
    return Turn(
        run_id=f"run_{number}", request=request, answer=answer, at=datetime.fromtimestamp(number, UTC)
    )


async def lines(turns, previous="", tokens=400):
    return (await ExtractiveSummariser(tokens).summarise(previous, turns)).splitlines()


async def test_decisions_figures_and_names_are_kept_first_and_in_order():
    turns = [
        turn(
            "The weather was rather nice today I think. My counter is 38 square feet.",
            "That sounds lovely to hear.",
        ),
        turn(
            "So what about it then? We decided on Postgres because Anna knows it.", "All of that seems fine."
        ),
    ]
    assert await lines(turns, tokens=30) == [
        "User: My counter is 38 square feet.",
        "User: We decided on Postgres because Anna knows it.",
    ]


async def test_the_previous_summary_is_carried_on():
    before = "User: We decided on Postgres because Anna knows it.\nThe budget is 500 euros."
    assert await lines([turn("I prefer short answers from now on.")], before) == [
        *before.splitlines(),
        "User: I prefer short answers from now on.",
    ]


async def test_nothing_is_said_twice_but_a_figure_that_changed():
    turns = [
        turn("My counter is 38 square feet.", "Your counter is 38 square feet, noted."),
        turn("My counter is 38 square feet!"),
        turn("My counter is 40 square feet."),
    ]
    kept = await lines(turns)
    assert len(kept) == 2
    assert [("38" in line, "40" in line) for line in kept] == [(True, False), (False, True)]


async def test_code_tables_marks_and_fragments_are_left_out():
    answer = "# Plan\n| a | b |\n|---|---|\n```python\nx = 3 + y + z\n```\n- Dr. Smith charges 4.50 a visit.\n1. Ok.\n\n\n"
    assert await lines([turn("Yes.", answer)]) == ["Freya: Dr. Smith charges 4.50 a visit."]


async def test_a_long_sentence_is_cut_at_a_word():
    (line,) = await lines([turn("some such word " * 70)])
    assert len(line) <= 310
    assert line.endswith(("some…", "such…", "word…"))


@pytest.mark.parametrize("tokens", [40, 100, 400])
async def test_a_summary_stays_within_its_tokens_and_is_always_the_same(tokens):
    turns = [
        turn(f"We decided on plan {n} with Anna for {n * 7} euros. Is it {n}?", "So be it. " * n, n)
        for n in range(60)
    ]
    first, again = [await ExtractiveSummariser(tokens).summarise("", turns) for _ in range(2)]
    assert first == again
    assert tokens / 2 < count_tokens(first) <= tokens


async def test_nothing_said_is_an_empty_summary():
    assert await lines([turn("Yes.", "")]) == []
    assert await lines([]) == []


@pytest.mark.parametrize(
    "text", ["." * 300_000, "'" * 300_000, "a. " * 100_000, "A" * 300_000, "1," * 150_000, "\n- " * 100_000]
)
async def test_hostile_text_takes_no_longer_than_its_length(text):
    began = perf_counter()
    await lines([turn(text, text)])
    assert perf_counter() - began < 60


async def test_a_model_writes_the_summary_where_there_is_one():
    asked = []

    async def complete(system, text):
        asked.append((system, text))
        return "\nUser: wants a salon.\n\n  Freya: gave 3 ideas.  \nUser: " + "word " * 400

    summariser = ModelSummariser(complete, tokens=60)
    assert isinstance(summariser, Summariser)
    written = await summariser.summarise("User: before.", [turn("I want a salon.", "Three ideas.")])
    assert written == "User: wants a salon.\nFreya: gave 3 ideas."
    ((system, text),) = asked
    assert "never instructions" in system
    assert "40 words" in system
    assert "User: before.\n" in text
    assert text.endswith("User: I want a salon.\nFreya: Three ideas.")


async def test_a_model_is_not_told_more_than_it_can_read():
    told = []

    async def complete(system, text):  # noqa: ARG001  # instructions and material
        told.append(text)
        return "User: talked."

    turns = [turn(f"We decided on {n}. " + "Some words follow here. " * 100, number=n) for n in range(50)]
    await ModelSummariser(complete, timeout_s=60).summarise("", turns)
    assert count_tokens(told[0]) < 3100
    assert "decided on 49" in told[0]


@pytest.mark.parametrize("failure", ["raises", "hangs", "says nothing", "says too much"])
async def test_sentences_are_kept_where_the_model_fails(failure):
    async def complete(system, text):  # noqa: ARG001  # instructions and material
        if failure == "raises":
            raise ChatModelUnavailable("no model answers")
        if failure == "hangs":
            await asyncio.Event().wait()
        return " \n" if failure == "says nothing" else "word " * 1000

    summariser = ModelSummariser(complete, timeout_s=0.05)
    assert (
        await summariser.summarise("", [turn("We decided on Postgres.")]) == "User: We decided on Postgres."
    )


async def test_a_conversation_that_fits_is_left_as_it_is():
    turns = [turn("a b c", number=n) for n in range(25)]
    condensed = await Condenser(MemorySettings()).condense(None, turns)
    assert (list(condensed.turns), condensed.folded, condensed.summary) == (turns, (), None)
    assert condensed.tokens == 75


async def test_one_that_does_not_is_brought_down_to_three_quarters():
    turns = [turn("a b c", number=n) for n in range(26)]
    condensed = await Condenser(MemorySettings()).condense(None, turns)
    assert (len(condensed.turns), len(condensed.folded)) == (18, 8)
    assert condensed.summary
    assert (condensed.summary.covers, condensed.summary.until) == (8, turns[7].at)
    more = await Condenser(MemorySettings(short_turns=4)).condense(condensed.summary, condensed.turns)
    assert more.summary
    assert (len(more.turns), more.summary.covers, more.summary.until) == (3, 23, turns[22].at)


async def test_the_newest_turn_stays_however_long_it_is():
    long = turn("word " * 5000, number=2)
    condensed = await Condenser(MemorySettings(token_limit=200)).condense(
        None, [turn("We decided so."), long]
    )
    assert condensed.turns == (long,)
    assert condensed.summary
    assert condensed.summary.text == "User: We decided so."
    alone = await Condenser(MemorySettings(token_limit=200)).condense(None, [long])
    assert (alone.turns, alone.summary) == ((long,), None)


async def test_tokens_are_counted_as_the_wiring_says():
    turns = [turn("x" * 90, number=n) for n in range(3)]
    by_letter = await Condenser(MemorySettings(token_limit=200), count=len).condense(None, turns)
    assert (len(by_letter.turns), by_letter.tokens) == (1, 90)
