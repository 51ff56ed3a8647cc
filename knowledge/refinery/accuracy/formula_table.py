"""The formulas that are known for certain; each is checked as it is written in symbols, and with numbers put in."""

from typing import Final

from knowledge.refinery.accuracy.formula_terms import Formula
from knowledge.refinery.accuracy.oscillator_formulas import MOMENTUM, VOLUMES
from knowledge.refinery.accuracy.price_formulas import PRICES, RETRACEMENTS
from knowledge.refinery.accuracy.value_formulas import CHAIN_AND_RISK

FORMULAS: Final[tuple[Formula, ...]] = (*PRICES, *RETRACEMENTS, *MOMENTUM, *VOLUMES, *CHAIN_AND_RISK)
