"""What an evaluation found, as a document that can be stored, read again and compared with another."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, JsonValue, model_validator

from knowledge.evaluation.bootstrap import Difference, Interval, Values
from knowledge.evaluation.cases import Task
from knowledge.evaluation.metrics import Metric, Outcome
from knowledge.evaluation.verdicts import Verdict
from knowledge.fields import Field


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Latency(_Document):
    """Of searches as users do them, encoding included, in milliseconds."""

    p50: float
    p95: float
    p99: float


class MethodScore(_Document):
    """One method on one task."""

    metrics: dict[Metric, Interval]
    latency: Latency


class Group(_Document):
    """Cases of one kind, category, topic or tier, or all of a task: by method the mean of each metric with its interval."""

    name: str
    cases: int
    metrics: dict[str, dict[Metric, Interval]]
    against: dict[str, Difference]
    """The product's method less each of the others in MRR, each by itself: only the verdict is corrected for many groups."""
    verdict: Verdict
    """Of the product's method against the better of the others, in MRR."""

    @property
    def worst(self) -> tuple[str, Difference]:
        """The other method against which the product's has the least difference. There must be one."""
        return min(self.against.items(), key=lambda item: item[1].value)


class MethodOutcomes(_Document):
    """What one method made of each case, in the order of the keys."""

    places: tuple[int, ...]
    ndcg: tuple[float, ...]

    def values(self, metric: Metric) -> Values:
        """One metric over the cases."""
        outcomes = zip(self.places, self.ndcg, strict=True)
        return np.array([Outcome(place, ndcg).measured[metric] for place, ndcg in outcomes])


class Outcomes(_Document):
    """Every case by its key, for comparing with another report."""

    keys: tuple[str, ...]
    methods: dict[str, MethodOutcomes]

    @model_validator(mode="after")
    def _one_outcome_a_case(self) -> "Outcomes":
        for name, method in self.methods.items():
            if not len(self.keys) == len(method.places) == len(method.ndcg):
                raise ValueError(f"{name} has {len(method.places)} outcomes for {len(self.keys)} cases")
        return self


class TaskReport(_Document):
    """One task."""

    task: Task
    fields: tuple[Field, ...]
    cases: int
    methods: dict[str, MethodScore]
    """By name; what stores a report may change their order."""
    against: dict[str, dict[Metric, Difference]]
    """The product's method less each of the others, over the same cases."""
    whole: Group
    """All cases; the verdict on the task."""
    kinds: tuple[Group, ...]
    """By the kind of question: definition, calculation, reading, settings, use, limits, comparison, other."""
    topics: tuple[Group, ...]
    """By the catalogue's slug, or the topic's own name where it has none; most cases first."""
    categories: tuple[Group, ...]
    """By the catalogue's category, or the source's where the topic has no place there."""
    tiers: tuple[Group, ...]
    outcomes: Outcomes

    @property
    def ours(self) -> str:
        """The product's method: the one that is compared with the others."""
        return next(name for name in self.methods if name not in self.against)

    @property
    def order(self) -> tuple[str, ...]:
        """The names of the methods, the product's first."""
        return (self.ours, *(name for name in self.methods if name != self.ours))


class Below(_Document):
    """Where the product's method is shown to be below another one."""

    task: Task
    by: str
    """`all`, `kind`, `category`, `topic` or `tier`."""
    name: str
    cases: int
    peer: str
    """The better of the others."""
    difference: Difference
    """In MRR."""


class FloorPoint(_Document):
    """What a floor would do."""

    floor: float
    foreign_empty: float
    native_lost: float


class Relevance(_Document):
    """Whether the floor tells what is relevant from what is not.

    Native questions are stored ones, judged by what else is found than their own pair.
    """

    floor: float
    foreign: int
    foreign_empty: Interval | None
    """The share of foreign questions that find nothing at the floor; None without any."""
    native: int
    native_lost: Interval | None
    """The share of native questions that find nothing but themselves at the floor; None without any."""
    floors: tuple[FloorPoint, ...]
    """The same shares at other floors, by the similarity of the best of the first 50 hits."""
    answered: dict[str, float]
    """The foreign questions that found something, with the similarity of the best hit; highest first."""


class Report(_Document):
    """The whole evaluation."""

    format: Literal[3] = 3
    seed: int
    size: int
    collections: tuple[str, ...]
    pairs: int
    margin: float
    """How far the product's method may be below another one and still count as not below it."""
    resamples: int
    tasks: dict[Task, TaskReport]
    """Those that had cases."""
    least_cases: int
    """Groups of fewer cases get no verdict."""
    below: tuple[Below, ...]
    """Everything that is shown to be below, task by task; empty: nothing is."""
    relevance: Relevance

    def as_json(self) -> dict[str, JsonValue]:
        """The report as JSON values; `from_json` reads it again."""
        return self.model_dump(mode="json")

    def without_outcomes(self) -> "Report":
        """The report without the single cases: shorter, and no longer to be compared with another."""
        nothing = Outcomes(keys=(), methods={})
        return self.model_copy(
            update={
                "tasks": {
                    task: report.model_copy(update={"outcomes": nothing})
                    for task, report in self.tasks.items()
                }
            }
        )

    @classmethod
    def from_json(cls, document: Mapping[str, JsonValue]) -> "Report":
        """A report that was stored. Raises pydantic's ValidationError for what is none."""
        return cls.model_validate(document)
