"""The entities of a domain: those the lexicon knows, those a facet adds, those the request's own words name."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from agents.rebecca.domains import Domain, Facet, read_entity
from agents.rebecca.matching import speaks_of
from agents.rebecca.model import TRANSACTIONS, Entity, EntityKind, FieldType, Origin
from agents.rebecca.naming import snake
from agents.rebecca.reading import Deed, Reading, is_person, is_served, topic_of_noun

_MOST_ADDED = {True: 4, False: 8}  # to a known domain, to an unknown one
_HOLDING = {
    "borrow": "loan",
    "lend": "loan",
    "rent": "rental",
    "hire": "rental",
    "lease": "lease",
    "charter": "charter",
}
_PART_OF_TOPIC = {"booking": EntityKind.RESOURCE, "sales": EntityKind.CATALOGUE}
_DOING = {
    "repair": "repair",
    "restore": "restoration",
    "inspect": "inspection",
    "install": "installation",
    "deliver": "delivery job",
    "transport": "transport job",
    "diagnose": "diagnosis",
    "certify": "certification",
    "audit": "audit",
    "test": "test job",
    "review": "review request",
    "maintain": "maintenance job",
    "assess": "assessment",
    "collect": "collection job",
    "recycle": "collection job",
}


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


def added_entities(entities: list[Entity], reading: Reading, domain: Domain) -> list[Entity]:
    """What a request to a known domain names beyond it: the objects of its verbs that nothing there covers."""
    words = {word for entity in entities for word in entity.identifier.split("_")}
    kinds = {entity.kind for entity in entities}
    customer = roles_of(entities).get("@customer")
    added: dict[str, Entity] = {}
    for deed in reading.deeds:
        name = snake(deed.noun)
        covered = words.intersection(name.split("_")) or speaks_of(deed.noun, domain) or is_person(deed.noun)
        covered = covered or _PART_OF_TOPIC.get(deed.topic) in kinds
        if deed.topic and not covered and name not in added and len(added) < _MOST_ADDED[True]:
            kind = (
                "case; -> @customer"
                if topic_of_noun(deed.noun) == "requests"
                else "record; name; notes: long_text?"
            )
            added[name] = _entity(f"{deed.noun}: {kind}", customer)
    return list(added.values())


def read_entities(reading: Reading, domain: Domain) -> list[Entity]:
    """The entities of a trade the lexicon does not know, out of the request's words and an archetype."""
    people = [*reading.people, *(deed.subject for deed in reading.deeds if deed.subject)]
    served = next((noun for noun in people if is_served(noun)), None)
    staff = next((noun for noun in people if not is_served(noun)), None)
    template = known_entities(domain, Origin.ASSUMED)
    found: dict[str, Entity] = {}
    if served:
        _put(found, _entity(f"{served}: person", None))
    else:
        _put(found, next(entity for entity in template if entity.kind is EntityKind.PERSON))
    customer = next(iter(found))
    if staff:
        _put(found, _entity(f"{staff}: staff", None))
    pooled = _pools(reading.deeds)
    for deed in reading.deeds:
        pool = pooled.get(deed.noun)
        for entity in _of_deed(replace(deed, noun=pool[0]) if pool else deed, customer, staff):
            samples = pool[1] if pool and entity.kind in _PART_OF_TOPIC.values() else ()
            _put(found, entity.model_copy(update={"samples": samples}))
    for noun in reading.things[: _MOST_ADDED[False]]:
        if noun in pooled or snake(noun) in found:
            continue
        if topic_of_noun(noun) is None:
            _put(found, _entity(f"{noun}: record; name; notes: long_text?", None))
        elif topic_of_noun(noun) == "requests":
            _put(found, _entity(f"{noun}: case; -> @customer", customer))
    _complete(found, template, customer, staff)
    return list(found.values())


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


def _pools(deeds: Iterable[Deed]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Several things sold are one catalogue of products, several things lent one kind of item: noun -> (pool, all)."""
    pools: dict[str, tuple[str, tuple[str, ...]]] = {}
    deeds = tuple(deeds)
    for topic, pool in (("sales", "product"), ("booking", "item")):
        nouns = tuple(
            dict.fromkeys(
                deed.noun
                for deed in deeds
                if deed.topic == topic and topic_of_noun(deed.noun) is None and not is_person(deed.noun)
            )
        )
        if len(nouns) > 1:
            pools |= dict.fromkeys(nouns, (pool, nouns))
    return pools


def _of_deed(deed: Deed, customer: str, staff: str | None) -> Iterator[Entity]:
    if not deed.topic or is_person(deed.noun):
        return
    topic = topic_of_noun(deed.noun)
    if topic == "booking" or (deed.topic == "booking" and topic is not None):
        yield _entity(f"{deed.noun}: booking; -> @customer{_staffed(staff)}", customer)
    elif topic == "requests" or (topic and deed.topic == "requests"):
        yield _entity(f"{deed.noun}: case; -> @customer{_staffed(staff, optional=True)}", customer)
    elif topic == "sales":
        yield _entity(f"{deed.noun}: order; -> @customer", customer)
    elif deed.topic == "booking":
        yield _entity(f"{deed.noun}: resource; number?", None)
        held = _HOLDING.get(deed.verb, "reservation")
        yield _entity(f"{held}: booking; -> @customer; -> {deed.noun}", customer)
    elif deed.topic == "sales":
        yield _entity(f"{deed.noun}: catalogue; stock quantity: count?", None)
    elif deed.topic == "requests" and deed.verb in _DOING:
        yield _entity(f"{deed.noun}: record; -> @customer; name; notes: long_text?", customer)
        job = f"{deed.noun} {_DOING[deed.verb]}"
        yield _entity(f"{job}: case; -> @customer; -> {deed.noun}{_staffed(staff, optional=True)}", customer)
    else:
        yield _entity(f"{deed.noun}: record; name; notes: long_text?", None)


def _complete(found: dict[str, Entity], template: list[Entity], customer: str, staff: str | None) -> None:
    """Adds what the archetype has and the words left out: something to come for, and its parts."""
    kinds = {entity.kind for entity in found.values()}
    if EntityKind.CATALOGUE in kinds and EntityKind.ORDER not in kinds:
        _put(found, _entity("order: order; -> @customer; number!", customer))
        kinds.add(EntityKind.ORDER)
    if EntityKind.ORDER in kinds and EntityKind.CATALOGUE in kinds:
        goods = next(entity.name for entity in found.values() if entity.kind is EntityKind.CATALOGUE)
        order = next(entity.name for entity in found.values() if entity.kind is EntityKind.ORDER)
        _put(found, _entity(f"{order} line: line; -> {order}; -> {goods}", None))
    if kinds.intersection(TRANSACTIONS):
        return
    stand_ins = {"customer": customer, "client": customer, "staff_member": snake(staff or "staff member")}
    for entity in template:
        if entity.kind is EntityKind.PERSON or (staff and entity.kind is EntityKind.STAFF):
            continue
        attributes = tuple(
            item.model_copy(
                update={"refers_to": stand_ins[item.refers_to], "name": f"{stand_ins[item.refers_to]}_id"}
            )
            if item.type is FieldType.REFERENCE and item.refers_to in stand_ins
            else item
            for item in entity.attributes
        )
        _put(found, entity.model_copy(update={"attributes": attributes}))


def _staffed(staff: str | None, *, optional: bool = False) -> str:
    return f"; -> {staff}{'?' if optional else ''}" if staff else ""


def _entity(line: str, customer: str | None) -> Entity:
    return read_entity(line, Origin.REQUEST, roles={"@customer": customer} if customer else {})


def _put(found: dict[str, Entity], entity: Entity) -> None:
    if len(found) < _MOST_ADDED[False] + 6 and entity.table not in {item.table for item in found.values()}:
        found.setdefault(entity.identifier, entity)
