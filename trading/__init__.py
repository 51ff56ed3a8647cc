"""Pure functions on prices and positions."""

from trading.allocation import Allocation, check_allocation
from trading.candle_table import CANDLE_PATTERNS, CandlePattern, Nature
from trading.candles import FEWEST_BARS, CandleMatch, Direction, detect_patterns
from trading.conventions import readings
from trading.errors import (
    BarsInvalid,
    NumberInvalid,
    SeriesMissing,
    TooFewBars,
    TradingError,
    UnknownIndicator,
)
from trading.facts import Definition, definitions
from trading.figures import figure, percent
from trading.indicator_table import INDICATORS, Indicator, Parameter, Scale
from trading.indicators import Reading, bars_needed, compute, find_indicator, longest_period
from trading.levels import FibonacciLevels, PivotMethod, Pivots, fibonacci_levels, pivot_points
from trading.ohlcv import Bars, bars_from_closes, bars_from_numbers, bars_from_rows
from trading.performance import Drawdown, Performance, equity_from_returns, maximum_drawdown, performance
from trading.positions import (
    Funding,
    Liquidation,
    Yield,
    apr_of,
    compound,
    funding_cost,
    impermanent_loss,
    liquidation_price,
)
from trading.shapes import RULES as SHAPE_RULES
from trading.shapes import Shape, classify, trend_before
from trading.sizing import (
    PositionPlan,
    Side,
    break_even_probability,
    expected_value,
    kelly_fraction,
    size_by_atr,
    size_by_stop,
)
from trading.supply import (
    BitcoinSupply,
    SupplyYear,
    Valuation,
    bitcoin_day,
    bitcoin_height,
    bitcoin_supply,
    emission,
    network_value_ratio,
    stock_to_flow,
    valuation,
)
from trading.tables import bars_from_csv, find_bars

__all__ = [
    "CANDLE_PATTERNS",
    "FEWEST_BARS",
    "INDICATORS",
    "SHAPE_RULES",
    "Allocation",
    "Bars",
    "BarsInvalid",
    "BitcoinSupply",
    "CandleMatch",
    "CandlePattern",
    "Definition",
    "Direction",
    "Drawdown",
    "FibonacciLevels",
    "Funding",
    "Indicator",
    "Liquidation",
    "Nature",
    "NumberInvalid",
    "Parameter",
    "Performance",
    "PivotMethod",
    "Pivots",
    "PositionPlan",
    "Reading",
    "Scale",
    "SeriesMissing",
    "Shape",
    "Side",
    "SupplyYear",
    "TooFewBars",
    "TradingError",
    "UnknownIndicator",
    "Valuation",
    "Yield",
    "apr_of",
    "bars_from_closes",
    "bars_from_csv",
    "bars_from_numbers",
    "bars_from_rows",
    "bars_needed",
    "bitcoin_day",
    "bitcoin_height",
    "bitcoin_supply",
    "break_even_probability",
    "check_allocation",
    "classify",
    "compound",
    "compute",
    "definitions",
    "detect_patterns",
    "emission",
    "equity_from_returns",
    "expected_value",
    "fibonacci_levels",
    "figure",
    "find_bars",
    "find_indicator",
    "funding_cost",
    "impermanent_loss",
    "kelly_fraction",
    "liquidation_price",
    "longest_period",
    "maximum_drawdown",
    "network_value_ratio",
    "percent",
    "performance",
    "pivot_points",
    "readings",
    "size_by_atr",
    "size_by_stop",
    "stock_to_flow",
    "trend_before",
    "valuation",
]
