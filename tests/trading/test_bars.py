import math

import pytest

from trading import (
    Bars,
    BarsInvalid,
    SeriesMissing,
    bars_from_closes,
    bars_from_csv,
    bars_from_numbers,
    bars_from_rows,
    find_bars,
)

ROWS = "2024-01-01,10,12,9,11,100\n2024-01-02,11,13,10,12,110\n2024-01-03,12,14,11,13,120"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"close": ()}, "no prices"),
        ({"close": (math.nan, 2.0)}, "close of bar 1 is nan"),
        ({"close": (1.0, math.inf)}, "close of bar 2 is inf"),
        ({"close": (1.0, -2.0)}, "must be above 0"),
        ({"close": (1.0, 2.0), "volume": (1.0,)}, "2 closes but 1 of volume"),
        ({"close": (1.0, 2.0), "volume": (1.0, -1.0)}, "volume of bar 2"),
        ({"close": (1.0,), "high": (2.0,)}, "belong together"),
        ({"close": (5.0,), "open": (5.0,), "high": (4.0,), "low": (3.0,)}, "high of bar 1"),
        ({"close": (5.0,), "open": (5.0,), "high": (6.0,), "low": (5.5,)}, "low of bar 1"),
        ({"close": (1.0,) * 200_001}, "at most 200,000"),
    ],
)
def test_what_cannot_be_bars_is_refused_with_the_place(change, says):
    with pytest.raises(BarsInvalid, match=says):
        Bars(**change)


def test_bars_know_their_labels_and_series():
    bars = bars_from_closes([1, 2, 3])
    assert bars.label(-1) == "bar 3"
    assert not bars.full
    assert bars.series("close").tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(SeriesMissing, match="no volume"):
        bars.series("volume")


def test_numbers_make_bars_of_four_or_five():
    assert bars_from_numbers([10, 12, 9, 11, 11, 13, 10, 12]).close == (11, 12)
    assert bars_from_numbers([10, 12, 9, 11, 100], width=5).volume == (100,)
    for numbers in ([], [1, 2, 3]):
        with pytest.raises(BarsInvalid, match="no whole bars"):
            bars_from_numbers(numbers)
    with pytest.raises(BarsInvalid, match="not 3"):
        bars_from_numbers([1, 2, 3], width=3)


def test_uneven_rows_are_refused():
    with pytest.raises(BarsInvalid, match="Bar 2 has 3 numbers"):
        bars_from_rows([[1, 2, 1, 2], [1, 2, 1]])
    with pytest.raises(BarsInvalid, match="no bars"):
        bars_from_rows([])
    with pytest.raises(BarsInvalid, match="cannot be read"):
        bars_from_rows([[1, 2]])


@pytest.mark.parametrize(
    "text",
    [
        f"date,open,high,low,close,volume\n{ROWS}",
        f"\ufeffDate, Open, High, Low, Close, Volume\n{ROWS}\n\n",
        ROWS,
        "Date;Open;High;Low;Close;Volume\n2024-01-01;10,0;12,0;9,0;11,0;100\n2024-01-02;11;13;10;12;110\n2024-01-03;12;14;11;13;120",
        "time\topen\thigh\tlow\tclose\tvolume\n" + ROWS.replace(",", "\t"),
        (
            'Date,Price,Open,High,Low,Vol.,Change %\n"Jan 03, 2024","$13",12,14,11,0.12K,1%\n'
            '"Jan 02, 2024",12,11,13,10,110,1%\n"Jan 01, 2024",11,10,12,9,100,1%'
        ),
        (
            "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-01,10,12,9,11,10.5,100\n2024-01-02,11,13,10,12,11.5,110\n"
            "2024-01-03,12,14,11,13,12.5,120"
        ),
        (
            "1704067200000,10,12,9,11,100,1704153599999,5,6\n1704153600000,11,13,10,12,110,1704239999999,5,6\n"
            "1704240000000,12,14,11,13,120,1704326399999,5,6"
        ),
        "\n".join(reversed(ROWS.splitlines())),
    ],
    ids=[
        "header",
        "bom",
        "bare",
        "semicolon",
        "tabs",
        "newest first",
        "adjusted",
        "klines",
        "bare newest first",
    ],
)
def test_exports_of_many_makers_are_read_alike(text):
    bars = bars_from_csv(text)
    assert bars.open == (10, 11, 12)
    assert bars.high == (12, 13, 14)
    assert bars.low == (9, 10, 11)
    assert bars.close == (11, 12, 13)
    assert bars.volume == (100, 110, 120)


def test_closes_alone_are_enough():
    assert bars_from_csv("date,close\n2024-01-01,1\n2024-01-02,2").close == (1, 2)
    assert bars_from_csv("1\n2\n3").close == (1, 2, 3)
    assert bars_from_csv("2024-01-01,1\n2024-01-02,2").label(1) == "2024-01-02"
    assert bars_from_csv("open,close\n1,2").open is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no lines"),
        ("date,open,high,low,close", "no bars under it"),
        ("date,open,high,low\n2024-01-01,1,2,1", "no column of closing"),
        ("close,close,volume,volume\n1,1,2,2", "more than one column"),
        ("date,close\n2024-01-01,\n2024-01-02,2", "Row 1 has an empty cell"),
        ("date,close\n2024-01-01,abc", "Row 1 has 'abc'"),
        ("1,2,3\n4,5,6", "name the columns"),
        ("date,close\n2024-01-02,1\n2024-01-01,2\n2024-01-03,3", "in no order"),
        ("open,high,low,close\n1,2,1", "Row 1 has an empty cell"),
    ],
)
def test_csv_that_cannot_be_read_says_where(text, says):
    with pytest.raises(BarsInvalid, match=says):
        bars_from_csv(text)


def test_times_nobody_can_read_keep_the_order_of_the_file():
    assert bars_from_csv("date,close\nmonday,1\nsunday,2").close == (1, 2)


def test_bars_are_found_inside_a_request():
    fenced = f"compute the ATR of this, please:\n```csv\ndate,open,high,low,close,volume\n{ROWS}\n```\nthanks"
    found = find_bars(fenced)
    assert found is not None
    assert found.close == (11, 12, 13)


def test_bars_in_words_are_found():
    one = find_bars("is this a doji: open 10 high 11 low 9 close 10.01")
    assert one is not None
    assert (one.open, one.high, one.low, one.close) == ((10,), (11,), (9,), (10.01,))
    two = find_bars(
        "O: 105 H: 1,060 L: 99 C: 100 V: 7, then open at 99, high 108, low 98, closed at 107 volume 8"
    )
    assert two is not None
    assert two.close == (100, 107)
    assert two.volume == (7, 8)


def test_series_by_name_are_found():
    found = find_bars("calculate obv from closes 100, 102, 101 and volumes 500, 300, 400")
    assert found is not None
    assert found.close == (100, 102, 101)
    assert found.volume == (500, 300, 400)
    ranges = find_bars("highs: 12 13 14; lows: 9 10 11; closes: $11 12 13")
    assert ranges is not None
    assert ranges.high == (12, 13, 14)
    assert not ranges.full
    assert find_bars("closes 100, 102, 101") is None
    tight = find_bars("closes 44,44.3, 44.1,43.6 and volumes 5,6,7,8")
    assert tight is not None
    assert tight.close == (44, 44.3, 44.1, 43.6)
    assert tight.volume == (5, 6, 7, 8)
    grouped = find_bars("closes 64,000, $64,100.5, 64,200; volumes 1e3 2e3 3e3")
    assert grouped is not None
    assert grouped.close == (64_000, 64_100.5, 64_200)
    assert grouped.volume == (1000, 2000, 3000)
    assert find_bars("RSI with period 5 over closes 44,44.3,44.1,43.6,44.5,45.1,45.6") is None
    with pytest.raises(BarsInvalid, match="belong together"):
        find_bars("highs 12 13 14, closes 11 12 13")


def test_bars_in_brackets_are_found():
    found = find_bars("candles [10, 12, 9, 11] and [11, 13, 10, 12]")
    assert found is not None
    assert found.high == (12, 13)


@pytest.mark.parametrize(
    "text",
    [
        "what is the RSI?",
        "rsi of 100 102 101",
        "44.1, 44.2, 44.3\n44.4, 44.5, 44.6",
        "RSI(14) of these",
        "open 10 close 11",
        "",
    ],
)
def test_a_text_without_bars_gives_none(text):
    assert find_bars(text) is None


def test_a_damaged_table_in_a_request_is_named():
    with pytest.raises(BarsInvalid, match="high of bar 1"):
        find_bars("date,open,high,low,close\n2024-01-01,10,9,8,11\n2024-01-02,11,13,10,12")
