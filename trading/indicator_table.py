"""The indicators this package knows.

The arithmetic is TA-Lib 0.8's, but for what it does not have (trading.own_indicators). Defaults are those of the
indicator's author or of common charts where TA-Lib's own default differs from them; each convention that changes a
figure is stated with its indicator.
"""

from trading.indicator_kinds import Indicator, Parameter, Scale
from trading.table_averages import AVERAGES, BANDS
from trading.table_momentum import MOMENTUM
from trading.table_oscillators import OSCILLATORS
from trading.table_volume import VOLATILITY_AND_VOLUME

__all__ = ["INDICATORS", "Indicator", "Parameter", "Scale"]

INDICATORS: tuple[Indicator, ...] = (*AVERAGES, *BANDS, *OSCILLATORS, *MOMENTUM, *VOLATILITY_AND_VOLUME)
"""Every indicator this package knows."""
