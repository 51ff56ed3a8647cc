"""Attachments in PostgreSQL, each with its thread."""

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb
from pydantic import BaseModel, Field, JsonValue

from app.attachments.reading import Read
from app.problems import ProblemError, problem
from graphs import Attached
from memory import Database, Owner, UnknownThread, new_id, opened_json, sealed, sealed_json
from memory.privacy import Sealer

_KEEP: Final = """
    INSERT INTO attachments
        (id, thread_id, tenant_id, user_id, name, media_type, bytes, content, sealed, text, details, idempotency_key)
    SELECT %(id)s, id, tenant_id, user_id, %(name)s, %(kind)s, %(bytes)s, %(content)s, %(sealed)s, %(text)s, %(details)s, %(key)s
    FROM threads WHERE id = %(thread)s AND tenant_id = %(tenant)s AND user_id = %(user)s
    ON CONFLICT (tenant_id, user_id, idempotency_key) WHERE idempotency_key IS NOT NULL
    DO UPDATE SET idempotency_key = excluded.idempotency_key
    RETURNING id, thread_id, name, media_type, bytes, details, created_at
"""
_VIEWS: Final = """
    SELECT id, thread_id, name, media_type, bytes, details, created_at FROM attachments
    WHERE thread_id = %s AND (%s::text IS NULL OR id > %s) ORDER BY id LIMIT %s
"""
_TEXTS: Final = """
    SELECT id, name, media_type, text, details FROM attachments WHERE thread_id = %s AND id = ANY(%s)
"""
_FILE: Final = """
    SELECT one.name, one.media_type, one.sealed, coalesce(one.content, held.content) AS content FROM attachments AS one
    LEFT JOIN attachments AS held ON held.shares = one.shares AND held.content IS NOT NULL WHERE one.id = %s
"""
"""Of those that share a content, as forks do, one row has it."""
_COPIES: Final = """
    SELECT copy.id FROM unnest(%s::text[]) WITH ORDINALITY AS wanted (id, place) JOIN attachments AS one ON one.id = wanted.id
    JOIN attachments AS copy ON copy.shares = one.shares AND copy.thread_id = %s ORDER BY wanted.place
"""


class AttachmentView(BaseModel):
    """A file that is attached to a thread, without its content."""

    id: str
    thread_id: str
    name: str
    media_type: str = Field(description="As its content tells.")
    bytes: int
    details: dict[str, JsonValue] = Field(
        description="Of a PDF `pages`, of CSV `rows`, `columns` and whether it is `numeric`, of an image `width` and `height`; "
        "`left_out` characters of a text that is too long."
    )
    created_at: datetime


class StoredAttachment(BaseModel):
    """A file as it was sent."""

    name: str
    media_type: str
    content: bytes


class AttachmentStore:
    """Writes and reads attachments, each method those of one user. An outage raises MemoryUnavailable.

    With a sealer that has a key names, contents and texts are stored encrypted.
    """

    def __init__(self, database: Database, sealer: Sealer | None = None) -> None:
        self._database = database
        self._sealer = sealer

    async def keep(
        self,
        owner: Owner,
        thread_id: str,
        name: str,
        content: bytes,
        read: Read,
        *,
        idempotency_key: str | None,
    ) -> AttachmentView:
        """Keep a file with its thread; with a key that kept one before, that one. Raises UnknownThread."""
        encrypted = self._sealer is not None and self._sealer.configured
        sealed_content = (
            await sealed(self._sealer, owner, base64.b64encode(content).decode()) if encrypted else ""
        )
        details = await sealed_json(self._sealer, owner, read.details)
        values = {
            "id": new_id("att"),
            "thread": thread_id,
            "tenant": owner.tenant_id,
            "user": owner.user_id,
            "name": await sealed(self._sealer, owner, name),
            "kind": read.media_type,
            "bytes": len(content),
            "sealed": encrypted,
            "content": sealed_content.encode() if encrypted else content,
            "text": await sealed(self._sealer, owner, read.text),
            "details": Jsonb(details),
            "key": idempotency_key,
        }
        rows = await self._database.rows(owner, _KEEP, values)
        if not rows:
            raise UnknownThread(f"there is no thread {thread_id!r}")
        return await self._view(owner, rows[0])

    async def page(
        self, owner: Owner, thread_id: str, *, limit: int, after: str | None
    ) -> list[AttachmentView]:
        """Those of a thread, oldest first, after the one with the id `after`."""
        rows = await self._database.rows(owner, _VIEWS, (thread_id, after, after, limit))
        return [await self._view(owner, row) for row in rows]

    async def get(self, owner: Owner, attachment_id: str) -> StoredAttachment:
        """The file. Raises a ProblemError for an unknown one."""
        rows = await self._database.rows(owner, _FILE, (attachment_id,))
        if not rows:
            raise unknown(attachment_id)
        (row,) = rows
        content = bytes(row["content"])
        if row["sealed"] and self._sealer:
            content = base64.b64decode(await self._sealer.open(owner, content.decode()))
        return StoredAttachment(
            name=await self._opened(owner, row["name"]), media_type=row["media_type"], content=content
        )

    async def copies(self, owner: Owner, thread_id: str, of: Sequence[str]) -> list[str]:
        """The ids that these have in a thread that was forked from theirs, in this order; those that are gone are left out."""
        return [str(row["id"]) for row in await self._database.rows(owner, _COPIES, (list(of), thread_id))]

    async def delete(self, owner: Owner, attachment_id: str) -> None:
        """Delete the file. Raises a ProblemError for an unknown one."""
        statement: LiteralString = "DELETE FROM attachments WHERE id = %s RETURNING id"
        if not await self._database.rows(owner, statement, (attachment_id,)):
            raise unknown(attachment_id)

    async def texts(self, owner: Owner, thread_id: str, wanted: Sequence[str]) -> list[Attached]:
        """What these say, in this order. Raises a ProblemError where one is not attached to the thread."""
        if not wanted:
            return []
        rows = {row["id"]: row for row in await self._database.rows(owner, _TEXTS, (thread_id, list(wanted)))}
        for each in wanted:
            if each not in rows:
                raise unknown(each)
        return [
            Attached(
                id=each,
                name=await self._opened(owner, rows[each]["name"]),
                media_type=rows[each]["media_type"],
                text=await self._opened(owner, rows[each]["text"]),
                numeric=bool((await self._details(owner, rows[each])).get("numeric")),
            )
            for each in wanted
        ]

    async def _view(self, owner: Owner, row: DictRow) -> AttachmentView:
        details = await self._details(owner, row)
        return AttachmentView(**{**row, "name": await self._opened(owner, row["name"]), "details": details})

    async def _details(self, owner: Owner, row: DictRow) -> dict[str, JsonValue]:
        details: dict[str, JsonValue] = await opened_json(self._sealer, owner, row["details"])
        return details

    async def _opened(self, owner: Owner, text: str) -> str:
        return await self._sealer.open(owner, text) if self._sealer else text


def unknown(attachment_id: str) -> ProblemError:
    """There is none of that id in the thread."""
    detail = f"There is no attachment {attachment_id!r} in this thread; POST /v1/attachments makes one."
    return ProblemError(problem("unknown_attachment", detail))
