"""Runs methods over cases and draws up the report."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from knowledge.dense import DenseIndex
from knowledge.evaluation.bootstrap import Bootstrap
from knowledge.evaluation.cases import Case, Cases, Task
from knowledge.evaluation.groups import grouped, shown_below
from knowledge.evaluation.kinds import kind_of
from knowledge.evaluation.methods import Method
from knowledge.evaluation.metrics import DEPTH, Metric, Outcome, judged, ranked_things
from knowledge.evaluation.relevance import RelevanceCheck
from knowledge.evaluation.report import (
    Latency,
    MethodOutcomes,
    MethodScore,
    Outcomes,
    Report,
    TaskReport,
)
from knowledge.evaluation.verdicts import LEAST_CASES, Judge

_ASKED_FOR = 2 * DEPTH  # pairs: duplicates and the query's own pair fall away
_MARGIN = 0.01


@dataclass(frozen=True, kw_only=True)
class EvaluationProgress:
    """How far one step of an evaluation is."""

    step: str
    """A task's name, or `relevance`."""
    done: int
    total: int


Progress = Callable[[EvaluationProgress], None]


@dataclass(frozen=True)
class _Run:
    """What one method made of a task's cases, in their order."""

    outcomes: tuple[Outcome, ...]
    seconds: tuple[float, ...]


class Evaluator:
    """Judges rankings to depth 50 without a floor, and the floor apart from them.

    Latencies are those of one search after another on this machine. Give it an embedder that remembers nothing:
    with a cache the methods after the first would have their encodings for nothing.
    """

    def __init__(
        self,
        dense: DenseIndex,
        relevance: RelevanceCheck,
        *,
        margin: float = _MARGIN,
        bootstrap: Bootstrap | None = None,
    ) -> None:
        """`margin` is how far the first method may be below another one and still count as not below it."""
        self._dense = dense
        self._relevance = relevance
        self._margin = margin
        self._bootstrap = bootstrap or Bootstrap()

    async def run(self, cases: Cases, methods: Sequence[Method], progress: Progress | None = None) -> Report:
        """Evaluate these methods, of which the first is compared with each of the others.

        It may be cancelled. Raises KnowledgeUnavailable, and ValueError without methods or with two of one name.
        """
        names = [method.name for method in methods]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"An evaluation needs methods, each with a name of its own, not {names}.")
        say = progress or _silent
        tasks: dict[Task, TaskReport] = {}
        for task in Task:
            asked = cases.of(task)
            if asked:
                runs = await self._runs(task, asked, cases, methods, say)
                tasks[task] = await asyncio.to_thread(self._reported, task, asked, runs)
        relevance = await self._relevance.run(
            cases,
            self._bootstrap,
            lambda done, total: say(EvaluationProgress(step="relevance", done=done, total=total)),
        )
        return Report(
            seed=cases.seed,
            size=cases.size,
            collections=cases.collections,
            pairs=cases.pairs,
            margin=self._margin,
            resamples=self._bootstrap.resamples,
            tasks=tasks,
            least_cases=LEAST_CASES,
            below=tuple(found for task in tasks.values() for found in shown_below(task)),
            relevance=relevance,
        )

    async def _runs(
        self, task: Task, asked: Sequence[Case], cases: Cases, methods: Sequence[Method], say: Progress
    ) -> dict[str, _Run]:
        outcomes: dict[str, list[Outcome]] = {method.name: [] for method in methods}
        seconds: dict[str, list[float]] = {method.name: [] for method in methods}
        for number, case in enumerate(asked):
            vectors = await self._dense.encode(case.query)
            things = cases.things
            sought = {things.get(pair, pair) for pair in case.sought}
            without = things.get(case.pair_id, case.pair_id) if case.without_itself else None
            first = number % len(
                methods
            )  # each goes first in turn: what it reads, the next ones find in memory
            for method in [*methods[first:], *methods[:first]]:
                began = time.perf_counter()
                await method.search(case.query, collections=cases.collections)
                seconds[method.name].append(time.perf_counter() - began)
                ranking = await method.ranking(
                    case.query, vectors, fields=case.fields, collections=cases.collections, limit=_ASKED_FOR
                )
                ranked = ranked_things(ranking, things, without=without)
                outcomes[method.name].append(judged(ranked, sought))
            say(EvaluationProgress(step=task, done=number + 1, total=len(asked)))
        return {name: _Run(tuple(outcomes[name]), tuple(seconds[name])) for name in outcomes}

    def _reported(self, task: Task, asked: Sequence[Case], runs: Mapping[str, _Run]) -> TaskReport:
        outcomes = Outcomes(
            keys=tuple(case.key for case in asked),
            methods={
                name: MethodOutcomes(
                    places=tuple(outcome.place for outcome in run.outcomes),
                    ndcg=tuple(round(outcome.ndcg, 4) for outcome in run.outcomes),
                )
                for name, run in runs.items()
            },
        )
        ours, *peers = outcomes.methods
        judge = Judge(self._bootstrap, self._margin)
        by = partial(grouped, outcomes=outcomes, bootstrap=self._bootstrap, judge=judge)
        return TaskReport(
            task=task,
            fields=asked[0].fields,
            cases=len(asked),
            methods={
                name: MethodScore(
                    metrics={
                        metric: self._bootstrap.interval(outcomes.methods[name].values(metric))
                        for metric in Metric
                    },
                    latency=_latency(run.seconds),
                )
                for name, run in runs.items()
            },
            against={
                peer: {
                    metric: self._bootstrap.difference(
                        outcomes.methods[ours].values(metric),
                        outcomes.methods[peer].values(metric),
                        margin=self._margin,
                    )
                    for metric in Metric
                }
                for peer in peers
            },
            whole=by(["all"] * len(asked))[0],
            kinds=by([kind_of(case.query) for case in asked]),
            topics=by([case.topic for case in asked]),
            categories=by([case.category for case in asked]),
            tiers=by([case.tier for case in asked]),
            outcomes=outcomes,
        )


def _latency(seconds: Sequence[float]) -> Latency:
    p50, p95, p99 = (round(float(each), 2) for each in np.percentile(np.array(seconds) * 1e3, [50, 95, 99]))
    return Latency(p50=p50, p95=p95, p99=p99)


def _silent(progress: EvaluationProgress) -> None:
    del progress
