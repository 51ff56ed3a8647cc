"""The entities of a domain while it is composed: found by their nouns, made once, referring to each other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from agents.rebecca.clauses import Clause, Description
from agents.rebecca.domains import read_entity
from agents.rebecca.lexicon import (
    Value,
    Work,
    is_human,
    is_occasion,
    is_organisation,
    standard_attributes,
    value,
    work_of,
)
from agents.rebecca.model import Action, Attribute, Entity, EntityKind, FieldType, Origin
from agents.rebecca.naming import camel, identifier, past_participle, snake
from agents.rebecca.reading import is_served


@dataclass
class Draft:
    """An entity in the making; `new` says that the description named it, `gained` that a known one got more."""

    name: str
    kind: EntityKind
    attributes: dict[str, Attribute] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)
    samples: tuple[str, ...] = ()
    new: bool = True
    origin: Origin = Origin.REQUEST
    gained: bool = False

    @property
    def identifier(self) -> str:
        """Its singular in snake_case."""
        return snake(self.name)

    @property
    def entity(self) -> Entity:
        """As an entity; with a status where something that is done to it leaves one."""
        attributes = dict(self.attributes)
        states = [action.status for action in self.actions.values() if action.status]
        if states and "status" not in attributes:
            status = Attribute(name="status", type=FieldType.CHOICE, choices=("new", *dict.fromkeys(states)))
            attributes = {"status": status} | attributes
        return Entity(
            name=self.name, kind=self.kind, attributes=tuple(attributes.values()), origin=self.origin,
            samples=self.samples, actions=tuple(self.actions.values()),
        )  # fmt: skip


class Drafts:
    """What was made so far, around the entities that were known before."""

    def __init__(
        self,
        description: Description,
        business: str,
        known: Iterable[Entity],
        covered: Callable[[str], bool],
        most: int,
    ) -> None:
        self._covered = covered
        self._most = most
        self._description = description
        self._business = business
        self._drafts: dict[str, Draft] = {}
        self._latest: Draft | None = None
        self._placed: set[str] = set()
        for entity in known:
            self._drafts[entity.identifier] = Draft(
                name=entity.name, kind=entity.kind, attributes={item.name: item for item in entity.attributes},
                actions={item.name: item for item in entity.actions}, samples=entity.samples, new=False,
                origin=entity.origin,
            )  # fmt: skip
        self._customer = next(
            (item for item in self._drafts.values() if item.kind is EntityKind.PERSON), None
        )

    def _person(self, noun: str, *, served: bool) -> Draft | None:
        there = self._find(noun)
        if there is not None:
            return there
        if is_organisation(noun) and not is_human(noun):
            line = "person; name; contact person?; phone: phone?; email: email?; consented at: datetime?"
            draft = self._put(noun, EntityKind.PERSON, line)
            if draft:
                draft.attributes.pop("full_name", None)
                draft.attributes.pop("language", None)
            return draft
        kind = EntityKind.PERSON if served or is_served(noun) else EntityKind.STAFF
        return self._put(noun, kind, f"{kind.value}")

    def _subject_thing(self, noun: str) -> None:
        """A thing that acts of itself (a sensor, a ship) is on record too."""
        is_somebody = is_human(noun) or is_organisation(noun)
        if not is_somebody and not self._is_business(noun) and not self._has(noun) and value(noun) is None:
            self._thing(noun)

    def _booking(self, noun: str, clause: Clause) -> Draft | None:
        return self._put(noun, EntityKind.BOOKING, "booking; -> @customer", clause=clause)

    def _reservation(self, name: str, clause: Clause, thing: Draft | None) -> Draft | None:
        return self._find(name) or self._put(
            name, EntityKind.BOOKING, "booking; -> @customer", thing, clause=clause
        )

    def _thing(self, noun: str, clause: Clause | None = None) -> Draft | None:
        """A record of its own: an occasion has a time and an author, anything else a name."""
        if is_organisation(noun) and not is_occasion(noun):
            return self._put(noun, EntityKind.RECORD, "record; name; address?; phone: phone?; email: email?")
        if not is_occasion(noun):
            return self._put(
                noun, EntityKind.RECORD, f"record; name; notes: long_text?; {standard_attributes(noun)}"
            )
        author = self._find(clause.subject) if clause and clause.subject else None
        line = f"record; happened at: datetime; notes: long_text?; {standard_attributes(noun)}"
        return self._put(noun, EntityKind.RECORD, line, author)

    def _action(self, target: Draft, verb: str, *, field_name: str | None = None) -> str:
        name = snake(verb)
        status = None if field_name else past_participle(verb)
        if target.kind in {EntityKind.PERSON, EntityKind.STAFF}:
            status = None
        standard = f"{camel(name)}{target.entity.schema_name}"
        target.actions.setdefault(name, Action(name=name, status=status, field=field_name))
        target.gained = True
        return standard

    def _typed(self, noun: str, found: Value) -> Attribute:
        return Attribute(name=identifier(noun), type=found.type, required=False, choices=found.choices)

    def _attribute(self, host: Draft, attribute: Attribute) -> None:
        if attribute.name not in host.attributes:
            host.attributes[attribute.name] = attribute
            host.gained = True

    def _refer(self, entity: Draft, target: Draft, *, required: bool) -> None:
        name = f"{target.identifier}_id"
        if entity is target or any(
            item.refers_to == entity.identifier for item in target.attributes.values()
        ):
            return
        entity.attributes.setdefault(
            name,
            Attribute(name=name, type=FieldType.REFERENCE, required=required, refers_to=target.identifier),
        )
        entity.gained = True

    def _for_a_customer(
        self, line: str, targets: tuple["Draft | None", ...], clause: Clause | None
    ) -> tuple[str, tuple["Draft | None", ...]]:
        """The line with the customer's name in it; one of the staff who is the subject is referred to beside."""
        who = self._find(clause.subject) if clause and clause.subject else None
        customer = who if who is not None and who.kind is EntityKind.PERSON else self._customer
        if customer is None:
            customer = self._person("customer", served=True)
        line = line.replace("-> @customer", f"-> {customer.name}" if customer else "").rstrip("; ")
        if who is not None and who.kind is EntityKind.STAFF:
            targets = (*targets, who)
        return line, targets

    def _put(
        self, noun: str, kind: EntityKind, line: str, *targets: Draft | None, clause: Clause | None = None
    ) -> Draft | None:
        """A new entity out of a noun and its notation, with references; None when there are too many already."""
        there = self._find(noun)
        if there is not None:
            return there
        if self._covered(noun):
            return None
        if sum(item.new for item in self._drafts.values()) >= self._most or not snake(noun, fallback=""):
            return None
        if "@customer" in line:
            line, targets = self._for_a_customer(line, targets, clause)
        made = read_entity(f"{noun}: {line}", Origin.REQUEST, roles={})
        draft = Draft(name=made.name, kind=kind, attributes={item.name: item for item in made.attributes})
        self._drafts[draft.identifier] = draft
        for target in targets:
            if target is not None:
                self._refer(
                    draft,
                    target,
                    required=kind is not EntityKind.RECORD and target.kind is not EntityKind.STAFF,
                )
        if kind is EntityKind.PERSON and self._customer is None:
            self._customer = draft
        if kind not in {EntityKind.PERSON, EntityKind.STAFF, EntityKind.LINE}:
            self._latest = draft
        return draft

    def _find(self, noun: str | None) -> Draft | None:
        if not noun:
            return None
        key = snake(noun)
        exact = self._drafts.get(key)
        if exact is not None:
            return exact
        return next(
            (item for item in self._drafts.values() if not item.new and item.identifier.endswith(f"_{key}")),
            None,
        )

    def _has(self, noun: str) -> bool:
        return self._find(noun) is not None

    def _is_business(self, noun: str) -> bool:
        worked_with = any(
            clause.object == noun and work_of(clause.verb) is not Work.EMPTY
            for clause in self._description.clauses
        )
        if not self._business or worked_with or self._description.nouns[noun] > 1:
            return False
        return noun == self._business or self._business in noun
