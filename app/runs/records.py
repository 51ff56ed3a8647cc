"""What a client asks for and gets: the request of a turn, its result, and a run as it can be read."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from app.problems import Problem
from graphs import AnswerFigure, Approval, ArtifactReference, Citation, ClientCall, Outcome
from memory import Degraded, Kind, Recalled, Scope, Tier, ToolUse

LONGEST_MESSAGE = 200_000
_OURS = 500  # the least status of what is no fault of a request
Status = Literal["running", "waiting", "finished", "failed", "cancelled"]
GOING_ON: frozenset[Status] = frozenset({"running", "waiting"})
"""The statuses of a run that has not ended: one that waits, waits for a person."""
CANCELLED = "the client asked for it"
"""Why a run was cancelled, as its last event tells it."""
Value = TypeVar("Value", bound=JsonValue)


def storable(value: Value) -> Value:
    """The value, when JSON in the database can hold it; raises ValueError for what is no text and no number."""
    waiting: list[JsonValue] = [value]
    while waiting:
        match waiting.pop():
            case str() as text if "\0" in text:
                raise ValueError("holds NUL characters (U+0000), which cannot be stored; leave them out")
            case str() as text if any("\ud800" <= c <= "\udfff" for c in text):
                raise ValueError(
                    "holds lone surrogates (U+D800 to U+DFFF), which are no text; send valid Unicode"
                )
            case float() as number if not math.isfinite(number):
                raise ValueError("holds NaN or an infinity, which JSON does not know; leave it out")
            case list() as items:
                waiting += items
            case dict() as table:
                waiting += [*table, *table.values()]
    return value


class ChatRequest(BaseModel):
    """A turn of conversation."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"message": "What is the RSI indicator?"}]}
    )

    message: Annotated[
        str, Field(max_length=LONGEST_MESSAGE, description="What the user says, in plain text.")
    ]
    thread_id: Annotated[
        str | None,
        Field(max_length=64, description="The conversation to continue; left out, a new one begins."),
    ] = None
    agents: Annotated[
        list[Annotated[str, Field(max_length=64)]],
        Field(max_length=8, description="Specialists to ask; left out, Freya decides."),
    ] = []
    project_id: Annotated[
        str | None,
        Field(
            max_length=128,
            description="A project that you see, which the thread belongs to; another is refused.",
        ),
    ] = None
    metadata: Annotated[
        dict[str, JsonValue], Field(description="Kept with a new thread, for the client's own use.")
    ] = {}
    attachments: Annotated[
        list[Annotated[str, Field(max_length=64)]],
        Field(max_length=8, description="Files of the thread that the message is about, by their ids."),
    ] = []
    on_busy: Annotated[
        Literal["reject", "queue", "replace"],
        Field(
            description="While an earlier run of the thread is going on: reject this one, queue it, or have it replace that one, which is cancelled."
        ),
    ] = "reject"

    @field_validator("*")
    @classmethod
    def _can_be_stored(cls, value: JsonValue) -> JsonValue:
        return storable(value)


class Usage(BaseModel):
    """What a run used, over all its model calls."""

    input_tokens: int
    output_tokens: int


class RecalledItem(BaseModel):
    """Something remembered that a turn was given."""

    model_config = ConfigDict(frozen=True)

    id: str
    tier: Tier
    kind: Kind
    text: str
    by: str | None = Field(
        default=None, description="Which other member of the project it is of; none of what is one's own."
    )
    reasons: list[str] = Field(description="Why it came back.")

    @classmethod
    def of(cls, item: Recalled) -> Self:
        """The part of it that a result keeps."""
        return cls(
            id=item.id,
            tier=item.tier,
            kind=item.kind,
            text=item.text,
            by=item.by,
            reasons=list(item.reasons),
        )


class ChatResult(BaseModel):
    """A turn that was answered."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    thread_id: str
    status: Literal["finished"] = "finished"
    outcome: Outcome = Field(
        description="`answered`; `declined`: nothing to ground an answer on; `needs_input`: Freya asks back."
    )
    answer: str = Field(description="Markdown, with citations as [number].")
    summary: str = Field(default="", description="What it comes to, in a sentence or a few, without markup.")
    figures: list[AnswerFigure] = Field(
        default=[], description="What tools computed for it, with units, the most important first."
    )
    assumptions: list[str] = Field(default=[], description="What was taken as given without being said.")
    would_change: list[str] = Field(default=[], description="What would change the conclusion, and to what.")
    risk_note: str = Field(
        default="", description="Where money is at risk, a sentence on it, which the answer ends with."
    )
    grounded: bool | None = Field(
        default=None,
        description="Whether every number of the answer was traced to a tool, a cited passage or the request, and every citation "
        "holds what it is cited for; null where there was nothing to check.",
    )
    untraced: list[str] = Field(
        default=[],
        description="Numbers that no source holds. Sentences of a language model that held one were taken out.",
    )
    agents: list[str] = Field(
        description="The specialists who worked on it; none when Freya answered herself."
    )
    citations: list[Citation]
    recalled: list[RecalledItem] = Field(
        default=[],
        description="What the turn was given of all that is remembered beside the turns that it carries along.",
    )
    degraded: list[Degraded] = Field(
        default=[],
        description="The tiers of memory that did not answer in time, and why: what they hold was missing.",
    )
    artifacts: list[ArtifactReference]
    tool_calls: list[ToolUse]
    client_calls: list[ClientCall] = Field(
        default=[], description="Calls of tools that the client brought, which it is to carry out."
    )
    cut: bool = Field(default=False, description="Whether the client's limit on tokens cut the answer.")
    model: str = Field(
        description="The model that wrote it; `extractive` quotes and computes, and invents nothing."
    )
    fallbacks: list[str] = Field(
        default=[], description="What became of models that should have answered before it."
    )
    timings: dict[str, float] = Field(description="Milliseconds by step.")
    usage: Usage


class ArtifactView(BaseModel):
    """Something that a tool made, without its content."""

    id: str
    run_id: str
    name: str
    version: int = Field(description="Of its name, from 1, within its project, or else its thread.")
    media_type: str
    agent: str
    project_id: str | None
    by: str | None = Field(description="Which other member of the project made it; none of one's own.")
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Abandoned:
    """A run that has not ended by its record, and that no worker carries out."""

    run_id: str
    scope: Scope
    worker: str
    lease: int
    """How often it was begun, taken over or resumed."""
    resumed: int = 0
    """How often of these a person's answer had it go on."""
    waits: bool = False
    """Whether it waits for a person; its worker is gone otherwise."""
    parked: bool = False
    """Whether what it is gone on from lies in the database."""
    waited_s: float = 0.0
    """For how long it has waited for persons."""
    request: ChatRequest | None
    """None where it cannot be read any more."""
    created_at: datetime


class RunView(BaseModel):
    """A run as it stands."""

    id: str
    thread_id: str
    status: Status
    request: ChatRequest
    approvals: list[Approval] = Field(
        default=[],
        description="The tool calls that wait for a person, in the order in which they were asked for.",
    )
    result: ChatResult | None = None
    problem: Problem | None = None
    created_at: datetime
    finished_at: datetime | None = None

    @property
    def may_be_repeated(self) -> bool:
        """Whether it failed for no fault of the request, as in an outage."""
        return self.status == "failed" and self.problem is not None and self.problem.status >= _OURS
