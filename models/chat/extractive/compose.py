"""Composing an answer out of passages: the best sentences, each cited, none said twice, in a readable order.

Selection is greedy maximal marginal relevance (Carbonell and Goldstein, 1998, "The use of MMR") over sentence
scores from inverse-sentence-frequency word overlap, the passage's relevance and the sentence's place in it.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from models.chat.extractive.aims import Aim, defines_topic, read_aims
from models.chat.extractive.units import Unit, quotable_units
from models.chat.extractive.words import content_stems
from models.chat.prompt import Passage

_ENOUGH_WORDS = 110
_MOST_WORDS = 165
_FEWEST_WORDS = 60
_MOST_OF_ONE_PASSAGE = 4
_SAME = 0.62
"""Overlap of content words (Szymkiewicz-Simpson) from which two sentences say the same."""
_SAME_DEFINITION = 0.35
_WORTH_SAYING = 0.34
"""The share of the best sentence's score below which another adds nothing."""
_WORTH_FILLING = 0.2
_WORTH_A_SECOND_SOURCE = 0.12
_COVERED = 0.25
_RELEVANT = 0.35
"""Coverage of the request's words and similarity below both of which a passage answers nothing."""
_CONTEXT = 0.5
_EMPHASIS = 0.33
_DEFINITION = 0.6
_WORKED = re.compile(r"[\d)] ?(?:%|days|years)? ?= ?-?\d")
"""A sum that is worked out: an example, which says nothing apart from what it is an example of."""
_REPLIES = re.compile(r"(?:yes|no)\b", re.IGNORECASE)
"""A reply to the question of its own title."""
_BESIDE_A_DEFINITION = 0.4
_KIND = 0.3
_SAME_QUESTION = 0.85
"""Similarity from which a passage's title asks the same, so that its first sentence is the answer."""
_NEAR_BEST = 0.6
_RIVALS = 0.8


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of a passage with its score for the request."""

    passage: Passage
    unit: Unit
    score: float
    defines: bool
    """It says what the request asks the meaning of."""
    before: "Candidate | None"
    """The sentence that this one leans on."""


def compose(request: str, passages: Sequence[Passage], *, emphasis: str = "", earlier: str = "") -> str:
    """A cited answer of about 60 to 180 words, or an empty text where no passage has a sentence on the request.

    `emphasis` holds words that matter besides the request's own (a sub-agent's purpose), at a third of their weight;
    `earlier` is what a request that leans on it refers to, at half weight.
    """
    aims = read_aims(request)
    weights = _weigh_words(request, emphasis, earlier, passages)
    own = {stem: weights[stem] for aim in aims for stem in aim.stems if stem in weights}
    before = {stem: weights[stem] for stem in sorted(set(content_stems(earlier))) if stem in weights}
    subject = aims[0].subject if aims else frozenset()
    answering = _answering(passages, own or before, subject)
    if not answering and not any(aim.names_something for aim in aims):
        answering = _answering(passages, before, subject)
    candidates = _candidates(answering, weights, aims)
    if not candidates:
        return ""
    answer = _Answer(_most_of_one(answering))
    for aim in aims if len(aims) > 1 else ():
        answer.take(_boosted(candidates, aim, weights), floor=_WORTH_FILLING, most=1)
    answer.take(candidates, floor=_WORTH_SAYING, enough=_ENOUGH_WORDS)
    answer.take(candidates, floor=_WORTH_FILLING, enough=_FEWEST_WORDS)
    answer.add_second_source(candidates)
    answer.take(answer.of_first_passage(candidates), floor=0.0, enough=_FEWEST_WORDS)
    return answer.laid_out()


def _weigh_words(request: str, emphasis: str, earlier: str, passages: Sequence[Passage]) -> dict[str, float]:
    """Inverse sentence frequency of the words that matter, by where they come from."""
    share = dict.fromkeys(content_stems(emphasis), _EMPHASIS)
    share |= dict.fromkeys(content_stems(earlier), _CONTEXT)
    share |= dict.fromkeys(content_stems(request), 1.0)
    units = [unit for passage in passages for unit in quotable_units(passage.text)]
    frequency = Counter(stem for unit in units for stem in unit.stems if stem in share)
    count = len(units)
    return {
        stem: part * math.log(1 + (count + 1) / (1 + frequency[stem])) for stem, part in sorted(share.items())
    }


def _answering(
    passages: Sequence[Passage], own: Mapping[str, float], subject: frozenset[str]
) -> list[Passage]:
    """The passages that speak of what is asked: they share enough content words with it and stand near the best."""
    total = sum(own.values())
    covered = {passage.number: _coverage(passage, own) for passage in passages}
    best = max((passage.relevance for passage in passages if covered[passage.number] > 0), default=0.0)
    most = max(covered.values(), default=0.0)
    found = []
    for passage in passages:
        share = covered[passage.number]
        if not share or (share < _COVERED * total and passage.relevance < _RELEVANT):
            continue
        titled = len(subject.intersection(content_stems(passage.title))) >= _NEAR_BEST * max(1, len(subject))
        near = passage.relevance >= _NEAR_BEST * min(best, _SAME_QUESTION)
        if share == most or (near and (titled or share >= _NEAR_BEST * most)):
            found.append(passage)
    return found


def _coverage(passage: Passage, own: Mapping[str, float]) -> float:
    said = set(content_stems(passage.title)).union(*(unit.stems for unit in quotable_units(passage.text)))
    return sum(weight for stem, weight in own.items() if stem in said)


def _most_of_one(passages: Sequence[Passage]) -> int:
    """Sentences that one passage may give: fewer where another stands beside it."""
    ranked = sorted((passage.relevance for passage in passages), reverse=True)
    rivalled = len(ranked) > 1 and ranked[1] >= _RIVALS * ranked[0]
    return _MOST_OF_ONE_PASSAGE - rivalled


def _candidates(
    passages: Sequence[Passage], weights: Mapping[str, float], aims: Sequence[Aim]
) -> list[Candidate]:
    total = sum(weights.values()) or 1.0
    best = min(_SAME_QUESTION, max((passage.relevance for passage in passages), default=0.0))
    subject = aims[0].subject if aims else frozenset()
    wants_definition = any(aim.defines for aim in aims)
    candidates: list[Candidate] = []
    for passage in passages:
        title = frozenset(content_stems(passage.title))
        titled = _share(title, weights, total)
        standing = 0.35 + 0.65 * min(1.0, max(0.0, passage.relevance) / best) if best > 0 else 1.0
        before: Candidate | None = None
        for unit in quotable_units(passage.text):
            overlap = _share(unit.stems, weights, total)
            under = _share(unit.heading - unit.stems, weights, total)
            score = (
                overlap * _brevity(unit) + 0.3 * under + _lead(unit) * titled * min(1.0, 0.2 + 2 * overlap)
            )
            defines = defines_topic(unit.text, unit.opening, subject)
            if wants_definition and defines:
                score += _DEFINITION * (1.0 if unit.position < 3 else 0.5)  # noqa: PLR2004  # definitions come early
            score += _KIND * overlap * any(aim.fits(unit.text) for aim in aims)
            if unit.position == 0 and passage.relevance >= _SAME_QUESTION:
                score += _DEFINITION
            elif wants_definition and (
                _REPLIES.match(unit.text) or (_WORKED.search(unit.text) and not aims[0].has_figures)
            ):
                score *= _BESIDE_A_DEFINITION
            score *= standing * (0.45 + 0.55 * titled)
            leans_on = before if unit.leans and unit.follows else None
            candidate = Candidate(passage, unit, score if overlap + titled > 0 else 0.0, defines, leans_on)
            before = candidate
            if candidate.score > 0 and not (unit.leans and leans_on is None):
                candidates.append(candidate)
    return candidates


def _share(stems: Iterable[str], weights: Mapping[str, float], total: float) -> float:
    return sum(weights.get(stem, 0.0) for stem in stems) / total


def _brevity(unit: Unit) -> float:
    return 1.0 / (1.0 + max(0, len(unit.stems) - 20) / 30)


def _lead(unit: Unit) -> float:
    """What comes first in an answer is the answer."""
    return 0.4 if unit.position == 0 else 0.15 / unit.position


def _boosted(candidates: Sequence[Candidate], aim: Aim, weights: Mapping[str, float]) -> list[Candidate]:
    """The candidates by how well they answer one part of the request."""
    total = sum(weights.get(stem, 0.0) for stem in aim.stems) or 1.0
    found = []
    for c in candidates:
        share = _share(c.unit.stems | c.unit.heading, {s: weights.get(s, 0.0) for s in aim.stems}, total)
        fits = aim.fits(c.unit.text) or (aim.defines and c.defines)
        found.append(Candidate(c.passage, c.unit, c.score * (0.3 + share + 0.7 * fits), c.defines, c.before))
    return found


class _Answer:
    """The sentences chosen so far."""

    def __init__(self, most_of_one: int) -> None:
        self._most_of_one = most_of_one
        self._chosen: dict[tuple[int, int], Candidate] = {}
        self._words = 0

    def take(
        self,
        candidates: Sequence[Candidate],
        *,
        floor: float,
        enough: int = _MOST_WORDS,
        most: int | None = None,
    ) -> None:
        """Add the best that say something new: `most` of them, or until there are enough words."""
        ranked = sorted(candidates, key=lambda c: (-c.score, c.passage.number, c.unit.position))
        least = ranked[0].score * floor if ranked else 0.0
        taken = 0
        for candidate in ranked:
            if self._words >= enough or candidate.score < least or taken == most:
                return
            taken += self._add(candidate)

    def add_second_source(self, candidates: Sequence[Candidate]) -> None:
        """Where all is from one passage and another is worth hearing, its best sentence too."""
        numbers = {number for number, _ in self._chosen}
        if len(numbers) != 1:
            return
        best = max(candidate.score for candidate in candidates)
        others = [c for c in candidates if c.passage.number not in numbers]
        for candidate in sorted(others, key=lambda c: (-c.score, c.passage.number, c.unit.position)):
            if candidate.score < best * _WORTH_A_SECOND_SOURCE or self._add(candidate):
                return

    def of_first_passage(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The candidates that come after what is chosen of the passage that the answer begins with."""
        first = next(iter(self._chosen))[0]
        begun = min(position for number, position in self._chosen if number == first)
        return [c for c in candidates if c.passage.number == first and c.unit.position > begun]

    def laid_out(self) -> str:
        """Sentences of a passage together and in its order, passages as they were chosen; lists as bullets."""
        blocks: list[str] = []
        for number in dict.fromkeys(number for number, _ in self._chosen):
            own = [self._chosen[key] for key in sorted(self._chosen) if key[0] == number]
            blocks += _blocks([c.unit for c in own], number)
        return "\n\n".join(blocks)

    def _add(self, candidate: Candidate) -> bool:
        """Add it, with the sentences it leans on, unless it repeats what is there or makes the answer too long."""
        chain = [candidate]
        while chain[0].before is not None and _key(chain[0].before) not in self._chosen:
            chain.insert(0, chain[0].before)
        if chain[0].unit.leans and chain[0].before is None:
            return False
        if any(_key(c) in self._chosen or self._repeats(c) for c in chain):
            return False
        length = sum(c.unit.words for c in chain)
        number = candidate.passage.number
        of_passage = sum(1 for key in self._chosen if key[0] == number) + len(chain)
        if of_passage > self._most_of_one or (self._chosen and self._words + length > _MOST_WORDS):
            return False
        for each in chain:
            self._chosen[_key(each)] = each
        self._words += length
        return True

    def _repeats(self, candidate: Candidate) -> bool:
        return any(
            _overlap(candidate.unit.stems, other.unit.stems)
            >= (_SAME_DEFINITION if candidate.defines and other.defines else _SAME)
            for other in self._chosen.values()
        )


def _key(candidate: Candidate) -> tuple[int, int]:
    return candidate.passage.number, candidate.unit.position


def _overlap(first: AbstractSet[str], second: AbstractSet[str]) -> float:
    smaller = min(len(first), len(second))
    return len(first & second) / smaller if smaller else 0.0


def _blocks(units: Sequence[Unit], number: int) -> list[str]:
    """Paragraphs of sentences, and lists under their lead-ins; every line carries the passage's number."""
    blocks: list[str] = []
    prose: list[str] = []
    last = -1
    for unit in units:
        if not unit.items:
            joined = unit.follows and unit.position == last + 1
            prose.append(f"{unit.text if joined else unit.alone} [{number}]")
            last = unit.position
            continue
        if prose:
            blocks.append(" ".join(prose))
            prose = []
        lead = [f"{unit.text}: [{number}]"] if unit.text else []
        blocks.append("\n".join([*lead, *(f"- {item} [{number}]" for item in unit.items)]))
    return [*blocks, " ".join(prose)] if prose else blocks
