"""Sub-agents: graphs of their own that write with a language model, and assemble from a playbook without one."""

import asyncio
from dataclasses import replace

import pytest

from graphs.subagents import joined
from models.chat import ChatSettings, ConfiguredChatModels, Note, Role
from models.residency import Residents, ResidentSettings
from tests.fakes.scripted_model import Step
from tests.graphs.conversation import RSI, Shelf, to

CLOSES = "44.3, 44.1, 44.2, 43.6, 44.3, 44.8, 45.1, 45.4, 45.8, 46.1, 45.9, 46.0, 45.6, 46.3, 46.3"
REVIEW = f"Give me a comprehensive review of this daily chart, compare its trend and momentum, recommend levels: {CLOSES}"
STRATEGY = "Design a complete breakout strategy with a plan to test it"
KELLY = ("kelly_fraction", {"win_rate_percent": 55, "payoff_ratio": 1.5})


def asked(script, number):
    return script.asked[number].messages[-1].text


async def test_a_sub_agent_calls_its_own_tools_and_no_others(play):
    talk, script = play(
        Step(
            calls=[KELLY, ("compute_indicator", {"indicator": "RSI"}), ("pivot_points", {})], to="exact entry"
        ),
        Step(text="Half of it.", to="exact entry"),
        Step(text="Small.", to="<note from="),
        router=to("technical", request=STRATEGY),
    )
    (result,) = (await talk.say(STRATEGY))["results"]
    assert set(script.asked[0].tools) >= {"compute_indicator", "position_size", "kelly_fraction"}
    assert "pivot_points" not in script.asked[0].tools
    statuses = {event.tool: event.status for event in talk.of("tool.finished")}
    assert statuses == {"kelly_fraction": "success", "compute_indicator": "error", "pivot_points": "error"}
    assert "There is no tool 'pivot_points'" in "\n".join(m.text for m in script.asked[1].messages)
    assert result.sub_agents == ("strategy_designer",)
    assert [use.name for use in result.tool_uses if not use.failed] == ["kelly_fraction"]
    assert [one.tool for one in result.computed] == ["kelly_fraction"]


async def test_a_sub_agent_is_told_once_what_the_check_found_and_the_rest_is_taken_out(play):
    talk, script = play(
        Step(text="It wins 71 % of the time.", to="exact entry"),
        Step(text="Test it first. It wins 72 % of the time.", to="exact entry"),
        Step(text="Well.", to="<note from="),
        router=to("technical", request=STRATEGY),
    )
    await talk.say(STRATEGY)
    assert "no tool, passage or request holds these numbers: 71 %" in asked(script, 1)
    assert "Test it first." in asked(script, 2)
    assert "72" not in asked(script, 2)


async def test_a_sub_agent_knows_what_is_remembered_and_earlier_calls_of_its_tools_alone(play):
    pivots = ("pivot_points", {"high": 62000, "low": 59000, "close": 61500})
    talk, script = play(
        Step(calls=[KELLY, pivots], to="first"),
        Step(text="Done.", to="first"),
        Step(text="Note.", to="exact entry"),
        Step(text="Well.", to="<note from="),
        router=to("technical", request="first"),
    )
    await talk.say("first")
    talk.router = to("technical", request=STRATEGY)
    await talk.say(STRATEGY)
    seen = script.asked[2]
    assert [call["name"] for m in seen.messages for call in getattr(m, "tool_calls", ())] == [
        "kelly_fraction"
    ]


async def test_sub_agents_are_told_of_as_they_begin_and_end(play):
    talk, _ = play(
        Step(text="Note.", to="exact entry"),
        Step(text="Well.", to="<note from="),
        router=to("technical", request=STRATEGY),
    )
    await talk.say(STRATEGY)
    assert talk.types("technical/strategy_designer") == ["agent.started", "agent.finished"]
    (ended,) = [e for e in talk.of("agent.finished") if e.agent == "technical/strategy_designer"]
    assert (ended.status, ended.model) == ("answered", "scripted")


@pytest.fixture
def quoting(play, extractive):
    """A conversation with the extractive model."""

    def make(request, **more):
        talk, _ = play(router=to("technical", request=request), **more)
        talk.chat = extractive
        return talk

    return make


async def test_without_a_language_model_the_work_is_assembled_from_computed_parts_and_says_so(quoting):
    talk = quoting(REVIEW, shelf=Shelf())
    state = await talk.say(REVIEW)
    (result,) = state["results"]
    assert result.sub_agents == ("chart_reader",)
    assert {use.name for use in result.tool_uses} == {"compute_indicator", "drawdown_and_sharpe"}
    assert "no language model wrote it" in state["answer"]
    assert "RSI(14) is 70.83" in state["answer"]
    assert "Timeframe: daily." in state["answer"]
    assert result.grounding.holds
    assert state["answer"].count("Not investment advice") == 1
    (ended,) = [e for e in talk.of("agent.finished") if e.agent == "technical/chart_reader"]
    assert ended.model == "extractive"


async def test_what_a_playbook_lacks_is_asked_beside_what_could_be_filled(quoting):
    state = await quoting(STRATEGY).say(STRATEGY)
    assert "#### Rules to fix before testing" in state["answer"]
    assert "- Which market or asset is the strategy for?" in state["answer"]


async def test_passages_are_quoted_with_their_citations(quoting):
    request = "Review and assess the whole design of a strategy on the RSI momentum oscillator"
    state = await quoting(request, shelf=Shelf(RSI)).say(request)
    assert "momentum oscillator between 0 and 100" in state["answer"]
    assert [citation.pair_id for citation in state["citations"]] == ["pair_rsi"]


async def test_a_sub_agent_without_playbook_and_passages_leaves_the_work_to_its_specialist(quoting, charters):
    technical = charters["technical"]
    bare = tuple(replace(sub, playbook=None) for sub in technical.subagents)
    talk = quoting(STRATEGY, shelf=Shelf())
    talk.charters = {**charters, "technical": replace(technical, subagents=bare)}
    (result,) = (await talk.say(STRATEGY))["results"]
    assert result.sub_agents == ()


@pytest.mark.parametrize(("tools", "writer"), [((), "tiny"), (("compute_indicator",), "extractive")])
async def test_the_small_gguf_model_writes_what_fits_its_context_and_else_the_playbook_serves(
    play, charters, embedder, random_model, tools, writer
):
    pytest.importorskip("llama_cpp")
    technical = charters["technical"]
    (designer,) = (sub for sub in technical.subagents if sub.name == "strategy_designer")
    terse = replace(designer, persona="You design strategies.", tools=tools)
    talk, _ = play(router=to("technical", request=STRATEGY), shelf=Shelf())
    talk.charters = {**charters, "technical": replace(technical, subagents=(terse,))}
    resident = {
        "tiny": ResidentSettings(path=random_model, context_tokens=2048, parallel=1, threads=1, max_tokens=24)
    }
    settings = ChatSettings(resident=resident, roles={Role.WRITER: ["tiny"]})
    async with Residents(settings.resident, memory_gb=1) as residents:
        talk.chat = ConfiguredChatModels(settings, embedder, residents=residents)
        async with asyncio.timeout(60):
            state = await talk.say(STRATEGY)
    (ended,) = [e for e in talk.of("agent.finished") if e.agent == "technical/strategy_designer"]
    assert ended.model == writer
    assert ("no language model wrote it" in state["answer"]) == (writer == "extractive")
    grounding = state["results"][0].grounding
    assert grounding is None or grounding.holds


def test_a_section_that_two_wrote_stands_once():
    first = Note(author="risk_reviewer", text="*Intro.*\n\n#### Size\n\nOne.\n\n#### Odds\n\nTwo.")
    second = Note(author="chart_reader", text="*Other.*\n\n#### The size\n\nOne.\n\n#### Trend\n\nUp.")
    assert joined([first, second]) == (
        "### Risk reviewer\n\n*Intro.*\n\n#### Size\n\nOne.\n\n#### Odds\n\nTwo.\n\n"
        "### Chart reader\n\n*Other.*\n\n#### Trend\n\nUp."
    )
    assert joined([first]) == first.text
