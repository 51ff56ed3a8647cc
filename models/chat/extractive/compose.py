"""Composing an answer out of passages: the best sentences, each cited, none said twice, in a readable order.

Selection is greedy maximal marginal relevance (Carbonell and Goldstein, 1998, "The use of MMR") over sentence
scores from inverse-sentence-frequency word overlap, the passage's relevance and the sentence's place in it.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.chat.extractive.units import Unit, quotable_units
from models.chat.extractive.words import content_stems
from models.chat.prompt import Passage

_MOST_SENTENCES = 6
_MOST_OF_ONE_PASSAGE = 3
_SAME = 0.6
"""Overlap of content words (Szymkiewicz-Simpson) from which two sentences say the same."""
_WORTH_SAYING = 0.22
"""The share of the best sentence's score below which another adds nothing."""
_FACETS = re.compile(
    r"[?.!;,]\s+|\s+(?:and|but|also|plus|or)\s+(?=(?:when|how|why|what|where|which|should|is|are|can|does|do)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of a passage with its score for the request."""

    passage: Passage
    unit: Unit
    score: float


def compose(request: str, passages: Sequence[Passage], *, emphasis: str = "", earlier: str = "") -> str:
    """A cited answer, or an empty text where no passage has a sentence on the request.

    `emphasis` holds words that matter besides the request's own (a sub-agent's purpose), at a third of their weight.
    """
    chosen: list[Candidate] = []
    facets = _facets(request)
    candidates = _candidates(request, passages, emphasis)
    for facet in facets if len(facets) > 1 else ():
        _choose(chosen, _boosted(candidates, facet), limit=len(chosen) + 2)
    _choose(chosen, candidates, limit=_MOST_SENTENCES)
    return _layout(chosen)


def _facets(request: str) -> list[list[str]]:
    """The content stems of each part of a request with several questions in it."""
    parts = [content_stems(part) for part in _FACETS.split(request)]
    return [part for part in parts if part]


def _candidates(request: str, passages: Sequence[Passage], emphasis: str) -> list[Candidate]:
    units = [(passage, unit) for passage in passages for unit in quotable_units(passage.text)]
    weights = _weights(
        (unit.stems for _, unit in units), set(content_stems(request)), set(content_stems(emphasis))
    )
    total = sum(weights.values()) or 1.0
    best = max((passage.relevance for passage in passages), default=0.0) or 1.0
    candidates = []
    for passage, unit in units:
        overlap = sum(weights.get(stem, 0.0) for stem in set(unit.stems)) / total
        titled = sum(weights.get(stem, 0.0) for stem in set(content_stems(passage.title))) / total
        under = sum(weights.get(stem, 0.0) for stem in set(content_stems(unit.heading))) / total
        brevity = 1.0 / (1.0 + max(0, len(unit.stems) - 24) / 24)
        lead = 0.35 if unit.position == 0 else 0.12 / (1 + unit.position)
        own = overlap * brevity + 0.35 * under + lead * titled
        score = own * (0.3 + 0.7 * max(0.0, passage.relevance / best)) * (0.4 + 0.6 * titled)
        if overlap > 0 or titled > 0:
            candidates.append(Candidate(passage, unit, score))
    return candidates


def _weights(sentences: Iterable[Sequence[str]], wanted: set[str], emphasised: set[str]) -> dict[str, float]:
    """Inverse sentence frequency of the request's words; those of the emphasis count a third."""
    frequency: Counter[str] = Counter()
    count = 0
    for stems in sentences:
        count += 1
        frequency.update(set(stems) & (wanted | emphasised))
    return {
        stem: math.log(1 + (count + 1) / (1 + frequency[stem])) * (1.0 if stem in wanted else 0.33)
        for stem in sorted(wanted | emphasised)
    }


def _boosted(candidates: list[Candidate], facet: list[str]) -> list[Candidate]:
    wanted = set(facet)
    return [
        Candidate(
            c.passage,
            c.unit,
            c.score * (0.2 + len(wanted & {*c.unit.stems, *content_stems(c.unit.heading)}) / len(wanted)),
        )
        for c in candidates
    ]


def _choose(chosen: list[Candidate], candidates: list[Candidate], *, limit: int) -> None:
    """Add the best candidates that say something new, until there are `limit` or none is worth saying."""
    if not candidates:
        return
    ranked = sorted(candidates, key=lambda c: (-c.score, c.passage.number, c.unit.position))
    floor = ranked[0].score * _WORTH_SAYING
    of_passage = Counter(c.passage.number for c in chosen)
    for candidate in ranked:
        if len(chosen) >= min(limit, _MOST_SENTENCES) or candidate.score < floor or candidate.score <= 0:
            return
        if of_passage[candidate.passage.number] >= _MOST_OF_ONE_PASSAGE:
            continue
        if any(_overlap(candidate.unit.stems, other.unit.stems) >= _SAME for other in chosen):
            continue
        chosen.append(candidate)
        of_passage[candidate.passage.number] += 1


def _overlap(first: Sequence[str], second: Sequence[str]) -> float:
    a, b = set(first), set(second)
    smaller = min(len(a), len(b))
    return len(a & b) / smaller if smaller else 0.0


def _layout(chosen: Sequence[Candidate]) -> str:
    """Sentences of a passage together and in its order, passages by their best sentence; items of lists as bullets."""
    strongest: dict[int, float] = {}
    for candidate in chosen:
        number = candidate.passage.number
        strongest[number] = max(strongest.get(number, 0.0), candidate.score)
    blocks = []
    for number in sorted(strongest, key=lambda n: -strongest[n]):
        own = sorted((c for c in chosen if c.passage.number == number), key=lambda c: c.unit.position)
        prose = " ".join(f"{_uncited(c.unit.text)} [{number}]" for c in own if not c.unit.bullet)
        items = "\n".join(f"- {_item(c.unit)} [{number}]" for c in own if c.unit.bullet)
        blocks.append("\n".join(part for part in (prose, items) if part))
    return "\n\n".join(blocks)


def _item(unit: Unit) -> str:
    heading = unit.heading
    if heading and not set(content_stems(heading)) <= set(unit.stems):
        return f"{heading}: {_uncited(unit.text)}"
    return _uncited(unit.text)


def _uncited(text: str) -> str:
    """The sentence without citation marks of its own, which would point elsewhere."""
    return re.sub(r"\s*\[\d+\]", "", text)
