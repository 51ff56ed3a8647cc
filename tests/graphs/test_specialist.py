"""A specialist's task: its tools, sub-agents, rounds and checks."""

import asyncio
import json
from dataclasses import replace

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.tools import StructuredTool
from pydantic import BaseModel

from agents import Artifact, Figure, ToolOutput, ToolRefused
from agents.tools import tool
from app.runs.metering import Meter
from graphs import GraphSettings, StepFailed
from graphs.calling import CHART_TYPE
from graphs.checking import find_faults
from memory.interactions import ModelUse
from models import ChatModelUnavailable, EmbeddingUnavailable
from models.chat import Role
from models.chat.chain import ChainChatModel
from tests.fakes.scripted_model import ScriptedChat, Step
from tests.graphs.conversation import STAKING, Shelf, to

NPV = ("npv_irr", {"rate_percent": 8, "cash_flows": [-1000, 400, 400, 400]})
CREATIVE = (
    "Write comprehensive ads and landing pages, and design the audiences and creatives of a paid campaign"
)


class Text(BaseModel):
    text: str


def bench(charters, name, *tools):
    """The charters, one of which has these tools instead of its own."""
    return {**charters, name: replace(charters[name], tools=tools)}


def made_by(run, name="machine"):
    return tool(name, "Does it.", Text, run, examples=("do it",))


async def test_an_unknown_tool_is_answered_with_the_names_of_those_there_are(play):
    talk, script = play(Step(calls=[("crystal_ball", {})]), Step(text="I cannot."), router=to("davina"))
    await talk.say("will I be rich?")
    (finished,) = talk.of("tool.finished")
    assert finished.status == "error"
    assert "There is no tool 'crystal_ball'; there are npv_irr," in script.asked[1].messages[-1].text


async def test_a_tool_error_leads_to_a_second_round(play):
    talk, script = play(
        Step(calls=[("npv_irr", {"rate_percent": 8})]),
        Step(calls=[NPV]),
        Step(text="It is 30.84."),
        router=to("davina"),
    )
    state = await talk.say("NPV of my flows")
    assert [event.status for event in talk.of("tool.finished")] == ["error", "success"]
    assert "cash_flows" in script.asked[1].messages[-1].text
    assert "errors.pydantic.dev" not in script.asked[1].messages[-1].text
    assert state["answer"].startswith("It is 30.84.\n\n**")


async def test_a_refusal_of_a_tool_is_told_to_the_model(play, charters):
    def refuse(arguments: Text) -> ToolOutput:
        raise ToolRefused(f"{arguments.text} is not among what I know")

    talk, script = play(
        Step(calls=[("machine", {"text": "X"})]), Step(text="Not known."), router=to("davina")
    )
    talk.charters = bench(charters, "davina", made_by(refuse))
    await talk.say("do it")
    assert script.asked[1].messages[-1].text == "X is not among what I know"
    assert talk.of("tool.finished")[0].status == "error"


async def test_figures_that_overflow_are_a_message_and_not_the_end_of_the_run(play, charters):
    def overflow(_: Text) -> ToolOutput:
        return ToolOutput(text="much", data={"value": 10.0**400})

    talk, script = play(
        Step(calls=[("machine", {"text": "X"})]), Step(text="Too large."), router=to("davina")
    )
    talk.charters = bench(charters, "davina", made_by(overflow))
    assert (await talk.say("do it"))["outcome"] == "answered"
    assert "cannot be computed with these arguments" in script.asked[1].messages[-1].text


async def test_arguments_that_are_no_json_are_sent_back_to_the_model(play):
    talk, script = play(
        Step(broken_call=("npv_irr", "rate = 8")),
        Step(calls=[NPV]),
        Step(text="There."),
        router=to("davina"),
    )
    assert (await talk.say("NPV"))["answer"].startswith("There.\n\n**")
    assert "not valid JSON" in script.asked[1].messages[-1].text


async def test_rounds_of_tool_calls_are_bounded(play):
    again = [Step(text="again", calls=[NPV]) for _ in range(3)]
    talk, script = play(*again, router=to("davina"), settings=GraphSettings(tool_rounds=2))
    state = await talk.say("NPV")
    assert [bool(asked.tools) for asked in script.asked] == [True, True, False]
    assert len(talk.of("tool.finished")) == 2
    assert state["answer"].startswith("again\n\n**")


async def test_as_many_rounds_as_the_settings_allow_fit_into_one_run(play):
    steps = [*(Step(calls=[NPV]) for _ in range(20)), Step(text="Enough.")]
    talk, _ = play(*steps, router=to("davina"), settings=GraphSettings(tool_rounds=20))
    assert (await talk.say("NPV"))["answer"].startswith("Enough.\n\n**")


async def test_tools_of_one_round_run_side_by_side(play, charters):
    together = asyncio.Barrier(2)

    async def meet(text: str) -> tuple[str, ToolOutput]:
        await together.wait()
        return text, ToolOutput(text=text, data={})

    def one(name):
        return StructuredTool.from_function(
            coroutine=meet,
            name=name,
            description="Meets.",
            args_schema=Text,
            response_format="content_and_artifact",
        )

    talk, _ = play(
        Step(calls=[("left", {"text": "l"}), ("right", {"text": "r"})]),
        Step(text="Both."),
        router=to("davina"),
    )
    talk.charters = bench(charters, "davina", one("left"), one("right"))
    async with asyncio.timeout(60):
        await talk.say("do both")
    assert [event.text for event in talk.of("tool.finished")] in (["l", "r"], ["r", "l"])


async def test_an_artifact_is_announced_after_its_tool(play):
    talk, _ = play(
        Step(calls=[("generate_api_spec", {"request": "A nail salon booking agent on Telegram"})]),
        Step(text="Here it is."),
        router=to("rebecca"),
    )
    state = await talk.say("API for a nail salon agent")
    kinds = talk.types()
    assert kinds.index("tool.finished") < kinds.index("artifact") < kinds.index("agent.finished")
    (artifact,) = state["results"][0].artifacts
    event = talk.of("artifact")[0].artifact
    assert (event.id, event.bytes) == (artifact.id, len(artifact.artifact.content.encode()))


@pytest.mark.parametrize(
    ("artifact", "fault"),
    [
        (Artifact(name="a.json", media_type="application/json", content="{"), "a.json is not valid JSON"),
        (
            Artifact(name="a.jsonl", media_type="application/jsonl", content='{}\n{"'),
            "a.jsonl is not valid JSON",
        ),
        (Artifact(name="a.sql", media_type="application/sql", content=" \n"), "a.sql is empty"),
    ],
)
async def test_an_artifact_that_is_not_what_it_says_is_never_shown(play, charters, artifact, fault):
    talk, script = play(
        Step(calls=[("machine", {"text": "X"})]), Step(text="It failed."), router=to("rebecca")
    )
    output = ToolOutput(text="made", data={}, artifacts=(artifact,))
    talk.charters = bench(charters, "rebecca", made_by(lambda _: output))
    state = await talk.say("make it")
    assert fault in script.asked[1].messages[-1].text
    assert talk.of("artifact") == []
    assert state["results"][0].artifacts == ()


async def test_a_checked_tool_may_not_give_figures_that_are_none(play, charters):
    output = ToolOutput(text="odd", data={"list": [1.0, {"inner": float("nan")}]})
    talk, script = play(
        Step(calls=[("machine", {"text": "X"})]),
        Step(text="It failed."),
        router=to("sofia", request="Design a campaign"),
    )
    talk.charters = bench(charters, "sofia", made_by(lambda _: output))
    state = await talk.say("Design a campaign")
    assert state["results"][0].weighing.choice == "checked_tool"
    assert "data.list[1].inner is nan, not a finite number" in script.asked[1].messages[-1].text


async def test_a_tool_that_says_nothing_has_not_passed(play, charters):
    talk, script = play(
        Step(calls=[("machine", {"text": "X"})]),
        Step(text="It failed."),
        router=to("sofia", request="Design a campaign"),
    )
    talk.charters = bench(charters, "sofia", made_by(lambda _: ToolOutput(text=" ", data={})))
    await talk.say("Design a campaign")
    assert "it says nothing" in script.asked[1].messages[-1].text


async def test_complex_work_goes_to_the_fitting_sub_agents_side_by_side(play, charters):
    chosen = charters["sofia"].subagents
    together = asyncio.Barrier(2)
    notes = [Step(text=f"Note {'ab'[n]}.", meets=together, to="Answer with this in view") for n in range(2)]
    talk, script = play(
        *notes, Step(text="All in one.", to="<note from="), router=to("sofia", request=CREATIVE)
    )
    meter = Meter()
    talk.callbacks.append(meter)
    async with asyncio.timeout(60):
        state = await talk.say(CREATIVE)
    assert meter.models == (ModelUse(model="scripted", input_tokens=30, output_tokens=15),)
    weighing = state["results"][0].weighing
    assert (weighing.choice, weighing.score >= 0.8) == ("sub_agents", True)
    assert weighing.reasons
    personas = {asked.messages[0].text for asked in script.asked[:2]}
    assert [sub.name for sub in chosen if any(p.startswith(sub.persona) for p in personas)] == [
        "copywriter",
        "ad_manager",
    ]
    assert talk.chat.roles[0] == Role.WRITER
    assert {f"Note {'ab'[n]}." in script.asked[2].text for n in range(2)} == {True}
    assert state["answer"] == "All in one."


async def test_a_sub_agent_that_found_nothing_leaves_no_note(play):
    steps = [Step(text=f"Nothing {n}.", reason="declined", to="Answer with this in view") for n in range(2)]
    talk, script = play(*steps, Step(text="Then myself."), router=to("sofia", request=CREATIVE))
    await talk.say(CREATIVE)
    assert "<note" not in script.asked[2].text


async def test_an_outage_of_every_model_ends_the_run(play):
    talk, _ = play(Step(error=ChatModelUnavailable("none answered")), router=to("technical"))
    with pytest.raises(ChatModelUnavailable):
        await talk.say("what is RSI")


class Chained(ScriptedChat):
    """The scripted model as the only one of a chain."""

    def of(self, role: Role) -> BaseChatModel:
        return ChainChatModel(models=[super().of(role)])


@pytest.mark.parametrize("chat", [ScriptedChat, Chained])
async def test_a_model_that_cannot_embed_the_request_is_asked_again(play, chat):
    outage = EmbeddingUnavailable("down")
    talk, script = play(
        Step(error=outage),
        Step(calls=[NPV]),
        Step(error=outage),
        Step(text="It is 30.84."),
        router=to("davina"),
    )
    talk.chat = chat(script)
    assert (await talk.say("NPV of my flows"))["answer"].startswith("It is 30.84.\n\n**")
    assert len(talk.of("tool.finished")) == 1
    assert len(talk.of("agent.started")) == 1


async def test_a_model_that_cannot_embed_is_not_asked_for_good(play):
    steps = [Step(error=EmbeddingUnavailable("down")) for _ in range(3)]
    talk, script = play(*steps, router=to("davina"), settings=GraphSettings(attempts=3))
    with pytest.raises(EmbeddingUnavailable, match="down"):
        await talk.say("NPV of my flows")
    assert len(script.asked) == 3


async def test_an_outage_after_the_first_words_does_not_have_them_said_twice(play):
    talk, _ = play(Step(text="It is ", error=EmbeddingUnavailable("down")), router=to("davina"))
    with pytest.raises(EmbeddingUnavailable):
        await talk.say("NPV of my flows")
    assert "".join(event.text for event in talk.of("token")) == "It is"


async def test_an_outage_in_one_tool_does_not_have_the_others_called_twice(play, charters):
    called = []

    def embed(_: Text) -> ToolOutput:
        raise EmbeddingUnavailable("down")

    def count(arguments: Text) -> ToolOutput:
        called.append(arguments.text)
        return ToolOutput(text="done", data={})

    calls = [("counting", {"text": "A"}), ("embedding", {"text": "B"})]
    talk, _ = play(Step(calls=calls), router=to("davina"))
    talk.charters = bench(charters, "davina", made_by(count, "counting"), made_by(embed, "embedding"))
    with pytest.raises(EmbeddingUnavailable):
        await talk.say("do it")
    assert called == ["A"]


async def test_a_tool_that_gives_no_message_is_a_defect_that_is_named(play, charters):
    class Odd(StructuredTool):
        async def ainvoke(self, *_args, **_more):
            return "text"

    odd = Odd(name="odd", description="Odd.", args_schema=Text, func=lambda text: text)
    talk, _ = play(Step(calls=[("odd", {"text": "X"})]), router=to("davina"))
    talk.charters = bench(charters, "davina", odd)
    with pytest.raises(StepFailed, match="tool odd gave str"):
        await talk.say("do it")


async def test_a_model_that_says_nothing_has_declined(play):
    talk, _ = play(Step(), router=to("technical"))
    state = await talk.say("what is RSI")
    assert (state["outcome"], state["answer"]) == ("declined", "")


async def test_what_is_filed_elsewhere_is_told_by_who_was_asked_when_his_own_collections_hold_nothing(play):
    talk, script = play(Step(text="It locks coins [1]."), router=to("davina"), shelf=Shelf(STAKING))
    state = await talk.say("What is staking?")
    assert STAKING.answer in script.asked[0].messages[-1].text
    assert [citation.pair_id for citation in state["citations"]] == [STAKING.pair_id]


async def test_what_a_tool_found_out_is_kept_with_the_result_and_its_chart_as_an_artifact(play, charters):
    found = ToolOutput(
        text="It is 12.5 %.",
        data={"share": 0.125},
        figures=(Figure(name="share", value=12.5, unit="%", decimals=1),),
        assumptions=("A year has 365 days.",),
        would_change=("A share above 20 % would turn the verdict.",),
        chart={"data": {"values": []}, "mark": "bar", "encoding": {}},
    )

    async def run(_: Text) -> ToolOutput:
        return found

    talk, _ = play(Step(calls=[("machine", {"text": "X"})]), Step(text="12.5 %."), router=to("davina"))
    talk.charters = bench(
        charters, "davina", tool("machine", "Does it.", Text, run, examples=("do it",), financial=True)
    )
    (result,) = (await talk.say("do it"))["results"]
    (computed,) = result.computed
    assert computed.tool == "machine"
    assert (computed.figures, computed.assumptions) == (found.figures, found.assumptions)
    assert (computed.would_change, computed.financial) == (found.would_change, True)
    assert computed.data == {"share": 0.125}
    (made,) = result.artifacts
    assert (made.artifact.name, made.artifact.media_type) == ("machine.vl.json", CHART_TYPE)
    assert json.loads(made.artifact.content) == found.chart


@pytest.mark.parametrize(
    ("output", "fault"),
    [
        (ToolOutput(text="x", data={}, chart={"mark": "bar"}), "its chart has no 'data'"),
        (
            ToolOutput(text="x", data={}, figures=(Figure(name="a", value=1), Figure(name="a", value=2))),
            "two of its figures are called 'a'",
        ),
    ],
)
def test_charts_without_data_and_figures_of_one_name_are_faults(output, fault):
    assert fault in find_faults(output)


async def test_a_figure_that_a_language_model_made_up_is_taken_out_and_told_of(play):
    talk, _ = play(
        Step(calls=[NPV]),
        Step(text="The net present value is 30.84. It beats 93 % of projects."),
        router=to("davina"),
    )
    state = await talk.say("NPV of my flows")
    assert state["answer"].startswith("The net present value is 30.84.\n\n")
    assert ("Left out of this answer, because no source holds their figures: one sentence.") in state[
        "answer"
    ]
    (result,) = state["results"]
    assert (result.grounding.untraced, result.grounding.numbers) == (("93 %",), 2)


async def test_an_answer_of_nothing_but_made_up_figures_is_none(play):
    talk, _ = play(Step(text="It will rise by 93 %."), router=to("davina"))
    state = await talk.say("NPV of my flows")
    assert "93" not in state["answer"]
    assert state["outcome"] == "declined"


async def test_a_question_back_is_not_held_against_sources(play):
    talk, _ = play(Step(text="Such as 93 %?", reason="needs_input"), router=to("davina"))
    state = await talk.say("NPV of my flows")
    assert state["answer"] == "Such as 93 %?"
    assert state["results"][0].grounding is None


async def test_what_was_said_before_in_the_thread_may_be_said_again(play):
    talk, _ = play(
        Step(calls=[NPV]), Step(text="It is 30.84."), Step(text="As said, 30.84."), router=to("davina")
    )
    await talk.say("NPV of my flows")
    assert (await talk.say("again?"))["answer"] == "As said, 30.84."
