"""How a tool's argument tells any model, and the extractive one above all, what to look for in a request."""

from enum import StrEnum
from typing import Any  # pydantic's Field returns Any so that a default may stand for any type

from pydantic import Field
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined


class Unit(StrEnum):
    """What a number or a text in a request measures or is; written to the JSON schema as `x-unit`."""

    NUMBER = "number"
    COUNT = "count"
    MONEY = "money"
    PERCENT = "percent"  # the value is in percent: 8 for "8 %"
    FRACTION = "fraction"  # the value is a fraction: 0.08 for "8 %"
    MULTIPLE = "multiple"  # 10 for "10x"
    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"
    SYMBOL = "symbol"  # BTC, BTCUSDT, BTC/USDT
    DATE = "date"  # ISO 8601
    QUOTED = "quoted"  # text in quotes, or after a colon
    REQUEST = "request"  # the whole request, as it was written
    HTML = "html"  # markup in the request, in a fence or bare
    TABLE = "table"  # rows of comma-separated values in the request, in a fence or bare


def argument(
    description: str,
    *,
    unit: Unit | None = None,
    cues: tuple[str, ...] = (),
    aliases: dict[str, tuple[str, ...]] | None = None,
    holds: str | None = None,
    default: Any = PydanticUndefined,  # any JSON value
    **constraints: Any,  # pydantic constraints such as gt, le, min_length
) -> Any:  # a FieldInfo, typed Any so that it may stand as a field's default
    """A field of a tool's argument model, with hints for reading it from a request in plain words.

    `cues` are the words that stand beside the value in a request ("from", "entry"), most telling first;
    `aliases` are other names of an enumeration's values ({"bbands": ("bollinger bands",)}).
    `holds` is a pattern, found in any case, without which a whole request is not this argument; a number or quotation is not
    where the request's words, put in English, lack it.
    A field without a default is required: a model that cannot read it asks for it.
    """
    extra: dict[str, Any] = {}
    if unit is not None:
        extra["x-unit"] = unit.value
    if cues:
        extra["x-cues"] = list(cues)
    if aliases:
        extra["x-aliases"] = {value: list(names) for value, names in aliases.items()}
    if holds is not None:
        extra["x-holds"] = holds
    field: FieldInfo = Field(
        default=default, description=description, json_schema_extra=extra or None, **constraints
    )
    return field
