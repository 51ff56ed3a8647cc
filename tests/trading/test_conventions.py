import pytest

from trading import definitions, find_indicator, readings

CLOSES = [44.0, 44.5, 44.2, 43.9, 44.6, 45.1, 44.8, 45.6]


def test_ours_comes_first_and_the_others_follow():
    values, complete = readings("EMA", {"close": CLOSES}, {"period": 3})
    first = [44.0]
    for close in CLOSES[1:]:
        first.append(0.5 * close + 0.5 * first[-1])
    assert complete
    assert values[0]["ema"] == pytest.approx(45.1791667)
    assert values[1]["ema"] == pytest.approx(first[-1])


def test_rsi_of_plain_means_is_cutlers():
    values, _ = readings("RSI", {"close": CLOSES}, {"period": 4})
    gains, losses = (0.7 + 0.5 + 0.8) / 4, 0.3 / 4
    assert any(each["rsi"] == pytest.approx(100 * gains / (gains + losses)) for each in values[1:])


def test_macd_starts_from_the_first_close_elsewhere():
    closes = [100 + (each % 7) for each in range(40)]
    values, complete = readings("MACD", {"close": closes}, {})
    assert complete
    assert len(values) == 3
    assert all(each["macd"] - each["signal"] == pytest.approx(each["histogram"]) for each in values)


def test_bands_of_a_sample_are_wider():
    values, _ = readings("BBANDS", {"close": CLOSES}, {"period": 5})
    assert values[1]["upper"] > values[0]["upper"] > values[0]["middle"] == pytest.approx(values[1]["middle"])
    deviations, _ = readings("STDDEV", {"close": CLOSES}, {"period": 5})
    assert deviations[1]["stddev"] == pytest.approx(deviations[0]["stddev"] * (5 / 4) ** 0.5)


@pytest.mark.parametrize(
    ("name", "series", "parameters"),
    [
        ("SMA", {"close": CLOSES}, {"period": 20}),
        ("SMA", {"close": CLOSES}, {"speed": 2}),
        ("ATR", {"close": CLOSES}, {"period": 3}),
        ("SMA", {"close": [1, -1]}, {"period": 2}),
        ("SMA", {}, {"period": 2}),
        ("NONE", {"close": CLOSES}, {}),
    ],
)
def test_prices_or_settings_without_a_reading_give_none(name, series, parameters):
    assert readings(name, series, parameters) == ((), False)


def test_what_other_programs_start_otherwise_is_not_complete():
    assert readings("DEMA", {"close": CLOSES}, {"period": 2})[1] is False
    assert readings("WMA", {"close": CLOSES}, {"period": 2})[1] is True


def test_definitions_are_those_of_the_table():
    known = {each.name: each for each in definitions()}
    rsi = find_indicator("RSI")
    assert (known["RSI"].defaults, known["RSI"].low, known["RSI"].high) == ((14,), 0, 100)
    assert known["RSI"].outputs == rsi.outputs
    assert known["BBANDS"].defaults == (20, 2)
    assert (known["CMF"].low, known["CMF"].needs) == (-1, ("high", "low", "close", "volume"))
    assert (known["FNG"].high, known["FNG"].needs) == (100, ())
    assert "momentum" not in known["MOM"].names
    assert not known["STOCH"].settled
