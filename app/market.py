"""An exchange's public prices for tools, through CCXT; without the extra `market` and a named exchange there is none."""

import importlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, cast  # Any: CCXT's answers are dicts of whatever the exchange says

from pydantic import BaseModel, ConfigDict, Field

from trading import (
    MOST_BARS,
    Bars,
    MarketUnavailable,
    SymbolUnknown,
    Ticker,
    bars_from_rows,
)

_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_MOST_NAMED = 6


class MarketSettings(BaseModel):
    """The exchange whose public prices tools may read; no account and no key is used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    exchange: str | None = Field(
        default=None,
        description="CCXT's id of an exchange, such as binance or kraken, that tools may ask for prices; needs the extra `market`.",
    )
    timeout_s: float = Field(
        default=10.0, gt=0, le=120, description="Seconds after which the exchange's answer is given up."
    )


class MarketNotInstalled(Exception):
    """The exchange that is set cannot be used; says what to install or which name to correct."""


class Exchange(Protocol):
    """The part of a CCXT exchange (its asynchronous form) that is used."""

    id: str
    timeframes: Mapping[str, Any]  # CCXT's names of the exchange's own

    async def load_markets(self) -> Mapping[str, Any]:
        """All pairs by their symbols; asked once and kept."""

    async def fetch_ohlcv(
        self, symbol: str, timeframe: str, since: int | None, limit: int
    ) -> Sequence[Sequence[float]]:
        """Rows of milliseconds, open, high, low, close, volume, oldest first."""

    async def fetch_ticker(self, symbol: str) -> Mapping[str, Any]:
        """What the pair does now."""

    async def close(self) -> None:
        """Let go of connections."""


class CcxtMarket:
    """A `trading.Market` over a CCXT exchange."""

    def __init__(self, exchange: Exchange, *, failures: tuple[type[Exception], ...]) -> None:
        """`failures` are the exceptions that say the exchange cannot be reached or refuses."""
        self._exchange = exchange
        self._failures = failures

    @property
    def name(self) -> str:
        """CCXT's id of the exchange."""
        return self._exchange.id

    async def bars(self, symbol: str, timeframe: str, count: int) -> Bars:
        """The newest closed bars, oldest first; the one still open is left out. 1 to 1000 of them."""
        offered = self._exchange.timeframes
        if timeframe not in offered:
            raise SymbolUnknown(
                f"{self.name} has no bars of {timeframe!r}; take one of {', '.join(offered)}."
            )
        await self._known(symbol)
        wanted = max(1, min(count, MOST_BARS - 1))
        try:
            rows = await self._exchange.fetch_ohlcv(symbol, timeframe, None, wanted + 1)
        except self._failures as error:
            raise self._unavailable(error) from error
        length = int(timeframe[:-1]) * _SECONDS[timeframe[-1]]
        now = datetime.now(UTC).timestamp()
        closed = [row for row in rows if row[0] / 1000 + length <= now][-wanted:]
        if not closed:
            raise SymbolUnknown(f"{self.name} has no closed {timeframe} bars of {symbol}; take another pair.")
        times = [_moment(row[0], timeframe) for row in closed]
        return bars_from_rows([[float(cell) for cell in row[1:6]] for row in closed], times=times)

    async def ticker(self, symbol: str) -> Ticker:
        """What the pair does now."""
        await self._known(symbol)
        try:
            said = await self._exchange.fetch_ticker(symbol)
        except self._failures as error:
            raise self._unavailable(error) from error
        last = _number(said, "last") or _number(said, "close")
        if last is None:
            raise MarketUnavailable(f"{self.name} tells no price of {symbol} now; ask again later.")
        at = said.get("timestamp")
        moment = datetime.now(UTC) if at is None else datetime.fromtimestamp(at / 1000, UTC)
        return Ticker(
            symbol=symbol,
            exchange=self.name,
            at=moment.isoformat(timespec="seconds"),
            last=last,
            bid=_number(said, "bid"),
            ask=_number(said, "ask"),
            high=_number(said, "high"),
            low=_number(said, "low"),
            open=_number(said, "open"),
            base_volume=_number(said, "baseVolume"),
            quote_volume=_number(said, "quoteVolume"),
        )

    async def close(self) -> None:
        """Let go of connections."""
        await self._exchange.close()

    async def _known(self, symbol: str) -> None:
        try:
            markets = await self._exchange.load_markets()
        except self._failures as error:
            raise self._unavailable(error) from error
        if symbol in markets:
            return
        base = symbol.partition("/")[0]
        near = [each for each in markets if each.startswith(f"{base}/") and ":" not in each][:_MOST_NAMED]
        has = f"it has {', '.join(near)}" if near else f"it lists no pair of {base}"
        raise SymbolUnknown(f"{self.name} does not list {symbol}; {has}.")

    def _unavailable(self, error: Exception) -> MarketUnavailable:
        return MarketUnavailable(
            f"{self.name} cannot be asked now ({type(error).__name__}); paste prices, or ask again later."
        )


def open_market(settings: MarketSettings) -> CcxtMarket | None:
    """The exchange that is set, not connected yet; None where none is. Raises MarketNotInstalled."""
    if settings.exchange is None:
        return None
    try:
        ccxt = importlib.import_module("ccxt.async_support")
    except ImportError as error:
        raise MarketNotInstalled(
            f"FREYA_MARKET__EXCHANGE is {settings.exchange!r}, which needs the extra `market`: "
            "pip install 'freya-agents[market]', or leave the setting out"
        ) from error
    if settings.exchange not in ccxt.exchanges:
        raise MarketNotInstalled(
            f"FREYA_MARKET__EXCHANGE is {settings.exchange!r}, and CCXT knows no such exchange; "
            "its ids are lower-case, such as binance, kraken or coinbase"
        )
    exchange = getattr(ccxt, settings.exchange)({"timeout": round(settings.timeout_s * 1000)})
    return CcxtMarket(cast("Exchange", exchange), failures=(ccxt.BaseError, OSError))


def _number(said: Mapping[str, Any], key: str) -> float | None:
    value = said.get(key)
    return None if value is None else float(value)


def _moment(milliseconds: float, timeframe: str) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{moment:%Y-%m-%d}" if timeframe[-1] in "dw" else f"{moment:%Y-%m-%d %H:%M}"
