"""What every chat model must do, whatever answers in it."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # the body of a request

import numpy as np
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from langchain_core.messages.ai import add_ai_message_chunks
from openai import BadRequestError

from models import ChatModelUnavailable, ContextExceeded, ModelsError, Vectors
from models.chat import EndpointSettings, Passage, Prompt, render_prompt
from models.chat.chain import ChainChatModel
from models.chat.extractive.model import ExtractiveChatModel
from models.chat.resident import CallOptions, ResidentChatModel
from models.chat.roles import open_endpoint
from models.resident import EngineSettings, ResidentEngine
from tests.fakes.openai_endpoint import Step, openai_endpoint
from tests.models.chat.sources import One

_CONTEXT = 1024
_MORE_THAN_ANY_SERVES_AT_ONCE = 12


@dataclass(frozen=True)
class Backend:
    """A chat model, by what its answers are signed with, and what it raises for what it does not answer."""

    model: BaseChatModel
    name: str
    empty: type[Exception] | None
    too_long: type[Exception] | None


class OnesEmbedder:
    name = "ones"
    dimensions = 2

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (len(texts), 1))


def echo(body: dict[str, Any]) -> Step:
    """An endpoint that says what it was told, and refuses what such endpoints refuse."""
    said = [str(message["content"]) for message in body["messages"]]
    if not 0 < sum(map(len, said)) < 4 * _CONTEXT:
        return Step(status=400, body='{"error": {"message": "the messages are too few or too many"}}')
    return Step(text=said[-1], pieces=tuple(re.findall(r"\S+\s*", said[-1])))


@pytest.fixture(scope="module")
async def engine(random_model: Path) -> AsyncIterator[ResidentEngine]:
    opened = await ResidentEngine.load(EngineSettings(path=random_model, context_tokens=_CONTEXT, threads=1))
    yield opened
    await opened.close()


@pytest.fixture
def resident(engine: ResidentEngine) -> ResidentChatModel:
    return ResidentChatModel(source=One(engine), options=CallOptions(max_tokens=12, temperature=0))


@pytest.fixture
async def endpoint() -> AsyncIterator[BaseChatModel]:
    async with openai_endpoint(answer=echo) as served:
        yield open_endpoint(EndpointSettings(url=served.url, model="fake-model", timeout_s=5))


@pytest.fixture(params=["extractive", "resident", "endpoint", "chain"])
def backend(request: pytest.FixtureRequest, resident: ResidentChatModel, endpoint: BaseChatModel) -> Backend:
    if request.param == "extractive":
        return Backend(ExtractiveChatModel(embedder=OnesEmbedder()), "extractive", ModelsError, None)
    if request.param == "resident":
        return Backend(resident, "small", None, ContextExceeded)
    if request.param == "endpoint":
        return Backend(endpoint, "fake-model", BadRequestError, BadRequestError)
    refusal = ChatModelUnavailable
    return Backend(ChainChatModel(models=[endpoint]), "fake-model", refusal, refusal)


def asked(what: str) -> list[BaseMessage]:
    """A conversation that ends with this question, and beside it what answers it."""
    passage = Passage(
        number=1,
        title=f"What is {what}?",
        text=f"{what} is one of many things that are told about in a report.",
        relevance=0.9,
    )
    prompt = Prompt(request=f"What is {what}?", passages=(passage,))
    before = [SystemMessage("You are brief."), HumanMessage("hello"), AIMessage("Hello.")]
    return [*before, HumanMessage(render_prompt(prompt))]


async def test_answer_is_a_message_that_says_whose_it_is(backend):
    answer = await backend.model.ainvoke(asked("RSI"))
    assert isinstance(answer, AIMessage)
    assert answer.text.strip()
    assert answer.tool_calls == []
    assert answer.response_metadata["model_name"] == backend.name


async def test_streamed_pieces_join_to_the_whole_answer(backend):
    chunks = [chunk async for chunk in backend.model.astream(asked("RSI"))]
    assert all(isinstance(chunk, AIMessageChunk) for chunk in chunks)
    whole = add_ai_message_chunks(*chunks)
    assert len([chunk for chunk in chunks if chunk.text]) > 1
    assert whole.text == (await backend.model.ainvoke(asked("RSI"))).text
    assert whole.response_metadata["model_name"] == backend.name


async def test_calls_at_once_get_their_own_answers(backend):
    questions = [asked(what) for what in ("RSI", "MACD", "ADX", "staking", "a moat", "a stop loss")]
    alone = [(await backend.model.ainvoke(question)).text for question in questions]
    together = await asyncio.gather(*(backend.model.ainvoke(question) for question in questions))
    assert [answer.text for answer in together] == alone
    assert len(set(alone)) == len(questions)


async def test_streams_that_are_cancelled_leave_the_model_as_it_was(backend):
    expected = (await backend.model.ainvoke(asked("RSI"))).text
    begun: asyncio.Queue[str] = asyncio.Queue()

    async def read_the_beginning() -> None:
        async for chunk in backend.model.astream(asked("MACD")):
            if chunk.text:
                begun.put_nowait(chunk.text)
                await asyncio.Event().wait()

    streams = [asyncio.create_task(read_the_beginning()) for _ in range(_MORE_THAN_ANY_SERVES_AT_ONCE)]
    async with asyncio.timeout(60):
        await begun.get()
    for stream in streams:
        stream.cancel()
    outcomes = await asyncio.gather(*streams, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * len(streams)
    assert (await backend.model.ainvoke(asked("RSI"))).text == expected


async def test_conversation_without_messages_is_refused_or_answered(backend):
    await answered_or_refused(backend, [], backend.empty)


async def test_conversation_longer_than_any_context_is_refused_or_answered(backend):
    long = [*asked("RSI"), AIMessage("word " * 20 * _CONTEXT), *asked("MACD")]
    await answered_or_refused(backend, long, backend.too_long)


async def answered_or_refused(
    backend: Backend, messages: Sequence[BaseMessage], refusal: type[Exception] | None
) -> None:
    """Both ways of asking end alike and in time, and the next conversation is not touched by it."""
    async with asyncio.timeout(60):
        for way in (whole, streamed):
            if refusal is None:
                assert await way(backend.model, messages)
            else:
                with pytest.raises(refusal):
                    await way(backend.model, messages)
        assert await whole(backend.model, asked("RSI"))


async def whole(model: BaseChatModel, messages: Sequence[BaseMessage]) -> str:
    return (await model.ainvoke(list(messages))).text


async def streamed(model: BaseChatModel, messages: Sequence[BaseMessage]) -> str:
    return "".join([chunk.text async for chunk in model.astream(list(messages))])
