"""An exchange's prices come through one door, with clear errors where they cannot."""

import importlib.util
import sys
from datetime import datetime
from types import ModuleType

import pytest

import app.market
from app.market import CcxtMarket, MarketNotInstalled, MarketSettings, open_market
from tests.fakes.exchange.exchange import RecordedExchange, Unreachable
from trading import Market, MarketUnavailable, SymbolUnknown


def market(exchange: RecordedExchange | None = None) -> CcxtMarket:
    return CcxtMarket(exchange or RecordedExchange(), failures=(Unreachable,))


async def test_closed_bars_come_oldest_first_with_their_times():
    exchange = RecordedExchange()
    bars = await market(exchange).bars("BTC/USDT", "1d", 100)
    assert len(bars) == 100
    assert bars.full
    assert bars.volume is not None
    assert bars.times is not None
    assert list(bars.times) == sorted(bars.times)
    assert bars.label(-1) == "2024-11-15"
    assert exchange.asked[-1] == ("ohlcv", "BTC/USDT", "1d", "101")
    hours = await market(exchange).bars("BTC/USDT", "4h", 10)
    assert hours.label(-1).endswith(":00")


async def test_the_bar_that_is_still_open_is_left_out(monkeypatch):
    last = RecordedExchange()._answers["ohlcv"]["BTC/USDT"]["1d"][-1][0]

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(last / 1000 + 3600, tz)

    monkeypatch.setattr(app.market, "datetime", Clock)
    bars = await market().bars("BTC/USDT", "1d", 10)
    assert len(bars) == 10
    assert bars.label(-1) == "2024-11-14"


async def test_a_ticker_tells_what_the_exchange_says_and_leaves_out_what_it_does_not():
    full = await market().ticker("BTC/USDT")
    assert (full.last, full.exchange, full.at) == (96955.69, "recorded", "2024-11-30T00:00:00+00:00")
    bare = await market().ticker("ETH/USDT")
    assert (bare.last, bare.bid, bare.base_volume) == (3590.1, None, None)
    assert isinstance(market(), Market)


async def test_what_the_exchange_does_not_have_is_said_with_what_it_has():
    with pytest.raises(SymbolUnknown, match=r"does not list BTC/USD; it has BTC/USDT, BTC/EUR\."):
        await market().bars("BTC/USD", "1d", 10)
    with pytest.raises(SymbolUnknown, match="no pair of XYZ"):
        await market().ticker("XYZ/USDT")
    with pytest.raises(SymbolUnknown, match="take one of 4h, 1d, 1w"):
        await market().bars("BTC/USDT", "3m", 10)
    with pytest.raises(SymbolUnknown, match="no closed 1w bars"):
        await market().bars("BTC/USDT", "1w", 10)


async def test_an_outage_says_what_to_do_instead():
    down = market(RecordedExchange(down=True))
    with pytest.raises(MarketUnavailable, match=r"\(Unreachable\); paste prices"):
        await down.bars("BTC/USDT", "1d", 10)
    with pytest.raises(MarketUnavailable, match="recorded cannot be asked"):
        await down.ticker("BTC/USDT")


async def test_closing_reaches_the_exchange():
    exchange = RecordedExchange()
    await market(exchange).close()
    assert exchange.closed


def test_no_exchange_is_the_default_and_needs_no_package():
    assert open_market(MarketSettings()) is None


def test_without_the_extra_a_named_exchange_is_refused_with_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ccxt", None)
    monkeypatch.setitem(sys.modules, "ccxt.async_support", None)
    with pytest.raises(MarketNotInstalled, match=r"pip install 'freya-agents\[market\]'"):
        open_market(MarketSettings(exchange="binance"))


def test_a_named_exchange_is_made_with_the_timeout_and_an_unknown_one_refused(monkeypatch):
    made = ModuleType("ccxt.async_support")
    given: list[dict[str, object]] = []

    class Binance(RecordedExchange):
        id = "binance"

        def __init__(self, options: dict[str, object]) -> None:
            super().__init__()
            given.append(options)

    made.exchanges = ["binance"]  # type: ignore[attr-defined]  # a module made for the test
    made.binance = Binance  # type: ignore[attr-defined]  # a module made for the test
    made.BaseError = Unreachable  # type: ignore[attr-defined]  # a module made for the test
    monkeypatch.setitem(sys.modules, "ccxt", ModuleType("ccxt"))
    monkeypatch.setitem(sys.modules, "ccxt.async_support", made)
    opened = open_market(MarketSettings(exchange="binance", timeout_s=2.5))
    assert opened is not None
    assert opened.name == "binance"
    assert given == [{"timeout": 2500}]
    with pytest.raises(MarketNotInstalled, match="knows no such exchange"):
        open_market(MarketSettings(exchange="mtgox"))


@pytest.mark.skipif(importlib.util.find_spec("ccxt") is None, reason="the extra `market` is not installed")
async def test_ccxt_itself_has_what_is_used_of_it():
    opened = open_market(MarketSettings(exchange="binance"))
    assert opened is not None
    try:
        assert opened.name == "binance"
        with pytest.raises(SymbolUnknown, match="take one of"):
            await opened.bars("BTC/USDT", "7m", 10)
    finally:
        await opened.close()
