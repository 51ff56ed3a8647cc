"""A market that can be asked for its prices, and how people write what they want of it."""

import re
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from trading.ohlcv import Bars

MOST_BARS = 1000
TIMEFRAMES = ("1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w")
"""The timeframes that exchanges commonly have, in CCXT's writing."""
PERIODS_PER_YEAR = {
    "1m": 525_600.0,
    "5m": 105_120.0,
    "15m": 35_040.0,
    "30m": 17_520.0,
    "1h": 8760.0,
    "4h": 2190.0,
    "1d": 365.0,
    "1w": 52.0,
}


@dataclass(frozen=True, kw_only=True)
class Ticker:
    """What an exchange says of a pair now. None: it does not say."""

    symbol: str
    exchange: str
    at: str
    """When, ISO 8601 in UTC."""
    last: float
    """In the quote currency, as are the other prices."""
    bid: float | None = None
    ask: float | None = None
    high: float | None = None
    """Of the last 24 hours, as are low, open and the volumes."""
    low: float | None = None
    open: float | None = None
    base_volume: float | None = None
    quote_volume: float | None = None


@runtime_checkable
class Market(Protocol):
    """An exchange's public prices.

    Raises SymbolUnknown for a pair or a timeframe that it does not have, MarketUnavailable for an outage.
    """

    @property
    def name(self) -> str:
        """What the exchange is called."""

    async def bars(self, symbol: str, timeframe: str, count: int) -> Bars:
        """The newest `count` closed bars of a pair (BTC/USDT), oldest first, named by their opening time in UTC."""

    async def ticker(self, symbol: str) -> Ticker:
        """What the pair does now."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A pair that a text names."""

    symbol: str
    """BASE/QUOTE."""
    assumed: bool
    """Whether only the coin was named and the quote currency is this package's choice."""


_QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "USD", "EUR", "GBP", "BTC", "ETH")
_COINS = {
    "bitcoin": "BTC", "ethereum": "ETH", "ether": "ETH", "solana": "SOL", "cardano": "ADA", "ripple": "XRP",
    "dogecoin": "DOGE", "polkadot": "DOT", "avalanche": "AVAX", "chainlink": "LINK", "litecoin": "LTC", "tron": "TRX",
    "uniswap": "UNI", "биткоин": "BTC", "эфир": "ETH", "эфириум": "ETH",
}  # fmt: skip
_TICKERS = (
    "BTC ETH SOL ADA BNB XRP DOGE DOT AVAX LINK LTC TRX UNI AAVE ATOM NEAR TON XLM ETC BCH SHIB PEPE".split()
)
_PAIR = re.compile(
    rf"(?<![\w/-])(?P<base>[A-Za-z0-9]{{2,10}}?)\s?[/-]\s?(?P<quote>{'|'.join(_QUOTES)})(?![\w/])",
    re.IGNORECASE,
)
_JOINED = re.compile(
    rf"(?<![\w/-])(?P<base>[A-Z0-9]{{2,10}}?|[a-z]{{3,5}})(?P<quote>{'|'.join(_QUOTES[:5])})(?![\w/])",
    re.IGNORECASE,
)
_TICKER = re.compile(rf"(?<![\w/-])(?:{'|'.join(_TICKERS)})(?![\w/-])", re.IGNORECASE)
_WORD_OF_TICKER = re.compile(r"^(?:link|near|ton|uni|dot|atom|etc|sol)$")
_FRAME = re.compile(
    r"(?<![\w.])(?:(?P<count>\d{1,2})\s?-?(?P<unit>m|min|minutes?|h|hours?|d|days?|w|weeks?)"
    r"|(?P<word>hourly|daily|weekly))(?![\w/])",
    re.IGNORECASE,
)
_WORDS = {"hourly": "1h", "daily": "1d", "weekly": "1w"}


def symbol_in(text: str) -> Asked | None:
    """The first pair that a text names (BTC/USDT, btc-usd, BTCUSDT), or a coin's pair against USDT; None: neither.

    Tickers that are ordinary words count only in capitals.
    """
    match = _PAIR.search(text) or _JOINED.search(text)
    if match is not None:
        return Asked(symbol=f"{match['base'].upper()}/{match['quote'].upper()}", assumed=False)
    for found in _TICKER.finditer(text):
        if not _WORD_OF_TICKER.match(found[0]):
            return Asked(symbol=f"{found[0].upper()}/USDT", assumed=True)
    words = re.findall(r"\w+", text.casefold())
    coin = next((_COINS[word] for word in words if word in _COINS), None)
    return None if coin is None else Asked(symbol=f"{coin}/USDT", assumed=True)


def timeframe_in(text: str) -> str | None:
    """The first timeframe of TIMEFRAMES that a text names (4h, 15 min, daily); None: it names none."""
    for match in _FRAME.finditer(text):
        named = match["word"]
        written = _WORDS[named.casefold()] if named else f"{match['count']}{match['unit'][0].lower()}"
        if written in TIMEFRAMES:
            return written
    return None
