"""What a remote endpoint is sent and what comes back, with personal data taken out on the way."""

import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage

from app.wiring import _hiding
from memory.privacy import Redactor
from models import ModelsError
from models.chat import ChatSettings, ConfiguredChatModels, Hidden, Role
from models.chat.redacting import RedactingChatModel
from models.chat.roles import open_endpoint
from tests.fakes.openai_endpoint import OpenAIEndpoint, Step, openai_endpoint
from tests.models.test_chat_chain import KEY, OnesEmbedder, settings, size_it

SECRET = 'pa"ss\\wörd-9'  # noqa: S105  # of nobody
ASKED = f"Write to ada@example.org, cc bob@example.org; my password is '{SECRET}'. ada@example.org is mine."


def redacted(endpoint: OpenAIEndpoint) -> Any:
    """The chat models as the service makes them, with one endpoint."""
    chat = ChatSettings(endpoints={"far": settings(endpoint.url, redact=True)}, roles={Role.WRITER: ["far"]})
    return ConfiguredChatModels(chat, OnesEmbedder(), hide=_hiding(Redactor())).of(Role.WRITER)


def sent(endpoint: OpenAIEndpoint) -> str:
    return json.dumps(endpoint.requests, ensure_ascii=False)


async def test_endpoint_sees_placeholders_and_the_answer_has_the_values():
    answer = "I wrote to [email 1] and [email 2], not to [email 3], with [secret 1]."
    async with openai_endpoint(Step(text=answer)) as endpoint:
        said = await redacted(endpoint).ainvoke([SystemMessage("Be brief."), HumanMessage(ASKED)])
    assert said.text == (f"I wrote to ada@example.org and bob@example.org, not to [email 3], with {SECRET}.")
    system, human = endpoint.requests[0]["messages"]
    assert system["content"].startswith("Be brief.\n\n")
    assert "[email 1]" in system["content"]
    assert (
        human["content"]
        == "Write to [email 1], cc [email 2]; my password is '[secret 1]'. [email 1] is mine."
    )
    assert KEY not in sent(endpoint)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 100])
async def test_placeholder_split_over_chunks_is_put_back(size: int):
    answer = "To [email 1][email 2], [em] [email 12] and [secret 1]: [[email 1]] [email"
    pieces = tuple(answer[at : at + size] for at in range(0, len(answer), size))
    async with openai_endpoint(Step(pieces=pieces)) as endpoint:
        chunks = [chunk.text async for chunk in redacted(endpoint).astream(ASKED)]
    assert "".join(chunks) == (
        f"To ada@example.orgbob@example.org, [em] [email 12] and {SECRET}: [ada@example.org] [email"
    )


async def test_what_is_no_placeholder_is_not_held_back():
    async with openai_endpoint(Step(pieces=("one ", "[two] ", "[x"))) as endpoint:
        chunks = [chunk.text async for chunk in redacted(endpoint).astream(ASKED) if chunk.text]
    assert chunks == ["one ", "[two] ", "[x"]


@pytest.mark.parametrize("way", ["whole", "streamed"])
async def test_tools_are_called_with_the_values(way: str):
    given = {"to": "[email 1]", "all": ["[email 2]", 3], "deep": {"key": "[secret 1]"}}
    async with openai_endpoint(Step(calls=(("size_it", given), ("size_it", given)), cut=3)) as endpoint:
        model = redacted(endpoint).bind_tools([size_it])
        if way == "streamed":
            whole: AIMessageChunk | None = None
            async for chunk in model.astream(ASKED):
                whole = chunk if whole is None else whole + chunk
            said: AIMessage | None = whole
        else:
            said = await model.ainvoke(ASKED)
    assert said is not None
    args = {"to": "ada@example.org", "all": ["bob@example.org", 3], "deep": {"key": SECRET}}
    assert [call["args"] for call in said.tool_calls] == [args, args]


async def test_what_tools_were_called_with_and_gave_is_hidden_too():
    call = {"name": "size_it", "args": {"to": ["ada@example.org"]}, "id": "call_0", "type": "tool_call"}
    raw = {"tool_calls": [{"id": "call_0", "function": {"name": "size_it", "arguments": "ada@example.org"}}]}
    talk = [
        HumanMessage([{"type": "text", "text": "To ada@example.org"}, "and bob@example.org"]),
        AIMessage("", tool_calls=[call], additional_kwargs=raw),
        ToolMessage("sent to ada@example.org", tool_call_id="call_0"),
    ]
    before = [message.model_copy(deep=True) for message in talk]
    async with openai_endpoint(Step(text="done")) as endpoint:
        await redacted(endpoint).ainvoke(talk)
    assert "example.org" not in sent(endpoint)
    assert sent(endpoint).count("[email 1]") == 4  # in the explanation too
    assert talk == before


async def test_placeholders_of_an_earlier_redaction_are_left_alone():
    async with openai_endpoint(Step(text="[email 1] and [email 2]")) as endpoint:
        said = await redacted(endpoint).ainvoke("[email 1] is not ada@example.org")
    assert said.text == "[email 1] and ada@example.org"


async def test_without_personal_data_nothing_is_changed():
    async with openai_endpoint(Step(text="ok"), Step(text="ok")) as endpoint:
        await redacted(endpoint).ainvoke("What is the RSI?")
        await open_endpoint(settings(endpoint.url)).ainvoke("What is the RSI?")
    first, second = (request["messages"] for request in endpoint.requests)
    assert first == second


async def test_callbacks_are_told_values_and_no_placeholders():
    async with openai_endpoint(Step(pieces=("To [ema", "il 1]"))) as endpoint:
        heard = [
            event["data"]["chunk"].text
            async for event in redacted(endpoint).astream_events(ASKED)
            if event["event"] == "on_chat_model_stream"
        ]
    assert "".join(heard) == "To ada@example.org"


async def test_endpoint_that_is_not_to_be_redacted_gets_all_of_it():
    async with openai_endpoint(Step(text="ok")) as endpoint:
        chat = ChatSettings(endpoints={"near": settings(endpoint.url)}, roles={Role.WRITER: ["near"]})
        await (
            ConfiguredChatModels(chat, OnesEmbedder(), hide=_hiding(Redactor()))
            .of(Role.WRITER)
            .ainvoke(ASKED)
        )
    assert "ada@example.org" in sent(endpoint)


async def test_what_cannot_be_redacted_is_not_sent():
    async def broken(_: object) -> Hidden:
        raise RuntimeError("a defect")

    async with openai_endpoint(Step(text="ok")) as endpoint:
        model = RedactingChatModel(model=open_endpoint(settings(endpoint.url)), hide=broken)
        with pytest.raises(RuntimeError):
            await model.ainvoke(ASKED)
        with pytest.raises(ModelsError, match="asynchronous only"):
            model.invoke(ASKED)
    assert endpoint.requests == []
    chat = ChatSettings(endpoints={"far": settings("http://127.0.0.1:1/v1", redact=True)})
    with pytest.raises(ModelsError, match="endpoint far is to be redacted"):
        ConfiguredChatModels(chat, OnesEmbedder())
