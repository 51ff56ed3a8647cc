"""How a coin's supply grows, and what its whole supply is worth."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from trading.checks import between, not_negative, positive, within_reach
from trading.errors import NumberInvalid

HALVING_BLOCKS = 210_000
FIRST_SUBSIDY = 50 * 100_000_000
"""In satoshi."""
SATOSHI = 100_000_000
BLOCKS_PER_DAY = 144
BLOCKS_PER_YEAR = BLOCKS_PER_DAY * 365
LAST_HEIGHT = 10_000_000
MOST_YEARS = 200
_ANCHORS: tuple[tuple[int, datetime], ...] = (
    (0, datetime(2009, 1, 3, tzinfo=UTC)),
    (210_000, datetime(2012, 11, 28, tzinfo=UTC)),
    (420_000, datetime(2016, 7, 9, tzinfo=UTC)),
    (630_000, datetime(2020, 5, 11, tzinfo=UTC)),
    (840_000, datetime(2024, 4, 20, tzinfo=UTC)),
)
"""Days of the genesis block and of the four halvings so far (block explorers; UTC)."""


@dataclass(frozen=True, kw_only=True)
class BitcoinSupply:
    """Bitcoin's issue after the block of a height. Coins are BTC."""

    height: int
    subsidy: float
    """New coins in each block."""
    supply: float
    """All coins issued by the schedule, lost and unspendable ones among them."""
    yearly_issue: float
    """New coins in 365 days of 144 blocks at this subsidy."""
    inflation: float
    """Yearly issue over supply, a fraction."""
    next_halving_height: int | None
    """None once the subsidy has reached zero."""
    limit: float
    """All coins that will ever be issued: 20,999,999.9769."""


def bitcoin_supply(height: int) -> BitcoinSupply:
    """Bitcoin's supply by its consensus rules: 50 BTC a block, halved every 210,000 blocks, in whole satoshi.

    Source: Bitcoin Core, `GetBlockSubsidy`. `height` is 0 to 10,000,000.
    """
    between("block height", height, 0, LAST_HEIGHT)
    era = height // HALVING_BLOCKS
    subsidy = _subsidy(era)
    issued = sum(_subsidy(each) * HALVING_BLOCKS for each in range(era))
    issued += subsidy * (height - era * HALVING_BLOCKS + 1)
    yearly = subsidy * BLOCKS_PER_YEAR / SATOSHI
    supply = issued / SATOSHI
    return BitcoinSupply(
        height=height,
        subsidy=subsidy / SATOSHI,
        supply=supply,
        yearly_issue=yearly,
        inflation=yearly / supply,
        next_halving_height=(era + 1) * HALVING_BLOCKS if subsidy else None,
        limit=sum(_subsidy(each) * HALVING_BLOCKS for each in range(64)) / SATOSHI,
    )


def bitcoin_height(moment: datetime) -> int:
    """The block height at a moment: between the known halvings by straight lines, after the last at 144 blocks a day.

    An estimate: within days of a known halving it is off by some hundred blocks, decades ahead by thousands.
    NumberInvalid before 2009-01-03 or after the year 2199. `moment` is taken as UTC if it has no zone.
    """
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    if moment < _ANCHORS[0][1] or moment.year >= 2200:  # noqa: PLR2004  # the subsidy ends about 2140
        raise NumberInvalid(
            f"Bitcoin started on 2009-01-03; give a day from then to 2199, not {moment.date()}."
        )
    for (low, start), (high, end) in pairwise(_ANCHORS):
        if moment < end:
            return low + int((high - low) * ((moment - start) / (end - start)))
    low, start = _ANCHORS[-1]
    return min(LAST_HEIGHT, low + int((moment - start) / timedelta(days=1) * BLOCKS_PER_DAY))


def bitcoin_day(height: int) -> datetime:
    """The day of a block height, the inverse of `bitcoin_height` and as much an estimate."""
    between("block height", height, 0, LAST_HEIGHT)
    for (low, start), (high, end) in pairwise(_ANCHORS):
        if height < high:
            return start + (end - start) * ((height - low) / (high - low))
    low, start = _ANCHORS[-1]
    return start + timedelta(days=(height - low) / BLOCKS_PER_DAY)


@dataclass(frozen=True, kw_only=True)
class SupplyYear:
    """One year of a generic emission."""

    year: int
    """Years from now."""
    supply: float
    issued: float
    """New coins of this year (below 0: burnt)."""
    inflation: float
    """Of this year, a fraction of the supply at its start."""


def emission(
    supply: float, inflation: float, years: int, *, maximum: float | None = None, simple: bool = False
) -> list[SupplyYear]:
    """A supply year by year at a constant yearly inflation (a fraction; below 0 for burning), up to a maximum.

    `simple` adds the same number of coins each year (inflation x the first supply); else it compounds.
    NumberInvalid for a maximum below the supply, years outside of 1 to 200, or growth beyond a float.
    """
    positive("current supply", supply)
    between("yearly inflation as a fraction", inflation, -1, 1000)
    between("number of years", years, 1, MOST_YEARS)
    if maximum is not None and positive("maximum supply", maximum) < supply:
        raise NumberInvalid(f"The maximum supply {maximum:g} is below the current supply {supply:g}.")
    rows: list[SupplyYear] = []
    current = supply
    for year in range(1, years + 1):
        grown = current + (supply if simple else current) * inflation
        after = max(0.0, min(grown, math.inf if maximum is None else maximum))
        within_reach("supply", after)
        issued = after - current
        rows.append(
            SupplyYear(year=year, supply=after, issued=issued, inflation=issued / current if current else 0.0)
        )
        current = after
    return rows


@dataclass(frozen=True, kw_only=True)
class Valuation:
    """What a coin's supply is worth. Money is in the currency of the price."""

    fully_diluted: float | None
    market_cap: float | None
    circulating_share: float | None
    """Circulating over whole supply, a fraction."""


def valuation(price: float, *, maximum: float | None = None, circulating: float | None = None) -> Valuation:
    """Market capitalisation (price x circulating supply) and fully diluted valuation (price x maximum supply).

    Source: CoinGecko, "Methodology". Either supply may be left out, not both; a circulating supply above
    the maximum is NumberInvalid.
    """
    positive("price", price)
    if maximum is None and circulating is None:
        raise NumberInvalid("There is no supply; give the maximum or the circulating supply.")
    whole = None if maximum is None else positive("maximum supply", maximum)
    out = None if circulating is None else not_negative("circulating supply", circulating)
    if whole is not None and out is not None and out > whole:
        raise NumberInvalid(f"The circulating supply {out:g} is above the maximum supply {whole:g}.")
    return Valuation(
        fully_diluted=None if whole is None else within_reach("valuation", price * whole),
        market_cap=None if out is None else within_reach("valuation", price * out),
        circulating_share=None if whole is None or out is None else out / whole,
    )


def stock_to_flow(stock: float, yearly_flow: float) -> float:
    """Existing supply over the new supply of a year: how many years of production there are.

    Source: PlanB, 2019, "Modeling Bitcoin's Value with Scarcity"; the ratio itself is older and was used for gold.
    """
    return within_reach(
        "stock-to-flow ratio", positive("stock", stock) / positive("yearly flow", yearly_flow)
    )


def network_value_ratio(market_cap: float, denominator: float) -> float:
    """Market capitalisation over what it is compared with.

    NVT compares with the daily transferred value (Woo, 2017), MVRV with the realised capitalisation (Mahmudov and
    Puell, 2018).
    """
    return within_reach(
        "ratio", positive("market capitalisation", market_cap) / positive("denominator", denominator)
    )


def _subsidy(era: int) -> int:
    return FIRST_SUBSIDY >> era if era < 64 else 0  # noqa: PLR2004  # as in Bitcoin Core, shifts end at 64
