"""Takes messages that wait to be consolidated, and has remembered what they say."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog
from psycopg.rows import DictRow

from memory.consolidation.interfaces import Excerpt, Extractor, Redact, Remembers, Said, Unseal
from memory.consolidation.settings import ConsolidationSettings
from memory.database import Connection, Database
from memory.errors import KeyMissing, MemoryUnavailable
from memory.interfaces import Draft
from memory.locks import kept_from_erasing
from memory.owner import Owner
from models import ModelsError

_log = structlog.get_logger(__name__)
_OUTAGES: Final = (MemoryUnavailable, ModelsError)
_THREADS_A_LOOK: Final = 100
_WAITING: Final = """
    SELECT thread_id, tenant_id, user_id, min(id) AS first FROM messages
    WHERE NOT consolidated AND (%(user)s::text IS NULL OR (tenant_id = %(tenant)s AND user_id = %(user)s))
    GROUP BY thread_id, tenant_id, user_id ORDER BY first LIMIT %(limit)s
"""
_LOCK: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0)) AS mine"
# The messages stay while they are worked on: who deletes them waits. Who erases all waits sooner, see `memory.locks`.
_TAKE: Final = """
    SELECT id, role, speaker, content, created_at FROM messages
    WHERE thread_id = %s AND NOT consolidated ORDER BY id LIMIT %s FOR KEY SHARE
"""
_NEIGHBOURS: Final = """
    (SELECT id, role, speaker, content, created_at FROM messages
        WHERE thread_id = %(thread)s AND id < %(first)s ORDER BY id DESC LIMIT %(number)s)
    UNION ALL
    (SELECT id, role, speaker, content, created_at FROM messages
        WHERE thread_id = %(thread)s AND id >= %(first)s AND id <= %(last)s)
    UNION ALL
    (SELECT id, role, speaker, content, created_at FROM messages
        WHERE thread_id = %(thread)s AND id > %(last)s ORDER BY id LIMIT %(number)s)
"""
_THREAD: Final = """
    SELECT project_id, ARRAY(SELECT DISTINCT speaker FROM messages
        WHERE thread_id = %(thread)s AND role = 'user' AND speaker IS NOT NULL) AS speakers
    FROM threads WHERE id = %(thread)s
"""
_DONE: Final = "UPDATE messages SET consolidated = true WHERE id = ANY(%s) AND NOT consolidated"


@dataclass(frozen=True)
class ConsolidationResult:
    """What was done: messages consolidated, drafts found, and what became of them."""

    messages: int = 0
    drafts: int = 0
    added: int = 0
    confirmed: int = 0
    superseded: int = 0
    contested: int = 0
    failed: int = 0
    """Attempts at a message that came to nothing; it is tried again while it has attempts left."""

    def __add__(self, other: "ConsolidationResult") -> "ConsolidationResult":
        return ConsolidationResult(
            *(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__)
        )


class Consolidator:
    """Brings messages, oldest first by thread, to an extractor and its drafts to where they are remembered.

    A thread is consolidated by one process at a time. A message counts as consolidated when what it says is
    remembered: broken off anywhere, it is taken again, and what was kept already is not kept twice. One that cannot
    be consolidated is logged, tried again, and after its attempts left as it is; the others go on.
    """

    def __init__(
        self,
        database: Database,
        extractor: Extractor,
        records: Remembers,
        *,
        settings: ConsolidationSettings | None = None,
        redact: Redact | None = None,
        unseal: Unseal | None = None,
    ) -> None:
        """What of a draft `redact` changes is not kept; `unseal` opens stored messages that may be encrypted."""
        self._database = database
        self._extractor = extractor
        self._records = records
        self._settings = settings or ConsolidationSettings()
        self._redact = redact
        self._unseal = unseal
        self._attempts: Counter[str] = Counter()

    async def consolidate_due(
        self, limit: int | None = None, *, of: Owner | None = None
    ) -> ConsolidationResult:
        """Consolidate at most `limit` messages, of all users or `of` one; none left gives a result without messages.

        Raises MemoryUnavailable, or what an embedding raises while its model is away; what was done stays done.
        """
        left = limit if limit is not None else self._settings.batch
        done = ConsolidationResult()
        async with self._database.of_all() as connection:
            cursor = await connection.execute(
                _WAITING,
                {
                    "limit": min(_THREADS_A_LOOK, left),
                    "tenant": of and of.tenant_id,
                    "user": of and of.user_id,
                },
            )
            threads = await cursor.fetchall()
        for thread in threads:
            if left <= 0:
                break
            result = await self._consolidate_thread(thread, left)
            left -= result.messages
            done += result
        return done

    async def _consolidate_thread(self, thread: DictRow, limit: int) -> ConsolidationResult:
        """The waiting messages of a thread, unless another process has it; its lock is held to the end."""
        thread_id = thread["thread_id"]
        owner = Owner(thread["user_id"], thread["tenant_id"])
        async with self._database.of_all() as connection:
            cursor = await connection.execute(_LOCK, (f"consolidate {thread_id}",))
            if not (await cursor.fetchall())[0]["mine"] or not await kept_from_erasing(connection, owner):
                return ConsolidationResult()
            cursor = await connection.execute(_TAKE, (thread_id, limit))
            waiting = await cursor.fetchall()
            if not waiting:
                return ConsolidationResult()
            ids = [row["id"] for row in waiting]
            excerpts, unreadable = await self._excerpts(connection, owner, thread_id, ids)
            result, ended = await self._consolidate(owner, excerpts)
            given_up = [name for name, error in unreadable.items() if self._gives_up(name, error)]
            ended += given_up
            result += ConsolidationResult(messages=len(given_up), failed=len(unreadable))
            await connection.execute(_DONE, (ended,))
        for message_id in ended:
            self._attempts.pop(message_id, None)
        return result

    async def _excerpts(
        self, connection: Connection, owner: Owner, thread_id: str, ids: Sequence[str]
    ) -> tuple[list[Excerpt], dict[str, KeyMissing]]:
        """The messages with those around them, and which of them cannot be read."""
        number = self._settings.neighbours
        cursor = await connection.execute(_THREAD, {"thread": thread_id})
        about = (await cursor.fetchall())[0]
        speakers = set()
        for speaker in about["speakers"]:
            with contextlib.suppress(KeyMissing):  # nor can the messages be read
                speakers.add(await self._opened(owner, speaker))
        cursor = await connection.execute(
            _NEIGHBOURS, {"thread": thread_id, "first": ids[0], "last": ids[-1], "number": number}
        )
        rows = sorted(await cursor.fetchall(), key=lambda row: str(row["id"]))
        said: list[Said] = []
        unreadable: dict[str, KeyMissing] = {}
        for row in rows:
            try:
                said.append(await self._said(owner, row))
            except KeyMissing as error:
                unreadable[row["id"]] = error
        wanted = set(ids)
        excerpts = [
            Excerpt(
                said=one,
                before=tuple(said[max(0, place - number) : place]),
                after=tuple(said[place + 1 : place + 1 + number]),
                thread_id=thread_id,
                project_id=about["project_id"],
                subject=one.speaker if len(speakers) > 1 else None,
            )
            for place, one in enumerate(said)
            if one.id in wanted
        ]
        return excerpts, {name: error for name, error in unreadable.items() if name in wanted}

    async def _said(self, owner: Owner, row: DictRow) -> Said:
        return Said(
            id=row["id"],
            role=row["role"],
            text=await self._opened(owner, row["content"]),
            said_at=row["created_at"],
            speaker=row["speaker"] and await self._opened(owner, row["speaker"]),
        )

    async def _opened(self, owner: Owner, text: str) -> str:
        return text if self._unseal is None else await self._unseal(owner, text)

    async def _consolidate(
        self, owner: Owner, excerpts: Sequence[Excerpt]
    ) -> tuple[ConsolidationResult, list[str]]:
        """What came of the messages, and the ids of those that need no other attempt."""
        found: dict[str, list[Draft]] = {}
        ended: list[str] = []
        failed = 0
        for excerpt in excerpts:
            try:
                found[excerpt.said.id] = await self._extract(excerpt)
            except _OUTAGES:
                raise
            except Exception as error:  # noqa: BLE001  # one message must not block the rest
                failed += 1
                if self._gives_up(excerpt.said.id, error):
                    ended.append(excerpt.said.id)
        result = ConsolidationResult(failed=failed)
        try:
            result += await self._remember(owner, [draft for drafts in found.values() for draft in drafts])
            ended += found
        except _OUTAGES:
            raise
        except Exception as error:  # noqa: BLE001  # whose draft it is shows one by one
            _log.info("drafts are remembered message by message", error=str(error))
            one_by_one, remembered = await self._remember_singly(owner, found)
            result += one_by_one
            ended += remembered
        return replace(result, messages=len(ended)), ended

    async def _remember_singly(
        self, owner: Owner, found: Mapping[str, Sequence[Draft]]
    ) -> tuple[ConsolidationResult, list[str]]:
        """The same for the drafts of each message, so that those of one cannot keep the others back."""
        result, ended = ConsolidationResult(), []
        for message_id, drafts in found.items():
            try:
                result += await self._remember(owner, drafts)
            except _OUTAGES:
                raise
            except Exception as error:  # noqa: BLE001  # one message must not block the rest
                result += ConsolidationResult(failed=1)
                if not self._gives_up(message_id, error):
                    continue
            ended.append(message_id)
        return result, ended

    async def _extract(self, excerpt: Excerpt) -> list[Draft]:
        drafts = await self._extractor.extract(excerpt)
        if self._redact is None or not drafts:
            return drafts
        return await asyncio.to_thread(_without_secrets, drafts, self._redact)

    async def _remember(self, owner: Owner, drafts: Sequence[Draft]) -> ConsolidationResult:
        if not drafts:
            return ConsolidationResult()
        outcomes = Counter(str(kept.outcome) for kept in await self._records.remember(owner, drafts))
        return ConsolidationResult(
            drafts=len(drafts),
            added=outcomes["added"],
            confirmed=outcomes["confirmed"],
            superseded=outcomes["superseded"],
            contested=outcomes["contested"],
        )

    def _gives_up(self, message_id: str, error: Exception) -> bool:
        """Note a failed attempt; whether it was the last."""
        self._attempts[message_id] += 1
        last = self._attempts[message_id] >= self._settings.attempts
        _log.warning(
            "a message is left without being consolidated" if last else "a message could not be consolidated",
            message=message_id,
            attempt=self._attempts[message_id],
            error=f"{type(error).__name__}: {error}",
        )
        return last


def _without_secrets(drafts: Sequence[Draft], redact: Redact) -> list[Draft]:
    """The drafts that hold nothing which redaction takes out."""
    kept = []
    for draft in drafts:
        parts = (draft.text, draft.value or "", *draft.entities, *map(str, draft.details.values()))
        if all(redact(part) == part for part in parts):
            kept.append(draft)
    return kept
