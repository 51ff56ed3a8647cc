"""All checks of what a text claims, joined."""

from collections.abc import Sequence

from knowledge.refinery.accuracy.changes import change_claims
from knowledge.refinery.accuracy.claims import Check
from knowledge.refinery.accuracy.formulas import formula_claims
from knowledge.refinery.accuracy.readings import Compute, reading_check
from knowledge.refinery.accuracy.settings import IndicatorFacts, setting_check
from knowledge.refinery.accuracy.sums import sum_claims
from knowledge.refinery.accuracy.worked import worked_claims


def checks_of(facts: Sequence[IndicatorFacts], compute: Compute | None = None) -> tuple[Check, ...]:
    """The checks of a text, given what is known of indicators, and what computes them."""
    checks: tuple[Check, ...] = (
        sum_claims,
        change_claims,
        formula_claims,
        worked_claims,
        setting_check(facts),
    )
    return checks if compute is None else (*checks, reading_check(facts, compute))
