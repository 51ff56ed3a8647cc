"""Two services on one trivial graph and one scripted model, for `bench_overhead.py`: ours, and a bare one.

`python -m benchmarks.overhead_apps ours` is `freya serve` whose graph recalls, lets the model answer, and remembers.
`... peer PORT POSTGRES_URL` is what a small service on LangGraph is usually made of (agent-service-toolkit's design): FastAPI, a graph
with one node, LangGraph's PostgreSQL checkpointer on a pool, the messages of a thread in its checkpoints, /invoke and
/stream. It keeps no events, no log, and recalls nothing but the thread. BENCH_PACE_MS is the model's time for a token.
"""

import asyncio
import json
import os
import sys
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypedDict

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.runtime import Runtime
from pydantic import BaseModel

WORDS = tuple(f"word{number} " for number in range(24))
"""What the model says, a token each."""
_PACE_S = float(os.environ.get("BENCH_PACE_MS", "0")) / 1000


class ScriptedModel(BaseChatModel):
    """Says WORDS, whatever it is asked."""

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(
        self,
        messages: list[BaseMessage],  # noqa: ARG002
        stop: list[str] | None = None,  # noqa: ARG002
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage("".join(WORDS)))])

    async def _astream(
        self,
        messages: list[BaseMessage],  # noqa: ARG002
        stop: list[str] | None = None,  # noqa: ARG002
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> AsyncIterator[ChatGenerationChunk]:
        for word in WORDS:
            await asyncio.sleep(_PACE_S)
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))


def ours(words: Sequence[str]) -> None:
    """`freya` with the trivial graph in place of Freya's."""
    from app import cli, wiring
    from graphs import FreyaState, Route, freya
    from graphs.events import Token
    from graphs.settings import GraphSettings
    from graphs.state import RunContext

    model = ScriptedModel()

    async def answer(state: FreyaState, runtime: Runtime[RunContext]) -> FreyaState:
        text = ""
        async for chunk in model.astream([HumanMessage(state["message"])]):
            runtime.context.emit(Token(text=chunk.text))
            text += chunk.text
        route = Route(kind="small_talk", reason="scripted")
        return {"answer": text, "outcome": "answered", "citations": [], "model": "scripted", "route": route}

    def build(_settings: GraphSettings, checkpointer: Any) -> freya.FreyaGraph:
        graph: StateGraph[FreyaState, RunContext, FreyaState, FreyaState] = StateGraph(
            FreyaState, context_schema=RunContext
        )
        graph.add_node("recall", freya.recall)
        graph.add_node("answer", answer)
        graph.add_node("remember", freya.remember)
        graph.add_edge(START, "recall")
        graph.add_edge("recall", "answer")
        graph.add_edge("answer", "remember")
        graph.add_edge("remember", END)
        return graph.compile(checkpointer=checkpointer, name="freya")

    wiring.build_freya = build  # type: ignore[attr-defined, assignment]  # put in its place
    sys.argv = ["freya", *words]
    cli.main()


class Asked(BaseModel):
    """A turn of the bare service."""

    message: str
    thread_id: str | None = None


class Talk(TypedDict):
    """Its state."""

    messages: Annotated[list[AnyMessage], add_messages]


def peer(port: int, postgres_url: str) -> None:
    """The bare service."""
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver  # type: ignore[import-not-found,unused-ignore]
    from psycopg.rows import dict_row
    from psycopg_pool import AsyncConnectionPool

    model = ScriptedModel()

    async def answer(state: Talk) -> dict[str, Any]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    graph = StateGraph(Talk)
    graph.add_node("answer", answer)
    graph.add_edge(START, "answer")
    graph.add_edge("answer", END)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncConnectionPool(
            postgres_url,
            min_size=2,
            max_size=16,
            kwargs={"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row},
        ) as pool:
            saver = AsyncPostgresSaver(pool)
            await saver.setup()
            app.state.graph = graph.compile(checkpointer=saver)
            yield

    app = FastAPI(lifespan=lifespan)

    def given(asked: Asked) -> tuple[dict[str, Any], str]:
        thread = asked.thread_id or str(uuid.uuid4())
        config = {"configurable": {"thread_id": thread}, "run_id": uuid.uuid4()}
        return {"input": {"messages": [HumanMessage(asked.message)]}, "config": config}, thread

    @app.post("/invoke")
    async def invoke(asked: Asked) -> dict[str, Any]:
        how, thread = given(asked)
        state = await app.state.graph.ainvoke(**how)
        return {"thread_id": thread, "answer": state["messages"][-1].text}

    @app.post("/stream")
    async def stream(asked: Asked) -> StreamingResponse:
        how, _ = given(asked)

        async def events() -> AsyncIterator[str]:
            async for kind, event in app.state.graph.astream(**how, stream_mode=["updates", "messages"]):
                if kind == "messages":
                    told = {"type": "token", "content": event[0].text}
                else:
                    told = {"type": "message", "content": event["answer"]["messages"][-1].text}
                yield f"data: {json.dumps(told)}\n\n"
            yield "data: [DONE]\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    uvicorn.run(app, port=port, access_log=False, log_level="warning")


if __name__ == "__main__":
    if sys.argv[1] == "ours":
        ours(sys.argv[2:])
    else:
        peer(int(sys.argv[2]), sys.argv[3])
