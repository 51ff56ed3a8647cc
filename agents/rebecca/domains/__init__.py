"""The domain lexicon: what Rebecca knows of trades before she reads a word of the request.

The knowledge is in the TOML files beside this module. An entity is one line,
`name: kind; attribute; attribute: type; -> other entity`, where `?` marks an attribute as optional, `!` as
unique, and `choice(a|b)` lists its values. A workflow is `kind | name | actor | entity`, a risk is
`what -> mitigation`. `@customer` and `@transaction` stand for the entities in those parts.
"""

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from agents.rebecca.model import Attribute, Entity, EntityKind, FieldType, Origin, Risk, WorkflowKind
from agents.rebecca.naming import identifier, snake

_SECTORS = ("care", "food", "retail", "learning", "places", "services", "motion", "community")
_ATTRIBUTE = re.compile(
    r"(?P<name>[a-z0-9 ]+?)(?P<marks>[?!]*)(?::\s*(?P<type>\w+)(?:\((?P<choices>[^)]*)\))?)?"
)
_STANDARD = {
    EntityKind.PERSON: "full name; phone: phone?!; email: email?!; language: language?; consented at: datetime?",
    EntityKind.STAFF: "full name; phone: phone?; active: boolean",
    EntityKind.CATALOGUE: "name; description: long_text?; price: money; currency: currency; active: boolean",
    EntityKind.RESOURCE: "name; description: long_text?; active: boolean",
    EntityKind.BOOKING: "status: choice(requested|confirmed|completed|cancelled|no_show); starts at: datetime; "
    "ends at: datetime; notes: long_text?",
    EntityKind.STAY: "status: choice(requested|confirmed|arrived|completed|cancelled|no_show); arrives on: date; "
    "leaves on: date; notes: long_text?",
    EntityKind.SLOT: "status: choice(scheduled|completed|cancelled); starts at: datetime; ends at: datetime; "
    "capacity: count",
    EntityKind.ENROLMENT: "status: choice(enrolled|waiting|completed|cancelled)",
    EntityKind.ORDER: "status: choice(new|confirmed|fulfilled|cancelled); total: money; currency: currency; "
    "notes: long_text?",
    EntityKind.LINE: "quantity: count; unit price: money",
    EntityKind.CASE: "status: choice(open|in_progress|waiting|resolved|closed); "
    "priority: choice(low|normal|high|urgent); subject; details: long_text",
    EntityKind.RECORD: "",
}


@dataclass(frozen=True, kw_only=True)
class WorkflowSeed:
    """A workflow that a domain or facet is known to have; actor and entity may be a role such as `@customer`."""

    kind: WorkflowKind
    name: str
    actor: str = "@customer"
    entity: str | None = None


@dataclass(frozen=True, kw_only=True)
class Domain:
    """What is known of one trade. `cues` find it in a request."""

    key: str
    title: str
    cues: tuple["Cue", ...]
    entities: tuple[str, ...]
    samples: dict[str, tuple[str, ...]] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    sensitivity: tuple[str, ...] = ()
    workflows: tuple[WorkflowSeed, ...] = ()
    risks: tuple[Risk, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Facet:
    """One more entity, with its workflows and risks, that any domain may have."""

    key: str
    cues: tuple["Cue", ...]
    entity: str
    workflows: tuple[WorkflowSeed, ...] = ()
    risks: tuple[Risk, ...] = ()


@dataclass(frozen=True)
class Cue:
    """Words that speak for a domain; a trailing `*` in the lexicon lets the last word go on."""

    pattern: re.Pattern[str]
    weight: int


@cache
def domains() -> tuple[Domain, ...]:
    """Every trade of the lexicon."""
    return tuple(item for sector in _SECTORS for item in _read_domains(sector))


@cache
def archetypes() -> tuple[Domain, ...]:
    """What businesses outside the lexicon are reduced to: booking, sales, requests."""
    return _read_domains("archetypes")


@cache
def facets() -> tuple[Facet, ...]:
    """Every facet."""
    return tuple(
        Facet(
            key=raw.key,
            cues=_cues(raw.cues),
            entity=raw.entity,
            workflows=_workflows(raw.workflows),
            risks=_risks(raw.risks),
        )
        for raw in _load("facets").facet
    )


def read_entity(line: str, origin: Origin, *, roles: dict[str, str], samples: tuple[str, ...] = ()) -> Entity:
    """An entity out of its line in the lexicon, its kind's standard attributes first.

    `roles` says which entity `@customer` and `@transaction` are; a reference to a role nobody has is left out.
    Raises ValueError with the offending part when the line does not follow the grammar.
    """
    head, _, rest = line.partition(";")
    name, _, kind_word = head.partition(":")
    kind = EntityKind(kind_word.strip())
    found: dict[str, Attribute] = {}
    for part in (*_STANDARD[kind].split(";"), *rest.split(";")):
        attribute = read_attribute(part.strip(), roles) if part.strip() else None
        if attribute is not None:
            found[attribute.name] = attribute
    return Entity(
        name=name.strip(), kind=kind, attributes=tuple(found.values()), origin=origin, samples=samples
    )


def read_attribute(part: str, roles: dict[str, str]) -> Attribute | None:
    """One attribute out of its notation; None for a reference to a role that nobody has."""
    optional = "?" in part
    if part.startswith("->"):
        target = part[2:].strip().rstrip("?!")
        target = roles.get(target, "") if target.startswith("@") else target
        if not target:
            return None
        name = snake(target)
        return Attribute(name=f"{name}_id", type=FieldType.REFERENCE, required=not optional, refers_to=name)
    match = _ATTRIBUTE.fullmatch(part.replace("?", "").replace("!", ""))
    if match is None:
        raise ValueError(f"not an attribute: {part!r}")
    choices = tuple((match["choices"] or "").split("|")) if match["choices"] else ()
    return Attribute(
        name=identifier(match["name"]),
        type=FieldType(match["type"] or "text"),
        required=not optional,
        unique="!" in part,
        choices=choices,
    )


class _RawDomain(BaseModel):
    model_config = ConfigDict(extra="forbid")

    key: str
    title: str
    cues: list[str]
    entities: tuple[str, ...]
    samples: dict[str, tuple[str, ...]] = {}
    include: tuple[str, ...] = ()
    sensitivity: tuple[str, ...] = ()
    workflows: list[str] = []
    risks: list[str] = []


class _RawFacet(BaseModel):
    model_config = ConfigDict(extra="forbid")

    key: str
    cues: list[str]
    entity: str
    workflows: list[str] = []
    risks: list[str] = []


class _Sector(BaseModel):
    model_config = ConfigDict(extra="forbid")

    domain: list[_RawDomain] = []
    facet: list[_RawFacet] = []


def _load(name: str) -> _Sector:
    text = files("agents.rebecca.domains").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return _Sector.model_validate(tomllib.loads(text))


def _read_domains(sector: str) -> tuple[Domain, ...]:
    return tuple(
        Domain(
            key=raw.key,
            title=raw.title,
            cues=_cues(raw.cues),
            entities=raw.entities,
            samples=raw.samples,
            include=raw.include,
            sensitivity=raw.sensitivity,
            workflows=_workflows(raw.workflows),
            risks=_risks(raw.risks),
        )
        for raw in _load(sector).domain
    )


def _cues(words: list[str]) -> tuple[Cue, ...]:
    return tuple(
        Cue(
            re.compile(rf"(?<!\w){re.escape(cue).replace(chr(92) + '*', chr(92) + 'w*')}(?!\w)"),
            weight=1 + 2 * cue.count(" ") + 2 * cue.count("-"),
        )
        if _spaced(cue)
        else Cue(re.compile(re.escape(cue)), weight=1)
        for cue in words
    )


def _spaced(cue: str) -> bool:
    """Whether the cue's script puts spaces between words (Chinese, Japanese and Korean particles do not)."""
    return all(ord(letter) < 0x2E80 for letter in cue)  # noqa: PLR2004 - the first CJK code point


def _workflows(lines: list[str]) -> tuple[WorkflowSeed, ...]:
    seeds = []
    for line in lines:
        kind, name, *rest = (part.strip() for part in line.split("|"))
        actor = rest[0] if rest else "@customer"
        seeds.append(
            WorkflowSeed(
                kind=WorkflowKind(kind), name=name, actor=actor, entity=rest[1] if len(rest) > 1 else None
            )
        )
    return tuple(seeds)


def _risks(lines: list[str]) -> tuple[Risk, ...]:
    parts = (line.partition("->") for line in lines)
    return tuple(
        Risk(name=what.strip(), mitigation=then.strip(), in_conversation=True) for what, _, then in parts
    )
