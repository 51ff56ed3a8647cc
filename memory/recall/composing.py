"""From ranked passages to items within a budget: many short ones first, then wider where room is left."""

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from memory.interfaces import Recalled, heading
from memory.recall.analysis import stems
from memory.recall.index import Counter, UserIndex
from memory.recall.question import Question
from memory.recall.ranking import Ranked
from memory.recall.reasons import reasons
from memory.recall.settings import RecallSettings
from memory.records.rows import MEDIUM

_GAP = " … "
_GAP_TOKENS = 3
_HEADING_TOKENS = 12  # about what a day and who said it have
_LONGEST = 240  # tokens of an item: some tokenizers count no further than 256
_LEAST_TOKENS = 3  # nothing shorter says anything
_AT_ONCE = 32  # passages whose tokens are counted together
_SAME = 0.6  # the share of a record's words from which a passage of its message says the same


@dataclasses.dataclass
class _Item:
    """A message or record and those of its passages that are shown."""

    found: Ranked
    passages: dict[int, int]
    """With about how many tokens each has."""

    def text(self, index: UserIndex) -> str:
        """The passages in their order; a mark stands where some between them are left out."""
        source = index.sources[self.found.source]
        parts: list[str] = []
        run: list[int] = []
        for passage in [*sorted(self.passages), -1]:
            if run and passage != run[-1] + 1:
                parts.append(source.text[index.span(run[0]).begins : index.span(run[-1]).ends])
                run = []
            run.append(passage)
        return _GAP.join(parts)

    @property
    def tokens(self) -> int:
        return sum(self.passages.values())


def compose(
    index: UserIndex,
    ranked: Sequence[Ranked],
    question: Question,
    settings: RecallSettings,
    *,
    budget: int,
    count: Counter,
    now: float,
    headed: bool = False,
) -> list[Recalled]:
    """Items in the order of their best passages whose texts have together at most `budget` tokens, `headed` with their headings.

    Passages of a message are one item; what says the same twice, such as a fact and the message that it comes from,
    comes back once.
    """
    head = _HEADING_TOKENS if headed else 0
    items, added = _filled(index, ranked, settings, budget, count, head)
    added += _widened(index, list(items.values()), settings, budget - head * len(items), count)
    texts, tokens = _fitted(index, items, added, budget, count, headed=headed)
    return [
        _recalled(index, item.found, text, size, reasons(index, item.found, text, question, now=now))
        for item, text, size in zip(items.values(), texts, tokens, strict=True)
    ]


def _filled(
    index: UserIndex,
    ranked: Sequence[Ranked],
    settings: RecallSettings,
    budget: int,
    count: Counter,
    head: int,
) -> tuple[dict[int, _Item], list[tuple[int, int]]]:
    """The best passages that fit, by source, each of which takes `head` tokens more; and what was added, in order."""
    items: dict[int, _Item] = {}
    added: list[tuple[int, int]] = []
    said: set[str] = set()
    left = budget
    room = {False: settings.medium_items, True: settings.long_items}
    for found, size in _counted(index, ranked, count):
        if left < _LEAST_TOKENS:
            break
        text = " ".join(index.text(found.passage).casefold().split())
        source = index.sources[found.source]
        long = source.standing is not None and source.kind not in MEDIUM
        item = items.get(found.source)
        cost = size + (_GAP_TOKENS if item else 0)
        whole = cost if item else cost + head
        if (
            whole > left
            or text in said
            or (not room[long] if item is None else item.tokens + cost > _LONGEST)
        ):
            continue
        if _repeats(index, found, items):
            continue
        said.add(text)
        left -= whole
        added.append((found.source, found.passage))
        if item is None:
            room[long] -= 1
            items[found.source] = _Item(found, {found.passage: size})
        else:
            item.passages[found.passage] = cost
    return items, added


def _counted(index: UserIndex, ranked: Sequence[Ranked], count: Counter) -> Iterator[tuple[Ranked, int]]:
    for start in range(0, len(ranked), _AT_ONCE):
        portion = ranked[start : start + _AT_ONCE]
        yield from zip(portion, index.tokens([found.passage for found in portion], count), strict=True)


def _repeats(index: UserIndex, found: Ranked, items: dict[int, _Item]) -> bool:
    """Whether it says what a record that comes from it says already, or the other way about."""
    source = index.sources[found.source]
    for number, item in items.items():
        other = index.sources[number]
        record, message = (source, other) if source.standing else (other, source)
        if record.standing is None or message.standing is not None or message.id not in record.message_ids:
            continue
        words = set(stems(record.text))
        shown = [found.passage] if source is message else list(item.passages)
        if words and any(len(words & set(stems(index.text(each)))) >= _SAME * len(words) for each in shown):
            return True
    return False


def _widened(
    index: UserIndex, items: Sequence[_Item], settings: RecallSettings, budget: int, count: Counter
) -> list[tuple[int, int]]:
    """Passages beside those that are shown, added while there is room; the best item first."""
    left = budget - sum(item.tokens for item in items)
    wanted = [place for item in items for place in _beside(index, item)]
    if left < _LEAST_TOKENS or not wanted:
        return []
    sizes = dict(zip(wanted, index.tokens(wanted, count), strict=True))
    added = []
    for item in items:
        for place in _beside(index, item):
            size = sizes[place]
            if size <= left and item.tokens + size <= settings.item_tokens:
                item.passages[place] = size
                left -= size
                added.append((item.found.source, place))
    return added


def _beside(index: UserIndex, item: _Item) -> list[int]:
    """The passages of the item's source that are not shown, those nearest to its best first; what follows before what precedes."""
    best = item.found.passage
    places = [place for place in index.passages_of(item.found.source) if place not in item.passages]
    return sorted(places, key=lambda place: (abs(place - best), place < best))[:8]


def _fitted(
    index: UserIndex,
    items: dict[int, _Item],
    added: list[tuple[int, int]],
    budget: int,
    count: Counter,
    *,
    headed: bool,
) -> tuple[list[str], list[int]]:
    """The texts with their tokens, after what was added last is taken out again while they have too many."""
    while items:
        texts = [item.text(index) for item in items.values()]
        shown = [_heading(index, number) + text for number, text in zip(items, texts, strict=True)]
        tokens = count(shown if headed else texts)
        if sum(tokens) <= budget:
            return texts, tokens
        source, passage = added.pop()
        del items[source].passages[passage]
        if not items[source].passages:
            del items[source]
    return [], []


def _heading(index: UserIndex, number: int) -> str:
    source = index.sources[number]
    by = None if source.owner == index.owner else source.owner.user_id
    return heading(source.kind, source.role, by, datetime.fromtimestamp(source.said_at, UTC))


def _recalled(index: UserIndex, found: Ranked, text: str, tokens: int, why: tuple[str, ...]) -> Recalled:
    source = index.sources[found.source]
    return Recalled(
        id=source.id,
        tier=source.tier,
        kind=source.kind,
        text=text,
        tokens=tokens,
        score=found.score,
        relevance=found.relevance,
        reasons=why,
        message_ids=source.message_ids,
        # Whether they were deleted, or this index holds a part of all, is asked of the database.
        deleted_sources=tuple(each for each in source.message_ids if index.number_of(each) is None),
        thread_id=source.thread_id,
        role=source.role,
        by=None if source.owner == index.owner else source.owner.user_id,
        said_at=datetime.fromtimestamp(source.said_at, UTC),
    )
