"""What the memory package offers to the packages above it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from memory.owner import Owner

if TYPE_CHECKING:
    from memory.own import OwnRecords

Vectors = NDArray[np.float32]
EPOCH: Final = datetime.fromtimestamp(0, UTC)
USER: Final = "the user"
"""The name of the user in relations."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Whose memory it is: every item belongs to a tenant and a user, and where it applies to a project and a thread."""

    thread_id: str
    tenant_id: str = "local"
    user_id: str = "local"
    project_id: str | None = None

    @property
    def owner(self) -> Owner:
        """The user it belongs to."""
        return Owner(self.user_id, self.tenant_id)


class ToolUse(BaseModel):
    """A tool call that was made for a turn, so that a later turn can change one of its arguments."""

    model_config = ConfigDict(frozen=True)

    agent: str
    name: str
    arguments: dict[str, JsonValue]
    result: str
    """The text that the tool gave back."""
    failed: bool = False
    """Whether that is an error, or the call did not end."""


class Turn(BaseModel):
    """A request and what was answered to it."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    """Of an imported turn, the id of its last message."""
    request: str
    answer: str
    agents: tuple[str, ...] = ()
    tool_uses: tuple[ToolUse, ...] = ()
    at: datetime
    withheld: bool = False
    """Whether it stays in its conversation and comes back nowhere else: it asks for forgetting, or said what was forgotten."""


class WorkingState(BaseModel):
    """What an agent is at."""

    model_config = ConfigDict(frozen=True)

    agent: str
    task: str | None = None
    """What it was asked last."""
    run_id: str | None = None
    """The run that asked it."""
    tools: dict[str, JsonValue] = {}
    """By a tool's name its last call that worked: `arguments`, the beginning of its `result`, and the `run`."""
    variables: dict[str, JsonValue] = {}
    """By an argument's name the single value that a tool was called with last."""
    updated_at: datetime = EPOCH
    version: int = 0
    """How often it was changed; 0 for one that nobody has set."""


class Tier(StrEnum):
    """Where something is remembered, and for how long."""

    SHORT = "short"
    """The conversation that is going on."""
    MEDIUM = "medium"
    """What was said, decided and made, for weeks."""
    LONG = "long"
    """What is known of a user and his work, for good."""


class Kind(StrEnum):
    """What a remembered item is."""

    MESSAGE = "message"
    DECISION = "decision"
    PROGRESS = "progress"
    ARTIFACT = "artifact"
    FACT = "fact"
    PREFERENCE = "preference"
    EXPERTISE = "expertise"
    PATTERN = "pattern"
    PRACTICE = "practice"
    PERFORMANCE = "performance"


class RecordState(StrEnum):
    """Whether a record still holds."""

    ACTIVE = "active"
    SUPERSEDED = "superseded"
    """A newer version says otherwise."""
    CONTESTED = "contested"
    """Another record that cannot be told to be newer says otherwise; both are kept."""


class Draft(BaseModel):
    """Something to be remembered beside the messages themselves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    text: str = Field(min_length=1, max_length=4000)
    """One statement that can be read by itself, such as "Prefers answers in Spanish."."""
    slot: str | None = Field(default=None, max_length=200)
    """What it is the value of, such as `preference:language` or `fact:lives in`; a newer one of a slot supersedes."""
    value: str | None = Field(default=None, max_length=1000)
    """The value itself, such as "Spanish"; two records of a slot with equal values say the same."""
    details: dict[str, JsonValue] = {}
    """By kind: why, alternatives; state; name, version; successes, uses; and the like."""
    confidence: float = Field(default=0.5, ge=0, le=1)
    entities: tuple[str, ...] = ()
    """Names of what it is about."""
    relations: tuple[tuple[str, str, str], ...] = ()
    """Subject, predicate, object, by the names of entities; the user himself is `USER`."""
    sources: tuple[str, ...] = ()
    """Ids of the messages it comes from."""
    said_at: datetime
    project_id: str | None = None
    thread_id: str | None = None
    agent: str | None = None
    origin_key: str | None = None
    """The same key is the same statement of the same source: it is kept once."""


class Record(BaseModel):
    """Something that is remembered, as a client sees it."""

    model_config = ConfigDict(frozen=True)

    id: str
    tier: Tier
    kind: Kind
    text: str
    slot: str | None = None
    details: dict[str, JsonValue] = {}
    confidence: float
    evidence: int
    """How often it was said."""
    state: RecordState
    version: int
    supersedes: str | None = None
    contests: str | None = None
    sources: tuple[str, ...] = ()
    """Ids of the messages it comes from."""
    deleted_sources: tuple[str, ...] = Field(
        default=(), description="Those of them that were deleted since: what they said is not kept any more."
    )
    pinned: bool = False
    recalled: int = 0
    cited: int = 0
    rating: float = 0.0
    """The mean of how answers that used it were rated, -1 to 1; 0 for none."""
    faded: bool = False
    project_id: str | None = None
    thread_id: str | None = None
    agent: str | None = None
    said_at: datetime
    created_at: datetime
    updated_at: datetime


class Recalled(BaseModel):
    """An item that came back, and why."""

    model_config = ConfigDict(frozen=True)

    id: str
    """Of the message or the record."""
    tier: Tier
    kind: Kind
    text: str
    tokens: int = Field(description="Of the text, by the model's own tokenizer.")
    score: float = Field(description="What it was ordered by, higher first.")
    relevance: float = Field(ge=0, le=1, description="How likely it has to do with the question.")
    reasons: tuple[str, ...] = Field(
        description="Why it came back, such as `words: kitchen, counter` or `said on 3 March`."
    )
    message_ids: tuple[str, ...] = Field(description="The messages it comes from.")
    deleted_sources: tuple[str, ...] = Field(
        default=(), description="Those of the messages that were deleted since."
    )
    thread_id: str | None = None
    role: str | None = Field(default=None, description="Who said it, of a message: `user` or `assistant`.")
    by: str | None = Field(
        default=None, description="Which other member of the project it is of; none of what is one's own."
    )
    said_at: datetime

    @property
    def line(self) -> str:
        """Its text with its day and what it is, as it stands in a prompt."""
        return f"{heading(self.kind, self.role, self.by, self.said_at)}{self.text}"


def heading(kind: Kind, role: str | None, by: str | None, said_at: datetime) -> str:
    """What stands before an item's text in a prompt: its day and what it is."""
    if kind is Kind.MESSAGE:
        what = "you said" if role == "assistant" else "the user said"
    else:
        what = kind.value if by is None else f"{kind.value} of {by}, who shares the project"
    return f"{said_at:%Y-%m-%d} {what}: "


class Degraded(BaseModel):
    """A tier that did not answer, so that what it holds is missing."""

    model_config = ConfigDict(frozen=True)

    tier: Tier
    reason: str


class Recollection(BaseModel):
    """What was recalled for a question, best first, within its budget."""

    model_config = ConfigDict(frozen=True)

    items: tuple[Recalled, ...] = ()
    tokens: int = Field(default=0, description="Of the items of the medium and the long tier.")
    budget: int = Field(default=0, description="The most tokens that these may have.")
    beside: int = Field(
        default=0, description="The tokens of the items of the short tier, which stand beside the budget."
    )
    degraded: tuple[Degraded, ...] = ()
    took_ms: float = 0.0


@dataclass(frozen=True, kw_only=True)
class AtHand:
    """The end of a thread that a turn carries along anyway: its messages do not come back, those before it do."""

    thread_id: str
    since: datetime | None = None
    """When the oldest turn that is carried was answered; with None only the message that waits for an answer is left out."""


@dataclass(frozen=True, kw_only=True)
class RecallFilter:
    """What recall is limited to."""

    tiers: frozenset[Tier] = frozenset({Tier.MEDIUM, Tier.LONG})
    kinds: frozenset[Kind] = frozenset()
    """None: any."""
    project_id: str | None = None
    """What belongs to it, and what is known of the user; with the decisions, progress and artifacts of its other members."""
    at_hand: AtHand | None = None
    headed: bool = False
    """Whether the budget is meant for the items as they stand in a prompt: each with its day and what it is."""
    since: datetime | None = None
    until: datetime | None = None


@runtime_checkable
class MemoryTier(Protocol):
    """A store of turns with its own lifetime. No turns means none known; an outage raises MemoryUnavailable."""

    async def recall(self, scope: Scope, *, limit: int) -> list[Turn]:
        """The newest turns of the thread, at most `limit`, oldest first."""
        ...

    async def remember(self, scope: Scope, turn: Turn) -> None:
        """Keep the turn; keeping one twice changes nothing."""
        ...


class CarriedTurns(Protocol):
    """What a turn carries along of the conversation before it."""

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The newest turns, oldest first."""
        ...

    @property
    def summary(self) -> "SummaryText | None":
        """Of the turns before them; None where there are none."""
        ...

    @property
    def degraded(self) -> tuple[Degraded, ...]:
        """The tier that did not answer."""
        ...


class SummaryText(Protocol):
    """What stands for turns that are not carried along."""

    @property
    def text(self) -> str:
        """It, in words."""
        ...


@runtime_checkable
class ConversationMemory(Protocol):
    """What a turn of conversation recalls and leaves behind, over all tiers. An outage raises MemoryUnavailable."""

    @property
    def own(self) -> "OwnRecords":
        """The records that the user commands."""
        ...

    async def recall(self, scope: Scope) -> list[Turn]:
        """Earlier turns of the thread under the token limit, oldest first; none means a new conversation."""
        ...

    async def carried(self, scope: Scope) -> "CarriedTurns":
        """The same with what stands for the turns before them, read once."""
        ...

    async def state(
        self, scope: Scope, agent: str, turns: Sequence[Turn] | None = None, *, whole: bool = False
    ) -> WorkingState:
        """What an agent is at in the thread; of version 0 where it has not begun.

        `turns` are those that are carried along, `whole` says that there are no others; they are read where they are
        not given.
        """
        ...

    async def states(self, scope: Scope) -> list[WorkingState]:
        """The same of each agent that took part in the thread."""
        ...

    async def remember(self, scope: Scope, turn: Turn, *, first: bool = False) -> None:
        """Keep the turn in every tier that takes part; `first`: nothing was said in the thread before it."""
        ...


@runtime_checkable
class Recaller(Protocol):
    """Brings back what has to do with a question. A tier that is slow or away is reported and not waited for."""

    async def recall(
        self, owner: Owner, query: str, *, budget: int, wanted: RecallFilter, now: datetime | None = None
    ) -> Recollection:
        """The best items of this owner within `budget` tokens, best first; no items: nothing relevant is known."""
        ...


@runtime_checkable
class VectorStore(Protocol):
    """Vectors of records by owner. An outage raises MemoryUnavailable."""

    async def put(self, owner: Owner, ids: Sequence[str], vectors: Vectors) -> None:
        """Keep these vectors (rows of unit length), in place of earlier ones of the same ids."""
        ...

    async def nearest(self, owner: Owner, vector: Vectors, *, limit: int) -> dict[str, float]:
        """The ids of this owner's nearest vectors with their cosines, highest first."""
        ...

    async def remove(self, owner: Owner, ids: Sequence[str]) -> None:
        """Forget these; ids of others are left alone."""
        ...

    async def erase(self, owner: Owner) -> int:
        """Forget all of this owner; gives how many there were."""
        ...

    async def ids(self, owner: Owner) -> list[str]:
        """The ids of this owner's vectors."""
        ...
