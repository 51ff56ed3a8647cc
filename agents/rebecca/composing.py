"""A domain composed out of what a description says: entities with typed fields, references, workflows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agents.rebecca.clauses import Clause, Description
from agents.rebecca.drafts import Draft, Drafts
from agents.rebecca.lexicon import (
    Value,
    Work,
    is_bookable,
    is_human,
    is_occasion,
    is_organisation,
    standard_attributes,
    value,
    work_of,
)
from agents.rebecca.model import (
    TRANSACTIONS,
    Attribute,
    Entity,
    EntityKind,
    FieldType,
    Origin,
    Workflow,
    WorkflowKind,
)
from agents.rebecca.naming import listed, pascal, snake, with_article
from agents.rebecca.reading import topic_of_noun

_MOST = 13
_HELD = {
    "borrow": "loan",
    "lend": "loan",
    "rent": "rental",
    "hire": "rental",
    "lease": "lease",
    "charter": "charter",
}
_SERVED_WORK = (Work.BOOK, Work.ATTEND, Work.REQUEST, Work.PAY)
_BUYING = frozenset("order buy purchase pre-order".split())
_LINKING = frozenset("assign allocate match pair link attach dispatch".split())
_WITHIN = frozenset("of for from in on at to against per with into under about over near by".split())
_PERFORMING = frozenset("do make take give".split())
_SOLD_TOGETHER = 3
_APPOINTED = frozenset("appointment booking reservation".split())
_JOBS = {
    "repair": "repair",
    "restore": "restoration",
    "install": "installation",
    "diagnose": "diagnosis",
    "certify": "certification",
    "maintain": "maintenance",
    "recycle": "recycling",
    "clean": "cleaning",
    "translate": "translation",
    "transport": "transport",
}
"""What a business does for its customers is a case with a state; the verb's own noun names it."""
_KINDS = {
    Work.BOOK: WorkflowKind.TRANSACTION,
    Work.ATTEND: WorkflowKind.TRANSACTION,
    Work.SCHEDULE: WorkflowKind.TRANSACTION,
    Work.SELL: WorkflowKind.TRANSACTION,
    Work.REQUEST: WorkflowKind.TRANSACTION,
    Work.RECORD: WorkflowKind.RECORD,
    Work.CHANGE: WorkflowKind.TRANSACTION,
    Work.LOOK: WorkflowKind.LOOKUP,
    Work.TELL: WorkflowKind.NOTIFICATION,
    Work.COMPUTE: WorkflowKind.ANALYSIS,
    Work.SUGGEST: WorkflowKind.RECOMMENDATION,
    Work.WRITE: WorkflowKind.CONTENT,
    Work.PAY: WorkflowKind.PAYMENT,
}
_STEPS = {
    WorkflowKind.TRANSACTION: ("Read it back and ask for confirmation", "Carry it out once and confirm"),
    WorkflowKind.RECORD: ("Validate it", "Store it and confirm"),
    WorkflowKind.LOOKUP: ("Look it up in the records", "Answer with the record, or say that there is none"),
    WorkflowKind.NOTIFICATION: ("Check consent and that it was not sent yet", "Send it and record when"),
    WorkflowKind.ANALYSIS: ("Compute from the records", "Write the findings with their sources"),
    WorkflowKind.RECOMMENDATION: ("Choose candidates from the records", "Propose at most three with reasons"),
    WorkflowKind.CONTENT: ("Draft from the records", "Have a person approve it"),
    WorkflowKind.PAYMENT: (
        "Send the provider's payment link",
        "Record the payment when the provider reports it",
    ),
}


@dataclass(frozen=True)
class Composition:
    """What was composed; both are empty where the description has no clause and no noun to work with."""

    entities: tuple[Entity, ...]
    workflows: tuple[Workflow, ...]


def compose(
    description: Description,
    business: str | None,
    known: Iterable[Entity] = (),
    covered: Callable[[str], bool] = lambda _: False,
    most: int = _MOST,
) -> Composition:
    """The entities and workflows of a description, around those that are `known` already.

    An entity is never made twice: a noun that names a known one means it. `business` is the trade, which is
    no entity of itself; neither is a noun that is `covered` otherwise. At most `most` are made. The composition holds the new entities and those known ones that gained something.
    """
    composer = _Composer(description, business or "", known, covered, most)
    composer.run()
    return composer.result()


class _Composer(Drafts):
    def __init__(
        self,
        description: Description,
        business: str,
        known: Iterable[Entity],
        covered: Callable[[str], bool],
        most: int,
    ) -> None:
        super().__init__(description, business, known, covered, most)
        self._sold = self._sold_together()
        self._workflows: dict[str, Workflow] = {}

    def run(self) -> None:
        self._people()
        for clause in self._description.clauses:
            self._clause(clause)
        for noun in self._description.nouns:
            of_the_trade = self._is_business(noun) or self._business.endswith(f" {noun}")
            if not of_the_trade and not self._has(noun) and noun not in self._placed:
                self._mention(noun)
        for part, whole in self._description.parts:
            self._part(part, whole)
        self._settle_occasions()

    def result(self) -> Composition:
        entities = tuple(draft.entity for draft in self._drafts.values() if draft.new or draft.gained)
        return Composition(entities=entities, workflows=tuple(self._workflows.values()))

    # People come first, so that everything else can refer to them.
    def _people(self) -> None:
        for clause in self._description.clauses:
            if clause.subject and (is_human(clause.subject) or is_organisation(clause.subject)):
                work = work_of(clause.verb)
                served = work in _SERVED_WORK or (work is Work.SELL and clause.verb in _BUYING)
                self._person(clause.subject, served=served)
        for noun in self._description.nouns:
            if is_human(noun) and not self._is_business(noun):
                self._person(noun, served=False)

    def _clause(self, clause: Clause) -> None:
        noun = clause.object
        if noun is None or self._is_business(noun):
            return
        work = work_of(clause.verb)
        if work is Work.EMPTY and clause.verb in _PERFORMING and is_occasion(noun):
            work = Work.RECORD
        if clause.subject and work not in {Work.EMPTY, Work.HAVE}:
            self._subject_thing(clause.subject)
        if work is Work.EMPTY:
            return
        if work is Work.HAVE:
            self._belongs(clause.subject, noun)
            return
        found = value(noun)
        if found is not None and not self._has(noun):
            self._value_clause(clause, noun, found, work)
            return
        target = self._object(clause, noun, work)
        if target is None:
            return
        self._complements(clause, target, noun)
        self._work(clause, noun, work, target)

    def _object(self, clause: Clause, noun: str, work: Work) -> Draft | None:
        """The entity that the clause is about, made if need be, with what is made beside it."""
        there = self._find(noun)
        if is_human(noun):
            person = there or self._person(noun, served=False)
            if work is Work.BOOK and person:
                return self._reservation(f"{noun} booking", clause, person)
            return person
        making: dict[Work, Callable[[str, Clause, Draft | None], Draft | None]] = {
            Work.BOOK: self._booked,
            Work.ATTEND: self._attended,
            Work.SCHEDULE: self._scheduled,
            Work.SELL: self._goods,
            Work.REQUEST: self._requested,
            Work.CHANGE: self._changed,
        }
        if work in making:
            return making[work](noun, clause, there)
        return there or self._thing(noun, clause)

    def _booked(self, noun: str, clause: Clause, there: Draft | None) -> Draft | None:
        if is_bookable(noun):
            return there or self._booking(noun, clause)
        thing = there or self._put(noun, EntityKind.RESOURCE, f"resource; {standard_attributes(noun)}")
        return self._reservation(f"{noun} {_HELD.get(clause.verb, 'booking')}", clause, thing)

    def _attended(self, noun: str, clause: Clause, there: Draft | None) -> Draft | None:
        slot = there or self._put(noun, EntityKind.SLOT, "slot; name")
        if slot is None or slot.kind in TRANSACTIONS:
            return slot
        return self._put(
            f"{noun} registration", EntityKind.ENROLMENT, "enrolment; -> @customer", slot, clause=clause
        )

    def _scheduled(self, noun: str, clause: Clause, there: Draft | None) -> Draft | None:
        if is_bookable(noun):
            return there or self._booking(noun, clause)
        thing = there or self._thing(noun, clause)
        if thing:
            moment = Attribute(name="scheduled_for", type=FieldType.DATETIME, required=False)
            self._attribute(thing, moment)
        return thing

    def _changed(self, noun: str, clause: Clause, there: Draft | None) -> Draft | None:
        if there is None and topic_of_noun(noun) == "requests" and not is_occasion(noun):
            return self._put(noun, EntityKind.CASE, "case; -> @customer", clause=clause)
        thing = there or self._thing(noun, clause)
        if not clause.ours or clause.verb not in _JOBS:
            return thing
        name = f"{noun} {_JOBS[clause.verb]}"
        return self._put(name, EntityKind.CASE, "case; -> @customer", thing, clause=clause)

    def _work(self, clause: Clause, noun: str, work: Work, target: Draft) -> None:
        link = self._link(clause, noun) if clause.verb in _LINKING else None
        about = link or target
        if work is Work.SELL:
            about = next((item for item in self._drafts.values() if item.kind is EntityKind.ORDER), target)
        operation = f"create{about.entity.schema_name}" if about.new or work is not Work.CHANGE else None
        if (work is Work.CHANGE and link is None and target.name != f"{noun} {_JOBS.get(clause.verb)}") or (
            work is Work.SCHEDULE and about.kind not in TRANSACTIONS
        ):
            operation = self._action(target, clause.verb)
        elif work in {Work.LOOK, Work.TELL, Work.COMPUTE, Work.SUGGEST}:
            operation = f"list{pascal(target.entity.table)}"
        elif work is Work.REQUEST and clause.verb == "quote":
            operation = self._action(target, "quote")
        self._add_workflow(clause, noun, work, about, operation)

    def _add_workflow(
        self, clause: Clause, noun: str, work: Work, about: Draft, operation: str | None
    ) -> None:
        kind = _KINDS[work]
        behind = next(
            (f" {name} {with_article(other)}" for name, other in clause.complements if value(other) is None),
            "",
        )
        name = f"{clause.verb.capitalize()} {with_article(noun)}{behind}"
        asked = [f"the {item}" for item in about.entity.needed if snake(item) != snake(clause.subject or "")][
            :4
        ]
        first = (
            f"Ask for {listed(asked)}"
            if asked and operation and operation.startswith("create")
            else f"Find the {noun}"
        )
        actor = clause.subject or (self._customer.name if self._customer else "customer")
        self._workflows.setdefault(
            name,
            Workflow(
                name=name, kind=kind, actor=actor, steps=(first, *_STEPS[kind]), entity=about.identifier,
                origin=Origin.REQUEST, operation=operation,
            ),
        )  # fmt: skip

    def _value_clause(self, clause: Clause, noun: str, found: Value, work: Work) -> None:
        """A clause whose object is a value: it belongs to the thing spoken of, and setting it is an operation."""
        host = self._host(clause)
        if host is None:
            return
        attribute = self._typed(noun, found)
        self._attribute(host, attribute)
        self._placed.add(noun)
        operation = self._action(host, f"{clause.verb} {noun}", field_name=attribute.name)
        work = Work.CHANGE if work is Work.REQUEST else work
        self._add_workflow(clause, noun, work, host, operation)

    def _host(self, clause: Clause) -> Draft | None:
        for _, noun in clause.complements:
            other = self._find(noun)
            if other is None and value(noun) is None and not is_human(noun) and not self._is_business(noun):
                other = self._thing(noun, clause)
            if other is not None:
                return other
        if self._latest is not None:
            return self._latest
        subject = self._find(clause.subject) if clause.subject else None
        return subject or self._customer or next(iter(self._drafts.values()), None)

    def _goods(self, noun: str, clause: Clause, there: Draft | None) -> Draft | None:
        if topic_of_noun(noun) == "sales":
            return there or self._put(noun, EntityKind.ORDER, "order; -> @customer; number!", clause=clause)
        catalogue = self._drafts.get("product") if noun in self._sold else None
        if catalogue is None:
            name = "product" if noun in self._sold else noun
            catalogue = self._find(name) or self._put(
                name, EntityKind.CATALOGUE, "catalogue; stock quantity: count?"
            )
            if catalogue and noun in self._sold:
                catalogue.samples = self._sold
        order = next((item for item in self._drafts.values() if item.kind is EntityKind.ORDER), None)
        if order is None:
            order = self._put("order", EntityKind.ORDER, "order; -> @customer; number!", clause=clause)
        lined = any(
            catalogue is not None and item.refers_to == catalogue.identifier
            for draft in self._drafts.values() if draft.kind is EntityKind.LINE
            for item in draft.attributes.values()
        )  # fmt: skip
        if order and catalogue and catalogue.kind is EntityKind.CATALOGUE and not lined:
            self._put(
                f"{order.name} line" if not self._has("order line") else f"{noun} line",
                EntityKind.LINE,
                "line",
                order,
                catalogue,
            )
        self._latest = catalogue
        return catalogue

    def _requested(self, noun: str, clause: Clause, there: Draft | None) -> Draft | None:
        if is_bookable(noun):
            return there or self._booking(noun, clause)
        if topic_of_noun(noun) == "requests" or clause.verb == "quote":
            return there or self._put(noun, EntityKind.CASE, "case; -> @customer", clause=clause)
        thing = there or self._thing(noun, clause)
        suffix = {
            "report": "report",
            "claim": "claim",
            "bid for": "bid",
            "bid": "bid",
            "commission": "commission",
        }
        name = f"{noun} {suffix.get(clause.verb, 'request')}"
        case = self._find(name) or self._put(
            name, EntityKind.CASE, "case; -> @customer", thing, clause=clause
        )
        self._latest = thing
        return case or thing

    def _complements(self, clause: Clause, target: Draft, noun: str) -> None:
        if clause.verb in _LINKING:
            return
        for preposition, other in clause.complements:
            if preposition not in _WITHIN or self._is_business(other) or other == noun:
                continue
            found = value(other)
            if found is not None and not self._has(other):
                self._attribute(target, self._typed(other, found))
                self._placed.add(other)
                continue
            thing = self._find(other) or (
                self._person(other, served=False) if is_human(other) else self._thing(other)
            )
            if thing is not None and thing is not target:
                holder = target if target.kind in TRANSACTIONS or target.new else None
                if holder:
                    self._refer(holder, thing, required=False)

    def _link(self, clause: Clause, noun: str) -> Draft | None:
        """What joins two things: "assign crews to incidents"."""
        other = next((item for name, item in clause.complements if name in {"to", "with", "for"}), None)
        if other is None or value(other) is not None or self._is_business(other):
            return None
        first = self._find(noun)
        second = self._find(other) or (
            self._person(other, served=False) if is_human(other) else self._thing(other)
        )
        if first is None or second is None:
            return None
        return self._put(
            f"{noun} assignment",
            EntityKind.RECORD,
            "record; assigned at: datetime; ended at: datetime?",
            first,
            second,
        )

    def _mention(self, noun: str) -> None:
        found = value(noun)
        if found is not None:
            host = self._latest or next(
                (item for item in self._drafts.values() if item.kind is EntityKind.RECORD), None
            )
            if host:
                self._attribute(host, self._typed(noun, found))
        elif is_human(noun):
            self._person(noun, served=False)
        else:
            if noun in self._sold:
                return
            topic = topic_of_noun(noun)
            if topic == "requests":
                self._put(noun, EntityKind.CASE, "case; -> @customer")
            elif topic == "booking" and (not is_occasion(noun) or noun in _APPOINTED):
                self._put(noun, EntityKind.BOOKING, "booking; -> @customer")
            else:
                self._thing(noun)

    def _belongs(self, subject: str | None, noun: str) -> None:
        host = self._find(subject) if subject else self._latest
        if host is None and subject and not self._is_business(subject):
            host = self._thing(subject)
        if host is None:
            return
        other = self._find(noun)
        if other is not None and other is not host:
            self._refer(other, host, required=False)
            return
        self._attribute(host, self._typed(noun, value(noun) or Value(FieldType.TEXT)))
        self._placed.add(noun)

    def _part(self, part: str, whole: str) -> None:
        if self._is_business(whole) or self._is_business(part):
            return
        owner, owned = self._find(whole), self._find(part)
        found = value(part)
        if owner and owned and owner is not owned and owned.kind is not EntityKind.STAFF:
            self._refer(owned, owner, required=False)
        elif owner and found:
            self._attribute(owner, self._typed(part, found))

    def _settle_occasions(self) -> None:
        """An occasion that refers to no thing belongs to the thing spoken of before it."""
        before: Draft | None = None
        main = self._find(self._business)
        for draft in self._drafts.values():
            occasion = draft.kind is EntityKind.RECORD and is_occasion(draft.name)
            if occasion and draft.new:
                kinds = {
                    self._drafts[item.refers_to].kind for item in draft.attributes.values()
                    if item.refers_to and item.refers_to in self._drafts
                }  # fmt: skip
                if before is not None and not kinds & {
                    EntityKind.RECORD,
                    EntityKind.RESOURCE,
                    EntityKind.CATALOGUE,
                }:
                    self._refer(draft, main or before, required=False)
            elif draft.kind in {EntityKind.RECORD, EntityKind.RESOURCE} and not draft.name.endswith(
                "assignment"
            ):
                before = draft

    def _sold_together(self) -> tuple[str, ...]:
        sold = [
            clause.object for clause in self._description.clauses
            if clause.object and work_of(clause.verb) is Work.SELL and topic_of_noun(clause.object) is None
            and not is_human(clause.object)
        ]  # fmt: skip
        return tuple(dict.fromkeys(sold)) if len(set(sold)) >= _SOLD_TOGETHER else ()
