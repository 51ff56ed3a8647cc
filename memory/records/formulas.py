"""How sure a record is, how useful it proved, and when it fades."""

import math
from typing import Final

from memory.interfaces import Kind, Record

UNCERTAIN: Final = 0.4
"""A statement of less confidence than this replaces nothing; it contests."""
SURE: Final = 0.99
"""The most that repetition can reach; only the user himself makes a record certain."""

LASTING: Final[dict[Kind, float]] = {
    Kind.PREFERENCE: 2.0,
    Kind.FACT: 1.5,
    Kind.EXPERTISE: 1.5,
    Kind.PRACTICE: 1.5,
    Kind.PATTERN: 1.0,
    Kind.DECISION: 1.0,
    Kind.ARTIFACT: 1.0,
    Kind.PERFORMANCE: 0.5,
    Kind.PROGRESS: 0.5,
}
"""How much longer or shorter than `fade_after_days` a kind lasts."""

_REPEATED: Final = 0.5


def confirmed(confidence: float, again: float) -> float:
    """The confidence of a record, in 0..1, that is said again with the confidence `again`.

    A noisy-or (Pearl 1988, Probabilistic Reasoning in Intelligent Systems, 4.3) in which a repetition counts half,
    since the same person says it: 1 - (1 - c)(1 - a/2), at most 0.99, and never less than before.
    """
    grown = 1 - (1 - confidence) * (1 - _REPEATED * again)
    return max(confidence, min(SURE, grown))


def usefulness(record: Record) -> float:
    """How useful the record proved, 0 to 1; 0.5 while nothing is known.

    Half of it is the share of answers that cited it among those it was recalled for, by the rule of succession
    (Laplace 1814): (cited + 1) / (recalled + 2). The other half is the mean rating, moved from -1..1 to 0..1.
    """
    cited = (record.cited + 1) / (max(record.recalled, record.cited) + 2)
    return 0.5 * cited + 0.5 * (1 + record.rating) / 2


def half_life_days(record: Record, fade_after_days: float) -> float:
    """The days without use after which the record fades.

    `fade_after_days`, times how lasting its kind is, times 1 + log2(evidence), times 0.5 + usefulness: what was said
    twice lasts twice as long, and so on with every doubling.
    """
    said = 1 + math.log2(max(1, record.evidence))
    return fade_after_days * LASTING.get(record.kind, 1.0) * said * (0.5 + usefulness(record))


HALF_LIFE_SQL: Final = """
    %(days)s::float8 * rule.lasting * (1 + ln(greatest(evidence, 1)) / ln(2))
    * (0.5 + 0.5 * (cited + 1) / (greatest(recalled, cited) + 2.0) + 0.25 * (1 + rating))
"""
"""The same as `half_life_days`, with a `rule` of `kind` and `lasting` joined."""
UNUSED_SQL: Final = "greatest(coalesce(used_at, created_at), updated_at)"
"""When a record was last used, said or changed."""
