"""The indicators and position formulas by name, for expressions that state a worked number."""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from trading.indicators import compute
from trading.levels import fibonacci_levels, pivot_points
from trading.ohlcv import Bars
from trading.performance import maximum_drawdown, performance
from trading.positions import apr_of, compound, funding_cost, impermanent_loss, liquidation_price
from trading.sizing import Side, break_even_probability, expected_value, kelly_fraction, size_by_stop
from trading.supply import bitcoin_supply, network_value_ratio, stock_to_flow


def _indicator(
    name: str,
    closes: Sequence[float],
    *,
    opens: Sequence[float] | None = None,
    highs: Sequence[float] | None = None,
    lows: Sequence[float] | None = None,
    volumes: Sequence[float] | None = None,
    output: str | None = None,
    **parameters: float,
) -> float:
    bars = Bars(
        close=tuple(closes),
        open=None if opens is None else tuple(opens),
        high=None if highs is None else tuple(highs),
        low=None if lows is None else tuple(lows),
        volume=None if volumes is None else tuple(volumes),
    )
    reading = compute(name, bars, **parameters)
    return reading.last[output or reading.indicator.outputs[0]]


def _side(name: str) -> Side:
    return Side(name)


def _sharpe(equity: Sequence[float], periods: float = 365.0, risk_free: float = 0.0) -> float:
    ratio = performance(equity, periods=periods, risk_free=risk_free).sharpe
    return math.nan if ratio is None else ratio


def _sortino(equity: Sequence[float], periods: float = 365.0, risk_free: float = 0.0) -> float:
    ratio = performance(equity, periods=periods, risk_free=risk_free).sortino
    return math.nan if ratio is None else ratio


EXPRESSIONS: Mapping[str, Callable[..., float]] = MappingProxyType(
    {
        "apr_of": apr_of,
        "apy_of": lambda apr, periods=365: compound(apr, periods).apy,
        "bitcoin_supply": lambda height: bitcoin_supply(height).supply,
        "break_even_probability": break_even_probability,
        "expected_value": expected_value,
        "fibonacci": lambda start, end, ratio: fibonacci_levels(start, end).retracements[ratio],
        "funding": lambda notional, rate, days, side="long": (
            funding_cost(notional, rate, days, _side(side)).total
        ),
        "impermanent_loss": impermanent_loss,
        "indicator": _indicator,
        "kelly": kelly_fraction,
        "liquidation": lambda entry, leverage, side="long", maintenance_rate=0.005: (
            liquidation_price(entry, leverage, _side(side), maintenance_rate).price
        ),
        "maximum_drawdown": lambda equity: maximum_drawdown(equity).depth,
        "network_value_ratio": network_value_ratio,
        "pivot": lambda high, low, close: pivot_points(high, low, close).pivot,
        "position_size": lambda account, risk, entry, stop: size_by_stop(account, risk, entry, stop).quantity,
        "sharpe": _sharpe,
        "sortino": _sortino,
        "stock_to_flow": stock_to_flow,
    }
)
"""What each gives is a number: an indicator its last value, of the output that is named or else of its first."""
