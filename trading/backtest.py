"""Trading a rule over past bars: decided on a close, filled on the next bar, with costs, and nothing known early."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trading.checks import between
from trading.errors import NumberInvalid, TooFewBars
from trading.ohlcv import Bars
from trading.performance import Performance, performance

FEWEST_BARS = 30
FEE = 0.001
"""What an exchange takes of each fill, as a fraction: 0.1 %, a usual taker's fee."""
SLIPPAGE = 0.0005
"""How much worse than the price a fill is, as a fraction."""


@dataclass(frozen=True, kw_only=True)
class Trade:
    """One position from its entry to its exit, or to the last bar."""

    side: int
    """1 long, -1 short."""
    entered: int
    """The bar whose open (without opens: whose close) it was filled at."""
    entry: float
    """The price paid, slippage included."""
    left: int
    exit: float
    result: float
    """What it gained of the equity it was entered with, costs included: 0.05 for 5 %."""
    closed: bool
    """Whether the rule closed it; else it is valued at the last close."""


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """What a rule did. Fractions throughout; equity starts at 1."""

    equity: tuple[float, ...]
    """After each bar's close."""
    trades: tuple[Trade, ...]
    measured: Performance
    benchmark: float
    """What buying on the same first bar and holding gained, with the same cost of one fill."""
    benchmark_drawdown: float
    exposure: float
    """The share of bars with a position."""
    costs: float
    """Fees and slippage paid, in units of the starting equity."""

    @property
    def win_rate(self) -> float | None:
        """The share of trades with a gain; None without trades."""
        return sum(trade.result > 0 for trade in self.trades) / len(self.trades) if self.trades else None

    @property
    def profit_factor(self) -> float | None:
        """Sum of gains over sum of losses of trades; None where none lost."""
        lost = -math.fsum(min(trade.result, 0.0) for trade in self.trades)
        return math.fsum(max(trade.result, 0.0) for trade in self.trades) / lost if lost > 0 else None


def backtest(
    bars: Bars,
    wanted: Sequence[int],
    *,
    fee: float = FEE,
    slippage: float = SLIPPAGE,
    periods: float = 365.0,
) -> Backtest:
    """Trade `wanted` positions over bars: for each bar 1 (long), 0 (out) or -1 (short), decided at that bar's close.

    A change is filled on the next bar, at its open, or its close where there are no opens: what is decided on the last
    bar is not filled. All of the equity is traded; a fill costs `fee` of its value and is `slippage` worse than the
    price. A short's value is 1 - (price / entry - 1) of its entry and no funding is counted. Raises TooFewBars and
    NumberInvalid.
    """
    _check(bars, wanted, fee, slippage)
    fills = bars.open or bars.close
    book = _Book(fee, slippage)
    equity = []
    for at in range(len(bars)):
        side = wanted[at - 1] if at else 0
        if side != book.side:
            book.turn(side, at, fills[at])
        equity.append(book.value(bars.close[at]))
    trades = book.trades(len(bars) - 1, bars.close[-1])
    if min(equity) <= 0:
        raise NumberInvalid(
            "A short lost the whole account: the price more than doubled against it. Test it long only."
        )
    held = [bars.close[at] / bars.close[0] * (1 - fee) / (1 + slippage) for at in range(len(bars))]
    return Backtest(
        equity=tuple(equity),
        trades=trades,
        measured=performance(equity, periods=periods),
        benchmark=held[-1] - 1,
        benchmark_drawdown=performance(held, periods=periods).drawdown.depth,
        exposure=sum(side != 0 for side in wanted[:-1]) / len(bars),
        costs=book.costs,
    )


class _Book:
    """Cash, the open position and what was traded."""

    def __init__(self, fee: float, slippage: float) -> None:
        self._fee, self._slippage = fee, slippage
        self._cash = 1.0
        self._stake = 0.0
        self._entry = 0.0
        self._entered = 0
        self._before = 1.0
        self._done: list[Trade] = []
        self.side = 0
        self.costs = 0.0

    def value(self, price: float) -> float:
        """The equity at a price, the cost of leaving not taken off."""
        return self._cash + self._worth(price)

    def turn(self, side: int, at: int, price: float) -> None:
        """Leave what is held and enter the other side at a bar's price."""
        if self.side:
            paid = price * (1 - self.side * self._slippage)
            worth = self._worth(paid)
            fee = self._fee * self._stake * paid / self._entry
            self.costs += fee + self._stake * abs(price - paid) / self._entry
            self._cash += worth - fee
            self._done.append(self._trade(at, paid, self._cash / self._before - 1, closed=True))
            self._stake = 0.0
        self.side = side
        if side:
            self._before = self._cash
            self._entry, self._entered = price * (1 + side * self._slippage), at
            self._stake = self._cash / (1 + self._fee)
            fee = self._cash - self._stake
            self.costs += fee + self._stake * abs(self._entry - price) / self._entry
            self._cash = 0.0

    def trades(self, at: int, price: float) -> tuple[Trade, ...]:
        """What was traded, with the open position valued at a price."""
        if not self.side:
            return tuple(self._done)
        result = self.value(price) / self._before - 1
        return (*self._done, self._trade(at, price, result, closed=False))

    def _worth(self, price: float) -> float:
        return self._stake * (1 + self.side * (price / self._entry - 1)) if self._stake else 0.0

    def _trade(self, at: int, price: float, result: float, *, closed: bool) -> Trade:
        return Trade(
            side=self.side,
            entered=self._entered,
            entry=self._entry,
            left=at,
            exit=price,
            result=result,
            closed=closed,
        )


def halves(result: Backtest, *, periods: float = 365.0) -> tuple[Performance, Performance]:
    """The equity of the first and the second half of the bars by themselves: a rule that works does so in both."""
    middle = len(result.equity) // 2
    first, second = result.equity[: middle + 1], result.equity[middle:]
    return performance(first, periods=periods), performance(second, periods=periods)


def _check(bars: Bars, wanted: Sequence[int], fee: float, slippage: float) -> None:
    if len(bars) < FEWEST_BARS:
        raise TooFewBars(
            f"A backtest needs at least {FEWEST_BARS} bars and there are {len(bars)}; give more."
        )
    if len(wanted) != len(bars) or not set(wanted) <= {-1, 0, 1}:
        raise NumberInvalid("Give one wanted position for each bar: 1 long, 0 out, -1 short.")
    between("fee as a fraction", fee, 0, 0.1)
    between("slippage as a fraction", slippage, 0, 0.1)
