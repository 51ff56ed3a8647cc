"""Reading a tool's arguments out of a request, by the tool's JSON schema and the hints in it."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import TypeVar

from pydantic import JsonValue

from models.arguments import Unit
from models.chat.extractive.cues import Span, cue_strengths
from models.chat.extractive.dates import DateMention
from models.chat.extractive.expressions import read_expressions, read_flows, risk_percent
from models.chat.extractive.fitting import fill_in, match_numbers
from models.chat.extractive.plain import put_plainly
from models.chat.extractive.quantities import (
    NumberList,
    Quantity,
    is_aside,
    read_lists,
    read_long_rows,
    read_quantities,
)
from models.chat.extractive.schema import Argument, Signature, mapping
from models.chat.extractive.texts import (
    TextMentions,
    left_as_written,
    named_together,
    read_texts,
    text_mentions,
)
from models.chat.extractive.words import folded_in_place

_Mention = TypeVar("_Mention", Quantity, NumberList)
_FEWEST_COLUMNS = 3
_LONGEST_SHORT_ROW = 12
_MOST_ROWS = 20
_COUNTED = re.compile(
    r"\s(?!costs|sales|earnings|savings|wages|expenses|reserves|revenues|times|fees|funds|plus|versus|vs|is|was|as|across|prices|"
    r"closes|flows|returns|less|has|this|rises|falls|drops|gains|points|in|of|at|on|to|for|with|and|or|if|when|"
    r"per|each|every|by|from|after|before|while|price|fixed|variable)(?:(?!in|of|at|on|to|for|with|and|or|per|each|a|an|is|are|the|by|from)[a-z]{2,}\s)?[a-z]{2,}[^s\W]s\b"
)
"""A plural noun right after a number: what it counts."""
_RANGE = re.compile(r"\s?(?:to|up to|[-–])\s?")
_MOST_SINGLE_NUMBERS = 60
"""Numbers of a request that are matched with single arguments; a list may be of any length."""


@dataclass(frozen=True)
class Reading:
    """The arguments that a request gives for a tool, and the required ones that it does not."""

    values: dict[str, JsonValue] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    unclear: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with dates that the request gives for an argument, by its name; it counts as missing then."""
    literal: int = 0
    """How many of the values stand in the request as such, the request as a whole not counted."""
    figures: int = 0
    """How many of those are data: numbers, lists, quotations, markup, dates; not a choice or symbol that is named."""
    series: tuple[dict[str, JsonValue], ...] = ()
    """A required choice with each value that the request names in one series with the one that is taken."""
    unexplained: tuple[str, ...] = ()
    """Numbers of the request that no argument takes, though it may be meant to, as they are written."""
    explained: float = 0.0
    """The share of the request's single numbers that cues or units tie to an argument, 0 to 1; 1 where it has none."""


@dataclass(frozen=True)
class Mentions:
    """What stands in a request, found once and read by the signature of each tool."""

    request: str
    """Put plainly: English words, plain numbers."""
    folded: str
    quantities: int
    """How many numbers there are."""
    singles: tuple[Quantity, ...]
    """Those that may be single arguments: not of a long row, and not of a table of bars."""
    rows: tuple[NumberList, ...]
    """Rows of three numbers and more, outside tables of bars."""
    pairs: tuple[NumberList, ...]
    """Rows of two and more among the single numbers."""
    texts: TextMentions
    wording: str
    """The request without its tables, fences and markup: what is said about them."""


@lru_cache(maxsize=32)
def mentions_of(request: str) -> Mentions:
    """Everything in a request that may become an argument."""
    plain = put_plainly(request, left_as_written(request))
    request = plain.text
    runs, rest = read_long_rows(request)
    quantities = read_quantities(rest)
    texts = text_mentions(plain)
    outside = quantities
    if texts.table is not None and texts.table[0].count(",", 0, texts.table[0].find("\n")) >= _FEWEST_COLUMNS:
        start, end = texts.table[1]  # a tool of bars reads the table itself; to others its cells say nothing
        outside = [q for q in quantities if not start <= q.start < end]
    rows = tuple(read_lists(request, sorted([*outside, *runs], key=lambda each: each.start)))
    long_rows = [row for row in rows if len(row.values) > _LONGEST_SHORT_ROW]
    ends = [row.end for row in long_rows]
    singles = []
    for quantity in outside:
        at = bisect_right(ends, quantity.start)
        if at == len(ends) or quantity.start < long_rows[at].start:
            singles.append(quantity)
    singles = singles[:_MOST_SINGLE_NUMBERS]
    return Mentions(
        request=request,
        folded=folded_in_place(request),
        quantities=len(quantities) + sum(len(run.values) for run in runs),
        singles=tuple(singles),
        rows=rows[:_MOST_ROWS],
        pairs=tuple(read_lists(request, singles, shortest=2)),
        texts=texts,
        wording=_wording(request, texts),
    )


def _wording(request: str, texts: TextMentions) -> str:
    cut = sorted(mention[1] for mention in (texts.fenced, texts.markup, texts.table) if mention)
    parts, at = [], 0
    for start, end in cut:
        parts.append(request[at : max(at, start)])
        at = max(at, end)
    return " ".join(" ".join([*parts, request[at:]]).split()) or request


def read_arguments(
    schema: Mapping[str, JsonValue] | Signature, request: str, *, today: date | None = None
) -> Reading:
    """Read what a tool's arguments (a JSON schema of type object, or its signature) ask for, out of a request.

    A value is taken only where the text supports it: a number in a fitting unit, near a cue word or in order;
    an enumeration value that is named; a quoted text. Nothing is invented: what is not there stays missing. A day
    without a year is the next from `today` on, by default the machine's.
    """
    today = today or datetime.now().astimezone().date()
    signature = schema if isinstance(schema, Signature) else Signature.of(schema)
    found = mentions_of(request)
    values: dict[str, JsonValue] = {}
    taken = read_texts(signature, found.request, found.folded, found.texts, values, today)
    unclear = _unclear(signature, found.texts.dates, values, today)
    told = _read_flows(signature, found, taken, values)
    in_lists = _read_lists(signature, found, taken, values)
    singles = [q for q in _outside(found.singles, [*taken, *in_lists]) if q not in told]
    expressed = read_expressions(signature, found.request, singles)
    values.update(expressed.values)
    used, tied, left = _read_numbers(signature, found, expressed.singles, in_lists, values)
    if expressed.risked is not None:
        values.update(risk_percent(signature, values, expressed.risked))
    used, tied = used + expressed.used + len(told), tied + expressed.used + len(told)
    singles = [*singles, *told]
    by_name = {argument.name: argument for argument in signature.arguments}
    literal = sum(1 for name in values if not by_name[name].is_request)
    explained = tied / len(singles) if singles else 1.0
    return Reading(
        series=tuple(
            {argument.name: value}
            for argument in signature.arguments
            if argument.required and "enum" in argument.prop and argument.name in values and explained == 1.0
            for value in named_together(argument.prop, found.texts.spoken, values[argument.name])
        ),
        values={
            argument.name: values[argument.name]
            for argument in signature.arguments
            if argument.name in values
        },
        missing=tuple(
            a.name for a in signature.arguments if (a.required or a.name in unclear) and a.name not in values
        ),
        unclear=unclear,
        literal=literal,
        figures=len(taken) + len(in_lists) + used,
        unexplained=() if _reads_itself(signature, values) else _unexplained(found, left, values),
        explained=explained,
    )


def _unclear(
    signature: Signature, dates: Sequence[DateMention], values: Mapping[str, JsonValue], today: date
) -> dict[str, str]:
    """The dates that cannot be read, each for an argument that is without."""
    wanting = [a.name for a in signature.arguments if a.is_date and a.name not in values]
    faults = []
    for mention in dates:
        days = mention.readings(today)
        if not days:
            faults.append(f"“{mention.text}” is in no calendar")
        elif len(days) > 1:
            faults.append(f"“{mention.text}” may be {' or '.join(day.isoformat() for day in days)}")
    return dict(zip(wanting, faults, strict=False))


def _read_lists(
    signature: Signature, found: Mentions, texts: Sequence[Span], values: dict[str, JsonValue]
) -> list[Span]:
    """Give each list argument the row that its cues speak of, else the longest one left; the spans of those rows."""
    wanted = [a for a in signature.arguments if a.is_number_list and a.name not in values]
    if not wanted:
        return []
    rows = _outside(found.rows, texts)
    if not rows and any(a.required for a in wanted):
        rows = _outside(found.pairs, texts)
    taken: list[Span] = []
    for argument in sorted(wanted, key=lambda a: not a.required):
        if not rows:
            break
        cues = cue_strengths(Signature((argument,)), found.folded, [(row.start, row.end) for row in rows])
        strengths = [cues.get((argument.name, at), 0.0) for at in range(len(rows))]
        best = max(range(len(rows)), key=lambda at: (strengths[at] + min(len(rows[at].values), 20) / 8, -at))
        if len(wanted) > 1 and not argument.required and not strengths[best]:
            continue
        row = rows.pop(best)
        values[argument.name] = _as_list(argument, row)
        taken.append((row.start, row.end))
    return taken


def _outside(mentions: Sequence[_Mention], spans: Sequence[Span]) -> list[_Mention]:
    return [each for each in mentions if not any(start <= each.start < end for start, end in spans)]


def _as_list(argument: Argument, row: NumberList) -> list[JsonValue]:
    items = mapping(argument.prop.get("items"))
    if row.unit is Unit.PERCENT and argument.unit != Unit.PERCENT:
        return [round(value / 100, 12) for value in row.values]
    if items.get("type") == "integer":
        return [int(value) if value.is_integer() else value for value in row.values]
    return list(row.values)


def _read_flows(
    signature: Signature, found: Mentions, taken: Sequence[Span], values: dict[str, JsonValue]
) -> list[Quantity]:
    """Give a list of cash flows what the request tells in words; the numbers that it was read from."""
    wanted = next((a for a in signature.arguments if a.is_number_list and a.unit == Unit.MONEY), None)
    if wanted is None:
        return []
    told = read_flows(found.request, _outside(found.singles, taken), _outside(found.pairs, taken))
    if told is None:
        return []
    values[wanted.name] = list(told[0])
    return told[1]


def _read_numbers(
    signature: Signature,
    found: Mentions,
    quantities: Sequence[Quantity],
    rows: Sequence[Span],
    values: dict[str, JsonValue],
) -> tuple[int, int, list[Quantity]]:
    """Match numbers with single arguments; how many found a place, how many of these by a cue or unit, and the others."""
    numeric = [
        a for a in signature.arguments if a.is_number and a.name not in values and a.may_be_in(found.request)
    ]
    if not numeric or not quantities:
        return 0, 0, list(quantities)
    # Rows stand among the spans so that a cue before a row does not speak of the number behind it.
    spans = sorted([(q.start, q.end) for q in quantities] + list(rows))
    place = {span: at for at, span in enumerate(spans)}
    by_span = cue_strengths(signature, found.folded, spans)
    cues = {
        (a.name, n): by_span.get((a.name, place[q.start, q.end]), 0.0)
        for a in numeric
        for n, q in enumerate(quantities)
    }
    cue = signature.cue_pattern
    counted = frozenset(
        n
        for n, q in enumerate(quantities)
        if q.unit is Unit.NUMBER
        and _COUNTED.match(found.folded, q.end)
        and not (
            cue and cue.match(found.folded, q.end + 1)
        )  # "100 cogs 40": a label of the next, or known for itself
    )
    matched = match_numbers(numeric, quantities, cues, counted)
    values.update({name: match.value for name, match in matched.items()})
    places = {match.quantity for match in matched.values()}
    left = [q for n, q in enumerate(quantities) if n not in places]
    ends = [
        q for q in left if _ends_range(found.request, q, quantities)
    ]  # of one value, and not two arguments
    more = fill_in([a for a in numeric if a.name not in values], [q for q in left if q not in ends])
    values.update({name: value for name, (value, _) in more.items()})
    filled = [quantity for _, quantity in more.values()]
    left = [q for q in left if q not in filled]
    tied = sum(match.tied for match in matched.values())
    return len(matched) + len(more), tied + len(more), left


def _ends_range(text: str, quantity: Quantity, quantities: Sequence[Quantity]) -> bool:
    """Whether the number is the upper end of "20 to 25"."""
    return any(_RANGE.fullmatch(text, q.end, quantity.start) for q in quantities if q.end <= quantity.start)


def _reads_itself(signature: Signature, values: Mapping[str, JsonValue]) -> bool:
    """Whether the tool gets the request and looks for numbers in it by itself."""
    return any(a.is_request and a.name in values for a in signature.arguments)


def _unexplained(
    found: Mentions, left: Sequence[Quantity], values: Mapping[str, JsonValue]
) -> tuple[str, ...]:
    """The numbers among these that may be meant for an argument, as the request writes them."""
    known = {abs(value) for value in values.values() if isinstance(value, int | float)}
    plain = found.texts.plain
    quoted = [span for _, span in found.texts.quotes]
    return tuple(
        plain.original(q.start, q.end).strip()
        for q in _outside(left, quoted)
        if any(sign.isdigit() for sign in found.request[q.start : q.end])
        and not (abs(q.value) in known or is_aside(found.request, q))
    )
