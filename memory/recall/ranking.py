"""From what speaks for each passage to one order, in which the newest of several statements comes first."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from memory.interfaces import AtHand, RecallFilter, Tier
from memory.recall.analysis import stems
from memory.recall.features import UNKNOWN, Floats, Meaning, Words, beside, meaning, words
from memory.recall.index import KINDS, Standing, UserIndex
from memory.recall.question import Question
from memory.recall.settings import RecallSettings, RecallWeights
from memory.recall.topics import matters
from memory.records.rows import MEDIUM
from memory.records.words import repeated

NEAREST = 50
"""How many of the nearest vectors that are kept elsewhere are asked for."""
_CANDIDATES = 120
_TELLING = 0.8  # the match of a message from which it says something of those beside it
_DAY = 86400.0
# Logistic regression on the development questions: their evidence against the best that other people's memory has.
_STEEPNESS, _MIDDLE, _MIDDLE_OF_WORDS = 7.0, 1.0, 0.5
_SAME = (
    0.6  # the cosine from which two passages are on the same matter when neither says a word of the question
)
_LEVEL, _LEVEL_OF_CHANGE = (
    0.7,
    0.25,
)  # of the older one's score that a newer one needs, and one that tells of a change
_PASSED_BY = 2  # newer ones that come before an older one: there may be many that only sound like it
_NEARLY, _OF_A_KIND = 0.85, 2
_OUTSIDE_DAYS = 3.0  # in which the weight of a time falls to a third before and after it


@dataclass(frozen=True)
class Ranked:
    """A passage, and what spoke for it."""

    passage: int
    source: int
    score: float
    relevance: float
    cosine: float
    words: float
    around: float
    in_window: bool
    newer_than: int | None = None
    """The number of a source that says the same and is older."""
    about: frozenset[str] = frozenset()
    """Names in the question that it is about."""
    related: tuple[str, str] | None = None
    """A name in the question, and one related to it that it is about."""
    along: bool = False
    """Whether it comes along with a name in the question: it is so related, or says how something is."""


def rank(
    index: UserIndex,
    question: Question,
    settings: RecallSettings,
    *,
    wanted: RecallFilter,
    now: float,
    nearest: Mapping[str, float] | None = None,
) -> list[Ranked]:
    """The passages that have to do with a question, best first.

    `nearest` has the cosines of records whose vectors are kept elsewhere, `now` is in seconds since 1970.
    """
    if not len(index.source):
        return []
    said, meant = words(index, question), _with(index, meaning(index, question), nearest or {})
    weights = settings.weights
    fits = match(index, question, weights, said, meant)
    middle = _MIDDLE_OF_WORDS if question.vector is None else _MIDDLE
    of = index.source.values
    inside, nearness = _window(index, question)
    fits += weights.window * nearness[of]
    kept = _wanted(index, wanted) & index.alive.values
    named = index.relations.named(question.text)
    own = index.relations.own(question.text)
    related = index.relations.related(named, own)
    named |= index.relations.meant(own)
    along = _bring_along(index, fits, related, kept, weights.related)
    relevance = 1 / (1 + np.exp(-_STEEPNESS * (fits - middle)))
    score = fits.astype(np.float64)
    ages = np.maximum(0.0, now - index.said_at.values) / _DAY
    score += weights.recency * np.exp2(-ages / settings.half_life_days)[of] * np.minimum(1, fits)
    against = weights.assistant * (2 if question.first_person else 1)
    score -= against * ~index.by_user.values[of]
    score[~kept[of]] = -np.inf
    count = min(_CANDIDATES, len(score))
    best = np.argpartition(-score, count - 1)[:count]
    ranked = [
        Ranked(
            passage=int(passage),
            source=int(of[passage]),
            score=_standing_score(
                index, int(of[passage]), float(score[passage]), float(relevance[passage]), named, settings
            ),
            relevance=float(relevance[passage]),
            cosine=float(meant.passage[passage]),
            words=float(said.passage[passage]),
            around=float(said.window[passage] - said.message[passage]),
            in_window=bool(inside[of[passage]]),
            about=named & _entities(index, int(of[passage])),
            related=related.get(int(of[passage])),
            along=int(of[passage]) in along,
        )
        for passage in best
        if math.isfinite(score[passage])
    ]
    ranked = [each for each in ranked if each.relevance >= _least(index, each, settings)]
    awake = [each for each in ranked if not _faded(index, each)]
    # Of equal ones what is about the name itself comes first, then the later, and the order is always the same.
    ordered = sorted(
        awake or ranked,
        key=lambda each: (
            -each.score,
            each.related is not None,
            -index.said_at.values[each.source],
            each.passage,
        ),
    )
    newest = ordered if question.window else _newest_first(index, question, ordered)
    return _stated_first(index, _spread(index, newest))


def match(
    index: UserIndex, question: Question, weights: RecallWeights, said: Words, meant: Meaning
) -> Floats:
    """By passage: the weighted sum of what its text and those around it have to do with the question."""
    total = weights.meaning * meant.passage + weights.meaning_message * meant.message
    total += weights.meaning_beside * meant.window
    total += weights.words * said.passage + weights.words_message * said.message
    total += weights.words_around * said.window + weights.covered * said.covered
    if question.figure:
        total += weights.figure * index.figures.values
    if question.name:
        total += weights.name * index.named.values
    if question.first_person:
        total += weights.own * index.own.values
    total += weights.answer * np.maximum(0, beside(index, total) - _TELLING)
    return np.asarray(total, np.float32)


def _bring_along(
    index: UserIndex,
    fits: Floats,
    related: Mapping[int, tuple[str, str]],
    kept: NDArray[np.bool_],
    weight: float,
) -> set[int]:
    """Raise the match of what is related, and to no less than that the match of what says how; gives both.

    What comes back through a relation says nothing to whoever does not know of it.
    """
    brought = [number for number in related if kept[number]]
    if not brought:
        return set()
    of = index.source.values
    raised = np.zeros(len(index.sources), np.float32)
    raised[brought] = weight
    fits += raised[of]
    best = np.full(len(index.sources), -np.inf, np.float32)
    np.maximum.at(best, of, fits)
    strongest: dict[tuple[str, str], float] = {}
    for number in brought:
        pair = related[number]
        strongest[pair] = max(float(best[number]), strongest.get(pair, -math.inf))
    least = np.full(len(index.sources), -np.inf, np.float32)
    for pair, match_ in strongest.items():
        stating = index.relations.stating(*pair)
        least[stating] = np.maximum(least[stating], match_)
    np.maximum(fits, least[of], out=fits)
    return {*brought, *np.flatnonzero(np.isfinite(least)).tolist()}


def _with(index: UserIndex, meant: Meaning, nearest: Mapping[str, float]) -> Meaning:
    """With the cosines of vectors that are kept elsewhere; those that are not among so many nearest are farther."""
    if not nearest:
        return meant
    farther = min(UNKNOWN, *nearest.values()) if len(nearest) >= NEAREST else UNKNOWN
    for number in np.flatnonzero(index.long.values & index.alive.values):
        cosine = nearest.get(index.sources[number].id, farther)
        places = index.passages_of(int(number))
        for each in (meant.passage, meant.message, meant.window):
            each[places.start : places.stop] = cosine
    return meant


def _window(index: UserIndex, question: Question) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """By source: whether it was said in the question's time, and how near to that, 0 to 1."""
    at = index.said_at.values
    if question.window is None:
        return np.zeros(len(at), np.bool_), np.zeros(len(at))
    begins, ends = question.window.begins.timestamp(), question.window.ends.timestamp()
    outside = np.maximum(np.maximum(begins - at, at - ends), 0) / _DAY
    return (at >= begins) & (at < ends), np.where(
        (at >= begins) & (at < ends), 1, 0.6 * np.exp(-outside / _OUTSIDE_DAYS)
    )


def _wanted(index: UserIndex, wanted: RecallFilter) -> NDArray[np.bool_]:
    """By source: whether it is among what recall is limited to, and still holds."""
    since = wanted.since.timestamp() if wanted.since else -math.inf
    until = wanted.until.timestamp() if wanted.until else math.inf
    at = index.said_at.values
    kept = (at >= since) & (at < until)
    if wanted.project_id is None:
        kept &= ~index.shared.values
    long = index.long.values
    if Tier.LONG not in wanted.tiers:
        kept &= ~long
    if Tier.MEDIUM not in wanted.tiers:
        kept &= long
    if wanted.kinds:
        kept &= np.isin(index.kind.values, [KINDS.index(kind) for kind in wanted.kinds])
    if wanted.project_id is not None:
        project = index.project.values
        kept &= (project == index.project_number(wanted.project_id)) | (long & (project == 0))
    if wanted.at_hand is not None:
        kept[_at_hand(index, wanted.at_hand)] = False
    kept[list(index.superseded)] = False
    kept &= ~index.withheld.values
    return np.asarray(kept)


def _at_hand(index: UserIndex, end: AtHand) -> list[int]:
    """The messages from the one that the oldest carried turn answers; without a turn, the last if the user said it."""
    line = index.thread(end.thread_id)
    by_user, first = index.by_user.values[line], len(line)
    if end.since is not None:
        carried = np.flatnonzero(index.said_at.values[line] >= end.since.timestamp())
        first = int(carried[0]) if len(carried) else first
    asked = first > 0 and by_user[first - 1] and (first == len(line) or not by_user[first])
    return line[first - asked :]


def _standing_score(
    index: UserIndex,
    number: int,
    score: float,
    relevance: float,
    named: frozenset[str],
    settings: RecallSettings,
) -> float:
    """The score with what is known of a record, or of the record that a message became."""
    source, weights = index.sources[number], settings.weights
    if source.standing is None:
        if source.id in index.outdated:
            score -= weights.outdated
        return score * settings.medium_weight
    standing = source.standing
    score += relevance * (
        weights.pinned * standing.pinned
        + weights.useful * usefulness(standing)
        + weights.entity * bool(named & standing.entities)
    )
    return score * (settings.medium_weight if source.kind in MEDIUM else settings.long_weight)


def usefulness(standing: Standing) -> float:
    """How a record proved useful: the share of its recalls that were cited, against one in two, and its rating.

    Between -0.5 and 1; 0 for one that was never recalled (the mean of a beta distribution with one success and one
    failure before anything is known, less a half, and half the rating).
    """
    return (standing.cited + 1) / (standing.recalled + 2) - 0.5 + 0.5 * standing.rating


def _least(index: UserIndex, each: Ranked, settings: RecallSettings) -> float:
    """What comes along with a name in the question is no answer to it; it is wanted beside one, and not measured as one."""
    source = index.sources[each.source]
    long = source.standing is not None and source.kind not in MEDIUM and not each.along
    return settings.long_relevance if long else settings.least_relevance


def _entities(index: UserIndex, number: int) -> frozenset[str]:
    standing = index.sources[number].standing
    return standing.entities if standing else frozenset()


def _faded(index: UserIndex, each: Ranked) -> bool:
    standing = index.sources[each.source].standing
    return standing is not None and standing.faded


def _newest_first(index: UserIndex, question: Question, ranked: list[Ranked]) -> list[Ranked]:
    """Where somebody later said something else on the same matter, that comes before what was said earlier."""
    asked = matters(frozenset(question.words))
    sources, places = [each.source for each in ranked], [each.passage for each in ranked]
    at, score = index.said_at.values[sources], np.array([each.score for each in ranked])
    least = np.where(index.change.values[places], _LEVEL_OF_CHANGE, _LEVEL)
    own = index.own.values[places] & index.by_user.values[sources]
    later = (at > at[:, None]) & (score >= least * score[:, None]) & own  # of shape (earlier, later)
    if not later.any():
        return ranked
    follows = later & _on_one_matter(index, asked, ranked)
    times, left = at.tolist(), dict.fromkeys(range(len(ranked)), 0)
    found, waiting = [], np.ones(len(ranked), np.bool_)
    while left:
        first = next(iter(left))
        others = np.flatnonzero(follows[first] & waiting).tolist() if left[first] < _PASSED_BY else []
        newest = max((first, *others), key=times.__getitem__)
        left[first] += 1
        del left[newest]
        waiting[newest] = False
        older = np.flatnonzero(follows[:, newest])[:1].tolist()
        each = ranked[newest]
        found.append(replace(each, newer_than=sources[older[0]]) if older else each)
    return found


def _on_one_matter(index: UserIndex, asked: frozenset[str | int], ranked: list[Ranked]) -> NDArray[np.bool_]:
    """Whether the second (by column) says all that the first (by row) says of what is asked, or is like it if that is nothing."""
    says = np.zeros((len(ranked), len(asked)), np.float32)
    for row, each in zip(says, ranked, strict=True):
        about = matters(frozenset(stems(index.text(each.passage))))
        row[:] = [matter in about for matter in asked]
    says_all = np.asarray(says @ (1 - says).T) == 0
    says_something = np.asarray(says.any(axis=1))[:, np.newaxis]
    return np.asarray(np.where(says_something, says_all, _alike(index, ranked) >= _SAME))


def _stated_first(index: UserIndex, ranked: list[Ranked]) -> list[Ranked]:
    """What only asks for a record's matter, or repeats it in an answer, comes behind the record itself."""
    records = {
        place: index.sources[each.source].text
        for place, each in enumerate(ranked)
        if index.sources[each.source].standing is not None
    }
    last = max(records, default=0)
    behind: dict[int, int] = {}
    for place, each in enumerate(ranked[:last]):
        if place in records:
            continue
        text = index.text(each.passage)
        asks = frozenset(stems(text)) if text.rstrip().endswith("?") else None
        if asks is None and index.by_user.values[each.source]:
            continue
        for other, said in records.items():
            if other > place and (asks & set(stems(said)) if asks is not None else repeated([said], text)[0]):
                behind[place] = other
    order = sorted(range(len(ranked)), key=lambda place: (behind.get(place, place), place in behind, place))
    return [ranked[place] for place in order]


def _spread(index: UserIndex, ranked: list[Ranked]) -> list[Ranked]:
    """Of passages that are nearly the same a few come first, and the others after all else."""
    alike = _alike(index, ranked) >= _NEARLY
    if np.count_nonzero(alike) <= len(ranked):
        return ranked  # each is like itself alone
    first: list[int] = []
    last: list[int] = []
    for place in range(len(ranked)):
        (first if np.count_nonzero(alike[place, first]) < _OF_A_KIND else last).append(place)
    return [ranked[place] for place in (*first, *last)]


def _alike(index: UserIndex, order: list[Ranked]) -> Floats:
    """The cosines of passages with each other; nothing where one has no vector."""
    rows = index.row.values[[each.passage for each in order]]
    if not len(index.vectors):
        return np.zeros((len(order), len(order)), np.float32)
    vectors = index.vectors.values[np.maximum(rows, 0)] * (rows >= 0)[:, None]
    return np.asarray(vectors @ vectors.T, np.float32)
