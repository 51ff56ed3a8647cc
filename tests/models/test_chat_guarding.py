"""A model that keeps failing is left alone for a while, and tried again by one request."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any  # LangChain's signatures

import pytest
from langchain_core.language_models.chat_models import agenerate_from_stream
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from models import ContextExceeded, EngineUnavailable, QueueFull
from models.chat import Inference
from models.chat.asynchronous import AsynchronousChatModel
from models.chat.chain import ChainChatModel
from models.chat.guarding import Guard
from tests.fakes.openai_endpoint import Step, openai_endpoint
from tests.models.test_chat_chain import QUESTION, chain, streamed


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Speaker(AsynchronousChatModel):
    """Says its words, each when told to; counts who asked."""

    model_name: str
    words: list[str]
    hangs: bool = False
    asked: int = 0

    @property
    def _llm_type(self) -> str:
        return "speaker"

    async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
        return await agenerate_from_stream(self._astream(*args, **kwargs))

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:  # noqa: ARG002
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        for word in self.words:
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))


def failing(guard: Guard, times: int = 3) -> None:
    for _ in range(times):
        assert guard.refusal() is None
        guard.failed(EngineUnavailable("no"))


def test_three_failures_in_a_row_give_a_rest_that_grows():
    clock = Clock()
    guard = Guard(clock=clock)
    failing(guard)
    assert "failed 3 times and is left alone for 15 s more" in str(guard.refusal())
    clock.now = 15.1
    failing(guard, 1)
    clock.now = 40.0
    assert "left alone for 5 s more" in str(guard.refusal())
    for _ in range(20):
        clock.now += 301
        failing(guard, 1)
    assert "left alone for 300 s more" in str(guard.refusal())


def test_after_the_rest_one_request_tries_it():
    clock = Clock()
    guard = Guard(clock=clock)
    failing(guard)
    clock.now = 16.0
    assert guard.refusal() is None
    assert "being tried" in str(guard.refusal())
    guard.succeeded()
    assert guard.refusal() is None


def test_request_that_gave_up_lets_another_try():
    clock = Clock()
    guard = Guard(clock=clock)
    failing(guard)
    clock.now = 16.0
    assert guard.refusal() is None
    guard.failed(None)
    assert guard.refusal() is None


def test_what_is_wrong_with_the_request_is_not_held_against_the_model():
    guard = Guard()
    for error in (ContextExceeded("too long"), QueueFull("full", retry_after_s=1), None) * 3:
        guard.failed(error)
    assert guard.refusal() is None


async def test_endpoint_that_is_down_is_passed_by_after_three_requests():
    async with openai_endpoint(*[Step(status=503, body="{}")] * 3) as endpoint:
        model = chain(endpoint)
        replies = [await model.ainvoke(QUESTION) for _ in range(5)]
        assert len(endpoint.requests) == 3
    assert {reply.response_metadata["model_name"] for reply in replies} == {"extractive"}
    assert replies[0].response_metadata["fallbacks"] == ["fake-model answered with status 503"]
    assert "is left alone for" in replies[4].response_metadata["fallbacks"][0]


async def test_request_the_endpoint_refuses_does_not_count():
    async with openai_endpoint(*[Step(status=400, body="{}")] * 5) as endpoint:
        model = chain(endpoint)
        for _ in range(5):
            await model.ainvoke(QUESTION)
        assert len(endpoint.requests) == 5


async def test_silent_model_is_given_up_when_its_time_is_over():
    silent, other = (
        Speaker(model_name="silent", words=[], hangs=True),
        Speaker(model_name="other", words=["hi"]),
    )
    asked = ChainChatModel(models=[silent, other], guards=[Guard(limit_s=0.01)])
    whole = await streamed(asked)
    assert whole.text == "hi"
    assert whole.response_metadata["fallbacks"] == ["silent did not answer in time"]
    assert (await asked.ainvoke(QUESTION)).text == "hi"


async def test_first_model_s_answer_tells_of_no_fallback():
    reply = await ChainChatModel(models=[Speaker(model_name="one", words=["hi"])]).ainvoke(QUESTION)
    assert "fallbacks" not in reply.response_metadata


async def test_chains_share_what_is_known_of_a_model():
    guard = Guard()
    silent = Speaker(model_name="silent", words=[])
    other = Speaker(model_name="other", words=["hi"])
    failing(guard)
    for _ in range(2):
        reply = await ChainChatModel(models=[silent, other], guards=[guard]).ainvoke(QUESTION)
        assert reply.text == "hi"
    assert silent.asked == 0


async def test_reader_who_leaves_is_no_failure():
    heard: list[Inference] = []
    model = ChainChatModel(
        models=[Speaker(model_name="one", words=["a", "b"])], observe=heard.append, role="writer"
    )
    stream = model.astream(QUESTION)
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]  # a generator
    assert heard == []
    assert (await model.ainvoke(QUESTION)).text == "ab"
    assert [(one.role, one.model, one.outcome) for one in heard] == [("writer", "one", "answered")]


@pytest.mark.parametrize("words", [[], [""]])
async def test_model_that_says_nothing_is_followed_by_the_next(words: list[str]):
    heard: list[Inference] = []
    models: list[Any] = [Speaker(model_name="mute", words=words), Speaker(model_name="two", words=["hi"])]
    reply = await streamed(ChainChatModel(models=models, observe=heard.append))
    assert reply.response_metadata["fallbacks"] == ["mute said nothing"]
    assert [one.outcome for one in heard] == ["failed", "answered"]
