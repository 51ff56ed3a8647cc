"""Reading the arguments that are texts: choices, symbols, dates, quotations, markup and tables."""

import re
from collections.abc import Callable, Mapping

from pydantic import JsonValue

from models.arguments import Unit
from models.chat.extractive.quantities import read_dates
from models.chat.extractive.schema import Property, cue_words, mapping, sequence
from models.chat.extractive.words import fold, words

_QUOTED = re.compile(
    "\"([^\"]+)\"|\u201c([^\u201d]+)\u201d|`([^`]+)`|(?:^|[\\s:(])'([^']{2,})'(?=[\\s.,;:!?)]|$)"
)
_FENCED = re.compile(r"```[\w-]*\n(.*?)```", re.DOTALL)
_MARKUP = re.compile(
    r"<(?:!doctype|html|head|body|title|h1|div|p|a|meta|main|section)\b.*>", re.DOTALL | re.IGNORECASE
)
_AFTER_COLON = re.compile(r":\s*(\S.*)\Z", re.DOTALL)
_TABLE = re.compile(r"(?:^|\n)[^\n,;]*[,;][^\n]*(?:\n[^\n,;]*[,;][^\n]*)+", re.DOTALL)
_SYMBOL = re.compile(r"\b[A-Z]{2,6}[/-]?(?:USDT|USDC|USD|EUR|BTC)?\b")
_COINS = {
    "bitcoin": "BTC", "ethereum": "ETH", "ether": "ETH", "solana": "SOL", "cardano": "ADA", "ripple": "XRP",
    "dogecoin": "DOGE", "litecoin": "LTC", "polkadot": "DOT", "chainlink": "LINK", "avalanche": "AVAX",
}  # fmt: skip
_NO_SYMBOLS = frozenset(
    "A AN AND API ATR CCI EMA FOR IS MACD MFI NPV IRR OBV OF OK ON OR RSI ROC SMA SQL THE TO USD USDT VWAP WMA".split()
)


def read_texts(properties: Mapping[str, Property], request: str, values: dict[str, JsonValue]) -> None:
    """Add to `values` each text argument that the request gives."""
    quoted = [next(group for group in match.groups() if group) for match in _QUOTED.finditer(request)]
    for name, prop in properties.items():
        if name in values:
            continue
        value = _read_text(name, prop, request, quoted)
        if value is not None:
            values[name] = value


def _read_text(name: str, prop: Property, request: str, quoted: list[str]) -> JsonValue:
    if "enum" in prop:
        return _read_choice(prop, request)
    if prop.get("type") == "boolean":
        return any(cue in fold(request) for cue in cue_words(name, prop)) or None
    if prop.get("type") == "array" and mapping(prop.get("items")).get("type") == "string":
        return _read_text_list(name, prop, request, quoted)
    if prop.get("type") != "string":
        return None
    reader = _READERS.get(str(prop.get("x-unit")))
    return reader(request, quoted) if reader else _read_named_text(name, prop, request)


def _read_choice(prop: Property, request: str) -> JsonValue:
    """The enumeration value that is named longest in the request."""
    text = f" {' '.join(words(request))} "
    aliases = mapping(prop.get("x-aliases"))
    best: tuple[int, JsonValue] = (0, None)
    for value in sequence(prop.get("enum")):
        for spoken in [str(value), *map(str, sequence(aliases.get(str(value))))]:
            name_in_words = " ".join(words(spoken.replace("_", " ")))
            if name_in_words and f" {name_in_words} " in text:
                best = max(best, (len(name_in_words), value), key=lambda pair: pair[0])
    return best[1]


def _read_text_list(name: str, prop: Property, request: str, quoted: list[str]) -> JsonValue:
    if len(quoted) > 1:
        items: list[JsonValue] = list(quoted)
        quoted.clear()
        return items
    found = _read_named_text(name, prop, request)
    if not isinstance(found, str):
        return None
    return [item.strip() for item in re.split(r"\s*(?:,|;|\band\b)\s*", found) if item.strip()]


def _read_named_text(name: str, prop: Property, request: str) -> str | None:
    """The text after `cue:` or `cue =`, up to the end of the sentence or the next such label."""
    for cue in cue_words(name, prop):
        pattern = rf"\b{re.escape(cue)}\b\s*(?:is|are|:|=)\s*(.+?)(?=\s*(?:[;\n]|\.\s|\.$|$|,\s*[\w ]{{2,24}}\s*(?::|=)))"
        match = re.search(pattern, request, re.IGNORECASE)
        if match:
            return match[1].strip().strip("\"'")
    return None


def _read_symbol(request: str) -> str | None:
    for match in _SYMBOL.finditer(request):
        if match[0] not in _NO_SYMBOLS:
            return match[0]
    return next((_COINS[word] for word in words(request) if word in _COINS), None)


def _first(pattern: re.Pattern[str], request: str) -> str | None:
    match = pattern.search(request)
    return match[1].strip() if match else None


def _whole(pattern: re.Pattern[str], request: str) -> str | None:
    match = pattern.search(request)
    return match[0].strip() if match else None


def _read_date(request: str) -> str | None:
    dates = read_dates(request)
    return dates[0].value.isoformat() if dates else None


_READERS: dict[str, Callable[[str, list[str]], str | None]] = {
    Unit.REQUEST: lambda request, _: request,
    Unit.SYMBOL: lambda request, _: _read_symbol(request),
    Unit.DATE: lambda request, _: _read_date(request),
    Unit.HTML: lambda request, _: _first(_FENCED, request) or _whole(_MARKUP, request),
    Unit.TABLE: lambda request, _: _first(_FENCED, request) or _whole(_TABLE, request),
    Unit.QUOTED: lambda request, quoted: (
        quoted.pop(0) if quoted else _first(_FENCED, request) or _first(_AFTER_COLON, request)
    ),
}
