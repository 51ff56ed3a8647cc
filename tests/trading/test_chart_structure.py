"""Swings, levels, lines and chart patterns: found where they were planted, seldom where there is nothing."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.trading.series import Pivots, planted, upside_down, walk
from trading import (
    PATTERN_NAMES,
    Bars,
    Direction,
    Status,
    TooFewBars,
    Turn,
    bars_from_closes,
    find_channel,
    find_chart_patterns,
    find_levels,
    find_swings,
    find_trend_lines,
)

PLANTED: dict[str, Pivots] = {
    "head and shoulders": [(0, 80), (20, 100), (30, 93), (45, 110), (60, 93.5), (70, 101), (85, 86)],
    "double top": [(0, 80), (25, 110), (40, 100), (55, 110.5), (75, 92)],
    "triple top": [(0, 80), (25, 110), (38, 100), (50, 110.3), (63, 100.5), (75, 109.8), (92, 92)],
    "symmetrical triangle": [
        *((0, 80), (20, 120), (35, 100), (48, 114), (60, 103.5), (70, 111), (78, 106.5), (92, 120))
    ],
    "ascending triangle": [
        *((0, 80), (20, 110), (35, 96), (48, 110.3), (60, 101.5), (70, 109.8), (78, 105.5), (92, 122))
    ],
    "rising wedge": [
        *((0, 80), (20, 106), (32, 96), (44, 112), (56, 105), (66, 117), (75, 112), (82, 119), (97, 95))
    ],
    "bull flag": [(0, 80), (15, 80.5), (25, 105), (40, 100), (52, 120)],
}
MIRRORED = {
    "head and shoulders": "inverse head and shoulders",
    "double top": "double bottom",
    "triple top": "triple bottom",
    "symmetrical triangle": "symmetrical triangle",
    "ascending triangle": "descending triangle",
    "rising wedge": "falling wedge",
    "bull flag": "bear flag",
}
SEEDS = range(10)


def cut(bars: Bars, count: int) -> Bars:
    """The first bars."""
    names = ("open", "high", "low", "close", "volume")
    return Bars(**{name: getattr(bars, name)[:count] for name in names})


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_pattern_is_found_in_nine_of_ten_noisy_series(name, mirrored):
    wanted = MIRRORED[name] if mirrored else name
    pivots = upside_down(PLANTED[name]) if mirrored else PLANTED[name]
    found = [
        pattern
        for seed in SEEDS
        for pattern in find_chart_patterns(planted(pivots, seed))
        if pattern.name == wanted or pattern.name == wanted.replace("flag", "pennant")
    ]
    assert len(found) >= 0.9 * len(SEEDS)
    assert Counter(pattern.status for pattern in found).most_common(1)[0][0] is Status.CONFIRMED


def test_the_points_of_a_head_and_shoulders_are_those_that_were_planted():
    bars = planted(PLANTED["head and shoulders"])
    (pattern,) = [each for each in find_chart_patterns(bars) if each.name == "head and shoulders"]
    assert [point.role for point in pattern.points] == [
        *("left shoulder", "neckline", "head", "neckline", "right shoulder")
    ]
    planted_at = [place for place, _ in PLANTED["head and shoulders"][1:6]]
    assert all(abs(point.index - place) <= 2 for point, place in zip(pattern.points, planted_at, strict=True))
    assert pattern.direction is Direction.BEARISH
    assert pattern.ends_beyond == pattern.points[2].price
    decided = pattern.decided_at
    assert decided is not None
    neck = pattern.lines[0]
    assert bars.close[decided] < neck.at(decided)
    assert all(bars.close[at] >= neck.at(at) for at in range(pattern.points[-1].index, decided))
    assert pattern.target == pytest.approx(neck.at(decided) - (pattern.points[2].price - neck.at(45)), abs=2)


def test_a_pattern_forms_until_a_close_decides_it_and_may_fail():
    pivots = PLANTED["double top"]
    forming = find_chart_patterns(planted([*pivots[:-1], (62, 105)]))
    assert [each.status for each in forming if each.name == "double top"] == [Status.FORMING]
    failed = find_chart_patterns(planted([*pivots[:-1], (66, 103.5), (80, 125)]))
    assert [each.status for each in failed if each.name == "double top"] == [Status.FAILED]


def test_random_walks_show_about_one_pattern_in_250_bars_at_most():
    seen = Counter(pattern.name for seed in range(60) for pattern in find_chart_patterns(walk(seed)))
    assert set(seen) <= set(PATTERN_NAMES)
    assert sum(seen.values()) / 60 <= 1.2
    assert max(seen.values()) / 60 <= 0.3


def test_recent_patterns_are_those_whose_decision_or_last_point_is_recent():
    bars = planted([*PLANTED["double top"], (150, 91), (160, 92)])
    assert any(each.name == "double top" for each in find_chart_patterns(bars))
    assert all(each.newest >= len(bars) - 20 for each in find_chart_patterns(bars, recent=20))


def test_swings_are_known_only_after_the_market_turned_and_later_bars_do_not_change_them():
    bars = walk(5)
    swings = find_swings(bars)
    assert all(swing.known_at > swing.index for swing in swings)
    assert all(before.turn is not after.turn for before, after in pairwise(swings))
    for count in (120, 180):
        assert find_swings(cut(bars, count)) == tuple(swing for swing in swings if swing.known_at < count)


def test_swings_of_closes_alone_are_the_turning_points():
    up_and_down = [*np.linspace(100, 130, 16), *np.linspace(128, 100, 15), *np.linspace(102, 140, 20)]
    swings = find_swings(bars_from_closes(up_and_down))
    assert [(swing.index, swing.turn) for swing in swings] == [(15, Turn.HIGH), (30, Turn.LOW)]
    with pytest.raises(TooFewBars, match="20"):
        find_swings(bars_from_closes(up_and_down[:19]))


def test_levels_are_where_the_market_turned_with_every_touch():
    bars = planted([(0, 100), (15, 120), (30, 105), (45, 120.4), (60, 104.8), (75, 119.8), (90, 110)])
    levels = find_levels(bars)
    top = next(level for level in levels if level.price > 118)
    bottom = next(level for level in levels if level.price < 107)
    assert len(top.touches) == 3
    assert all(abs(swing.index - at) <= 2 for swing, at in zip(top.touches, (15, 45, 75), strict=True))
    assert len(bottom.touches) == 2
    assert not top.supports
    assert bottom.supports
    assert bottom.distance < 0 < top.distance
    assert top.low <= top.price <= top.high
    assert top.crossed == 0
    assert [abs(level.distance) for level in levels] == sorted(abs(level.distance) for level in levels)


def test_a_line_under_rising_lows_and_its_channel_are_found():
    pivots = [
        (0, 100),
        (10, 110),
        (20, 104),
        (30, 116),
        (40, 108),
        (50, 120),
        (60, 112),
        (70, 124),
        (80, 117),
    ]
    bars = planted(pivots, noise=0.2)
    lines = {line.turn: line for line in find_trend_lines(bars)}
    low = lines[Turn.LOW]
    assert low.confirmed
    assert low.broken is None
    assert low.line.slope == pytest.approx(0.2, abs=0.03)
    channel = find_channel(bars)
    assert channel is not None
    assert channel.lower.slope == channel.upper.slope == pytest.approx(0.2, abs=0.03)
    assert channel.width == pytest.approx(10, abs=2.5)
    assert len(channel.lower_touches) + len(channel.upper_touches) >= 5


def test_a_line_that_was_closed_beyond_is_told_as_broken():
    pivots = [(0, 100), (10, 112), (20, 104), (30, 116), (40, 108), (50, 120), (80, 80)]
    line = next(each for each in find_trend_lines(planted(pivots, noise=0.2)) if each.turn is Turn.LOW)
    assert line.broken is not None
    assert 55 <= line.broken <= 66


def test_prices_that_never_turn_have_no_structure():
    rising = bars_from_closes([100.0 + i for i in range(60)])
    flat = bars_from_closes([100.0] * 60)
    for bars in (rising, flat):
        assert find_swings(bars) == ()
        assert find_levels(bars) == ()
        assert find_trend_lines(bars) == ()
        assert find_channel(bars) is None
        assert find_chart_patterns(bars) == ()


def test_a_pattern_looks_the_same_at_any_price_level():
    bars = planted(PLANTED["head and shoulders"])
    large = replace(
        bars,
        **{
            name: tuple(value * 600 for value in getattr(bars, name))
            for name in ("open", "high", "low", "close")
        },
    )
    small, big = find_chart_patterns(bars), find_chart_patterns(large)
    assert [(each.name, each.points[0].index) for each in small] == [
        (each.name, each.points[0].index) for each in big
    ]
