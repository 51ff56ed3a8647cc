"""SQL DDL for a domain: tables that PostgreSQL accepts and that keep the domain's promises."""

import logging
from collections.abc import Iterator

from agents.rebecca.constraints import currency
from agents.rebecca.model import (
    RESERVING,
    Attribute,
    ConstraintKind,
    DomainModel,
    Entity,
    EntityKind,
    FieldType,
)
from agents.rebecca.naming import identifier
from agents.tools import ToolRefused

_LONGEST_NAME = 63
_SHORT_TEXT = 200
_LONG_TEXT = 4000
_TYPES = {
    FieldType.TEXT: "text",
    FieldType.LONG_TEXT: "text",
    FieldType.INTEGER: "integer",
    FieldType.COUNT: "integer",
    FieldType.MINUTES: "integer",
    FieldType.MONEY: "numeric(12, 2)",
    FieldType.NUMBER: "numeric(14, 4)",
    FieldType.PERCENT: "numeric(5, 2)",
    FieldType.RATING: "smallint",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATE: "date",
    FieldType.TIME: "time",
    FieldType.DATETIME: "timestamptz",
    FieldType.EMAIL: "text",
    FieldType.PHONE: "text",
    FieldType.URL: "text",
    FieldType.CHOICE: "text",
    FieldType.CURRENCY: "text",
    FieldType.LANGUAGE: "text",
    FieldType.REFERENCE: "bigint",
}
_CHECKS = {
    FieldType.TEXT: f"char_length({{name}}) BETWEEN 1 AND {_SHORT_TEXT}",
    FieldType.LONG_TEXT: f"char_length({{name}}) <= {_LONG_TEXT}",
    FieldType.COUNT: "{name} >= 0",
    FieldType.MINUTES: "{name} > 0",
    FieldType.MONEY: "{name} >= 0",
    FieldType.PERCENT: "{name} BETWEEN 0 AND 100",
    FieldType.RATING: "{name} BETWEEN 1 AND 5",
    FieldType.EMAIL: "{name} ~ '^[^@ ]+@[^@ ]+[.][^@ ]+$'",
    FieldType.PHONE: "{name} ~ '^[+][1-9][0-9]{{6,14}}$'",
    FieldType.URL: "{name} ~ '^https?://'",
    FieldType.CURRENCY: "{name} ~ '^[A-Z]{{3}}$'",
    FieldType.LANGUAGE: "{name} ~ '^[a-z]{{2,3}}(-[A-Za-z0-9]{{2,8}})*$'",
}
_PERIODS = (("starts_at", "ends_at", ">"), ("arrives_on", "leaves_on", ">"), ("starts_on", "ends_on", ">="), ("wanted_from", "wanted_until", ">"), ("period_starts_on", "period_ends_on", ">="))  # fmt: skip
_OVER = "status NOT IN ('cancelled', 'no_show')"


def schema(domain: DomainModel) -> str:
    """The DDL of a domain, one transaction, referenced tables first.

    Overlapping reservations are excluded with ranges and core GiST only, so no extension is needed: a
    reserved thing's id is the one-element range `int8range(id, id, '[]')`. Raises ToolRefused if sqlglot
    cannot parse the result as PostgreSQL.
    """
    money = currency(domain.constraints)
    about = identifier(domain.title).replace("_", " ")
    parts = [
        f"-- Schema of the {about} agent; PostgreSQL 14 or later, no extensions needed.",
        "BEGIN;",
    ]
    done: set[str] = set()
    later: list[str] = []
    for entity in _in_order(domain.entities):
        done.add(entity.identifier)
        late = [item for item in entity.references if item.refers_to not in done]
        parts.append(_table(entity, domain, money, late))
        later.extend(_late_key(entity, item, domain) for item in late)
        parts.extend(_indexes(entity))
        parts.append(_comment(entity))
    parts.extend(later)
    parts.extend(_agent_tables(domain))
    parts.append("COMMIT;")
    ddl = "\n\n".join(parts) + "\n"
    validate(ddl)
    return ddl


def validate(ddl: str) -> None:
    """Raises ToolRefused unless sqlglot parses every statement as PostgreSQL DDL, leaving none unparsed."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    logger = logging.getLogger("sqlglot")
    before = logger.level
    logger.setLevel(logging.ERROR)  # what it could not parse is told by the exception below
    try:
        statements = sqlglot.parse(ddl, dialect="postgres")
    except SqlglotError as error:
        raise ToolRefused(
            f"The generated SQL does not parse: {error}. Describe the domain in other words."
        ) from error
    finally:
        logger.setLevel(before)
    unknown = [item.sql()[:80] for item in statements if isinstance(item, exp.Command)]
    if unknown:
        raise ToolRefused(f"The generated SQL has statements that are not understood: {unknown}.")


def tables(domain: DomainModel) -> tuple[str, ...]:
    """The names of the tables, the agent's own last."""
    return (*(entity.table for entity in domain.entities), "agent_conversations", "agent_messages")


def reserved(entity: Entity, domain: DomainModel) -> tuple[Attribute, ...]:
    """The references of a reservation that must not be held twice at one time: people and things."""
    if entity.kind not in RESERVING:
        return ()
    holders = {EntityKind.STAFF, EntityKind.RESOURCE}
    return tuple(item for item in entity.references if domain.entity(item.refers_to or "").kind in holders)


def _in_order(entities: tuple[Entity, ...]) -> Iterator[Entity]:
    """Referenced entities first; members of a cycle come in the given order."""
    left = {entity.identifier: entity for entity in entities}
    while left:
        ready = [
            entity
            for name, entity in left.items()
            if not any(item.refers_to in left and item.refers_to != name for item in entity.references)
        ] or [next(iter(left.values()))]
        for entity in ready:
            del left[entity.identifier]
            yield entity


def _table(entity: Entity, domain: DomainModel, money: str, late: list[Attribute]) -> str:
    lines = ["id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"]
    lines += [_column(item, domain, money, linked=item not in late) for item in entity.attributes]
    lines += [
        "created_at timestamptz NOT NULL DEFAULT now()",
        "updated_at timestamptz NOT NULL DEFAULT now()",
    ]
    lines += _table_constraints(entity, domain)
    body = ",\n    ".join(lines)
    return f"CREATE TABLE {entity.table} (\n    {body}\n);"


def _column(item: Attribute, domain: DomainModel, money: str, *, linked: bool) -> str:
    parts = [item.name, _TYPES[item.type]]
    if item.required:
        parts.append("NOT NULL")
    default = _default(item, money)
    if default:
        parts.append(f"DEFAULT {default}")
    if item.unique:
        parts.append("UNIQUE")
    if item.refers_to and linked:
        parts.append(_references(item, domain))
    check = _CHECKS.get(item.type)
    if item.choices:
        check = "{name} IN (" + ", ".join(f"'{choice}'" for choice in item.choices) + ")"
    if check:
        parts.append(f"CHECK ({check.format(name=item.name)})")
    return " ".join(parts)


def _default(item: Attribute, money: str) -> str | None:
    if not item.required:
        return None
    if item.name in {"status", "priority"} and item.choices:
        return "'normal'" if "normal" in item.choices else f"'{item.choices[0]}'"
    if item.type is FieldType.BOOLEAN:
        return "true" if item.name == "active" else "false"
    return f"'{money}'" if item.type is FieldType.CURRENCY else None


def _references(item: Attribute, domain: DomainModel) -> str:
    target = domain.entity(item.refers_to or "")
    return f"REFERENCES {target.table} (id) ON DELETE {'RESTRICT' if item.required else 'SET NULL'}"


def _late_key(entity: Entity, item: Attribute, domain: DomainModel) -> str:
    name = _name(entity.table, item.name, "fkey")
    return f"ALTER TABLE {entity.table} ADD CONSTRAINT {name} FOREIGN KEY ({item.name}) {_references(item, domain)};"


def _table_constraints(entity: Entity, domain: DomainModel) -> Iterator[str]:
    names = {item.name for item in entity.attributes}
    for start, end, relation in _PERIODS:
        if {start, end} <= names:
            yield f"CONSTRAINT {_name(entity.table, start, 'order')} CHECK ({end} {relation} {start})"
    period = (
        "daterange(arrives_on, leaves_on)"
        if entity.kind is EntityKind.STAY
        else "tstzrange(starts_at, ends_at)"
    )
    for item in reserved(entity, domain):
        held = f"{_OVER} AND {item.name} IS NOT NULL"
        yield (
            f"CONSTRAINT {_name(entity.table, item.name, 'once')} EXCLUDE USING gist ("
            f"int8range({item.name}, {item.name}, '[]') WITH &&, {period} WITH &&) WHERE ({held})"
        )


def _indexes(entity: Entity) -> Iterator[str]:
    for item in entity.references:
        yield f"CREATE INDEX {_name(entity.table, item.name, 'idx')} ON {entity.table} ({item.name});"
    names = {item.name for item in entity.attributes}
    for moment in ("starts_at", "arrives_on"):
        if moment in names:
            yield f"CREATE INDEX {_name(entity.table, moment, 'idx')} ON {entity.table} ({moment});"
    if "status" in names:
        yield f"CREATE INDEX {_name(entity.table, 'status', 'idx')} ON {entity.table} (status, created_at);"
    if entity.kind is EntityKind.ENROLMENT and len(entity.references) > 1:
        columns = ", ".join(item.name for item in entity.references)
        yield (
            f"CREATE UNIQUE INDEX {_name(entity.table, 'once', 'key')} ON {entity.table} ({columns}) "
            "WHERE status <> 'cancelled';"
        )


def _comment(entity: Entity) -> str:
    text = f"{entity.name.capitalize()} ({entity.kind.value}; {entity.origin.value})".replace("'", "''")
    return f"COMMENT ON TABLE {entity.table} IS '{text}';"


def _agent_tables(domain: DomainModel) -> Iterator[str]:
    channels = ", ".join(f"'{identifier(name)}'" for name in domain.values(ConstraintKind.CHANNEL))
    customer = domain.customer
    owner = (
        f"    {customer.key} bigint REFERENCES {customer.table} (id) ON DELETE SET NULL,\n"
        if customer
        else ""
    )
    yield (
        "CREATE TABLE agent_conversations (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
        f"{owner}    channel text NOT NULL CHECK (channel IN ({channels})),\n"
        "    channel_user_id text NOT NULL,\n    language text NOT NULL DEFAULT 'en',\n"
        "    created_at timestamptz NOT NULL DEFAULT now(),\n    updated_at timestamptz NOT NULL DEFAULT now(),\n"
        "    UNIQUE (channel, channel_user_id)\n);"
    )
    yield (
        "CREATE TABLE agent_messages (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
        "    conversation_id bigint NOT NULL REFERENCES agent_conversations (id) ON DELETE CASCADE,\n"
        "    role text NOT NULL CHECK (role IN ('user', 'assistant', 'tool')),\n    body text NOT NULL,\n"
        "    idempotency_key text UNIQUE,\n    created_at timestamptz NOT NULL DEFAULT now()\n);"
    )
    yield ("CREATE INDEX agent_messages_conversation_id_idx ON agent_messages (conversation_id, created_at);")


def _name(table: str, column: str, suffix: str) -> str:
    room = _LONGEST_NAME - len(suffix) - 2
    return f"{table[: room // 2]}_{column[: room - room // 2]}_{suffix}"
