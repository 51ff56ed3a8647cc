"""The OpenAI-compatible door, spoken to by OpenAI's own client and by LangChain's."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr

from memory import title_of
from tests.e2e.completing import Stage, door_of
from tests.e2e.running import Command
from tests.fakes.openai_endpoint import Step

pytestmark = pytest.mark.e2e
NPV = "NPV of -1000, 400, 400, 400 at 8 %"
RSI = "What is the RSI indicator?"
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
CITY: Any = {
    "type": "json_schema",
    "json_schema": {
        "name": "city",
        "schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture
async def door(service: Command) -> AsyncIterator[openai.AsyncOpenAI]:
    async with door_of(service.url) as door:
        yield door


async def test_there_is_a_model_for_freya_and_each_of_her_specialists(door, client):
    names = [model.id async for model in door.models.list()]
    agents = [agent["name"] for agent in (await client.get("/v1/agents")).json()["items"]]
    assert names == ["freya", *(f"freya/{name}" for name in agents)]
    assert (await door.models.retrieve("freya/technical")).id == "freya/technical"
    with pytest.raises(openai.NotFoundError) as refused:
        await door.models.retrieve("gpt-4o")
    assert refused.value.code == "model_not_found"
    assert "freya/technical" in refused.value.message


async def test_answer_comes_whole_with_usage_and_citations_at_their_places(door, client):
    completion = await door.chat.completions.create(
        model="freya", messages=[{"role": "user", "content": RSI}], max_tokens=300, temperature=0.1, seed=7
    )
    [choice] = completion.choices
    assert choice.finish_reason == "stop"
    assert "Relative Strength Index" in choice.message.content
    assert completion.usage.total_tokens == (
        completion.usage.prompt_tokens + completion.usage.completion_tokens
    )
    assert completion.usage.completion_tokens > 0
    assert choice.message.annotations
    for annotation in choice.message.annotations:
        cited = annotation.url_citation
        assert choice.message.content[cited.start_index : cited.end_index].startswith("[")
        assert (await client.get(cited.url)).json()["question"] == cited.title
    run = (await client.get(f"/v1/runs/{completion.id.removeprefix('chatcmpl-')}")).json()
    assert run["result"]["answer"] == choice.message.content


async def test_stream_adds_up_to_the_answer_and_ends_with_its_usage(door, client):
    stream = await door.chat.completions.create(
        model="freya/davina",
        messages=[{"role": "user", "content": NPV}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    run = (await client.get(f"/v1/runs/{chunks[0].id.removeprefix('chatcmpl-')}")).json()
    answer, artifacts = run["result"]["answer"], run["result"]["artifacts"]
    assert "30.84" in answer
    assert text.startswith(answer)
    links = text.removeprefix(answer).strip().splitlines()
    assert len(links) == len(artifacts) > 0
    assert all(f"/v1/artifacts/{made['id']})" in link for made, link in zip(artifacts, links, strict=True))
    assert sum(1 for chunk in chunks if chunk.choices and chunk.choices[0].delta.content) > 3
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens > 0
    assert all(chunk.usage is None for chunk in chunks[:-1])


async def test_stream_is_framed_as_the_official_one(service: Command):
    body = {"model": "freya", "stream": True, "messages": [{"role": "user", "content": "Hello!"}]}
    async with (
        httpx.AsyncClient(base_url=service.url, timeout=30) as client,
        client.stream("POST", "/openai/v1/chat/completions", json=body) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line async for line in response.aiter_lines() if line]
    assert lines[-1] == "data: [DONE]"
    for line in lines[:-1]:
        chunk = json.loads(line.removeprefix("data: "))
        assert chunk["object"] == "chat.completion.chunk"
        assert "usage" not in chunk


async def test_conversation_that_the_client_keeps_is_gone_on_with(door):
    first = await door.chat.completions.create(model="freya", messages=[{"role": "user", "content": NPV}])
    told = first.choices[0].message.content
    again = await door.chat.completions.create(
        model="freya",
        messages=[
            {"role": "system", "content": "Answer briefly."},
            {"role": "user", "content": [{"type": "text", "text": NPV}]},
            {"role": "assistant", "content": told},
            {"role": "user", "content": "What did I ask you before?"},
        ],
    )
    assert "NPV" in again.choices[0].message.content


async def test_each_turn_is_on_record_once_however_often_it_is_sent_along(door, client):
    mark = "Good morning, I am the tester of the completions."
    messages: list[dict[str, str]] = []
    for said in (mark, "Thanks!", "Hello again!"):
        messages.append({"role": "user", "content": said})
        answer = await door.chat.completions.create(model="freya", messages=messages)
        messages.append({"role": "assistant", "content": answer.choices[0].message.content})
    threads = (await client.get("/v1/threads", params={"limit": 200})).json()["items"]
    assert sum(thread["title"] == title_of(mark) for thread in threads) == 1
    kept = 0
    for thread in threads[:3]:
        said = (await client.get(f"/v1/threads/{thread['id']}/messages")).json()["items"]
        kept += sum(message["content"] == mark for message in said)
    assert kept == 1


@pytest.mark.parametrize(
    ("changes", "param", "part"),
    [
        ({"colour": "red"}, "colour", "Unknown parameter: 'colour'."),
        ({"messages": []}, "messages", "at least 1"),
        ({"n": 2}, "n", "1"),
        ({"temperature": 9}, "temperature", "less than or equal to 2"),
        ({"messages": [{"role": "system", "content": "x"}]}, "body", "need one of the user"),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}],
                    }
                ]
            },
            None,
            "send text parts only",
        ),
        ({"response_format": CITY}, None, "only a language model"),
        ({"tools": [WEATHER], "tool_choice": "required"}, None, "only a language model"),
    ],
)
async def test_what_cannot_be_done_is_refused_in_openais_words(service: Command, changes, param, part):
    body = {"model": "freya", "messages": [{"role": "user", "content": "Hello!"}], **changes}
    async with httpx.AsyncClient(base_url=service.url, timeout=30) as client:
        refused = await client.post("/openai/v1/chat/completions", json=body)
    assert refused.status_code == 400, refused.text
    assert refused.headers["content-type"] == "application/json"
    error = refused.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert part in error["message"]
    if param is not None:
        assert error["param"] == param


async def test_clients_raise_the_exception_that_fits(door, service: Command):
    with pytest.raises(openai.NotFoundError) as unknown:
        await door.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Hello!"}])
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError):
        await door.chat.completions.create(model="freya", messages=[{"role": "user", "content": " "}])
    async with httpx.AsyncClient(base_url=service.url) as client:
        assert (await client.get("/openai/v1/nothing")).json()["error"]["code"] == "not_found"
        stranger = await client.get("/openai/v1/models", headers={"host": "evil.example"})
    assert (stranger.status_code, stranger.json()["error"]["type"]) == (403, "permission_error")


async def test_without_a_language_model_the_clients_tools_are_left_alone(door):
    completion = await door.chat.completions.create(
        model="freya", messages=[{"role": "user", "content": NPV}], tools=[WEATHER]
    )
    assert completion.choices[0].finish_reason == "stop"
    assert "30.84" in completion.choices[0].message.content


async def test_langchain_speaks_to_it(service: Command):
    chat = ChatOpenAI(
        base_url=f"{service.url}/openai/v1", model="freya/davina", api_key=SecretStr("none"), max_retries=0
    )
    answer = await chat.ainvoke([SystemMessage("Answer briefly."), HumanMessage(NPV)])
    assert "30.84" in answer.text
    assert answer.usage_metadata
    assert answer.usage_metadata["output_tokens"] > 0
    pieces = [chunk.text async for chunk in chat.astream([HumanMessage(NPV)])]
    assert "30.84" in "".join(pieces)
    assert len([piece for piece in pieces if piece]) > 3


async def test_client_tool_is_called_and_its_result_answered(stage: Stage):
    question: list[Any] = [
        {"role": "system", "content": "Speak like a pirate."},
        {"role": "user", "content": "How is the weather in Oslo?"},
    ]
    stage.plays(Step(calls=(("get_weather", {"city": "Oslo"}),)))
    first: Any = await stage.door.chat.completions.create(
        model="freya", messages=question, tools=[WEATHER], temperature=0.7, stop=["END"], max_tokens=99
    )
    [call] = first.choices[0].message.tool_calls
    assert first.choices[0].finish_reason == "tool_calls"
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Oslo"})
    asked = stage.model.requests[0]
    assert [each["function"]["name"] for each in asked["tools"]] == ["get_weather"]
    assert (asked["temperature"], asked["stop"], asked["max_completion_tokens"]) == (0.7, ["END"], 99)
    assert "Speak like a pirate." in asked["messages"][0]["content"]
    before = (await stage.newest_run())["thread_id"]

    stage.plays(Step(text="It rains in Oslo, arr."))
    called: Any = first.choices[0].message.model_dump(exclude_none=True)
    result: Any = {"role": "tool", "tool_call_id": call.id, "content": "rain, 4 degrees"}
    second: Any = await stage.door.chat.completions.create(
        model="freya", messages=[*question, called, result], tools=[WEATHER]
    )
    assert second.choices[0].message.content.strip() == "It rains in Oslo, arr."
    roles = [message["role"] for message in stage.model.requests[0]["messages"]]
    assert roles == ["system", "user", "assistant", "tool"]
    assert stage.model.requests[0]["messages"][-1]["content"] == "rain, 4 degrees"
    gone = await stage.client.get(f"/v1/threads/{before}")
    assert gone.status_code == 404, (
        "the turn that waited for the tool is there beside the one that replaced it"
    )
    after = (await stage.newest_run())["thread_id"]
    kept = (await stage.client.get(f"/v1/threads/{after}/messages")).json()["items"]
    assert [message["role"] for message in kept] == ["user", "assistant"]


async def test_client_tool_call_is_streamed(stage: Stage):
    stage.plays(Step(calls=(("get_weather", {"city": "Oslo"}),)))
    stream = await stage.door.chat.completions.create(
        model="freya/technical",
        messages=[{"role": "user", "content": "How is the weather in Oslo?"}],
        tools=[WEATHER],
        stream=True,
    )
    chunks = [chunk async for chunk in stream]
    [called] = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
    assert called.function
    assert (called.index, called.function.name) == (0, "get_weather")
    assert chunks[-1].choices[0].finish_reason == "tool_calls"
    assert "technical" in stage.model.requests[0]["messages"][0]["content"].lower()


async def test_langchain_binds_tools_and_asks_for_structure(stage: Stage):
    @tool
    def get_weather(city: str) -> str:
        """The weather in a city."""
        return city

    class City(BaseModel):
        city: str

    chat = ChatOpenAI(
        base_url=str(stage.door.base_url), model="freya", api_key=SecretStr("none"), max_retries=0
    )
    stage.plays(Step(calls=(("get_weather", {"city": "Oslo"}),)))
    answer = await chat.bind_tools([get_weather]).ainvoke("How is the weather in Oslo?")
    assert isinstance(answer, AIMessage)
    assert [(call["name"], call["args"]) for call in answer.tool_calls] == [("get_weather", {"city": "Oslo"})]
    stage.plays(Step(text='{"city": "Oslo"}'))
    found = await chat.with_structured_output(City, method="json_schema").ainvoke("Where does it rain?")
    assert found == City(city="Oslo")
    assert stage.model.requests[0]["response_format"]["json_schema"]["name"] == "City"


async def test_model_that_does_not_answer_is_a_server_error(stage: Stage):
    stage.plays(Step(status=500, body="{}"))
    with pytest.raises(openai.InternalServerError) as failed:
        await stage.door.chat.completions.create(
            model="freya", messages=[{"role": "user", "content": "Weather?"}], tools=[WEATHER]
        )
    assert (failed.value.status_code, failed.value.code) == (503, "model_unavailable")
    stage.plays(Step(status=500, body="{}"))
    stream = await stage.door.chat.completions.create(
        model="freya", messages=[{"role": "user", "content": "Weather?"}], tools=[WEATHER], stream=True
    )
    with pytest.raises(openai.APIError, match="model"):
        [chunk async for chunk in stream]


async def test_sentence_that_a_check_takes_out_is_corrected_below_a_line(stage: Stage):
    true, made_up = "The RSI compares recent gains with recent losses.", "Exactly 73219 traders watch it."
    stage.plays(Step(text=f"{true} {made_up}"))
    stream = await stage.door.chat.completions.create(
        model="freya/technical", messages=[{"role": "user", "content": RSI}], stream=True
    )
    text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    run = await stage.newest_run()
    written, line, corrected = text.partition("\n\n---\n\n")
    assert made_up in written
    assert line, text
    assert corrected == run["result"]["answer"]
    assert true in corrected
    assert made_up not in corrected
    assert run["result"]["untraced"] == ["73219"]


async def test_who_leaves_a_stream_stops_its_run_within_a_second(stage: Stage):
    stage.plays(Step(hang=True))
    stream = await stage.door.chat.completions.create(
        model="freya",
        messages=[{"role": "user", "content": "Weather?"}],
        tools=[WEATHER],
        stream=True,
    )
    await stage.until_asked()
    await stream.close()
    await stage.assert_cancelled_soon()


async def test_who_leaves_a_whole_answer_stops_its_run_within_a_second(stage: Stage):
    stage.plays(Step(hang=True))
    asking = asyncio.create_task(
        stage.door.chat.completions.create(
            model="freya", messages=[{"role": "user", "content": "Weather?"}], tools=[WEATHER]
        )
    )
    await stage.until_asked()
    asking.cancel()
    await asyncio.wait([asking])
    await stage.assert_cancelled_soon()
