"""A turn of conversation, by what comes out of it."""

import asyncio
from dataclasses import replace

import pytest
from langchain_core.messages import ToolMessage

from graphs import GraphSettings, RequestRefused, Route
from graphs.events import Citation
from graphs.routing.interfaces import Task
from knowledge import KnowledgeUnavailable
from tests.fakes.scripted_model import Step
from tests.graphs.conversation import RSI, FixedRouter, to

NPV = ("npv_irr", {"rate_percent": 8, "cash_flows": [-1000, 400, 400, 400]})


async def test_turn_runs_from_guard_to_remember_and_tells_of_it_in_order(play):
    talk, _ = play(Step(calls=[NPV]), Step(text="The RSI is a momentum oscillator [1]."), router=to("davina"))
    talk.shelf.hits = (RSI.__class__(**{**vars(RSI), "collection": "davina"}),)
    state = await talk.say("  NPV of -1000, 400, 400, 400 at 8 %  ")
    assert talk.types() == [
        "route",
        "plan",
        "step.started",
        "agent.started",
        "tool.started",
        "tool.finished",
        "artifact",
        "artifact",
        "token",
        "citation",
        "agent.finished",
        "step.finished",
    ]
    assert state["answer"].startswith("The RSI is a momentum oscillator [1].\n\n**")
    assert state["outcome"] == "answered"
    assert state["model"] == "scripted"
    assert [citation.pair_id for citation in state["citations"]] == ["pair_rsi"]
    (turn,) = await talk.memory.recall(talk.scope)
    assert (turn.request, turn.agents) == ("NPV of -1000, 400, 400, 400 at 8 %", ("davina",))
    assert [use.name for use in turn.tool_uses] == ["npv_irr"]
    assert {"recall", "route", "remember"} <= state["timings_ms"].keys()


async def test_tools_do_what_they_say_and_the_model_reads_it(play):
    talk, script = play(Step(calls=[NPV]), Step(text="Done."), router=to("davina"))
    await talk.say("NPV please")
    (finished,) = talk.of("tool.finished")
    assert finished.status == "success"
    assert finished.data["npv"] == pytest.approx(30.84, abs=0.01)
    read = script.asked[1].messages[-1]
    assert isinstance(read, ToolMessage)
    assert read.text == finished.text


async def test_two_specialists_work_at_once_and_their_citations_are_numbered_through(play):
    together = asyncio.Barrier(2)
    talk, _ = play(
        Step(text="It is a momentum oscillator [1].", to="ask technical", meets=together),
        Step(text="It locks coins [1].", to="ask fundamentals", meets=together),
        router=to("technical", "fundamentals"),
    )
    async with asyncio.timeout(60):
        state = await talk.say("what is RSI and what is staking?")
    technical, fundamentals = (talk.charters[name].title for name in ("technical", "fundamentals"))
    assert state["answer"] == (
        f"## {technical}\n\nIt is a momentum oscillator [1].\n\n## {fundamentals}\n\nIt locks coins [2]."
    )
    assert [(c.number, c.pair_id) for c in state["citations"]] == [(1, "pair_rsi"), (2, "pair_staking")]


async def test_what_two_specialists_say_alike_is_said_once(play):
    talk, _ = play(
        Step(text="It is a momentum oscillator [1].", to="ask technical"),
        Step(text="It is a momentum oscillator [1].", to="ask fundamentals"),
        Step(text="None of it.", to="ask sofia"),
        router=to("technical", "fundamentals", "sofia"),
    )
    talk.shelf.hits = (RSI,)
    state = await talk.say("what is RSI?")
    technical, sofia = (talk.charters[name].title for name in ("technical", "sofia"))
    assert state["answer"] == (
        f"## {technical}\n\nIt is a momentum oscillator [1].\n\n## {sofia}\n\nNone of it."
    )


async def test_two_answers_of_one_specialist_stand_under_each_other(play):
    talk, _ = play(
        Step(text="Waves come in fives.", to="tell of waves"),
        Step(text="Buy few units.", to="size a position"),
        router=FixedRouter(
            Route(
                kind="tasks",
                tasks=tuple(
                    Task(agent="technical", request=request, confidence=0.9)
                    for request in ("tell of waves", "size a position")
                ),
            )
        ),
    )
    state = await talk.say("Tell of waves, then size a position")
    assert state["answer"] == "Waves come in fives.\n\nBuy few units."


async def test_citations_of_one_specialist_are_numbered_as_they_come_in_text_stream_and_list(play):
    other = replace(RSI, pair_id="pair_other")
    talk, _ = play(
        Step(
            text="A momentum oscillator up to 100 [3], as `x[3]` says [1], and again [3].", to="ask technical"
        ),
        router=to("technical"),
    )
    talk.shelf.hits = (RSI, other, replace(RSI, pair_id="pair_third"))
    state = await talk.say("what is RSI")
    assert state["answer"] == "A momentum oscillator up to 100 [1], as `x[3]` says [2], and again [1]."
    assert "".join(token.text for token in talk.of("token")) == state["answer"]
    expected = [(1, "pair_third"), (2, "pair_rsi")]
    assert [(c.number, c.pair_id) for c in state["citations"]] == expected
    assert [(e.citation.number, e.citation.pair_id) for e in talk.of("citation")] == expected


async def test_a_question_back_stands_beside_an_answer_and_an_unanswered_part_is_named(play):
    talk, _ = play(
        Step(text="It is an oscillator.", to="ask technical"),
        Step(text="What is the rate?", to="ask davina", reason="needs_input"),
        Step(text="Nothing found.", to="ask sofia", reason="declined"),
        router=to("technical", "davina", "sofia", left_out=("what's the weather?",)),
    )
    state = await talk.say("several things")
    assert state["outcome"] == "answered"
    assert "What is the rate?" in state["answer"]
    assert "Nothing found." not in state["answer"]
    assert "“ask sofia”" in state["answer"]
    assert "“what's the weather?”" in state["answer"]


async def test_when_all_decline_the_turn_is_declined(play):
    talk, _ = play(Step(text="I cannot.", reason="declined"), router=to("rebecca"))
    state = await talk.say("anything")
    assert (state["outcome"], state["answer"]) == ("declined", "I cannot.")


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Was ist der RSI?", True),
        ("RSIとは何ですか？", True),
        ("¿Qué es el RSI?", True),
        ("Is the café's RSI that high?", False),
        ("asdf", False),
    ],
)
async def test_who_is_declined_in_another_language_is_told_which_one_is_known(play, message, told):
    talk, script = play(Step(text="I cannot.", reason="declined"), router=to("rebecca"))
    assert ("ask in English" in (await talk.say(message))["answer"]) == told
    talk, script = play(Step(text="Sorry."), router=FixedRouter(Route(kind="out_of_scope")))
    await talk.say(message)
    assert ("ask in English" in script.asked[0].text) == told


async def test_what_is_not_found_while_indexing_goes_on_is_to_be_asked_again(play):
    talk, _ = play(Step(text="I cannot.", reason="declined"), Step(text="Here."), router=to("rebecca"))
    talk.indexed = 0.468
    declined = await talk.say("anything")
    assert "still being indexed (46 % so far)" in declined["answer"]
    assert (await talk.say("something"))["answer"] == "Here."


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("\u200b\u2060", "empty"),
        ("x" * 101, "at most 100"),
        ("a\ud800b", "surrogates"),
    ],
    ids=["nothing", "white space", "invisible", "too long", "surrogates"],
)
async def test_a_message_that_cannot_be_worked_on_is_refused_with_what_to_change(play, message, said):
    talk, _ = play(router=to("technical"), settings=GraphSettings(longest_message=100))
    with pytest.raises(RequestRefused, match=said):
        await talk.say(message)
    assert talk.events == []


async def test_control_characters_and_decompositions_are_cleaned(play):
    talk, script = play(Step(text="Hello."), router=FixedRouter(Route(kind="small_talk")))
    await talk.say("cafe\u0301\x07\r\nplease ")
    assert "café\nplease" in script.asked[0].text


@pytest.mark.parametrize(
    ("kind", "outcome", "draft"),
    [
        ("small_talk", "answered", "I am Freya"),
        ("recap", "answered", "only just begun"),
        ("unclear", "needs_input", "not sure which"),
        ("out_of_scope", "declined", "outside what my specialists can answer"),
    ],
)
async def test_freya_answers_herself_where_no_specialist_is_for_it(play, kind, outcome, draft):
    talk, script = play(Step(text="Well then."), router=FixedRouter(Route(kind=kind)))
    state = await talk.say("hello")
    assert (state["answer"], state["outcome"]) == ("Well then.", outcome)
    assert draft in script.asked[0].text
    assert talk.types() == ["route", "token"]
    (turn,) = await talk.memory.recall(talk.scope)
    assert turn.agents == ()


async def test_an_outage_of_the_retriever_is_tried_again_and_then_raised(play):
    settings = GraphSettings(attempts=2)
    talk, _ = play(Step(text="It came back."), router=to("technical"), settings=settings)
    talk.shelf.error, talk.shelf.failures = KnowledgeUnavailable("down"), 1
    assert (await talk.say("what is RSI"))["answer"] == "It came back."
    talk.shelf.failures = 2
    with pytest.raises(KnowledgeUnavailable):
        await talk.say("what is RSI")
    assert len(talk.shelf.queries) == 4


async def test_cancellation_reaches_the_model(play):
    talk, script = play(Step(text="Let me think", hangs=True), router=to("technical"))
    run = asyncio.create_task(talk.say("what is RSI"))
    async with asyncio.timeout(60):
        await script.hanging.wait()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
    assert script.cancelled.is_set()
    assert await talk.memory.recall(talk.scope) == []


async def test_a_step_that_takes_too_long_ends_the_run_and_its_model(play):
    talk, script = play(Step(hangs=True), router=to("technical"), settings=GraphSettings(step_timeout_s=2))
    async with asyncio.timeout(60):
        with pytest.raises(Exception, match=r"act.*timeout"):
            await talk.say("what is RSI")
        await script.cancelled.wait()


async def test_a_citation_of_a_passage_that_was_not_given_is_taken_out(play):
    talk, _ = play(Step(text="True [1], and false [7]. Code: `a[7]`."), router=to("technical"))
    state = await talk.say("what is RSI")
    assert state["answer"] == "True [1], and false. Code: `a[7]`."
    assert state["citations"] == [
        Citation(
            number=1,
            pair_id="pair_rsi",
            title=RSI.question,
            source="starter",
            quote=RSI.answer,
            relevance=0.9,
        )
    ]
