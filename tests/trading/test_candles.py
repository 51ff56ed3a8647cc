import pytest
import talib

from trading import (
    CANDLE_PATTERNS,
    Bars,
    Direction,
    SeriesMissing,
    TooFewBars,
    bars_from_closes,
    bars_from_rows,
    classify,
    detect_patterns,
    trend_before,
)

FALL = [[100 - i, 100.5 - i, 98.5 - i, 99 - i] for i in range(15)]


def test_every_pattern_of_talib_has_a_row():
    functions = talib.get_function_groups()["Pattern Recognition"]
    assert [pattern.function for pattern in CANDLE_PATTERNS] == sorted(functions)
    assert len(CANDLE_PATTERNS) == 61


def test_a_bullish_engulfing_after_a_fall_fires_on_its_bar():
    bars = bars_from_rows([*FALL, [84.8, 87.5, 84.5, 87.2]])
    found = {match.pattern.function: match for match in detect_patterns(bars, window=1)}
    assert found["CDLENGULFING"].direction is Direction.BULLISH
    assert found["CDLENGULFING"].index == 15


def test_indecision_has_no_direction():
    bars = bars_from_rows([*FALL, [85, 86, 84, 85]])
    found = {match.pattern.function: match.direction for match in detect_patterns(bars, window=1)}
    assert found["CDLDOJI"] is Direction.NEUTRAL


def test_few_bars_and_closes_alone_are_refused():
    with pytest.raises(TooFewBars, match="at least 11"):
        detect_patterns(bars_from_rows(FALL[:10]))
    with pytest.raises(SeriesMissing):
        detect_patterns(bars_from_closes([1.0] * 20))
    with pytest.raises(SeriesMissing, match="open, high, low and close"):
        classify(bars_from_closes([1.0]))


def one(opened: float, high: float, low: float, close: float) -> list[tuple[str, str]]:
    return [
        (shape.name, shape.direction.value)
        for shape in classify(bars_from_rows([[opened, high, low, close]]))
    ]


@pytest.mark.parametrize(
    ("candle", "name", "direction"),
    [
        ((10, 11, 9, 10.01), "doji", "neutral"),
        ((10, 10.1, 8, 10.05), "dragonfly doji", "neutral"),
        ((10, 12, 9.95, 10.0), "gravestone doji", "neutral"),
        ((10, 10, 10, 10), "four-price doji", "neutral"),
        ((10, 20, 10, 20), "marubozu", "bullish"),
        ((20, 20, 10, 10), "marubozu", "bearish"),
        ((100, 101, 90, 100.9), "dragonfly doji", "neutral"),
        ((100, 102, 90, 102), "hammer", "bullish"),
        ((102, 112, 100, 100), "shooting star", "bearish"),
        ((10, 12, 8, 10.8), "spinning top", "neutral"),
        ((10, 11.1, 8.9, 10.2), "doji", "neutral"),
    ],
)
def test_single_candles_are_named_by_the_stated_rules(candle, name, direction):
    [(found, way)] = one(*candle)
    assert found.startswith(name)
    assert way == direction


def test_a_plain_candle_has_no_name():
    assert one(10, 14, 9, 12) == []


def shapes_after(trend: list[list[float]], candle: list[float]) -> list[tuple[str, Direction]]:
    bars = bars_from_rows([*trend, candle])
    return [(shape.name, shape.direction) for shape in classify(bars) if shape.index == len(trend)]


def test_the_trend_before_tells_hammer_from_hanging_man():
    falling, rising = FALL[:4], [[100 + i, 101.5 + i, 99.5 + i, 101 + i] for i in range(4)]
    assert shapes_after(falling, [95, 95.8, 92, 95.8]) == [("hammer", Direction.BULLISH)]
    assert shapes_after(rising, [105, 105.8, 102, 105.8])[0][0].startswith("hanging man")
    assert shapes_after(rising, [105.8, 109, 105, 105]) == [("shooting star", Direction.BEARISH)]
    assert shapes_after(falling, [95.8, 99, 95, 95])[0][0].startswith("inverted hammer")


def test_engulfing_needs_the_other_colour_and_the_whole_body():
    down, up = [105.0, 106, 99, 100], [99.0, 108, 98, 107]
    assert ("bullish engulfing", Direction.BULLISH) in shapes_after([down], up)
    assert ("bearish engulfing", Direction.BEARISH) in shapes_after([[100, 106, 99, 105]], [106, 107, 98, 99])
    assert shapes_after([down], [100.5, 105, 99, 104]) == []
    assert all("engulfing" not in name for name, _ in shapes_after([[99, 108, 98, 107]], [98, 110, 97, 109]))


def test_trend_is_unknown_without_two_earlier_closes():
    bars = Bars(close=(1.0, 2.0, 3.0, 3.0))
    assert [trend_before(bars, index) for index in range(4)] == [0, 0, 1, 1]
    assert trend_before(bars_from_closes([2, 2, 2]), 2) == 0
