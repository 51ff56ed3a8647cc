"""Who takes part in a domain and what they get done, derived from the parts its entities play."""

from collections.abc import Iterator

from agents.rebecca.domains import WorkflowSeed
from agents.rebecca.entities import roles_of
from agents.rebecca.model import Actor, Entity, EntityKind, Origin, Workflow, WorkflowKind
from agents.rebecca.naming import listed, with_article
from agents.rebecca.reading import Deed, Reading

_ASKED = 4  # questions in one step
_STEPS = {
    WorkflowKind.LOOKUP: ("Read what is asked for", "Look it up in the records", "Answer with the record, or say that there is none"),
    WorkflowKind.PAYMENT: ("Compute the sum from the records", "Send the provider's payment link", "Record the payment when the provider reports it"),
    WorkflowKind.NOTIFICATION: ("Find who is to be told, by a timer or an event", "Check consent and that it was not sent yet", "Send it and record when"),
    WorkflowKind.RECORD: ("Ask for what is missing", "Validate it", "Store it and confirm"),
    WorkflowKind.RECOMMENDATION: ("Ask for wishes, limits and budget", "Choose candidates from the records", "Propose at most three with reasons", "Carry on with the chosen one"),
    WorkflowKind.TRIAGE: ("Ask the questions that tell the urgency", "Compare with the written red flags", "Assign urgency and the person in charge", "Tell what happens next and when"),
    WorkflowKind.ANALYSIS: ("Collect the records of the case", "Compute and compare", "Write findings with their sources", "Have a person confirm what has consequences"),
    WorkflowKind.ADVICE: ("Find passages that answer", "Answer from them with a citation", "Hand over where they are silent"),
    WorkflowKind.CONTENT: ("Collect facts, audience and tone", "Draft", "Check the facts against the records", "Have a person approve it"),
    WorkflowKind.HANDOVER: ("Summarise the conversation and its records", "Notify the person in charge", "Tell when an answer can be expected"),
    WorkflowKind.TRANSACTION: ("Ask for what is missing", "Check that it is possible", "Ask for confirmation", "Carry it out once and confirm"),
}  # fmt: skip
_GOALS = {
    EntityKind.PERSON: "gets things done by chat, at any hour, without waiting for a reply",
    EntityKind.STAFF: "has a full and correct schedule and is asked only what needs a person",
}


def actors(entities: list[Entity], reading: Reading) -> tuple[Actor, ...]:
    """The people of the domain, its owner and the agent."""
    found = {entity.name: _GOALS[entity.kind] for entity in entities if entity.kind in _GOALS}
    words = {word for name in found for word in name.split()}
    for noun in (*reading.people, *(deed.subject for deed in reading.deeds if deed.subject)):
        if not words.intersection(noun.split()):
            found.setdefault(noun, "named in the request; takes part in the workflows below")
    found.setdefault("owner", "sees what the agent did, sets prices, hours and rules, decides on exceptions")
    found["agent"] = "carries out the workflows with its tools and hands over what it may not decide"
    return tuple(Actor(name=name, goal=goal) for name, goal in found.items())


def workflows(
    entities: list[Entity],
    seeds: tuple[WorkflowSeed, ...],
    reading: Reading,
    composed: tuple[Workflow, ...] = (),
) -> tuple[Workflow, ...]:
    """All workflows, the standard ones of each entity first, then those composed of the description; one of a name."""
    roles = roles_of(entities)
    customer = roles.get("@customer", "customer").replace("_", " ")
    found: dict[str, Workflow] = {}
    for entity in entities:
        for workflow in _of_entity(entity, customer):
            found.setdefault(workflow.name, workflow)
    there = {entity.identifier for entity in entities}
    records = {entity.identifier for entity in entities if entity.kind is EntityKind.RECORD}
    for seed in seeds:
        actor = customer if seed.actor.startswith("@") else seed.actor
        about = seed.entity if seed.entity in there else None
        found.setdefault(seed.name, _workflow(seed.name, seed.kind, actor, about, Origin.DOMAIN))
    for workflow in composed:
        if workflow.entity in there:
            found.setdefault(workflow.name, workflow)
    for deed in reading.deeds:
        extra = _of_deed(deed, records, customer)
        if extra is not None:
            found.setdefault(extra.name, extra)
    found["Hand over to a person"] = _workflow(
        "Hand over to a person", WorkflowKind.HANDOVER, customer, None, Origin.DOMAIN
    )
    return tuple(found.values())


def _of_entity(entity: Entity, customer: str) -> Iterator[Workflow]:
    one, many = with_article(entity.name), entity.plural
    match entity.kind:
        case EntityKind.BOOKING | EntityKind.STAY:
            yield _workflow(f"Find a free time for {one}", WorkflowKind.LOOKUP, customer, entity.identifier)
            yield _asking(f"Make {one}", entity, customer)
            yield _workflow(f"Move or cancel {one}", WorkflowKind.TRANSACTION, customer, entity.identifier)
            yield _workflow(f"Remind of {one}", WorkflowKind.NOTIFICATION, "agent", entity.identifier)
        case EntityKind.CATALOGUE:
            yield _workflow(
                f"Answer questions about {many} and prices", WorkflowKind.LOOKUP, customer, entity.identifier
            )
        case EntityKind.SLOT:
            yield _workflow(f"Show the coming {many}", WorkflowKind.LOOKUP, customer, entity.identifier)
        case EntityKind.ENROLMENT:
            yield _asking(f"Make {one}", entity, customer)
            yield _workflow(f"Cancel {one}", WorkflowKind.TRANSACTION, customer, entity.identifier)
        case EntityKind.ORDER:
            yield _asking(f"Place {one}", entity, customer)
            yield _workflow(f"Say how {one} is doing", WorkflowKind.LOOKUP, customer, entity.identifier)
            yield _workflow(f"Change or cancel {one}", WorkflowKind.TRANSACTION, customer, entity.identifier)
        case EntityKind.CASE:
            yield _asking(f"Open {one}", entity, customer)
            yield _workflow(f"Say how {one} is doing", WorkflowKind.LOOKUP, customer, entity.identifier)
        case _:
            return


def _asking(name: str, entity: Entity, actor: str) -> Workflow:
    """A transaction whose first step names what the entity needs."""
    asked = [f"the {item}" for item in entity.needed if item != actor][:_ASKED]
    first = f"Ask for {listed(asked)}" if asked else "Ask what it is about"
    check = (
        "Check that the time is free"
        if entity.kind in {EntityKind.BOOKING, EntityKind.STAY}
        else "Check that it is possible"
    )
    return Workflow(
        name=name,
        kind=WorkflowKind.TRANSACTION,
        actor=actor,
        steps=(
            first,
            check,
            "Repeat everything and ask for confirmation",
            "Carry it out once and confirm with its number",
        ),
        entity=entity.identifier,
    )


def _workflow(
    name: str, kind: WorkflowKind, actor: str, entity: str | None, origin: Origin = Origin.DOMAIN
) -> Workflow:
    return Workflow(name=name, kind=kind, actor=actor, steps=_STEPS[kind], entity=entity, origin=origin)


def _of_deed(deed: Deed, records: set[str], customer: str) -> Workflow | None:
    about = deed.noun.replace(" ", "_")
    if deed.topic != "records" or about not in records:
        return None
    name = f"{deed.verb.capitalize()} {with_article(deed.noun)}"
    return _workflow(name, WorkflowKind.RECORD, deed.subject or customer, about, Origin.REQUEST)
