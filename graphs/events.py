"""The closed set of events of a run. The same models serve SSE, WebSocket and the OpenAPI document."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class RunEvent(BaseModel):
    """What every event has. `run_id` and `seq` are stamped by the run that emits it."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)

    run_id: str = Field(default="", description="The run the event belongs to.")
    seq: int = Field(default=0, description="Its number in the run, from 1, without gaps.")
    time: datetime = Field(default_factory=lambda: datetime.now(UTC), description="When it happened, UTC.")
    agent: str | None = Field(default=None, description="The agent it comes from; null for Freya herself.")

    def stamped(self, run_id: str, seq: int) -> Self:
        """The event with its run and number."""
        return self.model_copy(update={"run_id": run_id, "seq": seq})


class Citation(BaseModel):
    """A passage that an answer cites as `[number]`."""

    model_config = ConfigDict(frozen=True)

    number: int
    pair_id: str
    title: str
    source: str
    quote: str = Field(description="The beginning of the passage.")
    relevance: float = Field(description="Cosine similarity to the request, -1 to 1.")


class ArtifactReference(BaseModel):
    """Something a tool made; its content is at `/v1/artifacts/{id}`."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    media_type: str
    bytes: int


class RunStarted(RunEvent):
    """The run began."""

    type: Literal["run.started"] = "run.started"
    thread_id: str


class RouteTask(BaseModel):
    """What one specialist is asked."""

    model_config = ConfigDict(frozen=True)

    agent: str
    request: str
    confidence: float = Field(description="Calibrated probability, 0 to 1.")


class RouteChosen(RunEvent):
    """Who works on the request, and what each is asked."""

    type: Literal["route"] = "route"
    kind: Literal["tasks", "small_talk", "recap", "out_of_scope", "protected", "unclear", "client"]
    tasks: list[RouteTask]


class PlanStep(BaseModel):
    """A step of a plan."""

    model_config = ConfigDict(frozen=True)

    id: int = Field(description="Its number in the run, from 1.")
    agent: str
    request: str
    needs: list[int] = Field(description="The steps whose results it builds on.")
    priority: int = Field(description="1 is done first where not all can be done at once, or at all.")


class PlanMade(RunEvent):
    """The steps of the run, and which build on which; told anew when a step is added."""

    type: Literal["plan"] = "plan"
    steps: list[PlanStep]
    seconds: float = Field(description="Seconds that the steps may take together.")
    calls: int = Field(description="Calls of models and tools after which no further step begins.")
    tokens: int = Field(description="Tokens of models after which no further step begins.")


class StepStarted(RunEvent):
    """A step of the plan began."""

    type: Literal["step.started"] = "step.started"
    step: int


class StepFinished(RunEvent):
    """A step of the plan ended, or will not be done."""

    type: Literal["step.finished"] = "step.finished"
    step: int
    status: Literal["answered", "declined", "needs_input", "left_undone"]
    reason: str = Field(default="", description="Why it was left undone.")


class Consulted(RunEvent):
    """A specialist asks another one; the question becomes a step of the plan."""

    type: Literal["consulted"] = "consulted"
    step: int = Field(description="The step of who asks.")
    of: str = Field(description="Who is asked.")
    question: str


class AgentStarted(RunEvent):
    """A specialist began its task."""

    type: Literal["agent.started"] = "agent.started"
    request: str


class ToolStarted(RunEvent):
    """A tool was called."""

    type: Literal["tool.started"] = "tool.started"
    call_id: str
    tool: str
    arguments: dict[str, JsonValue]


class ToolFinished(RunEvent):
    """A tool call ended, well or with an error that says what to change."""

    type: Literal["tool.finished"] = "tool.finished"
    call_id: str
    tool: str
    status: Literal["success", "error"]
    text: str
    data: dict[str, JsonValue]
    duration_ms: float


class Token(RunEvent):
    """A piece of an agent's answer as it is written. The final answer is in `run.finished`."""

    type: Literal["token"] = "token"  # the name of an event
    text: str
    anew: bool = Field(
        default=False,
        description="Whether it takes the place of what the agent wrote since its last other event: the run was taken over by "
        "another process while the agent wrote, and a model writes it otherwise this time.",
    )


class CitationMade(RunEvent):
    """The answer cites a passage."""

    type: Literal["citation"] = "citation"
    citation: Citation


class ArtifactMade(RunEvent):
    """A tool made something to download."""

    type: Literal["artifact"] = "artifact"
    artifact: ArtifactReference


class ApprovalRequired(RunEvent):
    """A tool call waits until a person allows it; answer with resume."""

    type: Literal["approval.required"] = "approval.required"
    approval_id: str
    call_id: str = Field(description="As `tool.started` will name the call.")
    tool: str
    arguments: dict[str, JsonValue]
    question: str
    why: str = Field(description="Why a person is asked.")
    expires_at: datetime = Field(description="From then on it counts as rejected.")


class ApprovalAnswered(RunEvent):
    """A person answered an approval, or its time was over; the run goes on."""

    type: Literal["approval.answered"] = "approval.answered"
    approval_id: str
    call_id: str
    decision: Literal["approve", "edit", "reject"]
    reason: str = Field(description="Why it was rejected, as the model reads it.")


class AgentFinished(RunEvent):
    """A specialist is done."""

    type: Literal["agent.finished"] = "agent.finished"
    status: Literal["answered", "declined", "needs_input"]
    model: str = ""
    duration_ms: float


class RunFinished(RunEvent):
    """The run ended with an answer; `result` is what `POST /v1/chat` returns."""

    type: Literal["run.finished"] = "run.finished"
    result: dict[str, JsonValue]


class RunFailed(RunEvent):
    """The run ended without an answer; `problem` is an RFC 9457 problem."""

    type: Literal["run.failed"] = "run.failed"
    problem: dict[str, JsonValue]


class RunCancelled(RunEvent):
    """The run was cancelled."""

    type: Literal["run.cancelled"] = "run.cancelled"
    reason: str


class Heartbeat(RunEvent):
    """Nothing happened for a while; the connection is alive. It has no number of its own."""

    type: Literal["heartbeat"] = "heartbeat"


Event: TypeAlias = Annotated[
    RunStarted
    | RouteChosen
    | PlanMade
    | StepStarted
    | StepFinished
    | Consulted
    | AgentStarted
    | ToolStarted
    | ToolFinished
    | Token
    | CitationMade
    | ArtifactMade
    | ApprovalRequired
    | ApprovalAnswered
    | AgentFinished
    | RunFinished
    | RunFailed
    | RunCancelled
    | Heartbeat,
    Field(discriminator="type"),
]
LAST_EVENTS = frozenset({"run.finished", "run.failed", "run.cancelled"})
"""The types after which a run has no further event."""
