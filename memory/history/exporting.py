"""All that is kept of a user as one JSON document, written a batch at a time."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, LiteralString

import orjson
from psycopg.rows import DictRow

from memory.database import Database
from memory.owner import Owner

Open = Callable[[Owner, str], Awaitable[str]]
"""Reads what was encrypted for the owner; gives a text that was not as it is."""

FORMAT: Final = "freya-memory-export"
VERSION: Final = 1
_BATCH: Final = 500
_SEALED: Final = "sealed"
"""The only field of a record's details that are encrypted."""


@dataclass(frozen=True, kw_only=True)
class _Section:
    """A list of the document: rows of one table, in the order of their ids."""

    name: str
    statement: LiteralString
    """Of this user's rows after the id `%(after)s`. Tenant and user stand in it: members of a project see more than is theirs."""
    first: str | int = ""
    sealed: tuple[str, ...] = ()
    """Fields that may be encrypted."""


_SECTIONS: Final = (
    _Section(
        name="projects",
        statement="""
            SELECT id, name, description, state, created_at, updated_at, (
                SELECT coalesce(jsonb_agg(jsonb_build_object('user', member.user_id, 'added_at', member.added_at)), '[]')
                FROM project_members AS member WHERE member.project_id = projects.id) AS members
            FROM projects
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
    ),
    _Section(
        name="memberships",
        statement="""
            SELECT project_id AS id, owner_id AS owner, added_at FROM project_members
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND project_id > %(after)s
            ORDER BY project_id LIMIT %(limit)s
        """,
    ),
    _Section(
        name="threads",
        statement="""
            SELECT id, project_id, title, metadata, created_at, updated_at FROM threads
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
        sealed=("title",),
    ),
    _Section(
        name="messages",
        statement="""
            SELECT id, thread_id, run_id, role, speaker, content, details, created_at FROM messages
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
        sealed=("content", "details"),
    ),
    _Section(
        name="runs",
        statement="""
            SELECT id, thread_id, status, request, result, error, created_at, finished_at FROM runs
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
        sealed=("request", "result"),
    ),
    _Section(
        name="artifacts",
        statement="""
            SELECT id, run_id, project_id, agent, name, version, media_type, content, created_at FROM artifacts
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
        sealed=("content",),
    ),
    _Section(
        name="records",
        statement="""
            SELECT id, tier, kind, slot, text, details, confidence, evidence, state, version, supersedes, contests, sources,
                pinned, recalled, cited, rated, rating, faded, project_id, thread_id, agent, said_at, used_at, created_at,
                updated_at
            FROM memory_records
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
        sealed=("text", "details"),
    ),
    _Section(
        name="entities",
        statement="""
            SELECT id, name, kind, created_at, (
                SELECT coalesce(jsonb_agg(mention.record_id ORDER BY mention.record_id), '[]')
                FROM memory_mentions AS mention WHERE mention.entity_id = memory_entities.id) AS records, (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'predicate', relation.predicate, 'object', relation.object_id, 'record', relation.record_id)), '[]')
                FROM memory_relations AS relation WHERE relation.subject_id = memory_entities.id) AS relations
            FROM memory_entities
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
    ),
    _Section(
        name="interactions",
        statement="""
            SELECT id, run_id, thread_id, outcome, record, created_at FROM interactions
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
        first=0,
    ),
    _Section(
        name="feedback",
        statement="""
            SELECT id, run_id, rating, comment, correction, created_at FROM feedback
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
        first=0,
    ),
    _Section(
        name="imports",
        statement="""
            SELECT id, name, lines, imported, rejected, state, error, created_at, finished_at FROM memory_imports
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
    ),
    _Section(
        name="audit",
        statement="""
            SELECT id, actor, action, subject, counts, at FROM memory_audit
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
        first=0,
    ),
)


class HistoryExporter:
    """Writes a user's document. `opens` reads encrypted texts, and may put back what redaction took out of them."""

    def __init__(self, database: Database, *, opens: Open | None = None) -> None:
        self._database = database
        self._opens = opens

    async def document(self, owner: Owner) -> AsyncGenerator[bytes]:
        """A JSON object of lists by section and of `counts`, in pieces of some hundred rows.

        Each piece is read in a transaction of its own, so that a slow reader holds no connection: what is said meanwhile may
        be in one list and not in another. Raises MemoryUnavailable when the database does not answer; the document is
        broken off then, and is no JSON.
        """
        counts: dict[str, int] = {}
        head = {
            "format": FORMAT,
            "version": VERSION,
            "tenant": owner.tenant_id,
            "user": owner.user_id,
            "exported_at": datetime.now(UTC),
        }
        yield orjson.dumps(head)[:-1]
        for section in _SECTIONS:
            counts[section.name] = 0
            separator = b',\n"' + section.name.encode() + b'":['
            after = section.first
            while rows := await self._rows(owner, section, after):
                yield separator + b",\n".join(orjson.dumps(row) for row in rows)
                counts[section.name] += len(rows)
                separator, after = b",\n", rows[-1]["id"]
            yield b"]" if counts[section.name] else separator + b"]"
        yield b',\n"counts":' + orjson.dumps(counts) + b"}\n"

    async def _rows(self, owner: Owner, section: _Section, after: str | int) -> list[DictRow]:
        values = {"tenant": owner.tenant_id, "user": owner.user_id, "after": after, "limit": _BATCH}
        async with self._database.of(owner) as connection:
            rows = await (await connection.execute(section.statement, values)).fetchall()
        if self._opens is not None:
            for row in rows:
                for field in section.sealed:
                    row[field] = await _opened(self._opens, owner, row[field])
        return rows


async def _opened(opens: Open, owner: Owner, value: object) -> object:
    """The text, or the JSON value, of which nothing is encrypted any more."""
    if isinstance(value, str):
        return await opens(owner, value)
    if isinstance(value, dict) and isinstance(sealed := value.get(_SEALED), str) and len(value) == 1:
        return orjson.loads(await opens(owner, sealed))
    return value
