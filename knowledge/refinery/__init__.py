"""From stored pairs to refined ones: placed in the catalogue, measured, freed of duplicates."""

from knowledge.refinery.accuracy import Check, Claim, Compute, IndicatorFacts, Kind, checks_of
from knowledge.refinery.duplicates import (
    Candidate,
    Likeness,
    ask_the_same,
    kept_and_linked,
    overlap_of,
    say_the_same,
    subject_of,
)
from knowledge.refinery.gaps import Coverage, Gap, GapReport, find_gaps
from knowledge.refinery.quality import MEASURES, WEIGHTS, Measure, Part, Quality, Tier, measure, tier_of
from knowledge.refinery.refiner import PairVectors, RefineProgress, Refiner, RefineResult
from knowledge.refinery.store import RefineryStore, TierCount, TopicPairs
from knowledge.settings import MOST_WANTED, Targets

__all__ = [
    "MEASURES",
    "MOST_WANTED",
    "WEIGHTS",
    "Candidate",
    "Check",
    "Claim",
    "Compute",
    "Coverage",
    "Gap",
    "GapReport",
    "IndicatorFacts",
    "Kind",
    "Likeness",
    "Measure",
    "PairVectors",
    "Part",
    "Quality",
    "RefineProgress",
    "RefineResult",
    "Refiner",
    "RefineryStore",
    "Targets",
    "Tier",
    "TierCount",
    "TopicPairs",
    "ask_the_same",
    "checks_of",
    "find_gaps",
    "kept_and_linked",
    "measure",
    "overlap_of",
    "say_the_same",
    "subject_of",
    "tier_of",
]
