"""How good a pair is, in eight measures from 0 to 100 that anybody can follow, and the tier they make."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from knowledge.readers.text import plain
from knowledge.refinery.accuracy.claims import Check, Claim
from knowledge.refinery.dates import latest_date
from knowledge.refinery.wording import ASPECTS, EXAMPLES, FIELD, STOPWORDS, stem

MEASURES = 3
"""Counted up when a measure changes: pairs that were measured otherwise are measured again."""
_UNDATED = 70.0
_UNCHECKED = 75.0
_TOLD = 20  # claims of a pair that are kept to be read
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9'%-]*")
_SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+|\n+")
_ENDS = re.compile(r"[.!?:…)\]\"'`*%\d]\s*$")
_BROKEN = re.compile(
    r"\ufffd|\x1b|\*\*\s*$|^\s*\*\*|</?[a-z]{1,10}\b[^>]{0,80}>|&[a-z]{2,6};|\[(?:insert|todo)\b|lorem ipsum",
    re.IGNORECASE,
)
_LISTED = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+", re.MULTILINE)
_PREAMBLE = re.compile(
    r"^\s*(?:certainly|sure|of course|great question|absolutely|as an ai|here(?:'s| is| are)|i'd be happy|okay|unfortunately,? i)\b",
    re.IGNORECASE,
)


class Tier(StrEnum):
    """What a score is worth."""

    PREMIUM = "premium"
    """90 and more."""
    STANDARD = "standard"
    """70 and more."""
    REVIEW = "review"
    """50 and more: usable, better looked at."""
    LOW = "low"


_LEAST = ((90.0, Tier.PREMIUM), (70.0, Tier.STANDARD), (50.0, Tier.REVIEW))


class Measure(StrEnum):
    """One of the eight."""

    COMPLETENESS = "completeness"
    CONTEXT = "crypto context"
    ACCURACY = "technical accuracy"
    CLARITY = "clarity and structure"
    EXAMPLES = "practical examples"
    RECENCY = "recency"
    LENGTH = "length"
    ALIGNMENT = "question-answer alignment"


WEIGHTS = {
    Measure.COMPLETENESS: 0.20,
    Measure.CONTEXT: 0.05,
    Measure.ACCURACY: 0.15,
    Measure.CLARITY: 0.15,
    Measure.EXAMPLES: 0.10,
    Measure.RECENCY: 0.05,
    Measure.LENGTH: 0.10,
    Measure.ALIGNMENT: 0.20,
}
"""What each measure counts for; they add up to 1."""


@dataclass(frozen=True)
class Part:
    """One measure of a pair, and what it was made from."""

    score: float
    """0 to 100."""
    because: str
    claims: tuple[Claim, ...] = ()
    """What was computed again, of the technical accuracy; those that do not hold first, and so many at most."""


@dataclass(frozen=True)
class Quality:
    """What a pair is worth."""

    score: float
    """The weighted mean of the parts, 0 to 100; a text that is broken off or garbled is held below 50."""
    tier: Tier
    parts: dict[Measure, Part]
    dated: date | None
    """The latest date named in the answer."""


def tier_of(score: float) -> Tier:
    """The tier of a score from 0 to 100."""
    return next((tier for least, tier in _LEAST if score >= least), Tier.LOW)


def measure(
    question: str,
    answer: str,
    *,
    cosine: float,
    checks: Sequence[Check] = (),
    today: date,
    fielded: bool = True,
) -> Quality:
    """Measure a pair. `cosine` is that of question and answer; `checks` find claims that can be recomputed.

    `fielded` says whether the pair is to be about crypto at all: where it is not, context counts in full.
    """
    words = _WORD.findall(answer)
    dated = latest_date(answer, until=today)
    parts = {
        Measure.COMPLETENESS: _completeness(question, answer, words),
        Measure.CONTEXT: _context(words) if fielded else Part(100.0, "the collection is not about crypto"),
        Measure.ACCURACY: _accuracy(answer, checks),
        Measure.CLARITY: _clarity(answer, words),
        Measure.EXAMPLES: _examples(answer),
        Measure.RECENCY: _recency(dated, today),
        Measure.LENGTH: _length(len(words)),
        Measure.ALIGNMENT: _alignment(cosine),
    }
    score = sum(WEIGHTS[each] * part.score for each, part in parts.items())
    if _BROKEN.search(answer) or not words:
        score = min(score, 49.0)
    return Quality(score=round(score, 1), tier=tier_of(round(score, 1)), parts=parts, dated=dated)


def _completeness(question: str, answer: str, words: Sequence[str]) -> Part:
    """60 for the question's words that the answer takes up, 40 for the aspects that it covers (three are enough)."""
    asked = {stem(word) for word in plain(question).split() if word not in STOPWORDS and len(word) > 1}
    given = {stem(word) for word in plain(answer).split()}
    taken = len(asked & given) / len(asked) if asked else 1.0
    aspects = [name for name, pattern in ASPECTS.items() if pattern.search(answer)]
    score = 60 * taken + 40 * min(1.0, len(aspects) / 3)
    whole = bool(words) and _ENDS.search(answer) is not None
    because = f"{taken:.0%} of the question's words; covers {', '.join(aspects) or 'no aspect'}"
    return (
        Part(score, because) if whole else Part(score * 0.7, f"{because}; ends in the middle of a sentence")
    )


def _context(words: Sequence[str]) -> Part:
    found = sorted({word.lower() for word in words if word.lower() in FIELD})
    return Part(100 * (1 - math.exp(-len(found) / 1.5)), f"{len(found)} terms of the field")


def _accuracy(answer: str, checks: Sequence[Check]) -> Part:
    """100 where all claims hold, 0 where none does; the same statement twice is one claim."""
    claims = list({claim.statement.casefold(): claim for check in checks for claim in check(answer)}.values())
    if not claims:
        return Part(_UNCHECKED, "states nothing that can be recomputed")
    wrong = [claim for claim in claims if not claim.holds]
    because = f"{len(claims) - len(wrong)} of {len(claims)} claims hold"
    if wrong:
        because += "; wrong: " + "; ".join(
            f"{claim.statement!r} (it is {claim.computed})" for claim in wrong[:3]
        )
    told = sorted(claims, key=lambda claim: claim.holds)[:_TOLD]
    return Part(100 * (1 - len(wrong) / len(claims)) ** 2, because, tuple(told))


def _clarity(answer: str, words: Sequence[str]) -> Part:
    """Sentences of 8 to 28 words, none twice, some structure in a long text, no padding before the answer."""
    sentences = [sentence for sentence in _SENTENCE.split(answer) if len(sentence.split()) > 2]  # noqa: PLR2004  # headings
    if not sentences:
        return Part(0.0, "has no sentence")
    mean = len(words) / len(sentences)
    long = min(1.0, max(0.0, (mean - 28) / 30)) if mean > 28 else min(1.0, max(0.0, (8 - mean) / 8))  # noqa: PLR2004  # as the docstring says
    repeated = 1 - len({plain(sentence) for sentence in sentences}) / len(sentences)
    flat = len(words) > 220 and "\n" not in answer.strip() and not _LISTED.search(answer)  # noqa: PLR2004  # a screen of text without a break
    padded = _PREAMBLE.match(answer) is not None
    score = 100 * (1 - 0.6 * long) * (1 - repeated) - 25 * flat - 20 * padded
    remarks = [
        text for text, so in (("no break in a long text", flat), ("begins with padding", padded)) if so
    ]
    return Part(
        max(0.0, score), "; ".join([f"{mean:.0f} words a sentence, {repeated:.0%} repeated", *remarks])
    )


def _examples(answer: str) -> Part:
    found = [name for name, pattern in EXAMPLES.items() if pattern.search(answer)]
    return Part(
        min(100.0, 40.0 + 30.0 * len(found)) if found else 30.0,
        ", ".join(found) or "no example and no figure",
    )


def _recency(dated: date | None, today: date) -> Part:
    """100 for a date of the last year, 10 less for each year before it; what names no date may well be timeless."""
    if dated is None:
        return Part(_UNDATED, "names no date")
    years = max(0.0, (today - dated).days / 365.25 - 1)
    return Part(max(20.0, 100 - 10 * years), f"names {dated.isoformat()} at the latest")


def _length(words: int) -> Part:
    """100 from 60 to 450 words, falling to 0 at none and to 40 at 1,500."""
    if words < 60:  # noqa: PLR2004  # as the docstring says
        return Part(100 * words / 60, f"{words} words")
    return Part(100.0 if words <= 450 else max(40.0, 100 - 60 * (words - 450) / 1050), f"{words} words")  # noqa: PLR2004


def _alignment(cosine: float) -> Part:
    """A cosine of 0.8 and more is 100, of 0.2 and less 0."""
    return Part(100 * min(1.0, max(0.0, (cosine - 0.2) / 0.6)), f"cosine {cosine:.2f}")
