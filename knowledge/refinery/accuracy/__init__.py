"""What an answer states that can be computed again, and whether it is so."""

from knowledge.refinery.accuracy.checks import checks_of
from knowledge.refinery.accuracy.claims import Check, Claim, Kind
from knowledge.refinery.accuracy.readings import Compute
from knowledge.refinery.accuracy.settings import IndicatorFacts

__all__ = ["Check", "Claim", "Compute", "IndicatorFacts", "Kind", "checks_of"]
