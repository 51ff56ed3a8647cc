"""Sayings of users and answers of an agent, by language and situation; the stuff of tests and training data."""

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import count

from pydantic import BaseModel, ConfigDict

from agents.rebecca.model import DomainModel, Entity, EntityKind

_GENERAL = ("price", "human", "thanks", "off_topic", "injection", "other_data")
_OF_KIND = {
    EntityKind.BOOKING: ("book", "missing", "move", "cancel"),
    EntityKind.STAY: ("book", "missing", "move", "cancel"),
    EntityKind.ENROLMENT: ("enrol",),
    EntityKind.ORDER: ("order", "status"),
    EntityKind.CASE: ("open_case", "status"),
}


class Exchange(BaseModel):
    """What a user says and how the agent should answer, about one thing in one situation."""

    model_config = ConfigDict(frozen=True)

    situation: str
    user: str
    assistant: str


class _Situation(BaseModel):
    ask: tuple[str, ...]
    answer: tuple[str, ...]


class Phrases(BaseModel):
    """One language's sayings."""

    model_config = ConfigDict(frozen=True)

    openers: tuple[str, ...]
    days: tuple[str, ...]
    times: tuple[str, ...]
    situations: dict[str, _Situation]


@cache
def phrases() -> dict[str, Phrases]:
    """The sayings by the language's English name."""
    source = files("agents.rebecca.domains").joinpath("phrases.toml").read_text(encoding="utf-8")
    return {name: Phrases.model_validate(raw) for name, raw in tomllib.loads(source).items()}


def spoken(language: str) -> str:
    """This language if there are sayings in it, else English."""
    return language if language in phrases() else "English"


def situations(domain: DomainModel) -> tuple[tuple[str, Entity | None], ...]:
    """The situations of a domain, each with the transaction it is about."""
    found: dict[str, Entity | None] = {}
    for entity in domain.entities:
        for situation in _OF_KIND.get(entity.kind, ()):
            found.setdefault(situation, entity)
    found.update(dict.fromkeys(_GENERAL))
    return tuple(found.items())


def things(domain: DomainModel) -> tuple[str, ...]:
    """Names of what the business offers; at least one."""
    offered = [
        name
        for entity in domain.entities
        if entity.kind in {EntityKind.CATALOGUE, EntityKind.RESOURCE}
        for name in (entity.samples or (entity.name,))
    ]
    transaction = domain.transaction
    return tuple(dict.fromkeys(offered)) or ((transaction.name if transaction else domain.title),)


def saying(domain: DomainModel, situation: str, language: str, turn: int = 0) -> Exchange:
    """The `turn`-th variant of an exchange; different turns differ in words, thing, day, time and opener."""
    known = phrases()[spoken(language)]
    pattern = known.situations[situation]
    about = dict(situations(domain)).get(situation) or domain.transaction
    asks = len(pattern.ask)
    fill = {
        "thing": _pick(things(domain), turn // asks + turn),
        "day": _pick(known.days, turn // asks + 2 * turn),
        "time": _pick(known.times, turn // asks + turn + turn // 7),
        "doing": about.name if about else "request",
        "title": domain.title,
    }
    user = _pick(known.openers, turn // asks) + _pick(pattern.ask, turn).format(**fill)
    return Exchange(
        situation=situation, user=user, assistant=_pick(pattern.answer, turn).format(**fill).strip()
    )


def exchanges(domain: DomainModel, language: str, tries: int) -> Iterator[Exchange]:
    """Different exchanges, the situations taking turns; ends after as many rounds as `tries` without a new one."""
    seen: set[str] = set()
    names = [name for name, _ in situations(domain)]
    idle = 0
    for turn in count():
        before = len(seen)
        for name in names:
            exchange = saying(domain, name, language, turn)
            if exchange.user not in seen:
                seen.add(exchange.user)
                yield exchange
        idle = idle + 1 if len(seen) == before else 0
        if idle > tries:
            return


def _pick(items: tuple[str, ...], turn: int) -> str:
    return items[turn % len(items)]
