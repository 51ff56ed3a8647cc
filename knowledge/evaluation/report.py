"""What an evaluation found, as a document that can be stored, read again and compared with another."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, JsonValue, model_validator

from knowledge.evaluation.bootstrap import Difference, Interval, Values
from knowledge.evaluation.cases import Task
from knowledge.evaluation.metrics import Metric, Outcome
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
    """The cases on a topic, of a category or of a tier, with the mean of each metric by method and its interval."""

    name: str
    cases: int
    metrics: dict[str, dict[Metric, Interval]]


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
    """By name, the product's first."""
    against: dict[str, dict[Metric, Difference]]
    """The product's method less each of the others, over the same cases."""
    topics: tuple[Group, ...]
    """By the catalogue's slug, or the topic's own name where it has none; most cases first."""
    categories: tuple[Group, ...]
    """By the catalogue's category, or the source's where the topic has no place there."""
    tiers: tuple[Group, ...]
    outcomes: Outcomes


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

    format: Literal[2] = 2
    seed: int
    size: int
    collections: tuple[str, ...]
    pairs: int
    margin: float
    """How far the product's method may be below another one and still count as not below it."""
    resamples: int
    tasks: dict[Task, TaskReport]
    """Those that had cases."""
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
