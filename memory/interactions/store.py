"""Reading the log, and feedback on what it holds."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from psycopg.rows import DictRow

from memory.database import Connection, Database
from memory.errors import UnknownRecord
from memory.interactions.anonymous import Anonymous
from memory.interactions.exporting import ExportedLog, ExportFormat, export_to
from memory.interactions.log import Redact
from memory.interactions.records import Feedback, Interaction, LoggedInteraction
from memory.owner import Owner
from memory.privacy.redaction import redacted_json

_PAGE: Final = """
    SELECT id, tenant_id, user_id, thread_id, run_id, record, created_at FROM interactions
    WHERE id > %(after)s
        AND (%(tenant)s::text IS NULL OR (tenant_id = %(tenant)s AND user_id = %(user)s))
        AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR created_at < %(until)s)
    ORDER BY id LIMIT %(limit)s
"""
_OF_RUN: Final = """
    SELECT record FROM interactions WHERE run_id = %s AND tenant_id = %s AND user_id = %s ORDER BY id DESC LIMIT 1
"""
_FEEDBACK: Final = """
    SELECT id, tenant_id, user_id, run_id, rating, comment, correction, created_at FROM feedback
    WHERE run_id = ANY(%s) ORDER BY id
"""
_RATE: Final = """
    INSERT INTO feedback (tenant_id, user_id, run_id, rating, comment, correction)
    SELECT %(tenant)s, %(user)s, %(run)s, %(rating)s, %(comment)s, %(correction)s
    WHERE EXISTS (SELECT FROM interactions WHERE run_id = %(run)s AND tenant_id = %(tenant)s AND user_id = %(user)s)
    RETURNING id, run_id, rating, comment, correction, created_at
"""
_LOWEST, _HIGHEST = 1, 5


class InteractionStore:
    """Reads the log and appends feedback. An outage raises MemoryUnavailable."""

    def __init__(self, database: Database, redact: Redact = redacted_json) -> None:
        self._database = database
        self._redact = redact

    async def page(
        self,
        owner: Owner | None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
        after: int = 0,
    ) -> list[LoggedInteraction]:
        """Interactions in the order of the log, from `since` to before `until`, those after the number `after`.

        Those of one user; with None everybody's, which is for work in the background only.
        """
        async with self._reading(owner) as connection:
            cursor = await connection.execute(
                _PAGE,
                {
                    "after": after,
                    "tenant": owner.tenant_id if owner else None,
                    "user": owner.user_id if owner else None,
                    "since": since,
                    "until": until,
                    "limit": limit,
                },
            )
            rows = await cursor.fetchall()
            said = await _feedback(connection, [row["run_id"] for row in rows])
        return [_logged(row, said) for row in rows]

    async def of_run(self, owner: Owner, run_id: str) -> Interaction | None:
        """What was logged of the owner's run, the latest where it was closed twice; None where nothing was."""
        async with self._database.of(owner) as connection:
            cursor = await connection.execute(_OF_RUN, (run_id, owner.tenant_id, owner.user_id))
            row = await cursor.fetchone()
        return Interaction.model_validate(row["record"]) if row else None

    async def rate(
        self,
        owner: Owner,
        run_id: str,
        *,
        rating: int | None = None,
        comment: str | None = None,
        correction: str | None = None,
    ) -> Feedback:
        """Append what the user says of a run: a rating of 1 to 5, a comment, what would have been right.

        Earlier feedback stays; the latest counts. Texts are redacted. Raises UnknownRecord for a run that this user has not
        in the log, ValueError where nothing is said or the rating is another number.
        """
        if rating is None and not comment and not correction:
            raise ValueError("feedback says something: give a rating, a comment or a correction")
        if rating is not None and not _LOWEST <= rating <= _HIGHEST:
            raise ValueError(f"a rating goes from {_LOWEST} to {_HIGHEST}, not {rating}")
        said = await asyncio.to_thread(self._redact, [comment or None, correction or None])
        if not isinstance(said, list):
            raise TypeError("redaction gave back another shape")
        async with self._database.of(owner) as connection:
            cursor = await connection.execute(
                _RATE,
                {
                    "tenant": owner.tenant_id,
                    "user": owner.user_id,
                    "run": run_id,
                    "rating": rating,
                    "comment": said[0],
                    "correction": said[1],
                },
            )
            row = await cursor.fetchone()
        if row is None:
            raise UnknownRecord(f"no finished run {run_id!r} is logged; rate a run by the id in its result")
        return Feedback.model_validate(row)

    async def export(
        self,
        target: Path | IO[bytes],
        *,
        form: ExportFormat = "jsonl",
        owner: Owner | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> ExportedLog:
        """Write interactions with their feedback to a file, or to a stream of bytes, a batch at a time.

        A file appears under its name once it is whole. Parquet needs pyarrow (`freya-agents[parquet]`); ExportUnavailable says
        so where it is not there.
        """

        async def pages(after: int, limit: int) -> list[LoggedInteraction]:
            return await self.page(owner, since=since, until=until, limit=limit, after=after)

        return await export_to(target, form, pages)

    async def export_of_all(
        self,
        target: Path | IO[bytes],
        *,
        form: ExportFormat = "jsonl",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Mapping[Owner, int]:
        """The same of all users, who are numbered and not named; how many entries of each there were.

        What today's redaction finds is taken out of texts that an earlier one left; see `Anonymous`.
        """
        nameless = Anonymous(self._redact)

        async def pages(after: int, limit: int) -> list[LoggedInteraction]:
            found = await self.page(None, since=since, until=until, limit=limit, after=after)
            return await asyncio.to_thread(nameless, found)

        await export_to(target, form, pages)
        return nameless.entries

    def _reading(self, owner: Owner | None) -> AbstractAsyncContextManager[Connection]:
        return self._database.of(owner) if owner else self._database.of_all()


_Said = dict[tuple[str, str, str], list[Feedback]]


async def _feedback(connection: Connection, runs: Sequence[str]) -> _Said:
    said: _Said = defaultdict(list)
    if runs:
        cursor = await connection.execute(_FEEDBACK, (list(runs),))
        for row in await cursor.fetchall():
            said[row["tenant_id"], row["user_id"], row["run_id"]].append(Feedback.model_validate(row))
    return said


def _logged(row: DictRow, said: _Said) -> LoggedInteraction:
    return LoggedInteraction(
        id=row["id"],
        tenant_id=row["tenant_id"],
        user_id=row["user_id"],
        thread_id=row["thread_id"],
        created_at=row["created_at"],
        interaction=Interaction.model_validate(row["record"]),
        feedback=tuple(said.get((row["tenant_id"], row["user_id"], row["run_id"]), ())),
    )
