"""Reading values out of plain words, by schemas with hints."""

import re
import time
from typing import Literal

import pytest
from langchain_core.tools import tool
from pydantic import BaseModel, Field

from models import Unit, argument
from models.chat.extractive.arguments import mentions_of, read_arguments
from models.chat.extractive.plain import put_plainly
from models.chat.extractive.quantities import read_lists, read_quantities
from models.chat.extractive.texts import text_mentions
from models.chat.tools import describe_tool, without_hints


def read(model: type[BaseModel], request: str) -> dict[str, object]:
    return dict(read_arguments(model.model_json_schema(), request).values)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("8 %", 8, Unit.PERCENT), ("8%", 8, Unit.PERCENT), ("8 percent", 8, Unit.PERCENT), ("8 pct", 8, Unit.PERCENT),
        ("25 bps", 0.25, Unit.PERCENT), ("25 basis points", 0.25, Unit.PERCENT), ("drops by 12 %", -12, Unit.PERCENT),
        ("fell 12%", -12, Unit.PERCENT), ("-3.5%", -3.5, Unit.PERCENT), ("\u22123.5%", -3.5, Unit.PERCENT),
        ("10x", 10, Unit.MULTIPLE), ("2.5 times", 2.5, Unit.MULTIPLE), ("triples", 3, Unit.MULTIPLE), ("halves", 0.5, Unit.MULTIPLE),
        ("$60,000", 60000, Unit.MONEY), ("60k", 60000, Unit.NUMBER), ("$1.2m", 1.2e6, Unit.MONEY), ("€5", 5, Unit.MONEY),
        ("5 euros", 5, Unit.MONEY), ("3 billion", 3e9, Unit.NUMBER), ("2 trillion usd", 2e12, Unit.MONEY), ("-$400", -400, Unit.MONEY),
        ("$-400", -400, Unit.MONEY), ("1,234,567.5", 1234567.5, Unit.NUMBER), ("1_000_000", 1e6, Unit.NUMBER), ("1e6", 1e6, Unit.NUMBER),
        (".5", 0.5, Unit.NUMBER), ("14 days", 14, Unit.DAYS), ("14-day", 14, Unit.DAYS), ("two weeks", 14, Unit.DAYS),
        ("3 months", 3, Unit.MONTHS), ("6mo", 6, Unit.MONTHS), ("1 quarter", 3, Unit.MONTHS), ("5 years", 5, Unit.YEARS),
        ("for a year", 1, Unit.YEARS), ("in half a year", 0.5, Unit.YEARS), ("8h", 8, Unit.NUMBER), ("two million dollars", 2e6, Unit.MONEY),
        ("32ETH", 32, Unit.NUMBER), ("+5", 5, Unit.NUMBER), ("price - 40", 40, Unit.NUMBER), ("3 percentage points", 3, Unit.PERCENT),
    ],
)  # fmt: skip
def test_a_number_is_read_with_its_unit(text: str, value: float, unit: Unit):
    (quantity,) = read_quantities(text)
    assert quantity.value == pytest.approx(value)
    assert quantity.unit is unit


@pytest.mark.parametrize(
    "text",
    ["B2B", "v1.2.3", "2024-03-01", "1 March 2025", "sha256", "one token", "a year of growth", "1e999"],
)
def test_digits_of_words_and_dates_are_no_numbers(text: str):
    assert [q.value for q in read_quantities(text) if q.value != 1.0] in ([], [2.3])


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("of 1, 2, 3", [[1, 2, 3]]), ("1 2 3", [[1, 2, 3]]), ("1;2;3", [[1, 2, 3]]), ("1 -> 2 -> 3", [[1, 2, 3]]),
        ("[100,200,300]", [[100, 200, 300]]), ("100,200,300,400,500", [[100, 200, 300, 400, 500]]), ("1, 2 and 3", [[1, 2, 3]]),
        ("-1000, 400, 400 at 8 %", [[-1000, 400, 400]]), ("1, 2", []), ("high 3 low 2 close 1", []),
        ("1,5,9: 4 5 6 7", [[1, 5, 9], [4, 5, 6, 7]]),
    ],
)  # fmt: skip
def test_rows_of_numbers_are_lists(text: str, rows: list[list[float]]):
    assert [list(row.values) for row in read_lists(text, read_quantities(text))] == rows


class Trade(BaseModel):
    entry: float = argument("Entry", unit=Unit.MONEY, cues=("entry", "from", "at"))
    leverage: float = argument("Leverage", unit=Unit.MULTIPLE, cues=("leverage",))
    side: Literal["long", "short"] = argument("Side", aliases={"short": ("sell",)}, default="long")
    risk: float = argument("Risk", unit=Unit.FRACTION, cues=("risk", "risking"), default=0.01)
    days: int = argument("Days held", unit=Unit.DAYS, cues=("for", "days"), default=1)
    fees: bool = argument("Count fees", cues=("fees",), default=False)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("60000 entry, 10x, short", {"entry": 60000, "leverage": 10, "side": "short"}),
        ("10x from 60k for two weeks", {"entry": 60000, "leverage": 10, "days": 14}),
        ("sell at $3,000 with leverage 5", {"entry": 3000, "leverage": 5, "side": "short"}),
        ("entry: 2500; leverage = 3; risking 2 %; with fees", {"entry": 2500, "leverage": 3, "risk": 0.02, "fees": True}),
        ("a position that is mine", {}),
        ("at 100 with 7", {"entry": 100}),
    ],
)  # fmt: skip
def test_numbers_find_their_arguments_in_any_order(request_: str, expected: dict[str, object]):
    assert read(Trade, request_) == expected


def test_what_is_required_and_not_there_is_named():
    reading = read_arguments(Trade.model_json_schema(), "10x long")
    assert reading.missing == ("entry",)
    assert (reading.literal, reading.figures) == (2, 1)


class Copy(BaseModel):
    headline: str = argument("Headline", unit=Unit.QUOTED, cues=("headline",))
    text: str = argument("Text", unit=Unit.QUOTED, cues=("text", "body"), default="")
    symbol: str | None = argument("Symbol", unit=Unit.SYMBOL, default=None)
    start: str | None = argument("Start", unit=Unit.DATE, default=None)
    tags: list[str] = argument("Tags", cues=("tags",), default=[])


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ('body "Read me" headline "Hello"', {"headline": "Hello", "text": "Read me"}),
        ("headline “Fresh bread” from 2026-03-02", {"headline": "Fresh bread", "start": "2026-03-02"}),
        ("headline 'don't panic' for BTC", {"headline": "don't panic", "symbol": "BTC"}),
        ("headline: Fresh bread; tags: a, b and c", {"headline": "Fresh bread", "tags": ["a", "b", "c"]}),
        ("headline is Buy bitcoin now", {"headline": "Buy bitcoin now", "symbol": "BTC"}),
        ("check this: everything after the colon", {"headline": "everything after the colon"}),
        ("look:\n```\ncode here\n```", {"headline": "code here"}),
        ("WHAT IS THIS", {}),
    ],
)
def test_texts_find_their_arguments(request_: str, expected: dict[str, object]):
    assert read(Copy, request_) == expected


class Data(BaseModel):
    table: str = argument("Rows", unit=Unit.TABLE)
    page: str = argument("Page", unit=Unit.HTML, default="")
    whole: str = argument("All", unit=Unit.REQUEST, default="")


def test_tables_and_markup_are_read_whole():
    rows = "a,b,c\n1,2,3\n4,5,6"
    request = f"look at\n{rows}\nand <p>this</p> please"
    assert read(Data, request) == {"table": rows, "page": "<p>this</p>", "whole": request}
    assert mentions_of(request).wording == "look at and please"
    assert text_mentions(put_plainly("a, b and c\nno table here", [])).table is None


class Series(BaseModel):
    values: list[float] = argument("Series", cues=("closes",))
    others: list[int] = argument("Others", cues=("volumes",), default=[])
    shares: list[float] = argument("Shares", unit=Unit.PERCENT, cues=("shares",), default=[])


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("volumes 5, 6, 7 and closes: 1, 2, 3", {"values": [1, 2, 3], "others": [5, 6, 7]}),
        ("12, 26, 9 on closes 1 2 3 4 5", {"values": [1, 2, 3, 4, 5]}),
        ("closes 1, 2", {"values": [1, 2]}),
        ("closes 1%, -2%, 3%", {"values": [0.01, -0.02, 0.03]}),
        ("closes 1, 2, 3 and shares 50%, 30%, 20%", {"values": [1, 2, 3], "shares": [50, 30, 20]}),
        ("nothing", {}),
    ],
)
def test_lists_find_their_arguments(request_: str, expected: dict[str, object]):
    assert read(Series, request_) == expected


class Sized(BaseModel):
    customers: float | None = argument("Customers", unit=Unit.COUNT, cues=("people",), default=None)
    price: float = argument("Price", unit=Unit.MONEY, cues=("pay", "price"))
    share: float = argument("Share", unit=Unit.PERCENT, cues=("share",), default=5.0, ge=0, le=100)
    months: int = argument("Months", unit=Unit.MONTHS, cues=("over",), default=12)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("30k restaurants paying 99", {"customers": 30000, "price": 99}),
        ("price 10, share 250 %", {"price": 10}),
        ("price 10 over 2 years", {"price": 10, "months": 24}),
        ("price 10 over 45 days", {"price": 10, "months": 1}),
        ("price 10 over 6", {"price": 10, "months": 6}),
    ],
)
def test_units_bounds_and_counted_nouns_decide(request_: str, expected: dict[str, object]):
    assert read(Sized, request_) == expected


def test_only_declared_options_are_chosen_and_all_of_a_list():
    class Reach(BaseModel):
        channels: list[Literal["Telegram", "Phone", "Web"]] = Field(default=[])

    assert read(Reach, "by phone and Telegram, not by pigeon") == {"channels": ["Phone", "Telegram"]}
    assert read(Reach, "by pigeon") == {}


@tool("trade", args_schema=Trade)
def trade(**values: object) -> str:
    """Trades."""
    return str(values)


def test_a_bound_tool_keeps_its_hints_and_an_endpoint_gets_none():
    described = describe_tool(trade)
    properties = described["function"]["parameters"]["properties"]
    assert properties["entry"]["x-cues"] == ["entry", "from", "at"]
    assert properties["side"]["x-aliases"] == {"short": ["sell"]}
    assert "x-" not in str(without_hints([described]))
    assert describe_tool(described) == described


@pytest.mark.parametrize(
    "attack",
    [
        "1" * 32_000, "1," * 16_000, "1,111," * 5_300, "1 " * 16_000, "9% " * 10_000, "down " * 6_400 + "9%", "2024-01-01 " * 2_900,
        "1 March 2025 " * 2_400, '"' * 32_000, "'a " * 10_000, "\u201c" * 32_000, "`" * 32_000, "<p" * 16_000, "<p>" * 10_000,
        "```\n" * 8_000, ",\n" * 16_000, "a,b\n" * 8_000, ":" * 32_000, "headline " * 3_500, "headline: " * 3_200, "entry " * 5_300,
        " " * 32_000 + "x", "\n" * 32_000, "(" * 32_000, "[1, " * 8_000, "1-" * 16_000, "$" * 32_000, "one " * 8_000, "A" * 32_000,
        "é" * 32_000, "😀" * 16_000, "\ud800" * 16_000, "a: " * 10_000, "1.1.1." * 5_000, "for a " * 5_000, "1 and " * 5_000, "١" * 32_000,
    ],
    ids=lambda attack: re.sub(r"\W", "_", repr(attack[:8])) + str(len(attack)),
)  # fmt: skip
def test_reading_32000_characters_takes_no_long_time(attack: str):
    schemas = [model.model_json_schema() for model in (Trade, Copy, Data, Series, Sized)]

    def seconds(text: str) -> float:
        began = time.process_time()
        for schema in schemas:
            read_arguments(schema, text)
        return time.process_time() - began

    # What backtracks takes a hundred times as long for ten times the length, or does not end.
    assert seconds(attack) < 40 * max(seconds(attack[: len(attack) // 10]), 0.05)
