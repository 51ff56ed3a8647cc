"""From a description in anybody's words to a typed model of its domain."""

import re

from agents.language import written_in
from agents.rebecca.clauses import read_description
from agents.rebecca.composing import compose
from agents.rebecca.constraints import read_constraints, same_length_lower
from agents.rebecca.domains import Domain, archetypes
from agents.rebecca.entities import (
    completed,
    compose_into,
    facet_entities,
    known_entities,
    merged,
    only_sound_references,
)
from agents.rebecca.matching import Match, is_made_for_a_purpose, match_domain, match_facets
from agents.rebecca.model import Constraint, ConstraintKind, DomainModel, Origin
from agents.rebecca.reading import Reading, read
from agents.rebecca.risks import risks
from agents.rebecca.translating import in_english
from agents.rebecca.workflows import actors, workflows
from agents.tools import ToolRefused

LONGEST_REQUEST = 50_000
_SHORTEST_REQUEST = 2  # Chinese names a trade in two characters
_ASK = (
    "Say whose agent it is and what people do there, for example "
    '"a booking agent for a dental clinic, WhatsApp, English and Spanish, 200 EUR a month".'
)
_ABOUT_AGENTS = re.compile(
    r"^(?:агент\w*|бот\w*|чат\w*|ассистент\w*|асистент\w*|помощник\w*|помічник\w*|созда\w+|сдела\w+|спроектир\w+|"
    r"разработ\w+|нужен|нужна|хочу|пожалуйста|зроб\w+|створ\w+|потрібен|для|меня|мой|моего|"
    r"agente\w*|asistente\w*|crea\w*|diseñ\w+|hacer|haz|quiero|necesito|favor|"
    r"assistent\w*|agenten\w*|erstell\w+|entwirf\w*|entwickl\w+|möchte|brauche|bitte|einen|eine|"
    r"créer|crée|créez|concev\w+|conçois|veux|voudrais|assistant\w*|para|pour|mein\w*|telegram|whatsapp)$"
)
_BOUNDS = frozenset(ConstraintKind) - {
    ConstraintKind.SCALE,
    ConstraintKind.VOLUME,
    ConstraintKind.AVAILABILITY,
}
_WORDS_OF_A_DOMAIN = 1
_LONGEST_TITLE = 60


def analyze(request: str, *, channels: tuple[str, ...] = (), languages: tuple[str, ...] = ()) -> DomainModel:
    """The model of the domain that a request describes.

    A trade of the lexicon brings its entities, workflows and risks; another one is read from the request's
    nouns and verbs over the nearest of three archetypes (booking, sales, requests). Raises ToolRefused for a
    request that is empty, longer than 50,000 characters, or names no domain.
    """
    text = _checked(request)
    lower = same_length_lower(text)
    english = in_english(text)
    reading = read(english)
    match = match_domain(lower, reading, foreign=english is not text)
    if match is None or not match.known:
        _demand_a_domain(text, lower, reading, match)
    domain = match.domain if match else archetypes()[-1]
    known = bool(match and match.known)
    facets = match_facets(lower, domain.include)
    constraints = read_constraints(text, channels=channels, languages=languages)
    description = read_description(in_english(_without(text, constraints)))
    if known:
        entities = known_entities(domain, Origin.DOMAIN)
        entities += facet_entities(entities, facets)
        composed = compose_into(entities, description, reading, domain)
    else:
        composed = compose(description, reading.business)
        entities = completed(list(composed.entities), reading, domain)
        entities += facet_entities(entities, facets)
    entities = only_sound_references(merged(entities, composed.entities))
    seeds = (*domain.workflows, *(seed for facet, _ in facets for seed in facet.workflows))
    specific = (*domain.risks, *(risk for facet, _ in facets for risk in facet.risks))
    return DomainModel(
        title=_title(domain, known=known, reading=reading),
        domain=domain.key,
        known=known,
        sensitivity=domain.sensitivity,
        entities=tuple(entities),
        actors=actors(entities, reading),
        workflows=workflows(entities, seeds, reading, composed.workflows),
        constraints=constraints,
        risks=risks(entities, constraints, domain.sensitivity, specific),
    )


def _without(text: str, constraints: tuple[Constraint, ...]) -> str:
    """The text without the words that set its bounds; they are no part of the domain."""
    for item in sorted(constraints, key=lambda item: len(item.words), reverse=True):
        if item.words and item.kind in _BOUNDS:
            text = re.sub(rf"(?<!\w){re.escape(item.words)}(?!\w)", " ; ", text)
    return text


def _checked(request: str) -> str:
    text = request.replace("\x00", " ").strip()
    if sum(letter.isalpha() for letter in text) < _SHORTEST_REQUEST:
        raise ToolRefused(f"The request ({text[:40]!r}) is too short to tell the domain. {_ASK}")
    if len(text) > LONGEST_REQUEST:
        raise ToolRefused(
            f"The request has {len(text):,} characters; at most {LONGEST_REQUEST:,} are read. Describe the domain in fewer words."
        )
    return text


def _demand_a_domain(text: str, lower: str, reading: Reading, match: Match | None) -> None:
    if written_in(text) == "English":
        anything = bool(
            reading.business
            or any(deed.topic for deed in reading.deeds)
            or is_made_for_a_purpose(lower)
            or (reading.things and match)
        )
    else:
        words = re.findall(r"[^\W\d_]{4,}", lower)
        anything = bool(match) or sum(not _ABOUT_AGENTS.match(word) for word in words) > _WORDS_OF_A_DOMAIN
    if not anything:
        raise ToolRefused(f"The request names no domain. {_ASK}")


def _title(domain: Domain, *, known: bool, reading: Reading) -> str:
    business = reading.business or ""
    if known and not any(
        hit.end() == len(business) for cue in domain.cues for hit in cue.pattern.finditer(business)
    ):
        return domain.title
    if not business and not known:
        deed = next((deed for deed in reading.deeds if deed.topic), None)
        business = f"{deed.noun} service" if deed else ""
    return (business or domain.title)[:_LONGEST_TITLE]
