"""Which trade of the lexicon a request is about, and which facets it names."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agents.rebecca.domains import Cue, Domain, Facet, archetypes, domains, facets
from agents.rebecca.reading import Reading, is_colourless, is_metaphorical, topic_of_noun

_STRONG = 3
_IN_THE_TRADE = 6
_MADE_OF = re.compile(r"\s+(?:de|del|von|für|para|для)\s+(?!(?:el|la|los|las|un|una|mi)\b)\w")
_TRIED = 3
_STEM = 3  # "donor" and "donation" are one cue
_QUALITIES = frozenset("medical public independent national municipal regional boutique".split())
_PLACES = frozenset("shop store studio salon agency center centre house clinic place practice space".split())
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


def match_domain(lower: str, reading: Reading, *, foreign: bool = False) -> Match | None:
    """The best trade for a request in lower case, else the best archetype; None when nothing speaks for any.

    `foreign` says that the reading is that of a translation, whose words are not those of the request.
    """
    business = reading.business or ""
    for score, best in _ranked(lower, business, domains())[:_TRIED]:
        beside_the_point = score < _STRONG and " " in business
        agrees = _agrees_abroad(lower, best) if foreign else _agrees(lower, business, best)
        if agrees and (foreign or not beside_the_point):
            return Match(domain=best, score=score, known=True)
    return _archetype(lower, reading)


def _agrees(lower: str, business: str, domain: Domain) -> bool:
    """Whether the trade named is this one: its head noun with what stands before it, or two cues that agree.

    In "seed bank" the head is a bank's, but what stands before it makes it another thing, and so does what stands
    behind a cue in "blood donation centre"; only a second word of a bank's or a charity's would show otherwise.
    """
    if not business:
        return True
    spans = [found.span() for cue in domain.cues for found in cue.pattern.finditer(lower)]
    told = {lower[start:end] for start, end in spans}
    if len(_apart(told)) > 1 or any(" " in words or "-" in words for words in told):
        return True
    for cue in domain.cues:
        for found in cue.pattern.finditer(business):
            rest = business[found.end() :].split()
            before = business[: found.start()].split()
            if all(is_colourless(word) or word in _PLACES or word.endswith("ing") for word in rest) and all(
                is_colourless(word) or word in _QUALITIES for word in before
            ):
                return True
            if not rest and not is_metaphorical(business[found.start() : found.end()].rpartition(" ")[2]):
                return True
    return False


def _agrees_abroad(lower: str, domain: Domain) -> bool:
    """As `_agrees` for other languages: what makes a "banco de semillas" no bank stands behind it."""
    spans = [found.span() for cue in domain.cues for found in cue.pattern.finditer(lower)]
    told = {lower[start:end] for start, end in spans}
    head = len(lower.partition(":")[0])
    whole = any(end <= head and not _MADE_OF.match(lower, end) for _, end in spans)
    return whole or len(_apart(told)) > 1


def _apart(told: set[str]) -> list[str]:
    """The cues that are not forms of one word."""
    stems: list[str] = []
    for words in sorted(told, key=len):
        if not any(words.startswith(stem[:_STEM]) or stem in words for stem in stems):
            stems.append(words)
    return stems


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
