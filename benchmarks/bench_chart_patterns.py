"""How often chart patterns are found where they were planted, and how often in random walks, where none means anything.

`python benchmarks/bench_chart_patterns.py` plants each pattern 100 times in noise of two sizes, looks through 1,000 random
walks of 250 bars for patterns and through 400 for signals, times each reading of 500 bars, and prints JSON.
"""

import json
import time
from collections import Counter
from collections.abc import Callable

from tests.trading.series import planted, upside_down, walk
from tests.trading.test_chart_structure import MIRRORED, PLANTED
from trading import (
    Bars,
    Rule,
    backtest,
    find_channel,
    find_chart_patterns,
    find_levels,
    find_signal,
    find_swings,
    find_trend_lines,
    judge,
    positions,
)

NOISES = (0.4, 0.8)
"""Standard deviation of the closes around the planted path, whose patterns are 10 to 17 high."""
SEEDS = range(100)
WALKS = range(1000, 2000)
SIGNAL_WALKS = 400


def found() -> dict[str, dict[str, float]]:
    """The share of planted patterns that are found, by pattern and noise."""
    shares: dict[str, dict[str, float]] = {}
    for name, pivots in PLANTED.items():
        for wanted, path in ((name, pivots), (f"{MIRRORED[name]} (mirrored)", upside_down(pivots))):
            plain = wanted.removesuffix(" (mirrored)")
            names = {plain, plain.replace("flag", "pennant")}
            shares[wanted] = {
                f"noise {noise}": sum(
                    any(pattern.name in names for pattern in find_chart_patterns(planted(path, seed, noise)))
                    for seed in SEEDS
                )
                / len(SEEDS)
                for noise in NOISES
            }
    return shares


def alarms() -> dict[str, float]:
    """Patterns a random walk of 250 bars, by name and by what became of them."""
    seen: Counter[str] = Counter()
    for seed in WALKS:
        for pattern in find_chart_patterns(walk(seed)):
            seen.update((pattern.name, pattern.status.value, "all"))
    return {name: count / len(WALKS) for name, count in seen.most_common()}


def milliseconds(reading: Callable[[Bars], object], bars: Bars, times: int = 5) -> float:
    """What one reading takes, the mean of some."""
    began = time.perf_counter()
    for _ in range(times):
        reading(bars)
    return round((time.perf_counter() - began) * 1000 / times, 1)


def main() -> None:
    """Print the figures."""
    bars = walk(1, 500)
    readings: dict[str, Callable[[Bars], object]] = {
        "swings": find_swings,
        "levels": find_levels,
        "trend lines": find_trend_lines,
        "channel": find_channel,
        "chart patterns": find_chart_patterns,
        "verdict": judge,
        "signal": find_signal,
        "backtest": lambda each: backtest(each, positions(Rule.SMA_CROSS, each)),
    }
    report = {
        "found": found(),
        "patterns in a random walk of 250 bars": alarms(),
        "random walks with a signal on the last bar": sum(
            find_signal(walk(seed)).side is not None for seed in WALKS[:SIGNAL_WALKS]
        )
        / SIGNAL_WALKS,
        "milliseconds for 500 bars": {name: milliseconds(each, bars) for name, each in readings.items()},
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
