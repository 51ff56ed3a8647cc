"""What is logged of a run, and what people say of it afterwards."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from memory.interfaces import ToolUse


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class RoutedTask(_Part):
    """What a specialist was asked, and how sure the router was (probability, 0 to 1)."""

    agent: str
    request: str
    confidence: float


class SuccessMetrics(_Part):
    """How well a run went, as far as it is known; None where nobody looked."""

    completed: bool | None = None
    grounded: bool | None = None
    """Whether every specialist who answered cites a passage that was found, or a tool computed for him without an error."""
    hallucinated: bool | None = None
    """Whether something in the answer was found to be made up: a citation of a passage that there was not. False where nothing could
    be, since all was quoted and computed; of what a language model wrote, None where nothing of the kind was found."""
    tool_success_rate: float | None = Field(default=None, ge=0, le=1)
    quality: float | None = Field(default=None, ge=0, le=1)
    """The mean of what shares can be told of: tasks answered, answers that rest on something, claims that held, calls that succeeded."""


class ModelUse(_Part):
    """What a model took in a run, over all its calls that were answered."""

    model: str
    """The name under which it is configured."""
    input_tokens: int = Field(ge=0)
    output_tokens: int = Field(ge=0)


class Cost(_Part):
    """What a run took; None for what is not known, as of a run that was cut off."""

    input_tokens: int | None = Field(default=None, ge=0)
    output_tokens: int | None = Field(default=None, ge=0)
    models: tuple[ModelUse, ...] = ()
    amount: float | None = Field(default=None, ge=0)
    """Money, by the prices that are configured; 0 where only models of this machine took part, None where a price is not known."""
    currency: str | None = None


class Interaction(_Part):
    """Everything about a run that learning needs."""

    run_id: str
    request: str
    answer: str | None
    outcome: str
    """`answered`, `declined`, `needs_input`, `failed` or `cancelled`."""
    error: str | None = None
    agent: str | None = None
    """Who answered; of several the one that led."""
    agents: tuple[str, ...] = ()
    """Who was called, in order."""
    tasks: tuple[RoutedTask, ...] = ()
    context: tuple[str, ...] = ()
    """Ids of what was given along: earlier runs, passages of knowledge, what was recalled."""
    tool_uses: tuple[ToolUse, ...] = ()
    reasoning: tuple[JsonValue, ...] = ()
    """How each specialist weighed its task: the score, its reasons and the choice."""
    success: SuccessMetrics = SuccessMetrics()
    cost: Cost = Cost()
    model: str | None = None
    model_version: str | None = None
    adapter: str | None = None
    adapter_version: str | None = None
    latency_ms: float
    at: datetime


class Feedback(_Part):
    """What a user said of a run."""

    id: int
    run_id: str
    rating: int | None = Field(default=None, ge=1, le=5)
    comment: str | None = None
    correction: str | None = None
    """What the answer should have been."""
    created_at: datetime


class LoggedInteraction(_Part):
    """An interaction as it stands in the log, with all feedback on it, oldest first."""

    id: int
    tenant_id: str
    user_id: str
    thread_id: str
    created_at: datetime
    interaction: Interaction
    feedback: tuple[Feedback, ...] = ()
