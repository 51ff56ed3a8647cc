"""What a person reads of a domain model: Markdown tables and lists."""

from collections.abc import Iterable

from agents.rebecca.model import ConstraintKind, DomainModel, Entity
from agents.rebecca.naming import listed

_MOST_ATTRIBUTES = 6


def analysis_text(domain: DomainModel) -> str:
    """The whole analysis, its key facts in the first sentence."""
    counts = (
        f"{len(domain.entities)} entities, {len(domain.actors)} actors, {len(domain.workflows)} workflows, "
        f"{len(domain.constraints)} constraints and {len(domain.risks)} risks"
    )
    parts = [
        f"Domain analysis of the {domain.title} agent: {counts}. {basis(domain)}",
        "### Entities",
        table(
            ("Entity", "Kind", "Attributes", "Belongs to"),
            (_entity_row(entity) for entity in domain.entities),
        ),
        "### Actors",
        bullets(f"**{actor.name}**: {actor.goal}" for actor in domain.actors),
        "### Workflows",
        bullets(f"**{item.name}** ({item.actor}): {' → '.join(item.steps)}" for item in domain.workflows),
        "### Constraints",
        table(
            ("Constraint", "Value", "From the words"),
            (
                (item.kind.value, item.value, "*assumed*" if item.assumed else f"“{_cell(item.words)}”")
                for item in domain.constraints
            ),
        ),
        "### Risks",
        bullets(f"**{risk.name}.** {risk.mitigation}" for risk in domain.risks),
    ]
    return "\n\n".join(parts)


def basis(domain: DomainModel) -> str:
    """How the domain was understood, and what to add if that was little."""
    assumed = [item.kind.value for item in domain.constraints if item.assumed]
    if domain.known:
        start = f"The trade is in the domain lexicon ({domain.domain.replace('_', ' ')})."
    else:
        start = (
            f"The trade is not in the domain lexicon; entities come from the words of the request over the "
            f"{domain.domain} template. Name what people do there and what is kept on record to refine it."
        )
    return f"{start} Assumed: {listed(assumed)}." if assumed else start


def bounds(domain: DomainModel) -> str:
    """Channels and languages in one phrase."""
    channels = listed(list(domain.values(ConstraintKind.CHANNEL)))
    languages = listed(list(domain.values(ConstraintKind.LANGUAGE)))
    return f"{channels}, {languages}"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def bullets(items: Iterable[str]) -> str:
    """A Markdown list."""
    return "\n".join(f"- {item}" for item in items)


def _entity_row(entity: Entity) -> tuple[str, ...]:
    own = [item.name for item in entity.attributes if not item.refers_to]
    shown = own[:_MOST_ATTRIBUTES] + (
        [f"and {len(own) - _MOST_ATTRIBUTES} more"] if len(own) > _MOST_ATTRIBUTES else []
    )
    targets = [(item.refers_to or "").replace("_", " ") for item in entity.references]
    return entity.name, entity.kind.value, ", ".join(shown), ", ".join(targets) or "–"


def _cell(words: str) -> str:
    return words.replace("|", "/").replace("\n", " ")
