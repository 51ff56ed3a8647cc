"""When two pairs say the same, and which of them is kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from knowledge.readers.text import plain
from knowledge.refinery.wording import GENERIC, STOPWORDS, stem

_SAME_QUESTION = 0.85
_SAME_ANSWER = 0.8
_CLOSE_QUESTION = 0.97
_CLOSE_ANSWER = 0.95
_COPIED = 0.5
_RUN = 3


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A pair, as far as duplicates go."""

    id: str
    subject: frozenset[str]
    """What `subject_of` gives for its question."""
    quality: float


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """How alike two pairs are: cosines of their questions and of their answers, and how much of one answer is in the other."""

    first: str
    second: str
    question: float
    answer: float
    overlap: float
    """The share of the shorter answer's runs of three words that stand in the other one, 0 to 1."""


def subject_of(question: str) -> frozenset[str]:
    """The stems of the words that say what is asked about.

    Grammar is left out, and so are words that nearly every question of a corpus has ("role", "overview"). Numbers and
    abbreviations stay: "111DMA" and "350DMA" are different subjects however near their vectors are.
    """
    words = [word for word in plain(question).split() if word not in STOPWORDS]
    return frozenset(stem(word) for word in words) - GENERIC


def overlap_of(one: str, other: str) -> float:
    """The share of the shorter answer's runs of three words (Broder, 1997, w-shingling) that stand in the other one."""
    first, second = _runs(one), _runs(other)
    return len(first & second) / max(1, min(len(first), len(second)))


def ask_the_same(one: Candidate, other: Candidate, likeness: Likeness) -> bool:
    """Whether two pairs ask about the same and answer it much alike: one is a variant of the other.

    Vectors alone mistake "daily" for "weekly" and one indicator for its sister, words alone mistake different
    answers: so the subjects are equal and both cosines high, or the subjects differ by one word and both cosines are very
    high. A variant stays where it is: read closely, half of them say something that the other does not.
    """
    apart = one.subject ^ other.subject
    if not apart:
        return likeness.question >= _SAME_QUESTION and likeness.answer >= _SAME_ANSWER
    if len(apart) > 1 or any(letter.isdigit() for word in apart for letter in word):
        return False
    return likeness.question >= _CLOSE_QUESTION and likeness.answer >= _CLOSE_ANSWER


def say_the_same(one: Candidate, other: Candidate, likeness: Likeness) -> bool:
    """Whether one of two variants may give way: half of its answer and more stands word for word in the other one.

    Between what was copied and what was written anew there is hardly anything: on the example corpus the overlap of variants is
    above 0.9 or below 0.4.
    """
    return likeness.overlap >= _COPIED and ask_the_same(one, other, likeness)


def kept_and_linked(candidates: Iterable[Candidate], likenesses: Sequence[Likeness]) -> dict[str, Likeness]:
    """Which pairs give way, and to which: by id of the one that does, its likeness to the one kept (`first`).

    The best pair of a group is kept and only what is directly like it gives way, so that no chain of small
    differences ends in a lost answer.
    """
    by_id: Mapping[str, Candidate] = {candidate.id: candidate for candidate in candidates}
    linked: dict[str, dict[str, Likeness]] = {}
    for likeness in likenesses:
        one, other = by_id.get(likeness.first), by_id.get(likeness.second)
        if one is not None and other is not None and say_the_same(one, other, likeness):
            linked.setdefault(one.id, {})[other.id] = likeness
            linked.setdefault(other.id, {})[one.id] = likeness
    gone: dict[str, Likeness] = {}
    for best in sorted(linked, key=lambda each: (-by_id[each].quality, each)):
        if best in gone:
            continue
        for like, likeness in linked[best].items():
            if like not in gone and (by_id[like].quality, best) <= (by_id[best].quality, like):
                gone[like] = replace(likeness, first=best, second=like)
    return gone


def _runs(text: str) -> set[tuple[str, ...]]:
    words = plain(text).split()
    return {tuple(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1)} or {tuple(words)}
