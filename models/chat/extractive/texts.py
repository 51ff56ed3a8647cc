"""Reading the arguments that are texts: choices, symbols, dates, quotations, markup and tables."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import JsonValue

from models.arguments import Unit
from models.chat.extractive.cues import Span, cue_strengths
from models.chat.extractive.dates import DateMention, read_dates
from models.chat.extractive.plain import Plain
from models.chat.extractive.schema import Argument, Signature, mapping, sequence
from models.chat.extractive.words import words

_QUOTED = re.compile(
    '"([^"]+)"|\u201c([^\u201c\u201d]+)\u201d|\u00ab([^\u00ab\u00bb]+)\u00bb|(?<!`)`([^`\n]+)`(?!`)'
    "|(?:(?<=[\\s:(])|^)'([^'\n]{2,}(?:'(?=\\w)[^'\n]+){0,3})'(?=[\\s.,;:!?)]|$)"
)
_FENCE = re.compile(r"```[\w-]{0,20}[ \t]{0,9}\n")
_MARKUP = re.compile(
    r"<(?:!doctype|html|head|body|title|h[1-6]|div|p|a|meta|main|section|article|img|span|ul|link|script)\b",
    re.IGNORECASE,
)
_ROW = re.compile(r"[^,;\t|\n]+(?:[,;\t|][^,;\t|\n]*)+")
_JOINS = re.compile(r"(?: (?:and|plus|as well as|the|an?|also|both|periods?|days?|bars?|\d+))*")
_LABELLED = re.compile(r"(?:e?s)?\s{0,9}(?:\bis\b|\bare\b|:|=)\s{0,9}", re.IGNORECASE)
_NEXT_LABEL = re.compile(
    r"[;\n]|\.(?:\s|$)|\?(?:\s|$)|,(?=\s{0,9}(?!(?:\w+ ){1,3}(?:and|with)\b)\w[\w ]{1,24}[:=])|\s(?:and|with)(?=\s\w+(?: \w+)?\s?[:=])"
    r"|,(?=\s{1,9}(?:(?:for|over|with|at|and)\s)?\d+\s(?:posts?|times|days?|weeks?|months?|quarters?|years?)\b)"
)
_LABEL_AHEAD = re.compile(r"[;\n]\s{0,9}\w[\w ]{1,24}[:=]")
_BEFORE_FIGURE = re.compile(r"[,;]?\s{1,9}(?:and\s)?(?=\d|(?:starting|beginning|daily|weekly)\b)")
_SYMBOL = re.compile(r"(?<![\w/-])(?:[A-Z]{2,6}[/-])?[A-Z]{2,10}(?![\w/-])")
_COINS = {
    "bitcoin": "BTC", "ethereum": "ETH", "ether": "ETH", "solana": "SOL", "cardano": "ADA", "ripple": "XRP",
    "dogecoin": "DOGE", "litecoin": "LTC", "polkadot": "DOT", "chainlink": "LINK", "avalanche": "AVAX",
}  # fmt: skip
_NO_SYMBOLS = frozenset(
    "AN AND API ARE AT ATR BBANDS BY CAN CCI CSV DI DO EMA FOR GET HOW IN IRR IS IT KAMA MACD MFI MY NPV OBV OF OK ON OR PLEASE "
    "ROC RSI SAR SMA SQL THE TO USD USDC USDT VWAP WHAT WHEN WITH WMA".split()
)
_LONGEST_LABELLED = 4_000
_LONGEST_ENUMERATED = 2_000
_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class TextMentions:
    """The texts that stand in a request as such, with their places."""

    plain: Plain
    """The request put plainly; all places are in its text."""
    quotes: tuple[tuple[str, Span], ...]
    fenced: tuple[str, Span] | None
    markup: tuple[str, Span] | None
    table: tuple[str, Span] | None
    after_colon: tuple[str, Span] | None
    dates: tuple[DateMention, ...]
    spoken: str
    """The request's words between single blanks, for finding names in it."""


def left_as_written(request: str) -> list[Span]:
    """The spans of a request that are no words of its own: quotations, fences, markup, tables of three columns and more."""
    table = _table(request)
    wide = table is not None and max(map(table[0].split("\n", 1)[0].count, _DELIMITERS)) > 1
    spans = [span for _, span in map(_quote, _QUOTED.finditer(request))]
    spans += [
        mention[1] for mention in (_fenced(request), _markup(request), table if wide else None) if mention
    ]
    apart: list[Span] = []
    for span in sorted(spans):
        if apart and span[0] < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(apart[-1][1], span[1]))
        else:
            apart.append(span)
    return apart


def text_mentions(plain: Plain) -> TextMentions:
    """Find the quotations, fences, markup, tables and dates of a request."""
    request = plain.text
    fenced = _fenced(request)
    markup = _markup(request)
    code = [mention[1] for mention in (fenced, markup) if mention]
    quotes = [_quote(match) for match in _QUOTED.finditer(request)]
    return TextMentions(
        plain=plain,
        quotes=tuple(q for q in quotes if not any(start <= q[1][0] < end for start, end in code)),
        fenced=fenced,
        markup=markup,
        table=_table(request),
        after_colon=_after_colon(request),
        dates=read_dates(request),
        spoken=f" {' '.join(words(request[:_LONGEST_ENUMERATED]))} ",
    )


def read_texts(
    signature: Signature,
    request: str,
    folded: str,
    found: TextMentions,
    values: dict[str, JsonValue],
    today: date,
) -> list[Span]:
    """Add to `values` each text argument that the request gives; the spans of what was quoted or marked up."""
    taken: list[Span] = []
    said = _said(request, found)
    signature = Signature(
        tuple(a for a in signature.arguments if a.is_request or a.is_number or a.may_be_in(said))
    )
    _read_quotes(signature, folded, found, values, taken)
    dates = [(mention, days[0]) for mention in found.dates if len(days := mention.readings(today)) == 1]
    for argument in signature.arguments:
        if argument.name in values:
            continue
        if argument.is_date:
            if dates:
                mention, day = dates.pop(0)
                values[argument.name] = day.isoformat()
                taken.append((mention.start, mention.end))
            continue
        value = _read_text(argument, request, folded, found, taken)
        if value is not None:
            values[argument.name] = value
    return taken


def _read_text(
    argument: Argument, request: str, folded: str, found: TextMentions, taken: list[Span]
) -> JsonValue:
    prop, unit = argument.prop, argument.prop.get("x-unit")
    if unit == Unit.REQUEST:
        return _read_request(argument, found.plain)
    if "enum" in prop:
        return _read_choice(prop, found.spoken)
    if argument.kind == "boolean":
        return any(f" {cue}{end} " in found.spoken for cue in argument.cues for end in ("", "s")) or None
    if argument.kind == "array":
        return _read_text_list(argument, request, folded, found, taken)
    if argument.kind != "string":
        return None
    if unit == Unit.SYMBOL:
        return _read_symbol(request, found.spoken)
    return _kept(_mentioned(argument, request, folded, found, taken), taken, found)


def _mentioned(
    argument: Argument, request: str, folded: str, found: TextMentions, taken: Sequence[Span]
) -> tuple[str, Span] | None:
    """Where a text of the request is meant for the argument."""
    unit = argument.prop.get("x-unit")
    if unit in {Unit.HTML, Unit.TABLE}:
        return found.fenced or (found.markup if unit == Unit.HTML else found.table)
    if unit == Unit.QUOTED and argument.required and not taken:
        return found.fenced or found.markup or _after_label(argument, request, folded, found)
    named = _read_named_text(argument, request, folded)
    if named is None and argument.required and not taken:
        return _enumerated(argument, request, folded)
    return named


def _said(request: str, found: TextMentions) -> str:
    """The request's own words: what is quoted, fenced or marked up is blanked."""
    for start, end in sorted(
        span for _, span in (*found.quotes, *filter(None, (found.fenced, found.markup)))
    ):
        request = request[:start] + " " * (end - start) + request[end:]
    return request


def _after_label(
    argument: Argument, request: str, folded: str, found: TextMentions
) -> tuple[str, Span] | None:
    """A whole text: all that stands behind its label, else behind the first colon."""
    named = _read_named_text(argument, request, folded)
    if named is None:
        return found.after_colon
    start = named[1][0]
    other = _LABEL_AHEAD.search(request, start)
    end = other.start() if other else len(request)
    return request[start:end].strip().strip("\"'"), (start, end)


def _read_request(argument: Argument, plain: Plain) -> str | None:
    """The request as it was written, or plainly put where only so it holds what the argument needs.

    What is not required is read for its figures alone, and so is put plainly.
    """
    holds = argument.prop.get("x-holds")
    if not argument.required:
        held = not isinstance(holds, str) or re.search(holds, plain.text, re.IGNORECASE)
        return plain.text if held else None
    written = plain.request if plain.language == "en" else plain.numbers
    for text in (written, plain.numbers, plain.text):
        if not isinstance(holds, str) or re.search(holds, text, re.IGNORECASE):
            return text
    return None


def _kept(mention: tuple[str, Span] | None, taken: list[Span], found: TextMentions) -> str | None:
    """The text as the request has it, unless its place is taken."""
    if mention is None or any(start <= mention[1][0] < end for start, end in taken):
        return None
    taken.append(mention[1])
    if found.plain.text[slice(*mention[1])].strip().strip("\"'") != mention[0]:
        return mention[0]
    return found.plain.original(*mention[1]).strip().strip("\"'")


def _read_quotes(
    signature: Signature, folded: str, found: TextMentions, values: dict[str, JsonValue], taken: list[Span]
) -> None:
    """Give each quotation to the argument whose cue stands nearest, else to the first that is without."""
    wanted = [a for a in signature.arguments if a.prop.get("x-unit") == Unit.QUOTED and a.kind == "string"]
    if not wanted or not found.quotes:
        return
    spans = [span for _, span in found.quotes]
    cues = cue_strengths(Signature(tuple(wanted)), folded, spans)
    ranked = sorted(cues.items(), key=lambda item: (-item[1], item[0][1]))
    left = dict(enumerate(found.quotes))
    for (name, at), _ in ranked:
        if name not in values and at in left:
            quote, span = left.pop(at)
            values[name] = quote
            taken.append(span)
    for argument in wanted:
        if argument.name not in values and left and (argument.required or not taken):
            quote, span = left.pop(min(left))
            values[argument.name] = quote
            taken.append(span)


def _read_choice(prop: object, spoken: str) -> JsonValue:
    """The enumeration value that is named longest in the request; of equals the one named first."""
    choices = mapping(prop)
    aliases = mapping(choices.get("x-aliases"))
    best: tuple[int, int, JsonValue] = (0, 0, None)
    for value in sequence(choices.get("enum")):
        for name in [str(value), *map(str, sequence(aliases.get(str(value))))]:
            in_words = " ".join(words(name.replace("_", " ")))
            at = spoken.find(f" {in_words} ") if in_words else -1
            if at >= 0:
                best = max(best, (len(in_words), -at, value), key=lambda item: item[:2])
    return best[2]


def named_together(prop: object, spoken: str, value: JsonValue) -> list[JsonValue]:
    """The enumeration values that stand in one series with `value`, it among them, as in "SMA, EMA and WMA"."""
    choices = mapping(prop)
    aliases = mapping(choices.get("x-aliases"))
    places: list[tuple[int, int, JsonValue]] = []
    for each in sequence(choices.get("enum")):
        for name in [str(each), *map(str, sequence(aliases.get(str(each))))]:
            in_words = " ".join(words(name.replace("_", " ")))
            at = spoken.find(f" {in_words} ") if in_words else -1
            if at >= 0:
                places.append((at, at + len(in_words) + 1, each))
    apart: list[tuple[int, int, JsonValue]] = []
    for place in sorted(places, key=lambda place: (place[0], -place[1])):
        if not apart or place[0] >= apart[-1][1]:
            apart.append(place)
    series: list[list[tuple[int, int, JsonValue]]] = [[]]
    for place in apart:
        if series[-1] and not _JOINS.fullmatch(spoken[series[-1][-1][1] : place[0]]):
            series.append([])
        series[-1].append(place)
    own = next((one for one in series if any(each == value for *_, each in one)), [])
    return list(dict.fromkeys(each for *_, each in own))


def _read_text_list(
    argument: Argument, request: str, folded: str, found: TextMentions, taken: list[Span]
) -> JsonValue:
    items = mapping(argument.prop.get("items"))
    if "enum" in items:
        return _read_choices(items, found.spoken) or None
    if items.get("type") != "string":
        return None
    if len(found.quotes) > 1 and not taken:
        taken.extend(span for _, span in found.quotes)
        return [quote for quote, _ in found.quotes]
    text = _kept(_read_named_text(argument, request, folded), taken, found)
    return _items(text) or None if text else None


def _read_choices(items: object, spoken: str) -> list[JsonValue]:
    """Every enumeration value that the request names, in its order."""
    found: list[tuple[int, JsonValue]] = []
    aliases = mapping(mapping(items).get("x-aliases"))
    for value in sequence(mapping(items).get("enum")):
        names = [str(value), *map(str, sequence(aliases.get(str(value))))]
        places = [spoken.find(f" {' '.join(words(name.replace('_', ' ')))} ") for name in names]
        if any(at >= 0 for at in places):
            found.append((min(at for at in places if at >= 0), value))
    return [value for _, value in sorted(found, key=lambda item: item[0])]


def _items(text: str) -> list[JsonValue]:
    return [item.strip() for item in re.split(r"[,;]|\band\b", text) if item.strip()]


def _read_named_text(argument: Argument, request: str, folded: str) -> tuple[str, Span] | None:
    """The text after `cue:`, `cue =` or `cue is`, up to the end of the sentence or the next such label."""
    for cue in argument.cues:
        at = folded.find(cue)
        while at >= 0:
            end = at + len(cue)
            label = _LABELLED.match(request, end)
            bounded = (at == 0 or not folded[at - 1].isalnum()) and label is not None
            if label is not None and bounded:
                return _upto_next_label(request, label.end())
            at = folded.find(cue, end)
    return None


def _upto_next_label(request: str, start: int) -> tuple[str, Span] | None:
    stop = _NEXT_LABEL.search(request, start, start + _LONGEST_LABELLED)
    end = stop.start() if stop else min(len(request), start + _LONGEST_LABELLED)
    text = request[start:end].strip().strip("\"'")
    return (text, (start, end)) if text else None


def _enumerated(argument: Argument, request: str, folded: str) -> tuple[str, Span] | None:
    """Several things after a cue without a colon, up to the next figure: "about sleep, nutrition and training"."""
    for cue in sequence(argument.prop.get("x-cues")):
        spoken = f" {str(cue).lower()} "
        at = folded.find(spoken)
        found = _upto_next_label(request, at + len(spoken)) if at >= 0 else None
        if found is None:
            continue
        text = _BEFORE_FIGURE.split(found[0], maxsplit=1)[0].strip()
        if len(_items(text)) > 1:
            return text, (found[1][0], found[1][0] + len(text))
    return None


def _read_symbol(request: str, spoken: str) -> str | None:
    if not request.isupper():
        for match in _SYMBOL.finditer(request[:_LONGEST_ENUMERATED]):
            if match[0] not in _NO_SYMBOLS:
                return match[0]
    return next((symbol for coin, symbol in _COINS.items() if f" {coin} " in spoken), None)


def _quote(match: re.Match[str]) -> tuple[str, Span]:
    group = next(n for n in range(1, 6) if match[n] is not None)
    return match[group], match.span()


def _fenced(request: str) -> tuple[str, Span] | None:
    opening = _FENCE.search(request)
    if opening is None:
        return None
    end = request.find("```", opening.end())
    end = len(request) if end < 0 else end
    return request[opening.end() : end].strip(), (opening.start(), end)


def _markup(request: str) -> tuple[str, Span] | None:
    opening = _MARKUP.search(request)
    end = request.rfind(">") + 1
    if opening is None or end <= opening.end():
        return None
    return request[opening.start() : end].strip(), (opening.start(), end)


def _after_colon(request: str) -> tuple[str, Span] | None:
    at = request.find(":")
    text = request[at + 1 :].strip() if at >= 0 else ""
    return (text, (at + 1, len(request))) if text else None


def _table(request: str) -> tuple[str, Span] | None:
    """The longest run of lines that the same delimiter divides into the same number of cells, two lines at least."""
    best: tuple[int, int, int] = (1, 0, 0)
    run, cells, delimiter, run_start, at = 0, 0, "", 0, 0
    for line in request.split("\n"):
        mark = max(_DELIMITERS, key=line.count)
        count = line.count(mark) if _ROW.match(line) else 0
        if count and run and (count, mark) == (cells, delimiter):
            run += 1
        else:
            run, cells, delimiter, run_start = (1 if count else 0), count, mark, at
        if run > best[0]:
            best = (run, run_start, at + len(line))
        at += len(line) + 1
    if best[0] < 2:  # noqa: PLR2004  # one line is no table
        return None
    return request[best[1] : best[2]].strip(), (best[1], best[2])
