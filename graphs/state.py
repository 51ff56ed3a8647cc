"""The typed state of the graphs, and the context of a run."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypedDict

from langchain_core.messages import AnyMessage
from langgraph.graph.message import add_messages
from pydantic import BaseModel, ConfigDict, JsonValue

from agents import NO_RESOURCES, Artifact, Charter, Figure, Resources
from graphs.approving import NOBODY_TO_ASK, Approval, Approvals
from graphs.attaching import Attached
from graphs.bringing import NOTHING, Brought, ClientCall
from graphs.events import Citation, RunEvent
from graphs.grounding import Grounding
from graphs.journal import NO_JOURNAL, Journal
from graphs.planning import NamedFigure, Spent
from graphs.routing.interfaces import Route, Router, Task
from graphs.settings import GraphSettings
from knowledge import Retriever
from memory import (
    ConversationMemory,
    Degraded,
    Kind,
    Recalled,
    Recaller,
    Recollection,
    Scope,
    Tier,
    ToolUse,
    Turn,
    WorkingState,
)
from models.chat import ChatModels, Note, Passage

Outcome = Literal["answered", "declined", "needs_input"]


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """What a run works with: its identity, the parts behind their Protocols, and where its events go."""

    run_id: str
    scope: Scope
    emit: Callable[[RunEvent], None]
    """Takes an event at once and never blocks."""
    charters: Mapping[str, Charter]
    retriever: Retriever
    memory: ConversationMemory
    recaller: Recaller
    notice: Callable[[str], Sequence[str]]
    """The statements about the user that a message makes and that will be remembered."""
    indexed: Callable[[], float | None] = lambda: None
    """The share of the knowledge that can be found already, while it is being indexed."""
    begins: bool = False
    """Whether the run began its thread: nothing was said in it before."""
    router: Router
    chat: ChatModels
    settings: GraphSettings
    resources: Resources = NO_RESOURCES
    """What tools may work with beside their arguments."""
    journal: Journal = NO_JOURNAL
    """What was done already, and is not to be done again."""
    approvals: Approvals = NOBODY_TO_ASK
    """Where persons are asked to allow tool calls."""
    attached: Sequence[Attached] = ()
    """The files that the message brings along."""
    waited_s: float = 0.0
    """Seconds for which the run has waited for persons; they do not count as its time."""
    brought: Brought = NOTHING
    """What the client brings to the turn, in place of a thread."""


class MadeArtifact(BaseModel):
    """An artifact with its id and maker."""

    model_config = ConfigDict(frozen=True)

    id: str
    agent: str
    artifact: Artifact


class Computed(BaseModel):
    """What a tool call that went well found out, as later steps, clients and the check of answers read it."""

    model_config = ConfigDict(frozen=True)

    tool: str
    figures: tuple[Figure, ...] = ()
    assumptions: tuple[str, ...] = ()
    would_change: tuple[str, ...] = ()
    data: dict[str, JsonValue] = {}
    financial: bool = False
    """Whether the tool's result needs the risk note by itself."""


class Weighing(BaseModel):
    """How a task was weighed: complexity 0 to 1, the reasons, and what was chosen."""

    model_config = ConfigDict(frozen=True)

    score: float
    features: dict[str, float] = {}
    """By a feature's name what it added to the score."""
    reasons: tuple[str, ...]
    choice: Literal["tool", "checked_tool", "sub_agents"]


class SpecialistResult(BaseModel):
    """What a specialist brings back for one task."""

    model_config = ConfigDict(frozen=True)

    position: int
    agent: str
    request: str
    answer: str
    outcome: Outcome
    citations: tuple[Citation, ...] = ()
    made_up: int = 0
    """Citations of passages that it was not given; they were taken out of the answer."""
    sub_agents: tuple[str, ...] = ()
    """Those who had something to say."""
    retrieved: tuple[str, ...] = ()
    """Ids of the pairs whose passages it was given."""
    tool_uses: tuple[ToolUse, ...] = ()
    computed: tuple[Computed, ...] = ()
    """What its tools found out, in the order of their calls; failed calls left out."""
    artifacts: tuple[MadeArtifact, ...] = ()
    financial: bool = False
    """Whether it is about money at risk."""
    grounding: Grounding | None = None
    """What the check of the answer found; None where there was no answer to check."""
    weighing: Weighing | None = None
    model: str = ""
    fallbacks: tuple[str, ...] = ()
    """What became of models that should have answered."""
    timings_ms: dict[str, float] = {}


class Question(BaseModel):
    """What a specialist asks another one."""

    model_config = ConfigDict(frozen=True)

    of: str
    """Who is asked."""
    request: str
    redo: bool = True
    """Whether the specialist who asks works on its step once more with the answer."""


class StepState(TypedDict, total=False):
    """What a step is begun with."""

    task: Task
    turns: list[Turn]
    known: list[str]
    at: WorkingState
    said: list[str]
    """The user's own words: this message, and the one that it follows up."""
    began: float


class FreyaState(TypedDict, total=False):
    """The orchestrator's state over one run."""

    message: str
    wanted: list[str]
    """Agents the client asked for by name; empty lets the router decide."""
    turns: list[Turn]
    summary: str
    """Of the turns before those; empty where there are none."""
    recalled: Recollection
    degraded: list[Degraded]
    """The tiers of memory that did not answer."""
    route: Route
    began: float
    """Unix time in seconds."""
    plan: list[Task]
    """The steps; a consultation adds some."""
    results: Annotated[list[SpecialistResult], operator.add]
    figures: Annotated[dict[int, list[NamedFigure]], operator.or_]
    """By step what its tools worked out."""
    questions: Annotated[dict[int, Question], operator.or_]
    """By step what its specialist asks another one."""
    undone: Annotated[dict[int, str], operator.or_]
    """By step why it was not done."""
    spent: Annotated[Spent, operator.add]
    answer: str
    outcome: Outcome
    withheld: bool
    """Whether the turn is about what is to be forgotten, so that it comes back nowhere but in its conversation."""
    citations: list[Citation]
    client_calls: list[ClientCall]
    """Calls of the client's own tools, which it is to carry out."""
    cut: bool
    """Whether the answer ends where the client's limit on tokens cut it."""
    model: str
    fallbacks: list[str]
    """What became of models that should have answered, where Freya did herself."""
    timings_ms: Annotated[dict[str, float], operator.or_]


class SpecialistOutput(TypedDict):
    """What a specialist adds to the orchestrator's state; the rest of its state is its own."""

    results: list[SpecialistResult]


class SpecialistState(TypedDict, total=False):
    """A specialist's state over one task."""

    task: Task
    position: int
    turns: list[Turn]
    known: list[str]
    at: WorkingState
    """What it was at in the thread."""
    messages: Annotated[list[AnyMessage], add_messages]
    passages: list[Passage]
    read_as: str
    """What is asked in the words of the passages, where it is put in others."""
    citations: list[Citation]
    """All that may be cited; once the answer is checked, what it does cite."""
    grounding: Grounding
    made_up: int
    """How many citations of the answer are of no passage."""
    retrieved: list[str]
    """Ids of the pairs found."""
    weighing: Weighing
    notes: list[Note]
    began: float
    """Unix time in seconds."""
    rounds: int
    tool_uses: Annotated[list[ToolUse], operator.add]
    computed: Annotated[list[Computed], operator.add]
    artifacts: Annotated[list[MadeArtifact], operator.add]
    timings_ms: Annotated[dict[str, float], operator.or_]
    results: list[SpecialistResult]


STATE_TYPES: tuple[type, ...] = (
    Approval,
    Artifact,
    Citation,
    ClientCall,
    Computed,
    Degraded,
    Figure,
    Grounding,
    Kind,
    MadeArtifact,
    NamedFigure,
    Note,
    Passage,
    Question,
    Recalled,
    Recollection,
    Route,
    SpecialistResult,
    Spent,
    Task,
    Tier,
    ToolUse,
    Turn,
    Weighing,
    WorkingState,
)
"""Our types in checkpoints: what a strict serialiser must allow, and nothing else, to read them back."""
