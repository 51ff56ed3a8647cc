"""Whether questions that nothing stored is relevant to find nothing, and those that it is relevant to something."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from knowledge.dense import DenseIndex
from knowledge.evaluation.bootstrap import Bootstrap, Interval
from knowledge.evaluation.cases import Cases
from knowledge.evaluation.metrics import DEPTH
from knowledge.evaluation.report import FloorPoint, Relevance
from knowledge.interfaces import Hit
from knowledge.retrieval import HybridRetriever
from knowledge.settings import RetrievalSettings

FLOORS: Final = tuple(round(0.05 * step, 2) for step in range(1, 19))
"""The floors of relevance that a report compares: 0.05 to 0.90."""


@dataclass(frozen=True)
class _Found:
    """Whether a search found anything at the floor, and what the best hit without a floor is judged at."""

    anything: bool
    best: float


def _relevance(hit: Hit) -> float:
    return hit.relevance


class RelevanceCheck:
    """Searches the product's way, at one floor, and looks what others would do."""

    def __init__(
        self,
        retriever: HybridRetriever,
        dense: DenseIndex,
        *,
        floor: float | None = None,
        floors: Sequence[float] = FLOORS,
        judged_by: Callable[[Hit], float] = _relevance,
    ) -> None:
        """`floor` is the retriever's own; without it that of the default settings.

        `judged_by` gives of a hit what a floor is compared with, and `floors` are the others to try.
        """
        self._retriever = retriever
        self._dense = dense
        self._floor = RetrievalSettings().floor if floor is None else floor
        self._floors = tuple(floors)
        self._judged_by = judged_by

    async def run(
        self, cases: Cases, bootstrap: Bootstrap, progress: Callable[[int, int], None]
    ) -> Relevance:
        """Ask all foreign questions and those of the answers task. Raises KnowledgeUnavailable."""
        total = len(cases.foreign) + len(cases.answers)
        foreign: list[_Found] = []
        native: list[_Found] = []
        for question in cases.foreign:
            foreign.append(await self._found(question, cases, without=None))
            progress(len(foreign), total)
        for case in cases.answers:
            own = cases.things.get(case.pair_id, case.pair_id)
            native.append(await self._found(case.query, cases, without=own))
            progress(len(foreign) + len(native), total)
        answered = {
            question: round(found.best, 4)
            for question, found in zip(cases.foreign, foreign, strict=True)
            if found.anything
        }
        return Relevance(
            floor=self._floor,
            foreign=len(foreign),
            foreign_empty=_nothing(foreign, bootstrap),
            native=len(native),
            native_lost=_nothing(native, bootstrap),
            floors=tuple(
                FloorPoint(
                    floor=floor, foreign_empty=_below(foreign, floor), native_lost=_below(native, floor)
                )
                for floor in self._floors
            ),
            answered=dict(sorted(answered.items(), key=lambda item: (-item[1], item[0]))),
        )

    async def _found(self, query: str, cases: Cases, *, without: str | None) -> _Found:
        vectors = await self._dense.encode(query)
        judged = [
            [
                self._judged_by(hit)
                for hit in await self._retriever.search(
                    query, collections=cases.collections, limit=DEPTH, vectors=vectors, floor=floor
                )
                if cases.things.get(hit.pair_id, hit.pair_id) != without
            ]
            for floor in (self._floor, -1.0)
        ]
        at_floor, every = judged
        return _Found(anything=bool(at_floor), best=max(every, default=-1.0))


def _nothing(found: Sequence[_Found], bootstrap: Bootstrap) -> Interval | None:
    if not found:
        return None
    return bootstrap.interval(np.array([float(not each.anything) for each in found]))


def _below(found: Sequence[_Found], floor: float) -> float:
    return round(sum(each.best < floor for each in found) / len(found), 4) if found else 0.0
