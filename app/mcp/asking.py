"""Asking Freya or one of her specialists, as MCP tools that tell how far they are."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Final

import mcp_types as types
from mcp.server.context import ServerRequestContext
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from app.problems import ProblemError, problem
from app.runs import ChatRequest, ChatResult, StoredEvent
from app.service import AgentView, Freya
from graphs import (
    AgentFinished,
    AgentStarted,
    AnswerFigure,
    ArtifactReference,
    Citation,
    Event,
    Outcome,
    RouteChosen,
    RunCancelled,
    RunFailed,
    RunFinished,
    ToolFinished,
    ToolStarted,
)
from memory import Owner

ASK: Final = "ask"
_PREFIX: Final = "ask_"
_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


class Question(BaseModel):
    """What such a tool takes."""

    model_config = ConfigDict(extra="forbid")

    message: Annotated[
        str, Field(min_length=1, description="The request in plain text, with all that it needs.")
    ]
    thread_id: Annotated[
        str | None, Field(description="The `thread_id` of an earlier answer, to go on with its conversation.")
    ] = None


class Answer(BaseModel):
    """What such a tool gives."""

    run_id: str
    thread_id: str
    outcome: Outcome
    answer: str
    agents: list[str]
    figures: list[AnswerFigure]
    citations: list[Citation]
    artifacts: list[ArtifactReference]


def asking_tools(freya: Freya) -> Iterator[types.Tool]:
    """The tool that leaves it to Freya who works on a request, and one for each specialist."""
    yield _tool(ASK, "Freya", "Ask Freya, who has the fitting specialists work on the request.")
    for agent in freya.agents():
        yield _tool(f"{_PREFIX}{agent.name}", agent.title, _described(agent))


def is_asking(name: str) -> bool:
    """Whether the name is that of such a tool."""
    return name == ASK or name.startswith(_PREFIX)


async def ask(
    context: ServerRequestContext[object], freya: Freya, owner: Owner, name: str, arguments: dict[str, object]
) -> types.CallToolResult:
    """Ask, and tell each thing that happens as progress. A client that cancels, or leaves, stops the run."""
    question = Question.model_validate(arguments)
    agents = [] if name == ASK else [name.removeprefix(_PREFIX)]
    request = ChatRequest(message=question.message, thread_id=question.thread_id, agents=agents)
    run_id, _ = await freya.start(owner, request)
    result: ChatResult | None = None
    try:
        async for number, event in _numbered(await freya.events(owner, run_id)):
            said = _progress(event)
            if said:
                await context.session.report_progress(float(number), None, said)
            match event:
                case RunFinished(result=finished):
                    result = ChatResult.model_validate(finished)
                case RunFailed(problem=found):
                    raise ProblemError(problem(str(found["code"]), str(found["detail"]), run_id=run_id))
                case RunCancelled(reason=reason):
                    raise ProblemError(problem("cancelled", f"The run was cancelled: {reason}."))
    finally:
        if result is None:
            freya.leave(owner, run_id)
    if result is None:
        raise ProblemError(problem("interrupted", "The service stopped during the run: ask again."))
    answer = Answer(**{name: getattr(result, name) for name in Answer.model_fields})
    return types.CallToolResult(
        content=[types.TextContent(text=result.answer)], structured_content=answer.model_dump(mode="json")
    )


async def _numbered(events: AsyncIterator[StoredEvent]) -> AsyncIterator[tuple[int, Event]]:
    number = 0
    async for stored in events:
        if stored.type != "token":
            number += 1
            yield number, _EVENT.validate_json(stored.json)


def _progress(event: Event) -> str:
    """What a person is told of an event; empty for what is no news."""
    match event:
        case RouteChosen(tasks=tasks) if tasks:
            return f"asked: {', '.join(task.agent for task in tasks)}"
        case AgentStarted(agent=agent):
            return f"{agent} began"
        case ToolStarted(agent=agent, tool=tool):
            return f"{agent} calls {tool}"
        case ToolFinished(tool=tool, status=status):
            return f"{tool}: {status}"
        case AgentFinished(agent=agent, status=status):
            return f"{agent}: {status}"
    return ""


def _tool(name: str, title: str, description: str) -> types.Tool:
    return types.Tool(
        name=name,
        title=title,
        description=description,
        input_schema=Question.model_json_schema(),
        output_schema=Answer.model_json_schema(mode="serialization"),
        annotations=types.ToolAnnotations(read_only_hint=False, destructive_hint=False),
    )


def _described(agent: AgentView) -> str:
    scope = "; ".join(agent.scope)
    declines = " ".join(agent.declines)
    return f"{agent.description}\nWorks on: {scope}.\nDeclines: {declines}"
