"""The entities of a domain: those the lexicon knows, those a facet adds, those the request's own words name."""

from collections.abc import Iterable

from agents.rebecca.clauses import Description
from agents.rebecca.composing import Composition, compose
from agents.rebecca.domains import Domain, Facet, read_entity
from agents.rebecca.lexicon import is_human
from agents.rebecca.matching import speaks_of
from agents.rebecca.model import TRANSACTIONS, Attribute, Entity, EntityKind, Origin
from agents.rebecca.naming import snake
from agents.rebecca.reading import Reading

_MOST_ADDED = 4
_MOST_ENTITIES = 16
_PART_OF_TOPIC = {"booking": EntityKind.RESOURCE, "sales": EntityKind.CATALOGUE}


def known_entities(domain: Domain, origin: Origin) -> list[Entity]:
    """The lexicon's entities of a domain, with the samples it has for them."""
    entities = []
    for line in domain.entities:
        name = line.partition(":")[0].strip()
        samples = domain.samples.get(snake(name), ())
        entities.append(read_entity(line, origin, roles={}, samples=samples))
    return entities


def facet_entities(entities: list[Entity], facets: Iterable[tuple[Facet, bool]]) -> list[Entity]:
    """The entities that facets add to these; none whose name is there already."""
    roles = roles_of(entities)
    there = {entity.identifier for entity in entities}
    added = []
    for facet, said in facets:
        entity = read_entity(facet.entity, Origin.REQUEST if said else Origin.DOMAIN, roles=roles)
        if entity.identifier not in there:
            added.append(entity)
    return added


def roles_of(entities: Iterable[Entity]) -> dict[str, str]:
    """Who `@customer` is and what `@transaction` is among these; a role nobody has is left out."""
    roles: dict[str, str] = {}
    for entity in entities:
        if entity.kind is EntityKind.PERSON:
            roles.setdefault("@customer", entity.identifier)
        if entity.kind in TRANSACTIONS:
            roles.setdefault("@transaction", entity.identifier)
    return roles


def compose_into(
    entities: list[Entity], description: Description, reading: Reading, domain: Domain
) -> Composition:
    """What a request to a known trade names beyond it; nothing that its words or its entities cover."""
    words = {word for entity in entities for word in entity.identifier.split("_")}
    kinds = {entity.kind for entity in entities}
    sold_or_booked = {
        deed.noun for deed in reading.deeds if _PART_OF_TOPIC.get(deed.topic) in kinds or deed.topic == ""
    }

    acting = {clause.subject for clause in description.clauses if clause.subject}

    def covered(noun: str) -> bool:
        named = words.intersection(snake(noun).split("_")) or (is_human(noun) and noun not in acting)
        return bool(named) or speaks_of(noun, domain) or noun in sold_or_booked

    room = min(_MOST_ADDED, _MOST_ENTITIES - len(entities))
    return compose(description, reading.business or domain.title, entities, covered, max(room, 0))


def completed(entities: list[Entity], reading: Reading, domain: Domain) -> list[Entity]:
    """Composed entities with somebody to serve and something to come for; the archetype where nothing was composed."""
    template = known_entities(domain, Origin.ASSUMED)
    things = [item for item in entities if item.kind not in {EntityKind.PERSON, EntityKind.STAFF}]
    customer = next((item for item in entities if item.kind is EntityKind.PERSON), None)
    if customer is None:
        customer = next(item for item in template if item.kind is EntityKind.PERSON)
        entities = [customer, *entities]
    if any(item.kind in TRANSACTIONS for item in things):
        return entities
    if things and reading.deeds:
        return [*entities, read_entity(f"request: case; -> {customer.name}", Origin.ASSUMED, roles={})]
    staff = next((item for item in entities if item.kind is EntityKind.STAFF), None)
    stand_ins = {"customer": customer.identifier, "client": customer.identifier}
    stand_ins["staff_member"] = staff.identifier if staff else "staff_member"
    there = {item.table for item in entities}
    for entity in template:
        if (
            entity.kind is EntityKind.PERSON
            or (staff and entity.kind is EntityKind.STAFF)
            or entity.table in there
        ):
            continue
        entities.append(
            entity.model_copy(
                update={"attributes": tuple(_standing(item, stand_ins) for item in entity.attributes)}
            )
        )
    return entities


def merged(entities: list[Entity], gained: Iterable[Entity]) -> list[Entity]:
    """The entities in their order, those that gained something in their new form, new ones last."""
    later = {entity.identifier: entity for entity in gained}
    found = [later.pop(entity.identifier, entity) for entity in entities]
    tables = {entity.table for entity in found}
    return [*found, *(entity for entity in later.values() if entity.table not in tables)]


def only_sound_references(entities: list[Entity]) -> list[Entity]:
    """The entities without references to what is not among them."""
    there = {entity.identifier for entity in entities}
    return [
        entity.model_copy(
            update={
                "attributes": tuple(
                    item for item in entity.attributes if item.refers_to is None or item.refers_to in there
                )
            }
        )
        for entity in entities
    ]


def _standing(item: Attribute, stand_ins: dict[str, str]) -> Attribute:
    target = stand_ins.get(item.refers_to or "")
    if target is None:
        return item
    return item.model_copy(update={"refers_to": target, "name": f"{target}_id"})
