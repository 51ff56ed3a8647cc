"""The evaluation of versions of the index on what is stored, and their comparison over the same cases."""

import asyncio
from collections.abc import Sequence

from pydantic import JsonValue

from app.jobs.orders import EvaluateOrder
from app.jobs.runner import Tell
from knowledge import IndexVersion, KnowledgeStore, OpenVersion, Shelf, VersionRefused, Versions, VersionState
from knowledge.evaluation import (
    Cases,
    DenseOnly,
    EvaluationProgress,
    Evaluator,
    Fusion,
    Method,
    RelevanceCheck,
    Report,
    WordsOnly,
    compare,
    held_out,
)


class Evaluation:
    """Evaluates versions, and keeps the report of each with it."""

    def __init__(self, store: KnowledgeStore, versions: Versions, shelf: Shelf, *, floor: float) -> None:
        """`shelf` opens versions whose embedder remembers nothing; `floor` is the relevance that a hit must have."""
        self._store = store
        self._versions = versions
        self._shelf = shelf
        self._floor = floor

    async def run(self, order: EvaluateOrder, tell: Tell) -> dict[str, JsonValue]:
        """The report of a version, and where another is to be compared its report and what differs.

        Both are asked the same cases, each with its own embedding model. Which questions mean the same is judged by
        the index of the version compared with, if there is one. Raises KnowledgeUnavailable, VersionRefused.
        """
        asked = order.arguments
        first = await self._standing(asked.version, tell)
        second = await self._standing(asked.compare, tell) if asked.compare is not None else None
        tell("drawing cases", 0, None)
        async with self._shelf.opened(second or first) as judge:
            cases = await held_out(
                self._store, judge.dense, seed=asked.seed, size=asked.size, collections=asked.collections
            )
            judged = await self._report(judge, cases, tell)
        if second is None:
            return {"version": first.number, "report": judged.without_outcomes().as_json()}
        async with self._shelf.opened(first) as opened:
            report = await self._report(opened, cases, tell)
        comparison = await asyncio.to_thread(compare, judged, report)
        return {
            "version": first.number,
            "report": report.without_outcomes().as_json(),
            "compared_with": second.number,
            "other_report": judged.without_outcomes().as_json(),
            "comparison": comparison.model_dump(mode="json"),
        }

    async def _standing(self, number: int | None, tell: Tell) -> IndexVersion:
        """The version of that number, or the live one; brought up to the store where that is nobody else's work."""
        version = await self._versions.live() if number is None else await self._versions.get(number)
        if version is None:
            raise VersionRefused("No version of the index is live yet; import something first.")
        if version.state is VersionState.LIVE:
            return version
        tell(f"bringing version {version.number} up to the store", 0, None)
        return await self._versions.build(version.number)

    async def _report(self, opened: OpenVersion, cases: Cases, tell: Tell) -> Report:
        number = opened.version.number

        def told(progress: EvaluationProgress) -> None:
            tell(f"version {number}: {progress.step}", progress.done, progress.total)

        check = RelevanceCheck(opened.retriever, opened.dense, floor=self._floor)
        methods: Sequence[Method] = (
            Fusion(opened.retriever),
            DenseOnly(opened.dense),
            WordsOnly(opened.lexical),
        )
        await opened.retriever.search("a first search opens the indexes")
        report = await Evaluator(opened.dense, check).run(cases, methods, told)
        await self._versions.store_evaluation(number, report.as_json())
        return report
