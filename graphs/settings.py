"""What can be set about routing and runs."""

from pydantic import BaseModel, ConfigDict, Field


class RouterSettings(BaseModel):
    """Thresholds on the router's calibrated probabilities."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sure: float = Field(
        default=0.5, gt=0, lt=1, description="From here on a label is taken without asking a model."
    )
    abstain: float = Field(
        default=0.4,
        gt=0,
        lt=1,
        description="Below this, when no model helps, the user is asked what is meant.",
    )
    part: float = Field(
        default=0.7, gt=0, lt=1, description="How sure each part of a request must be for it to be split."
    )
    second: float = Field(
        default=0.45, gt=0, lt=1, description="From here on a second specialist joins one who is not sure."
    )


class BudgetSettings(BaseModel):
    """What one run may take. What a spent budget leaves undone is told in the answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: float = Field(
        default=240.0, gt=0, description="Seconds that the steps of a run may take together."
    )
    calls: int = Field(
        default=60, ge=1, description="Calls of models and tools after which no further step begins."
    )
    tokens: int = Field(
        default=200_000,
        ge=1,
        description="Tokens read and written by models after which no further step begins.",
    )
    side_by_side: int = Field(default=4, ge=1, le=16, description="The most steps of a plan at once.")
    consultations: int = Field(
        default=2, ge=0, le=8, description="How often in a run a specialist may ask another one."
    )


class ApprovalSettings(BaseModel):
    """Which tools a person must allow, beside those that say so themselves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tools: frozenset[str] = Field(
        default=frozenset(), description="Names of tools that are not called before a person has allowed it."
    )
    seconds: float = Field(
        default=24 * 3600.0,
        gt=0,
        le=30 * 24 * 3600.0,
        description="Seconds for which an approval waits; after that it counts as rejected.",
    )


class GraphSettings(BaseModel):
    """How runs are carried out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step_timeout_s: float = Field(
        default=120.0, gt=0, description="Seconds that one step of a graph may take that waits for something."
    )
    attempts: int = Field(
        default=2, ge=1, le=5, description="How often a step is tried when a dependency fails."
    )
    passages: int = Field(default=5, ge=1, le=20, description="Passages a specialist retrieves.")
    memory_tokens: int = Field(
        default=1000,
        ge=0,
        le=8000,
        description="Tokens of what is remembered beside the last turns of the thread that a turn may be given; 0 recalls nothing.",
    )
    working_tokens: int = Field(
        default=1000,
        ge=0,
        le=8000,
        description="Tokens of what a specialist was at in the thread that it may be given beside the last turns: its task, "
        "the last calls of its tools and their values.",
    )
    brought_tokens: int = Field(
        default=4000,
        ge=0,
        le=100_000,
        description="Tokens of the newest turns that specialists are shown of a conversation that the client keeps and sends along.",
    )
    tool_rounds: int = Field(
        default=4, ge=1, le=20, description="Rounds of tool calls a specialist may make."
    )
    approvals: ApprovalSettings = ApprovalSettings()
    longest_message: int = Field(default=32_000, ge=1, description="The longest message, in characters.")
    router: RouterSettings = RouterSettings()
    budget: BudgetSettings = BudgetSettings()
