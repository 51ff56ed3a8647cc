"""How good one ranking is."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from math import log2
from typing import Final

DEPTH: Final = 50
"""How far down a ranking what is sought counts as found."""
_GAINS_TO = 10
_FEW = 5


class Metric(StrEnum):
    """What is measured of a ranking; each runs from 0 to 1, and 1 is best."""

    TOP_1 = "top1"
    TOP_5 = "top5"
    MRR = "mrr"
    NDCG_10 = "ndcg10"


JUDGED: Final = Metric.MRR
"""By which methods are judged against each other: it tells places apart down to the depth."""


@dataclass(frozen=True)
class Outcome:
    """What a method made of a case."""

    place: int
    """Where the first thing sought stands, 1 to 50; 0: not among these."""
    ndcg: float
    """Normalised discounted cumulative gain of the first 10, each thing sought gaining 1 (Järvelin and
    Kekäläinen 2002, Cumulated gain-based evaluation of IR techniques)."""

    @property
    def measured(self) -> dict[Metric, float]:
        """Every metric; MRR is the mean of reciprocal ranks (Voorhees 1999, The TREC-8 question answering track)."""
        return {
            Metric.TOP_1: float(self.place == 1),
            Metric.TOP_5: float(1 <= self.place <= _FEW),
            Metric.MRR: 1.0 / self.place if self.place else 0.0,
            Metric.NDCG_10: self.ndcg,
        }


def ranked_things(
    ranking: Iterable[str], things: Mapping[str, str], *, without: str | None = None, depth: int = DEPTH
) -> list[str]:
    """The things of a ranking of pairs, each at its first pair's place, with the thing left out that is `without`.

    A pair that is no part of any thing is a thing of its own.
    """
    found = dict.fromkeys(things.get(pair, pair) for pair in ranking)
    found.pop(without or "", None)
    return list(islice(found, depth))


def judged(ranked: list[str], sought: Collection[str]) -> Outcome:
    """The outcome of a ranking of things, when those sought are right and all others wrong."""
    places = [place for place, thing in enumerate(ranked, 1) if thing in sought]
    gained = sum(1.0 / log2(place + 1) for place in places if place <= _GAINS_TO)
    ideal = sum(1.0 / log2(place + 1) for place in range(1, min(len(sought), _GAINS_TO) + 1))
    return Outcome(place=places[0] if places else 0, ndcg=gained / ideal if ideal else 0.0)
