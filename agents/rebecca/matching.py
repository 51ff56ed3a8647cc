"""Which trade of the lexicon a request is about, and which facets it names."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agents.rebecca.domains import Cue, Domain, Facet, archetypes, domains, facets
from agents.rebecca.reading import Reading, topic_of_noun

_STRONG = 3
_IN_THE_TRADE = 6
_COUNTED = 2  # how often one cue counts, so that a long text is not decided by a word it repeats
_MADE_FOR = re.compile(
    r"\b(?:book|schedul|reserv|appointment|order|sales?|shop|support|help ?desk|complaint|ticket|request|inquir|enquir)"
    r"\w*[ -]+(?:\w+[ -]+)?(?:agent|bot|chatbot|assistant|system|app|service|company|business|desk)\b"
)


@dataclass(frozen=True)
class Match:
    """A trade that was found, or the archetype that comes nearest."""

    domain: Domain
    score: int
    known: bool


def match_domain(lower: str, reading: Reading) -> Match | None:
    """The best trade for a request in lower case, else the best archetype; None when nothing speaks for any."""
    business = reading.business or ""
    ranked = _ranked(lower, business, domains())
    if ranked:
        score, best = ranked[0]
        beside_the_point = score < _STRONG and " " in business
        if not beside_the_point:
            return Match(domain=best, score=score, known=True)
    return _archetype(lower, reading)


def match_facets(lower: str, included: Iterable[str] = ()) -> tuple[tuple[Facet, bool], ...]:
    """The facets that the request names or the domain includes; the flag says whether the request names it."""
    wanted = set(included)
    named = ((facet, any(cue.pattern.search(lower) for cue in facet.cues)) for facet in facets())
    return tuple((facet, said) for facet, said in named if said or facet.key in wanted)


def speaks_of(noun: str, domain: Domain) -> bool:
    """Whether a noun is among the words by which the domain is found."""
    return any(cue.pattern.search(noun) for cue in domain.cues)


def is_made_for_a_purpose(lower: str) -> bool:
    """Whether the request names what the agent does, as in "a booking agent"."""
    return _MADE_FOR.search(lower) is not None


def _ranked(lower: str, business: str, candidates: Iterable[Domain]) -> list[tuple[int, Domain]]:
    scored = []
    for domain in candidates:
        score, first = _score(lower, business, domain.cues)
        if score:
            scored.append((score, -first, domain))
    scored.sort(key=lambda item: (item[0], item[1]), reverse=True)
    return [(score, domain) for score, _, domain in scored]


def _score(lower: str, business: str, cues: Iterable[Cue]) -> tuple[int, int]:
    total, first = 0, len(lower)
    in_the_trade = 0
    for cue in cues:
        starts = [found.start() for found in cue.pattern.finditer(lower)]
        if starts:
            total += cue.weight * min(len(starts), _COUNTED)
            first = min(first, starts[0])
            if business and cue.pattern.search(business):
                in_the_trade = max(in_the_trade, _IN_THE_TRADE + cue.weight)
    return total + in_the_trade, first


def _archetype(lower: str, reading: Reading) -> Match | None:
    ranked = {domain.key: score for score, domain in _ranked(lower, "", archetypes())}
    for deed in reading.deeds:
        if deed.topic in {"booking", "sales", "requests"}:
            ranked[deed.topic] = ranked.get(deed.topic, 0) + 2
        topic = topic_of_noun(deed.noun)
        if topic:
            ranked[topic] = ranked.get(topic, 0) + 1
    topic = topic_of_noun(reading.business or "")
    if topic:
        ranked[topic] = ranked.get(topic, 0) + 1
    if not ranked:
        return None
    best = max(archetypes(), key=lambda domain: ranked.get(domain.key, 0))
    return Match(domain=best, score=ranked[best.key], known=False)
