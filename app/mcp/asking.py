"""Asking Freya or one of her specialists, as MCP tools that tell how far they are."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Literal

import mcp_types as types
from mcp.server.context import ServerRequestContext
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from app.mcp.approving import LeftOpen, answers_in, ask_person, can_ask, how_to_answer
from app.problems import ProblemError, problem
from app.runs import ChatRequest, RunView
from app.service import Freya
from app.specialists import AgentView
from graphs import (
    AgentFinished,
    AgentStarted,
    AnswerFigure,
    Approval,
    ApprovalRequired,
    ArtifactReference,
    Citation,
    Event,
    Outcome,
    RouteChosen,
    ToolFinished,
    ToolStarted,
)
from memory import Owner

ASK: Final = "ask"
FOLLOW: Final = "follow_run"
ARTIFACT: Final = "freya://artifacts/{id}"
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


class Followed(BaseModel):
    """What is taken to go on with a run."""

    model_config = ConfigDict(extra="forbid")

    run_id: Annotated[
        str, Field(max_length=64, description="The `run_id` of an answer whose outcome is `waiting`.")
    ]


class Answer(BaseModel):
    """What such a tool gives."""

    run_id: str
    thread_id: str
    outcome: Outcome | Literal["waiting"]
    answer: str
    agents: list[str]
    figures: list[AnswerFigure]
    citations: list[Citation]
    artifacts: list[ArtifactReference]
    approvals: list[Approval] = Field(
        default=[], description="What the run waits for, where its outcome is `waiting`."
    )


def asking_tools(freya: Freya) -> Iterator[types.Tool]:
    """The tool that leaves it to Freya who works on a request, and one for each specialist."""
    yield _tool(ASK, "Freya", "Ask Freya, who has the fitting specialists work on the request.")
    for agent in freya.specialists.all():
        yield _tool(f"{_PREFIX}{agent.name}", agent.title, _described(agent))
    told = "Wait for the answer of a run that waited for a person, once the person has allowed or rejected what it asked for."
    yield _tool(FOLLOW, "Follow a run", told, Followed)


def is_asking(name: str) -> bool:
    """Whether the name is that of such a tool."""
    return name in {ASK, FOLLOW} or name.startswith(_PREFIX)


async def ask(
    context: ServerRequestContext[object], freya: Freya, owner: Owner, params: types.CallToolRequestParams
) -> types.CallToolResult | types.InputRequiredResult:
    """Ask, and tell each thing that happens as progress. A client that cancels, or leaves, stops the run.

    What needs a person is asked of the client's user, and goes on with his answer.
    """
    after, wrong = 0, dict[str, str]()
    if params.request_state:
        try:
            run_id, after, wrong = await answers_in(freya, owner, params)
        except LeftOpen as left:
            return _waiting(await freya.run(owner, str(left)))
    elif params.name == FOLLOW:
        run_id = Followed.model_validate(params.arguments or {}).run_id
    else:
        run_id = await _begin(freya, owner, params)
    following = _Following(context, freya, owner, run_id, after)
    try:
        return await following.to_its_end(wrong)
    finally:
        if not following.told and params.name != FOLLOW:
            freya.leave(owner, run_id)


async def _begin(freya: Freya, owner: Owner, params: types.CallToolRequestParams) -> str:
    question = Question.model_validate(params.arguments or {})
    agents = [] if params.name == ASK else [params.name.removeprefix(_PREFIX)]
    request = ChatRequest(message=question.message, thread_id=question.thread_id, agents=agents)
    run_id, _ = await freya.start(owner, request)
    return run_id


class _Following:
    """A run that is told to a client until it ends, or waits for somebody whom the client cannot ask."""

    def __init__(
        self, context: ServerRequestContext[object], freya: Freya, owner: Owner, run_id: str, after: int
    ) -> None:
        self._context = context
        self._freya = freya
        self._owner = owner
        self._run_id = run_id
        self._after = after
        self.told = False
        """Whether the client has got a result."""

    async def to_its_end(self, wrong: dict[str, str]) -> types.CallToolResult | types.InputRequiredResult:
        """`wrong` is by approval what could not be taken of an answer. Raises ProblemError for a run without an answer."""
        while True:
            if not wrong:
                await self._progress()
            run = await self._freya.paused(self._owner, self._run_id)
            if run.status != "waiting":
                self.told = run.status != "running"
                return _answered(run)
            if not run.approvals:
                continue
            try:
                asked = await self._ask(run, wrong)
            except LeftOpen:
                asked = _waiting(run)
            if asked is not None:
                self.told = True
                return asked
            wrong = {}

    async def _ask(
        self, run: RunView, wrong: dict[str, str]
    ) -> types.CallToolResult | types.InputRequiredResult | None:
        if not can_ask(self._context):
            return _waiting(run)
        return await ask_person(self._context, self._freya, self._owner, run, self._after, wrong)

    async def _progress(self) -> None:
        """Tell what happens, up to the end of the run or the next thing that needs a person."""
        events = await self._freya.events(self._owner, self._run_id, after=self._after)
        async with contextlib.aclosing(events):
            async for stored in events:
                self._after = max(self._after, stored.seq)
                if stored.type == "token":
                    continue
                event = _EVENT.validate_json(stored.json)
                said = _progress(event)
                if said:
                    await self._context.session.report_progress(float(stored.seq), None, said)
                if isinstance(event, ApprovalRequired):
                    return


def _answered(run: RunView) -> types.CallToolResult:
    """The result of a run that ended. Raises ProblemError where it has no answer."""
    if run.result is None:
        if run.problem is not None:
            raise ProblemError(problem(run.problem.code, run.problem.detail, run_id=run.id))
        if run.status == "cancelled":
            raise ProblemError(problem("cancelled", "The run was cancelled."))
        raise ProblemError(problem("interrupted", "The service stopped during the run: ask again."))
    known = {name: getattr(run.result, name) for name in Answer.model_fields if name != "approvals"}
    links: list[types.ContentBlock] = [
        types.ResourceLink(
            uri=ARTIFACT.format(id=made.id), name=made.name, mime_type=made.media_type, size=made.bytes
        )
        for made in run.result.artifacts
    ]
    return _result(run.result.answer, Answer(**known), links)


def _waiting(run: RunView) -> types.CallToolResult:
    """What is told to a client of a run that a person must answer first."""
    answer = Answer(
        run_id=run.id,
        thread_id=run.thread_id,
        outcome="waiting",
        answer=how_to_answer(run),
        agents=[each.agent for each in run.approvals],
        figures=[],
        citations=[],
        artifacts=[],
        approvals=run.approvals,
    )
    return _result(answer.answer, answer, [])


def _result(text: str, answer: Answer, links: Sequence[types.ContentBlock]) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(text=text), *links], structured_content=answer.model_dump(mode="json")
    )


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
        case ApprovalRequired(question=question):
            return question
    return ""


def _tool(name: str, title: str, description: str, arguments: type[BaseModel] = Question) -> types.Tool:
    return types.Tool(
        name=name,
        title=title,
        description=description,
        input_schema=arguments.model_json_schema(),
        output_schema=Answer.model_json_schema(mode="serialization"),
        annotations=types.ToolAnnotations(read_only_hint=False, destructive_hint=False),
    )


def _described(agent: AgentView) -> str:
    scope = "; ".join(agent.scope)
    declines = " ".join(agent.declines)
    return f"{agent.description}\nWorks on: {scope}.\nDeclines: {declines}"
