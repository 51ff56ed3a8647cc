"""Names of what records are about, and how those are related."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from memory.database import Connection
from memory.identifiers import new_id
from memory.owner import Owner
from memory.records.words import fold

_DEEPEST = 4


class Names(Protocol):
    """How names are stored: sealed where there is a key."""

    async def name(self, owner: Owner, name: str) -> str:
        """What is written for a name; the same for the same."""
        ...

    async def stored_names(self, owner: Owner, name: str) -> tuple[str, ...]:
        """What it may be written as; what is written now comes first."""
        ...

    async def read_name(self, owner: Owner, stored: str) -> str:
        """The name that was written. Raises KeyMissing."""
        ...


async def keep_entities(
    connection: Connection,
    owner: Owner,
    record_id: str,
    names: Iterable[str],
    relations: Iterable[tuple[str, str, str]],
    written: Names,
) -> None:
    """Keep that the record mentions these names, and these relations (subject, predicate, object) it states."""
    relations = [triple for triple in relations if all(fold(part) for part in triple)]
    spelt = {fold(name): " ".join(name.split()) for s, _, o in relations for name in (s, o)}
    spelt |= {fold(name): " ".join(name.split()) for name in names if fold(name)}
    if not spelt:
        return
    whose = (owner.tenant_id, owner.user_id)
    # By what is written for it, the name; as many writers at once, all in one order.
    folded = dict(sorted([(await written.name(owner, name), name) for name in spelt]))
    await _seal_earlier(connection, owner, folded, spelt, written)
    cursor = await connection.execute(
        "INSERT INTO memory_entities (id, tenant_id, user_id, name, folded)"
        " SELECT id, %s, %s, name, folded FROM unnest(%s::text[], %s::text[], %s::text[]) AS new (id, name, folded)"
        " ON CONFLICT (tenant_id, user_id, folded) DO UPDATE SET name = memory_entities.name RETURNING id, folded",
        (
            *whose,
            [new_id("ent") for _ in folded],
            [await written.name(owner, spelt[name]) for name in folded.values()],
            list(folded),
        ),
    )
    ids = {folded[row["folded"]]: row["id"] for row in await cursor.fetchall()}
    await connection.execute(
        "INSERT INTO memory_mentions (entity_id, record_id, tenant_id, user_id)"
        " SELECT id, %s, %s, %s FROM unnest(%s::text[]) AS new (id) ON CONFLICT DO NOTHING",
        (record_id, *whose, list(ids.values())),
    )
    for subject, predicate, object_ in relations:
        await connection.execute(
            "INSERT INTO memory_relations (subject_id, predicate, object_id, record_id, tenant_id, user_id)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (
                ids[fold(subject)],
                await written.name(owner, fold(predicate)),
                ids[fold(object_)],
                record_id,
                *whose,
            ),
        )


async def _seal_earlier(
    connection: Connection, owner: Owner, folded: Mapping[str, str], spelt: Mapping[str, str], written: Names
) -> None:
    """Entities from before there was a key become what is written now, so that there are no two of one name."""
    changes = [
        (earlier, stored, await written.name(owner, spelt[name]))
        for stored, name in folded.items()
        for earlier in (await written.stored_names(owner, name))[1:]
    ]
    if changes:
        await connection.execute(
            "UPDATE memory_entities AS entity SET folded = new.folded, name = new.name"
            " FROM unnest(%s::text[], %s::text[], %s::text[]) AS new (earlier, folded, name)"
            " WHERE entity.tenant_id = %s AND entity.user_id = %s AND entity.folded = new.earlier AND NOT EXISTS ("
            "  SELECT FROM memory_entities AS there WHERE there.tenant_id = entity.tenant_id"
            "  AND there.user_id = entity.user_id AND there.folded = new.folded)",
            (*map(list, zip(*changes, strict=True)), owner.tenant_id, owner.user_id),
        )


async def related_records(
    connection: Connection, owner: Owner, names: Sequence[str], written: Names, *, depth: int = 1
) -> dict[str, list[str]]:
    """By each of these names that is known, the ids of the owner's records that hold and have to do with it.

    First those that mention it, newest first, then those that mention what is related to it, up to `depth` (0 to 4)
    relations away.
    """
    asked = {stored: name for name in names for stored in await written.stored_names(owner, fold(name))}
    cursor = await connection.execute(
        """
        WITH RECURSIVE reached AS (
            SELECT id AS entity_id, folded AS root, 0 AS depth FROM memory_entities
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND folded = ANY(%(names)s)
            UNION
            SELECT CASE WHEN stated.subject_id = reached.entity_id THEN stated.object_id ELSE stated.subject_id END,
                   reached.root, reached.depth + 1
            FROM reached
            JOIN memory_relations stated ON reached.entity_id IN (stated.subject_id, stated.object_id)
            JOIN memory_records record ON record.id = stated.record_id AND record.state <> 'superseded'
            WHERE reached.depth < %(depth)s AND stated.tenant_id = %(tenant)s AND stated.user_id = %(user)s
                AND record.tenant_id = %(tenant)s AND record.user_id = %(user)s
        )
        SELECT reached.root, record.id, min(reached.depth) AS depth
        FROM reached
        JOIN memory_mentions mention ON mention.entity_id = reached.entity_id
        JOIN memory_records record ON record.id = mention.record_id AND record.state <> 'superseded'
        WHERE mention.tenant_id = %(tenant)s AND mention.user_id = %(user)s
            AND record.tenant_id = %(tenant)s AND record.user_id = %(user)s
        GROUP BY reached.root, record.id ORDER BY reached.root, depth, record.id DESC
        """,
        {
            "tenant": owner.tenant_id,
            "user": owner.user_id,
            "names": list(asked),
            "depth": max(0, min(_DEEPEST, depth)),
        },
    )
    found: dict[str, list[str]] = {}
    for row in await cursor.fetchall():
        found.setdefault(asked[row["root"]], []).append(row["id"])
    return found


async def forget_unmentioned(connection: Connection, owner: Owner) -> None:
    """Delete the owner's entities that no record mentions any more."""
    await connection.execute(
        "DELETE FROM memory_entities entity WHERE tenant_id = %s AND user_id = %s"
        " AND NOT EXISTS (SELECT FROM memory_mentions WHERE entity_id = entity.id)",
        (owner.tenant_id, owner.user_id),
    )
