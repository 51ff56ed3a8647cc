"""Errors of the trading package."""


class TradingError(Exception):
    """A computation cannot be done with what was given.

    TradingError
    ├── BarsInvalid        numbers or text that are no price bars; says which bar and why
    ├── TooFewBars         the series is shorter than the computation needs; says how many it needs
    ├── SeriesMissing      the computation needs highs, lows or volumes that were not given
    ├── UnknownIndicator   no indicator of that name; lists those that are known
    ├── NumberInvalid      a number lies outside of what the formula is defined for
    ├── SymbolUnknown      the exchange does not list such a pair, or not that timeframe
    └── MarketUnavailable  the exchange cannot be reached or answers with an error
    """


class BarsInvalid(TradingError):
    """Numbers or text that are no price bars; the message says which bar and why."""


class TooFewBars(TradingError):
    """The series is shorter than the computation needs; the message says how many it needs."""


class SeriesMissing(TradingError):
    """The computation needs highs, lows or volumes that were not given."""


class UnknownIndicator(TradingError):
    """No indicator of that name; the message lists those that are known."""


class NumberInvalid(TradingError):
    """A number lies outside of what the formula is defined for; the message says what it may be."""


class SymbolUnknown(TradingError):
    """The exchange does not list such a pair, or offers no bars of that timeframe; the message says what it has."""


class MarketUnavailable(TradingError):
    """The exchange cannot be reached or answers with an error; the message says what to do."""
