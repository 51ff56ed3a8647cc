"""What can go wrong with an agent in a domain: of every agent, of its constraints, of its entities."""

import re
from collections.abc import Iterator

from agents.rebecca.model import RESERVING, Constraint, ConstraintKind, Entity, EntityKind, Origin, Risk

_SENSITIVE = {
    "health": Risk(
        name="Health data are disclosed or used beyond their purpose",
        mitigation="Ask consent first, keep health notes apart from the conversation, run models locally, delete on demand.",
        in_conversation=True,
    ),
    "financial": Risk(
        name="Financial data are disclosed or a sum is wrong",
        mitigation="Authenticate before showing a sum, compute sums in the database and never in the model, log every access.",
        in_conversation=True,
    ),
    "legal": Risk(
        name="Information is taken for a binding decision",
        mitigation="Say that it is information, cite the source with its date, hand decisions to a person.",
        in_conversation=True,
    ),
    "children": Risk(
        name="Data of children are handled without a guardian's consent",
        mitigation="Register guardians first and tie every record of a child to a consenting adult.",
        in_conversation=True,
    ),
    "employment": Risk(
        name="A decision about a person's work is automated",
        mitigation="The agent prepares, a person decides and the reasons are kept.",
        in_conversation=True,
    ),
}
_ALWAYS = (
    Risk(
        name="A message tries to change the agent's instructions (prompt injection)",
        mitigation="Treat messages, documents and tool results as data; tools check rights themselves; test with the abuse cases.",
    ),
    Risk(
        name="The agent states a price, a time or a fact that is not in the records",
        mitigation="Answer facts from tool results only and say so when there is none.",
    ),
    Risk(
        name="One person sees another's data",
        mitigation="Scope every tool call to the signed-in person on the server, not in the prompt.",
    ),
)
_LOW_BUDGET_USD = 200.0


def risks(
    entities: list[Entity],
    constraints: tuple[Constraint, ...],
    sensitivity: tuple[str, ...],
    specific: tuple[Risk, ...],
) -> tuple[Risk, ...]:
    """All risks, the domain's own first; one of a name."""
    found = {risk.name: risk for risk in specific}
    for risk in (
        *_of_entities(entities),
        *(_SENSITIVE[item] for item in sensitivity if item in _SENSITIVE),
        *_of_constraints(constraints),
        *_ALWAYS,
    ):
        found.setdefault(risk.name, risk)
    return tuple(found.values())


def _of_entities(entities: list[Entity]) -> Iterator[Risk]:
    reserving = [entity for entity in entities if entity.kind in RESERVING]
    if reserving:
        yield Risk(
            name="The same time is booked twice",
            mitigation=f"The database excludes overlapping {reserving[0].plural}; the agent offers the next free time on a conflict.",
        )
        yield Risk(
            name="Customers do not show up",
            mitigation="Remind a day before with a one-tap cancellation, and ask repeat no-shows for a deposit.",
        )
    if any(entity.kind is EntityKind.ORDER for entity in entities):
        yield Risk(
            name="A repeated message places an order twice",
            mitigation="Every write carries an idempotency key made from the conversation's turn.",
        )
    cases = [entity for entity in entities if entity.kind is EntityKind.CASE]
    if cases:
        yield Risk(
            name=f"{cases[0].name.capitalize()} stays without an answer",
            mitigation="Each has an owner and a due time; what is overdue is escalated.",
        )


def _of_constraints(constraints: tuple[Constraint, ...]) -> Iterator[Risk]:
    channels = [item.value for item in constraints if item.kind is ConstraintKind.CHANNEL]
    languages = [item.value for item in constraints if item.kind is ConstraintKind.LANGUAGE]
    for channel in channels:
        if channel in _CHANNEL_RISKS:
            name, mitigation = _CHANNEL_RISKS[channel]
            yield Risk(name=name, mitigation=mitigation, origin=Origin.REQUEST)
    if len(languages) > 1 or languages[0] != "English":
        yield Risk(
            name=f"Answers in {' and '.join(languages)} are worse than in English",
            mitigation="Test with cases in each language, fix the wording of names and times, choose a model trained on them.",
            origin=Origin.REQUEST,
        )
    for item in constraints:
        if item.kind is ConstraintKind.BUDGET and _is_low(item.value):
            yield Risk(
                name=f"{item.value} does not pay for a large hosted model at volume",
                mitigation="Answer lookups with tools, run a quantised local model, cap the tokens of a conversation and watch the spending.",
                origin=Origin.REQUEST,
            )
        if item.kind is ConstraintKind.DEADLINE:
            yield Risk(
                name=f"The deadline ({item.value}) leaves no time for all workflows",
                mitigation="Launch with lookup and the main transaction, hand over everything else, add the rest after launch.",
                origin=Origin.REQUEST,
            )


def _is_low(value: str) -> bool:
    match = re.match(r"([\d.]+) (USD|EUR|GBP|CHF) a month", value)
    return match is not None and float(match[1]) <= _LOW_BUDGET_USD


_CHANNEL_RISKS = {
    "Telegram": (
        "Whoever holds the Telegram account is taken for the customer",
        "Tie the Telegram id to a verified phone number, and ask again before anything with consequences.",
    ),
    "WhatsApp": (
        "WhatsApp forbids free text more than 24 hours after the customer's last message",
        "Have message templates approved for reminders and keep the consent to receive them.",
    ),
    "Phone": (
        "Names and times are misheard on the phone",
        "Spell back names, numbers and times and send a written confirmation.",
    ),
    "SMS": ("An SMS is not confidential", "Send no personal data by SMS, only a link or a time."),
    "Email": ("A sender address is forged", "Check SPF and DKIM, and confirm changes through a link."),
    "Instagram": (
        "Answers to comments are public",
        "Answer comments with an invitation to the direct messages, never with personal data.",
    ),
}
