"""An exchange that answers from a file, in the form of CCXT's unified answers; its prices are made up."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_ANSWERS = Path(__file__).with_name("answers.json")


class Unreachable(Exception):
    """What the exchange raises while it is down."""


class RecordedExchange:
    """The part of a CCXT exchange that `app.market` uses."""

    id = "recorded"
    timeframes: Mapping[str, Any] = {"4h": "4h", "1d": "1d", "1w": "1w"}

    def __init__(self, *, down: bool = False) -> None:
        self._answers = json.loads(_ANSWERS.read_text())
        self._down = down
        self.asked: list[tuple[str, ...]] = []
        self.closed = False

    async def load_markets(self) -> Mapping[str, Any]:
        """The pairs."""
        self._answer("markets")
        return {key: {} for key in self._answers["markets"]}

    async def fetch_ohlcv(
        self, symbol: str, timeframe: str, since: int | None, limit: int
    ) -> Sequence[Sequence[float]]:
        """The newest rows."""
        assert since is None
        self._answer("ohlcv", symbol, timeframe, str(limit))
        rows: list[list[float]] = self._answers["ohlcv"].get(symbol, {}).get(timeframe, [])
        return rows[-limit:]

    async def fetch_ticker(self, symbol: str) -> Mapping[str, Any]:
        """The ticker."""
        self._answer("ticker", symbol)
        answer: Mapping[str, Any] = self._answers["ticker"][symbol]
        return answer

    async def close(self) -> None:
        """Nothing to let go of."""
        self.closed = True

    def _answer(self, *asked: str) -> None:
        self.asked.append(asked)
        if self._down:
            raise Unreachable("connection refused")
