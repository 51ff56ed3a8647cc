"""All checks of what a text claims, joined."""

from collections.abc import Sequence

from knowledge.refinery.claims import Check, IndicatorFacts, arithmetic_claims, setting_claims
from knowledge.refinery.formulas import formula_claims
from knowledge.refinery.readings import Compute, reading_claims


def checks_of(facts: Sequence[IndicatorFacts], compute: Compute | None = None) -> tuple[Check, ...]:
    """The checks of a text, given what is known of indicators, and what computes their readings over closes."""
    checks: tuple[Check, ...] = (arithmetic_claims, lambda text: setting_claims(text, facts), formula_claims)
    return checks if compute is None else (*checks, lambda text: reading_claims(text, compute))
