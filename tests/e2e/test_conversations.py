"""A whole conversation with each client: streamed, with a call that a person allows, a file that it makes, and a run that is stopped."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import httpx
import mcp_types as types
import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tests.e2e.completing import Stage, door_of
from tests.e2e.conftest import NEEDS_A_PERSON
from tests.e2e.running import Command
from tests.e2e.test_mcp import MODES, speaking, speaking_on_streams
from tests.fakes.openai_endpoint import Step

pytestmark = pytest.mark.e2e
BUDGET = "Divide a marketing budget of 6000 over SEO, newsletter and LinkedIn equally"
LINK = re.compile(r"\[budget\.csv\]\((http[^)]+/v1/artifacts/art_\w+)\) \(text/csv, ([\d,]+) bytes\)")


async def assert_downloads(url: str, size: int) -> None:
    async with httpx.AsyncClient() as http:
        got = await http.get(url)
    assert got.status_code == 200, got.text
    assert got.headers["content-type"].startswith("text/csv")
    assert len(got.content) == size
    assert "LinkedIn" in got.text


async def test_openais_client_is_asked_and_answers(service: Command):
    messages: list[Any] = [{"role": "user", "content": BUDGET}]
    async with door_of(service.url) as door:
        stream = await door.chat.completions.create(model="freya", messages=messages, stream=True)
        chunks = [chunk async for chunk in stream]
        asked = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        assert f"**sofia** wants to call `{NEEDS_A_PERSON}`" in asked
        assert "The settings of this service name the tool." in asked
        assert chunks[-1].choices[0].finish_reason == "stop"
        [[approval]] = [
            waiting for chunk in chunks if (waiting := getattr(chunk.choices[0].delta, "approvals", None))
        ]
        assert (approval["tool"], approval["arguments"]["budget"]) == (NEEDS_A_PERSON, 6000)
        messages.append({"role": "assistant", "content": asked})

        unclear: Any = {"role": "user", "content": "Yes, but with 9000."}
        again = await door.chat.completions.create(model="freya", messages=[*messages, unclear])
        text = again.choices[0].message.content or ""
        assert text.startswith("`yes` stands alone")
        assert text.endswith(asked[asked.index("Reply `approve`") :])

        messages.append({"role": "user", "content": "Approve."})
        stream = await door.chat.completions.create(model="freya", messages=messages, stream=True)
        chunks = [chunk async for chunk in stream]
        assert {chunk.id for chunk in chunks} == {again.id}, "another run answers than the one that waited"
        told = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        assert "2,000" in told
        found = LINK.search(told)
        assert found is not None, told
        await assert_downloads(found[1], int(found[2].replace(",", "")))
        [places] = [
            places for chunk in chunks if (places := getattr(chunk.choices[0].delta, "annotations", None))
        ]
        made = next(place for place in places if place["url_citation"]["url"] == found[1])
        assert (made["artifact"]["name"], made["artifact"]["media_type"]) == ("budget.csv", "text/csv")
        cited = made["url_citation"]
        assert cited["url"] == found[1]
        assert told[cited["start_index"] : cited["end_index"]] == f"[budget.csv]({found[1]})"

        repeated = await door.chat.completions.create(model="freya", messages=messages)
        assert repeated.id == again.id
        assert repeated.choices[0].message.content == told


async def test_openais_client_changes_the_arguments_or_rejects(service: Command):
    async with door_of(service.url) as door:

        async def said(*contents: str) -> Any:
            turns: list[Any] = [
                {"role": "assistant" if place % 2 else "user", "content": content}
                for place, content in enumerate(contents)
            ]
            return await door.chat.completions.create(model="freya", messages=turns)

        first = await said(BUDGET)
        asked = first.choices[0].message
        assert (first.usage, first.choices[0].finish_reason) == (None, "stop")
        odd = await said(BUDGET, asked.content, "edit budget 9000")
        assert odd.choices[0].message.content.startswith("The arguments are not JSON")
        changed = '```json\n{"budget": 9000, "channels": "Divide 9000 over SEO, newsletter and LinkedIn equally"}\n```'
        told = await said(BUDGET, asked.content, f"edit {changed}")
        assert "3,000" in told.choices[0].message.content

        second = await said(BUDGET)
        rejected = await said(BUDGET, second.choices[0].message.content, "Reject: not before Monday.")
        assert rejected.id == second.id
        assert LINK.search(rejected.choices[0].message.content) is None
        other = await said(BUDGET, second.choices[0].message.content, "What is the RSI indicator?")
        assert other.id != second.id
        assert "Relative Strength Index" in other.choices[0].message.content
        gone = second.choices[0].message.content.replace(second.id.removeprefix("chatcmpl-"), "run_gone")
        new = await said(BUDGET, gone, "Approve")
        assert new.id != second.id


async def test_langchain_is_asked_and_answers(service: Command):
    chat = ChatOpenAI(
        base_url=f"{service.url}/openai/v1", model="freya/sofia", api_key=SecretStr("none"), max_retries=0
    )
    history: list[BaseMessage] = [HumanMessage(BUDGET)]
    asked = "".join([chunk.text async for chunk in chat.astream(history)])
    assert f"wants to call `{NEEDS_A_PERSON}`" in asked
    history += [AIMessage(asked), HumanMessage("approve")]
    told = await chat.ainvoke(history)
    found = LINK.search(told.text)
    assert found is not None, told.text
    await assert_downloads(found[1], int(found[2].replace(",", "")))
    assert told.usage_metadata


async def test_langchain_stops_a_run_that_it_leaves(stage: Stage):
    chat = ChatOpenAI(
        base_url=str(stage.door.base_url), model="freya/technical", api_key=SecretStr("none"), max_retries=0
    )
    stage.plays(Step(hang=True))
    asking = asyncio.create_task(chat.ainvoke("What is the RSI indicator?"))
    await stage.until_asked()
    asking.cancel()
    await asyncio.wait([asking])
    await stage.assert_cancelled_soon()


def answering(
    *answers: types.ElicitResult,
) -> tuple[list[types.ElicitRequestFormParams], Callable[..., Any]]:
    """What the user was asked, and a client's way of asking him, who answers so in turn."""
    asked: list[types.ElicitRequestFormParams] = []

    async def ask(_context: object, params: types.ElicitRequestFormParams) -> types.ElicitResult:
        asked.append(params)
        return answers[len(asked) - 1]

    return asked, ask


def approving(**content: str) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"decision": "approve", **content})


@pytest.mark.parametrize("mode", MODES)
async def test_mcp_client_asks_its_user(service: Command, mode: str):
    asked, ask = answering(
        approving(arguments="6000"),
        approving(arguments='{"budget": "many"}'),
        approving(),
        types.ElicitResult(action="decline"),
    )
    told: list[str] = []

    async def progressed(_progress: float, _total: float | None, message: str | None) -> None:
        told.append(message or "")

    async with speaking(service, mode, asked=ask) as client:
        await client.list_tools()
        result = await client.call_tool("ask_sofia", {"message": BUDGET}, progress_callback=progressed)
        assert not result.is_error, result.content
        assert "2,000" in result.content[0].text
        assert "no JSON object" in asked[1].message
        assert f"sofia wants to call {NEEDS_A_PERSON}" in asked[0].message
        assert [told.count(said) for said in ("sofia began", f"May sofia call {NEEDS_A_PERSON}?")] == [1, 1]
        assert told[-1] == "sofia: answered"
        link = next(item for item in result.content if isinstance(item, types.ResourceLink))
        assert (link.name, link.mime_type) == ("budget.csv", "text/csv")
        content = (await client.read_resource(link.uri)).contents[0]
        assert content.mime_type == "text/csv"
        assert len(content.text.encode()) == link.size
        assert "LinkedIn" in content.text
        refused = await client.call_tool("ask_sofia", {"message": BUDGET})
    assert refused.structured_content["outcome"] != "waiting"
    assert refused.structured_content["artifacts"] == []
    assert len(asked) == 4


@pytest.mark.parametrize("mode", MODES)
async def test_mcp_client_that_cannot_ask_is_told_how_a_person_answers(
    service: Command, client: httpx.AsyncClient, mode: str
):
    async with speaking(service, mode) as mcp:
        await mcp.list_tools()
        waiting = await mcp.call_tool("ask_sofia", {"message": BUDGET})
        answer = waiting.structured_content
        [approval] = answer["approvals"]
        assert answer["outcome"] == "waiting"
        assert f"freya runs approve {answer['run_id']} {approval['id']}" in waiting.content[0].text
        path = f"/v1/runs/{answer['run_id']}/resume"
        resumed = await client.post(path, json={"approval_id": approval["id"], "decision": "approve"})
        assert resumed.status_code == 200, resumed.text
        told = await mcp.call_tool("follow_run", {"run_id": answer["run_id"]})
        assert "2,000" in told.content[0].text
        none = await mcp.call_tool("follow_run", {"run_id": "run_none"})
        assert none.is_error


async def test_user_who_answers_nothing_is_told_how_to_answer_later(service: Command):
    _, ask = answering(types.ElicitResult(action="cancel"))
    async with speaking(service, asked=ask) as client:
        waiting = await client.call_tool("ask_sofia", {"message": BUDGET})
    assert waiting.structured_content["outcome"] == "waiting"


@pytest.mark.parametrize("mode", MODES)
async def test_program_on_the_standard_streams_asks_its_user(service: Command, mode: str):
    asked, ask = answering(approving())
    async with asyncio.timeout(90), speaking_on_streams(service, mode, asked=ask) as client:
        result = await client.call_tool("ask_sofia", {"message": BUDGET})
        assert "2,000" in result.content[0].text
        assert len(asked) == 1
        link = next(item for item in result.content if isinstance(item, types.ResourceLink))
        assert "LinkedIn" in (await client.read_resource(link.uri)).contents[0].text
    async with asyncio.timeout(90), speaking_on_streams(service, mode) as client:
        waiting = await client.call_tool("ask_sofia", {"message": BUDGET})
    assert waiting.structured_content["outcome"] == "waiting"
