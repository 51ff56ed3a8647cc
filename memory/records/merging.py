"""What becomes of a statement beside what is known: added, confirmed, superseding or contested."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import JsonValue

from memory.interfaces import Draft, Record, RecordState
from memory.records.formulas import UNCERTAIN
from memory.records.words import denies, ends, statement, value_of

_COUNTED = ("successes", "uses", "count")


class Outcome(StrEnum):
    """What became of a draft."""

    ADDED = "added"
    """It was new."""
    CONFIRMED = "confirmed"
    """It is known, and has more evidence now; or the very same saying of it was kept before."""
    SUPERSEDED = "superseded"
    """It is another version of what is known: the newer of the two holds."""
    CONTESTED = "contested"
    """It contradicts what is known, and neither can be told to be newer."""


@dataclass(frozen=True, kw_only=True)
class Merge:
    """How a draft comes in. Of all fields only those of its outcome are set."""

    outcome: Outcome
    same: Record | None = None
    """What it confirms."""
    replaced: tuple[Record, ...] = ()
    """What it supersedes."""
    late: bool = False
    """It was said before what holds, and comes in as an earlier version."""
    rival: Record | None = None
    """What it contests."""


def merge(draft: Draft, versions: Sequence[Record]) -> Merge:
    """How the draft comes in beside the versions of the same thing, of any state and in any order.

    What was said later holds. What was said earlier never replaces what was said later. Another value said at the
    same time, or with a confidence below UNCERTAIN, contests, and so does the contrary of what holds, unless it
    says that something is over.
    """
    current = [record for record in versions if record.state is not RecordState.SUPERSEDED]
    if not current:
        return Merge(outcome=Outcome.ADDED)
    same = [record for record in current if says_same(draft, record)]
    rivals = [record for record in current if not says_same(draft, record)]
    if not rivals:
        return Merge(outcome=Outcome.CONFIRMED, same=_newest(same))
    newest = _newest(rivals)
    certain = draft.confidence >= UNCERTAIN
    if draft.said_at < newest.said_at:
        known = same or [record for record in versions if says_same(draft, record)]
        if known:
            return Merge(outcome=Outcome.CONFIRMED, same=_newest(known))
        return Merge(outcome=Outcome.SUPERSEDED, late=True)
    later = draft.said_at > newest.said_at and certain
    if same:
        if later:
            return Merge(outcome=Outcome.SUPERSEDED, replaced=tuple(current))
        return Merge(outcome=Outcome.CONFIRMED, same=_newest(same))
    if later and not contradicts(draft, newest):
        return Merge(outcome=Outcome.SUPERSEDED, replaced=tuple(current))
    return Merge(outcome=Outcome.CONTESTED, rival=newest)


def says_same(draft: Draft, record: Record) -> bool:
    """Whether the record says what the draft says; both are of one slot, or of the same words."""
    if draft.slot is None:
        return statement(draft.text).negated == statement(record.text).negated and ends(
            draft.text, draft.details
        ) == ends(record.text, record.details)
    details = details_of(draft)
    return (
        value_of(draft.text, details) == value_of(record.text, record.details)
        and denies(draft.text, details) == denies(record.text, record.details)
        and ends(draft.text, details) == ends(record.text, record.details)
    )


def contradicts(draft: Draft, record: Record) -> bool:
    """Whether the draft is the contrary of the record, and not the news that something is over."""
    details = details_of(draft)
    if ends(draft.text, details) or ends(record.text, record.details):
        return False
    if draft.slot is None:
        return statement(draft.text).negated != statement(record.text).negated
    same_value = value_of(draft.text, details) == value_of(record.text, record.details)
    return same_value and denies(draft.text, details) != denies(record.text, record.details)


def said_before(draft: Draft, record: Record) -> bool:
    """Whether this very saying counts in the record already, so that it is no more evidence."""
    if draft.sources:
        return set(draft.sources) <= set(record.sources)
    return draft.said_at == record.said_at


def details_of(draft: Draft) -> dict[str, JsonValue]:
    """The details as they are kept: with the value of the slot."""
    return draft.details if draft.value is None else {**draft.details, "value": draft.value}


def joined_details(record: Record, draft: Draft) -> dict[str, JsonValue]:
    """The details of both: successes, uses and counts add up, of the rest what was said later holds."""
    new = details_of(draft)
    joined = {**record.details, **new} if draft.said_at >= record.said_at else {**new, **record.details}
    for name in _COUNTED:
        before, more = record.details.get(name), new.get(name)
        if isinstance(before, int | float) and isinstance(more, int | float):
            joined[name] = before + more
    return joined


def _newest(records: Sequence[Record]) -> Record:
    return max(records, key=lambda record: (record.said_at, record.version, record.id))
