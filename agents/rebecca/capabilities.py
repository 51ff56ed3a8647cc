"""What an agent must be able to do, and whether a tool or a sub-agent should do it."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from agents.rebecca.model import DomainModel, Workflow, WorkflowKind
from agents.rebecca.naming import snake

TOOL_BELOW = 0.5
SUBAGENT_FROM = 0.8


class Choice(StrEnum):
    """Who carries a capability out."""

    TOOL = "tool"
    CHECKED_TOOL = "tool with validation"
    SUBAGENT = "sub-agent"


class Criteria(BaseModel):
    """The six criteria of the choice, each 0 (speaks for a tool) to 1 (speaks for a sub-agent)."""

    model_config = ConfigDict(frozen=True)

    creativity: float
    open_output: float
    expertise: float
    may_take_time: float
    cost_is_minor: float
    parallel_helps: float

    @property
    def score(self) -> float:
        """The weighted mean, 0 to 1; the nature of task, output and expertise weigh most."""
        values: dict[str, float] = self.model_dump()
        return round(sum(weight * values[name] for name, weight in _WEIGHTS.items()), 2)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The criteria that decided, in words: those that lie clearly on the side the score does."""
        side = self.score >= TOOL_BELOW
        telling = (name for name in _WEIGHTS if (getattr(self, name) > _MIDDLE) == side)
        return tuple(_WORDS[name][side] for name in telling)


class Capability(BaseModel):
    """One capability: a workflow, what carries it out, and why."""

    model_config = ConfigDict(frozen=True)

    name: str
    """A name for the tool or sub-agent in snake_case."""
    title: str
    actor: str
    entity: str | None
    complexity: float
    choice: Choice
    reasons: tuple[str, ...]


_MIDDLE = 0.5
_WEIGHTS = {
    "creativity": 0.3,
    "open_output": 0.2,
    "expertise": 0.2,
    "may_take_time": 0.1,
    "cost_is_minor": 0.1,
    "parallel_helps": 0.1,
}
_WORDS = {
    "creativity": ("structured and repeatable", "creative or complex"),
    "open_output": ("fixed schema", "free form of answer"),
    "expertise": ("general knowledge is enough", "deep expertise"),
    "may_take_time": ("must answer in under 2 s", "may take up to 10 s"),
    "cost_is_minor": ("runs often, so cost matters", "runs rarely, so cost matters less"),
    "parallel_helps": ("nothing to do in parallel", "parts can run in parallel"),
}
_PROFILES = {
    WorkflowKind.LOOKUP: (0.0, 0.2, 0.1, 0.0, 0.0, 0.0),
    WorkflowKind.TRANSACTION: (0.1, 0.0, 0.2, 0.2, 0.1, 0.0),
    WorkflowKind.PAYMENT: (0.0, 0.0, 0.4, 0.3, 0.2, 0.0),
    WorkflowKind.NOTIFICATION: (0.0, 0.1, 0.0, 0.6, 0.0, 0.1),
    WorkflowKind.RECORD: (0.1, 0.1, 0.1, 0.2, 0.1, 0.0),
    WorkflowKind.HANDOVER: (0.3, 0.3, 0.1, 0.2, 0.2, 0.0),
    WorkflowKind.RECOMMENDATION: (0.6, 0.5, 0.6, 0.5, 0.4, 0.4),
    WorkflowKind.TRIAGE: (0.5, 0.2, 0.9, 0.2, 0.9, 0.2),
    WorkflowKind.ANALYSIS: (0.8, 0.7, 0.9, 0.9, 0.8, 0.9),
    WorkflowKind.ADVICE: (0.8, 0.8, 0.9, 0.7, 0.6, 0.6),
    WorkflowKind.CONTENT: (1.0, 1.0, 0.7, 1.0, 0.9, 0.8),
}
_DEEPER = 0.1  # added to expertise where mistakes hurt: health, law, money, children, work


def capabilities(domain: DomainModel) -> tuple[Capability, ...]:
    """One capability for each workflow, with its complexity, the choice it leads to and the reasons."""
    return tuple(_capability(workflow, domain) for workflow in domain.workflows)


def choose(score: float) -> Choice:
    """Below 0.5 a tool, up to 0.8 a tool whose result is validated, from 0.8 a sub-agent."""
    if score < TOOL_BELOW:
        return Choice.TOOL
    return Choice.CHECKED_TOOL if score < SUBAGENT_FROM else Choice.SUBAGENT


def _capability(workflow: Workflow, domain: DomainModel) -> Capability:
    creativity, output, expertise, time, cost, parallel = _PROFILES[workflow.kind]
    if domain.sensitivity and expertise > _MIDDLE:
        expertise = min(1.0, expertise + _DEEPER)
    criteria = Criteria(
        creativity=creativity,
        open_output=output,
        expertise=expertise,
        may_take_time=time,
        cost_is_minor=cost,
        parallel_helps=parallel,
    )
    return Capability(
        name=snake(workflow.name),
        title=workflow.name,
        actor=workflow.actor,
        entity=workflow.entity,
        complexity=criteria.score,
        choice=choose(criteria.score),
        reasons=criteria.reasons,
    )
