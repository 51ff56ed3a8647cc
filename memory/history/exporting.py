"""All that is kept of a user at one moment as one JSON document, written a batch at a time."""

import asyncio
import base64
import tempfile
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import IO, Any, Final, LiteralString  # Any: rows and JSON of the database

import orjson

from memory.database import Connection, Database
from memory.owner import Owner
from memory.privacy.sealing import Sealer
from memory.privacy.stored import opened_json
from memory.privacy.vault import Vault
from memory.records.rows import DELETED_SOURCES

FORMAT: Final = "freya-memory-export"
VERSION: Final = 1
_BATCH: Final = 500
_VAULT: Final = "vault"
_IN_MEMORY: Final = 4 * 1024 * 1024
"""Bytes of an export beyond which it lies on disk until it was fetched."""


@dataclass(frozen=True, kw_only=True)
class _Section:
    """A list of the document: rows of one table, in the order of their ids."""

    name: str
    statement: LiteralString
    """Of this user's rows after the id `%(after)s`. Tenant and user stand in it: members of a project see more than is theirs."""
    first: str | int = ""
    sealed: tuple[str, ...] = ()
    """Fields that may be encrypted, or that are lists of objects with encrypted texts."""


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
        sealed=("name", "description"),
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
        sealed=("title", "metadata"),
    ),
    _Section(
        name="messages",
        statement="""
            SELECT id, thread_id, run_id, role, speaker, content, details, withheld IS TRUE AS withheld,
                created_at FROM messages
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
        sealed=("speaker", "content", "details"),
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
        name="approvals",
        statement="""
            SELECT id, run_id, asked, decision, requested_at, expires_at, answered_at FROM approvals
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
        sealed=("asked", "decision"),
    ),
    _Section(
        name="attachments",
        statement="""
            SELECT id, thread_id, name, media_type, bytes, text, details, created_at FROM attachments
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
        sealed=("name", "text", "details"),
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
        statement=f"""
            SELECT id, tier, kind, slot, text, details, confidence, evidence, state, version, supersedes, contests, sources,
                {DELETED_SOURCES},
                pinned, recalled, cited, rated, rating, faded, project_id, thread_id, agent, said_at, used_at, created_at,
                updated_at
            FROM memory_records
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,  # noqa: S608  # a text of the package
        sealed=("slot", "text", "details"),
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
        sealed=("name", "relations"),
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
        sealed=("name", "error"),
    ),
    _Section(
        name=_VAULT,
        statement="""
            SELECT token AS id, kind, encode(sealed, 'base64') AS value, created_at FROM memory_vault
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND token > %(after)s ORDER BY token LIMIT %(limit)s
        """,
    ),
    _Section(
        name="audit",
        statement="""
            SELECT id, actor, action, subject, counts, at, encode(hash, 'hex') AS hash FROM memory_audit
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
        first=0,
    ),
)


class HistoryExporter:
    """Writes a user's document. With a sealer what is encrypted is opened in it, and with a vault what that holds."""

    def __init__(
        self, database: Database, sealer: Sealer | None = None, *, vault: Vault | None = None
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._vault = vault

    async def document(self, owner: Owner) -> AsyncGenerator[bytes]:
        """A JSON object of lists by section and of `counts`, in pieces of some hundred rows.

        It is what was there at one moment: written meanwhile is in all lists or in none. Rows are read at once, as they
        are stored, into a file without a name, so that a slow reader holds no connection. Raises MemoryUnavailable
        when the database does not answer, before the first piece. Raises KeyMissing for what cannot be opened; the
        document is broken off then, and is no JSON.
        """
        file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # closed in a thread
        try:
            async with self._database.snapshot_of(owner) as connection:
                cursor = await connection.execute("SELECT now() AS at")
                at: datetime = (await cursor.fetchall())[0]["at"]
                counts = {
                    section.name: await _read(connection, owner, section, file) for section in _SECTIONS
                }
            head = {
                "format": FORMAT,
                "version": VERSION,
                "tenant": owner.tenant_id,
                "user": owner.user_id,
                "exported_at": at,
            }
            yield orjson.dumps(head)[:-1]
            await asyncio.to_thread(file.seek, 0)
            for section in _SECTIONS:
                separator = b',\n"' + section.name.encode() + b'":['
                left = counts[section.name]
                while left:
                    lines = await asyncio.to_thread(_lines, file, min(left, _BATCH))
                    left -= len(lines)
                    yield separator + b",\n".join(
                        [await self._opened(owner, section, line) for line in lines]
                    )
                    separator = b",\n"
                yield b"]" if counts[section.name] else separator + b"]"
            yield b',\n"counts":' + orjson.dumps(counts) + b"}\n"
        finally:
            await asyncio.to_thread(file.close)

    async def _opened(self, owner: Owner, section: _Section, line: bytes) -> bytes:
        if self._sealer is None:
            return line
        row = orjson.loads(line)
        for field in section.sealed:
            row[field] = await _opened(self._sealer, owner, row[field])
        if section.name == _VAULT and self._vault is not None:
            row["value"] = await self._vault.value(owner, row["id"], base64.b64decode(row["value"]))
        return orjson.dumps(row)


async def _read(connection: Connection, owner: Owner, section: _Section, file: IO[bytes]) -> int:
    """Write the rows of a section to the file, a line each; how many there were."""
    count, after = 0, section.first
    while True:
        values = {"tenant": owner.tenant_id, "user": owner.user_id, "after": after, "limit": _BATCH}
        rows = await (await connection.execute(section.statement, values)).fetchall()
        if not rows:
            return count
        await asyncio.to_thread(file.write, b"".join(orjson.dumps(row) + b"\n" for row in rows))
        count, after = count + len(rows), rows[-1]["id"]


def _lines(file: IO[bytes], number: int) -> list[bytes]:
    return [line.rstrip(b"\n") for line in islice(file, number)]


async def _opened(sealer: Sealer, owner: Owner, value: Any) -> Any:  # JSON of any form
    """The text, or the JSON value, of which nothing is encrypted any more."""
    if isinstance(value, str):
        return await sealer.open(owner, value)
    if isinstance(value, list):
        return [{name: await _opened(sealer, owner, part) for name, part in each.items()} for each in value]
    return await opened_json(sealer, owner, value)
