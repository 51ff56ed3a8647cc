"""The chat model on a real engine: a model of random numbers, held to what was asked by grammars."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal  # Any: options of a call

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel, Field

from models import ModelsError, RequestInvalid
from models.chat.resident import CallOptions, EngineSource, ResidentChatModel
from models.chat.tools import describe_tool
from models.resident import EngineSettings, ResidentEngine
from tests.models.chat.families import QWEN
from tests.models.chat.sources import One
from tests.small_llama import SHAPE
from training.llama import RandomWeights, byte_vocabulary, write_llama

MARKS = ("<tool_call>", "</tool_call>", "<think>", "</think>")
QUESTION = [SystemMessage("You are brief."), HumanMessage("Is it going to rain?")]


@pytest.fixture(scope="module")
async def engine(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ResidentEngine]:
    path = tmp_path_factory.mktemp("chat") / "qwen.gguf"
    vocabulary = byte_vocabulary(300, marks=MARKS, template=QWEN)
    await asyncio.to_thread(write_llama, path, SHAPE, vocabulary, RandomWeights(SHAPE, 300))
    opened = await ResidentEngine.load(EngineSettings(path=path, context_tokens=2048, threads=1))
    yield opened
    await opened.close()


@pytest.fixture
def model(engine: ResidentEngine) -> ResidentChatModel:
    return ResidentChatModel(source=One(engine), options=CallOptions(max_tokens=400, seed=5, temperature=1.0))


class Forecast(BaseModel):
    """What the weather will be."""

    place: str = Field(max_length=12)
    days: Annotated[int, Field(ge=1, le=14)]
    unit: Literal["celsius", "fahrenheit"] = "celsius"


@tool(args_schema=Forecast)
def forecast(place: str, days: int, unit: str) -> str:
    """What the weather will be."""
    return f"{place} {days} {unit}"


@tool
def clock() -> str:
    """What time it is."""
    return "noon"


def beginning_with(engine: ResidentEngine, text: str) -> dict[int, float]:
    """A bias that makes a token irresistible wherever it is allowed."""
    (token,) = engine.tokenize(text)
    return {token: 1000.0}


async def test_answer_comes_with_usage_and_reason(model: ResidentChatModel):
    answer = await model.bind(max_tokens=5).ainvoke(QUESTION)
    usage = answer.usage_metadata
    assert usage is not None
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["input_tokens"] == model.get_num_tokens_from_messages(QUESTION)
    assert answer.response_metadata["model_name"] == "small"
    assert answer.response_metadata["finish_reason"] in {"length", "stop"}
    assert set(answer.response_metadata["timings_s"]) == {"queued", "first_token", "total"}
    again = await model.bind(max_tokens=5).ainvoke(QUESTION)
    assert again.usage_metadata is not None
    assert again.usage_metadata["input_token_details"]["cache_read"] == usage["input_tokens"] - 1


def test_tokens_of_texts_are_those_they_have_within_a_prompt(
    model: ResidentChatModel, engine: ResidentEngine, monkeypatch: pytest.MonkeyPatch
):
    texts = ["", "Is it going to rain?", "Ω", "<think>"]
    begins = len(engine.tokenize(""))
    assert model.token_counts(texts) == [len(engine.tokenize(text)) - begins for text in texts]
    together = len(engine.tokenize("".join(texts))) - begins
    assert sum(model.token_counts(texts) or ()) == together
    monkeypatch.setattr(model.source, "loaded", None)
    assert model.token_counts(texts) is None


async def test_stream_adds_up_to_the_whole_answer(model: ResidentChatModel):
    bound = model.bind(max_tokens=30)
    chunks = [chunk async for chunk in bound.astream(QUESTION)]
    assert len(chunks) > 3
    whole = "".join(chunk.text for chunk in chunks)
    assert whole == (await bound.ainvoke(QUESTION)).text


async def test_stop_text_ends_the_answer(model: ResidentChatModel):
    said = (await model.bind(max_tokens=40).ainvoke(QUESTION)).text
    stop = said[6]
    answer = await model.bind(max_tokens=40).ainvoke(QUESTION, stop=[stop])
    assert answer.text == said[: said.index(stop)]
    assert answer.response_metadata["finish_reason"] == "stop"
    assert answer.response_metadata["stop"] == stop


@pytest.mark.parametrize("seed", range(8))
async def test_any_choice_is_a_call_whose_arguments_validate(model: ResidentChatModel, seed: int):
    bound = model.bind_tools([forecast, clock], tool_choice="any", seed=seed, parallel_tool_calls=False)
    answer = await bound.ainvoke(QUESTION)
    (call,) = answer.tool_calls
    assert answer.response_metadata["finish_reason"] == "tool_calls"
    assert answer.text == ""
    if call["name"] == "forecast":
        Forecast.model_validate(call["args"])
    else:
        assert call == {"name": "clock", "args": {}, "id": call["id"], "type": "tool_call"}


async def test_named_choice_is_a_call_of_that_tool(model: ResidentChatModel):
    for choice in ("clock", {"type": "function", "function": {"name": "clock"}}):
        tools = [describe_tool(forecast), describe_tool(clock)]
        answer = await model.bind(tools=tools, tool_choice=choice).ainvoke(QUESTION)
        assert {call["name"] for call in answer.tool_calls} == {"clock"}


async def test_several_calls_are_made_at_once(model: ResidentChatModel, engine: ResidentEngine):
    bias = beginning_with(engine, "<tool_call>")
    answer = await model.bind_tools([clock], tool_choice="any", logit_bias=bias, max_tokens=2000).ainvoke(
        QUESTION
    )
    assert len(answer.tool_calls) == 16
    assert len({call["id"] for call in answer.tool_calls}) == 16


async def test_call_that_the_model_begins_by_itself_is_held_to_the_schema(
    model: ResidentChatModel, engine: ResidentEngine
):
    bias = beginning_with(engine, "<tool_call>")
    bound = model.bind_tools([forecast], logit_bias=bias, parallel_tool_calls=False)
    answer = await bound.ainvoke(QUESTION)
    (call,) = answer.tool_calls
    Forecast.model_validate(call["args"])


async def test_model_may_answer_in_words_where_calls_are_free(
    model: ResidentChatModel, engine: ResidentEngine
):
    unwilling = dict.fromkeys(beginning_with(engine, "<tool_call>"), -1000.0)
    answer = await model.bind_tools([forecast], max_tokens=20, logit_bias=unwilling).ainvoke(QUESTION)
    assert answer.tool_calls == []
    assert answer.text


async def test_no_call_is_made_where_none_may_be(model: ResidentChatModel, engine: ResidentEngine):
    bias = beginning_with(engine, "<tool_call>")
    answer = await model.bind_tools([forecast], tool_choice="none", logit_bias=bias, max_tokens=3).ainvoke(
        QUESTION
    )
    assert answer.tool_calls == []
    assert answer.text == "<tool_call>" * 3


async def test_call_that_breaks_off_is_told_as_invalid(model: ResidentChatModel):
    answer = await model.bind_tools([forecast], tool_choice="any", max_tokens=12).ainvoke(QUESTION)
    assert answer.tool_calls == []
    (call,) = answer.invalid_tool_calls
    assert str(call["args"]).startswith("broken off: ")
    assert answer.response_metadata["finish_reason"] == "length"


async def test_conversation_with_results_goes_on(model: ResidentChatModel):
    call = {"name": "clock", "args": {}, "id": "call_0123456789abcdef"}
    messages = [*QUESTION, AIMessage("", tool_calls=[call]), ToolMessage("noon", tool_call_id=call["id"])]
    answer = await model.bind_tools([clock], max_tokens=5).ainvoke(messages)
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["output_tokens"] > 0


@pytest.mark.parametrize("seed", range(4))
async def test_structured_output_is_the_schema_s_own_object(model: ResidentChatModel, seed: int):
    seeded = model.model_copy(update={"options": CallOptions(max_tokens=400, seed=seed, temperature=1.0)})
    answer = await seeded.with_structured_output(Forecast).ainvoke(QUESTION)
    assert isinstance(answer, Forecast)
    raw = await seeded.with_structured_output(Forecast.model_json_schema(), include_raw=True).ainvoke(
        QUESTION
    )
    assert Forecast.model_validate(raw["parsed"]) == answer
    assert isinstance(raw["raw"], AIMessage)
    assert raw["parsing_error"] is None


async def test_json_of_any_form_parses(model: ResidentChatModel):
    import json

    schema = {
        "type": "object",
        "properties": {"a": {"type": "array", "items": {"type": "integer"}, "maxItems": 3}},
    }
    form = {"type": "json_schema", "json_schema": {"schema": schema}}
    assert set(json.loads((await model.bind(response_format=form).ainvoke(QUESTION)).text)) <= {"a"}


async def test_thinking_stands_beside_the_answer(model: ResidentChatModel, engine: ResidentEngine):
    bias = beginning_with(engine, "<think>")
    answer = await model.bind(logit_bias=bias, max_tokens=4).ainvoke(QUESTION)
    assert answer.text == ""
    assert answer.additional_kwargs["reasoning_content"] == "<think>" * 3


async def test_probabilities_are_told_where_asked_for(model: ResidentChatModel):
    answer = await model.bind(logprobs=True, top_logprobs=2, max_tokens=3).ainvoke(QUESTION)
    told = answer.response_metadata["logprobs"]["content"]
    assert [len(one["top_logprobs"]) for one in told] == [2] * len(told)
    assert all(one["logprob"] <= 0 for one in told)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"temperature": -1}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"response_format": {"type": "xml"}}, "response_format"),
        ({"tool_choice": "any"}, "no tool is bound"),
        ({"tool_choice": "nothing"}, "nothing"),
    ],
)
async def test_option_that_cannot_be_used_is_told(
    model: ResidentChatModel, options: dict[str, Any], said: str
):
    with pytest.raises(RequestInvalid, match=said):
        await model.bind(**options).ainvoke(QUESTION)


async def test_schema_that_allows_nothing_is_told_by_its_tool(model: ResidentChatModel):
    parameters = {
        "type": "object",
        "properties": {"n": {"type": "integer", "minimum": 5, "maximum": 1}},
        "required": ["n"],
    }
    described = {
        "type": "function",
        "function": {"name": "never", "description": "", "parameters": parameters},
    }
    with pytest.raises(RequestInvalid, match="tool never"):
        await model.bind(tools=[described]).ainvoke(QUESTION)


async def test_many_agents_are_answered_together(model: ResidentChatModel, engine: ResidentEngine):
    before = engine.statistics()
    bound = model.bind(max_tokens=20)
    answers = await asyncio.gather(*(bound.ainvoke(QUESTION) for _ in range(6)))
    after = engine.statistics()
    assert len({answer.text for answer in answers}) == 1
    assert after.steps - before.steps < after.generated_tokens - before.generated_tokens


def test_tokens_are_counted_by_the_model_s_own_vocabulary(model: ResidentChatModel, engine: ResidentEngine):
    assert model.get_num_tokens("grüße") == len(engine.tokenize("grüße")) == 7


def test_tokens_are_estimated_while_the_model_is_not_loaded():
    class Absent(One):
        def __init__(self) -> None:
            self.loaded = None

    assert isinstance(Absent(), EngineSource)
    absent = ResidentChatModel(source=Absent())
    assert absent.get_num_tokens("a text of 21 letters.") == 6
    assert absent.get_num_tokens_from_messages([HumanMessage("a text of 21 letters.")]) == 6


def test_synchronous_calls_are_refused(model: ResidentChatModel):
    with pytest.raises(ModelsError, match="ainvoke"):
        model.invoke(QUESTION)


async def test_chunks_are_messages(model: ResidentChatModel):
    async for chunk in model.bind(max_tokens=2).astream(QUESTION):
        assert isinstance(chunk, AIMessageChunk)
        return
