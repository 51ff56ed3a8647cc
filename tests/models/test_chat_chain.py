import logging
import socket
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.tools import tool
from pydantic import BaseModel, SecretStr, ValidationError

from models import ChatModelUnavailable, EmbeddingUnavailable, ModelsError, Unit, Vectors, argument
from models.chat import (
    ChatModels,
    ChatSettings,
    ConfiguredChatModels,
    EndpointSettings,
    Passage,
    Prompt,
    Role,
    render_prompt,
)
from models.chat.chain import ChainChatModel
from models.chat.extractive.model import ExtractiveChatModel
from models.chat.roles import open_endpoint
from tests.fakes.openai_endpoint import OpenAIEndpoint, Step, openai_endpoint

KEY = "sk-very-secret-0123456789"
QUESTION = render_prompt(
    Prompt(
        request="What is the RSI?",
        passages=(Passage(number=1, title="What is RSI?", text="The RSI is a momentum oscillator of gains and losses.", relevance=0.9),),
    )
)  # fmt: skip


class OnesEmbedder:
    name = "ones"
    dimensions = 2

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (len(texts), 1))


class DownEmbedder(OnesEmbedder):
    async def embed(self, texts: Sequence[str]) -> Vectors:
        raise EmbeddingUnavailable(f"cannot embed {len(texts)} texts")


class Size(BaseModel):
    amount: float = argument("How much", unit=Unit.MONEY, cues=("of",))


@tool("size_it", args_schema=Size)
def size_it(amount: float) -> str:
    """Size it."""
    return str(amount)


def settings(url: str, **changes: object) -> EndpointSettings:
    given = {"url": url, "model": "fake-model", "api_key": SecretStr(KEY), "timeout_s": 20.0, **changes}
    return EndpointSettings.model_validate(given)


def chain(*endpoints: OpenAIEndpoint | str, extractive: bool = True) -> ChainChatModel:
    remote = [open_endpoint(settings(e if isinstance(e, str) else e.url)) for e in endpoints]
    last = [ExtractiveChatModel(embedder=OnesEmbedder())] if extractive else []
    return ChainChatModel(models=[*remote, *last])


@pytest.fixture
async def refused_url() -> AsyncIterator[str]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        yield f"http://127.0.0.1:{holder.getsockname()[1]}/v1"


async def streamed(model: ChainChatModel, **options: object) -> AIMessageChunk:
    whole: AIMessageChunk | None = None
    async for chunk in model.bind(**options).astream(QUESTION):
        assert isinstance(chunk, AIMessageChunk)
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    return whole


async def test_the_first_model_that_answers_is_heard():
    async with openai_endpoint(Step(text="It is momentum.")) as endpoint:
        reply = await chain(endpoint).ainvoke(QUESTION)
    assert reply.text == "It is momentum."
    assert endpoint.headers[0]["authorization"] == f"Bearer {KEY}"


async def test_a_stream_comes_through_word_by_word():
    async with openai_endpoint(Step(text="It is momentum.")) as endpoint:
        chunks = [chunk.text async for chunk in chain(endpoint).astream(QUESTION)]
    assert [chunk for chunk in chunks if chunk] == ["It ", "is ", "momentum. "]


BAD_STEPS = {
    "500": Step(status=500, body='{"error": {"message": "boom"}}'),
    "429": Step(status=429, body="{}"),
    "garbage": Step(body="<html>not json"),
    "wrong shape": Step(body='{"hello": 1}'),
    "no choices": Step(body='{"id": "x", "object": "chat.completion", "choices": []}'),
    "nothing said": Step(text=""),
    "timeout": Step(hang=True),
}


@pytest.mark.parametrize("step", BAD_STEPS.values(), ids=BAD_STEPS.keys())
async def test_a_failing_endpoint_is_replaced_by_the_extractive_model(step: Step):
    async with openai_endpoint(step) as endpoint:
        model = open_endpoint(settings(endpoint.url, timeout_s=0.2))
        fallback = ChainChatModel(models=[model, ExtractiveChatModel(embedder=OnesEmbedder())])
        reply = await fallback.ainvoke(QUESTION)
    assert reply.text == "The RSI is a momentum oscillator of gains and losses. [1]"
    assert reply.response_metadata["model_name"] == "extractive"


@pytest.mark.parametrize("step", BAD_STEPS.values(), ids=BAD_STEPS.keys())
async def test_a_failing_stream_is_replaced_by_the_extractive_model(step: Step):
    async with openai_endpoint(step) as endpoint:
        model = open_endpoint(settings(endpoint.url, timeout_s=0.2))
        fallback = ChainChatModel(models=[model, ExtractiveChatModel(embedder=OnesEmbedder())])
        whole = await streamed(fallback)
    assert whole.text == "The RSI is a momentum oscillator of gains and losses. [1]"
    assert whole.response_metadata["model_name"] == "extractive"
    assert whole.response_metadata["finish_reason"] == "stop"
    assert whole.response_metadata["fallbacks"][0].startswith("fake-model ")


async def test_a_refused_connection_moves_on_to_the_next_endpoint(refused_url: str):
    async with openai_endpoint(Step(text="Second.")) as second:
        reply = await chain(refused_url, second).ainvoke(QUESTION)
    assert reply.text == "Second."


async def test_a_stream_broken_before_its_first_word_falls_back_without_a_trace():
    async with openai_endpoint(Step(text="never said", break_after=0)) as endpoint:
        whole = await streamed(chain(endpoint))
    assert whole.text.endswith("[1]")
    assert whole.response_metadata["model_name"] == "extractive"


async def test_a_stream_broken_after_its_first_word_says_so_and_repeats_nothing():
    heard: list[str] = []

    async def listen(model: ChainChatModel) -> None:
        async for chunk in model.astream(QUESTION):
            heard.append(chunk.text)  # noqa: PERF401  # what came before the error counts

    async with openai_endpoint(Step(text="one two three", break_after=2)) as endpoint:
        with pytest.raises(ChatModelUnavailable, match=r"broke off: fake-model"):
            await listen(chain(endpoint))
    assert "".join(heard) == "one two "


async def test_no_answer_from_any_model_names_each_and_its_reason(refused_url: str):
    async with openai_endpoint(Step(status=503, body="{}")) as endpoint:
        model = chain(endpoint, refused_url, extractive=False)
        with pytest.raises(ChatModelUnavailable, match=r"status 503; fake-model could not be reached"):
            await model.ainvoke(QUESTION)


async def test_no_stream_from_any_model_names_each_and_its_reason(refused_url: str):
    with pytest.raises(ChatModelUnavailable, match="could not be reached"):
        await streamed(chain(refused_url, extractive=False))


async def test_an_outage_of_the_embedder_stays_one_and_is_not_held_against_the_model(refused_url: str):
    down = ExtractiveChatModel(embedder=DownEmbedder())
    model = ChainChatModel(models=[open_endpoint(settings(refused_url)), down]).bind_tools([size_it])
    for _ in range(4):
        for ask in (model.ainvoke("size of 5"), anext(model.astream("size of 5"))):
            with pytest.raises(EmbeddingUnavailable, match=r"answered: fake-model .* cannot embed") as failed:
                await ask
            assert isinstance(failed.value.__cause__, EmbeddingUnavailable)


async def test_a_key_that_an_endpoint_echoes_stays_out_of_errors_and_logs(caplog: pytest.LogCaptureFixture):
    echo = Step(status=401, body=f'{{"error": {{"message": "Incorrect API key provided: {KEY}"}}}}')
    caplog.set_level(logging.DEBUG, logger="models")
    async with openai_endpoint(echo, Step(text="a b", break_after=1)) as endpoint:
        with pytest.raises(ChatModelUnavailable) as refused:
            await chain(endpoint, extractive=False).ainvoke(QUESTION)
        with pytest.raises(ChatModelUnavailable) as broken:
            await streamed(chain(endpoint, extractive=False))
    assert "status 401" in str(refused.value)
    logged = " ".join(str(record.__dict__) for record in caplog.records if record.name.startswith("models"))
    assert "status 401" in logged
    for text in (str(refused.value), str(broken.value), repr(chain("http://x/v1")), logged):
        assert KEY not in text


async def test_tools_reach_an_endpoint_without_hints_and_its_call_comes_back():
    async with openai_endpoint(Step(calls=(("size_it", {"amount": 5}),))) as endpoint:
        reply = await chain(endpoint).bind_tools([size_it]).ainvoke("size of 5")
    assert reply.tool_calls[0]["args"] == {"amount": 5}
    sent = endpoint.requests[0]
    assert "x-unit" not in str(sent["tools"])
    assert sent["tools"][0]["function"]["parameters"]["required"] == ["amount"]
    assert "tool_choice" not in sent


async def test_streamed_tool_calls_count_as_an_answer():
    async with openai_endpoint(Step(calls=(("size_it", {"amount": 5}),))) as endpoint:
        bound = chain(endpoint).bind_tools([size_it])
        chunks = [chunk async for chunk in bound.astream("size of 5")]
    assert any(chunk.tool_calls for chunk in chunks if isinstance(chunk, AIMessage))


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("any", "required"),
        ("auto", "auto"),
        ("size_it", {"type": "function", "function": {"name": "size_it"}}),
    ],
)
async def test_a_tool_choice_is_said_as_endpoints_understand_it(given: str, sent: object):
    async with openai_endpoint(Step(text="ok")) as endpoint:
        await chain(endpoint).bind_tools([size_it], tool_choice=given).ainvoke("hello")
    assert endpoint.requests[0]["tool_choice"] == sent


async def test_the_fallback_reads_arguments_by_the_hints(refused_url: str):
    reply = await chain(refused_url).bind_tools([size_it], tool_choice="any").ainvoke("size of $5k please")
    assert reply.tool_calls[0]["args"] == {"amount": 5000.0}


def test_chat_models_are_asynchronous_only():
    with pytest.raises(ModelsError, match="asynchronous only"):
        chain("http://127.0.0.1:1/v1").invoke("hi")


async def test_roles_have_their_chains_and_the_extractive_model_last():
    settings_ = ChatSettings(
        endpoints={
            "big": settings("http://127.0.0.1:1/v1"),
            "small": settings("http://127.0.0.1:2/v1", api_key=None),
        },
        roles={Role.REASONING: ["big", "small"], Role.WRITER: ["small", "extractive"]},
    )
    models = ConfiguredChatModels(settings_, OnesEmbedder())
    assert models.token_counts(Role.REASONING, ["one"]) is None  # no model here counts
    assert isinstance(models, ChatModels)
    reasoning, writer, agentic = (models.of(role) for role in (Role.REASONING, Role.WRITER, Role.AGENTIC))
    assert isinstance(reasoning, ChainChatModel)
    assert [m._llm_type for m in reasoning.models] == ["openai-chat", "openai-chat", "extractive"]
    assert isinstance(writer, ChainChatModel)
    assert len(writer.models) == 2
    assert isinstance(agentic, ExtractiveChatModel)


def test_a_role_that_names_an_unknown_endpoint_is_refused():
    with pytest.raises(ValidationError, match=r"names \['ghost'\], but only \['extractive'\]"):
        ChatSettings(roles={Role.WRITER: ["ghost"]})


async def test_messages_need_a_human_one():
    with pytest.raises(ModelsError, match="human message"):
        await ExtractiveChatModel(embedder=OnesEmbedder()).ainvoke([AIMessage("hi")])
    assert (await ExtractiveChatModel(embedder=OnesEmbedder()).ainvoke([HumanMessage("hi")])).text
