"""What checks the accuracy of answers: the checks of `knowledge`, computed by the indicators of `trading`."""

from dataclasses import asdict

from knowledge.refinery import Check, IndicatorFacts, checks_of
from trading import definitions, readings


def accuracy_checks() -> tuple[Check, ...]:
    """The checks of all that is computed here."""
    return checks_of([IndicatorFacts(**asdict(each)) for each in definitions()], readings)
