"""Finding threads by what their titles and messages say."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final, LiteralString

from psycopg.rows import DictRow
from pydantic import Field

from memory.database import Database
from memory.owner import Owner
from memory.privacy.sealing import Sealer
from memory.threads import Thread, ThreadStore

_BATCH: Final = 500
_MOST_READ: Final = 20_000
_AROUND: Final = 80
_TERM: Final = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')
_WORD: Final = re.compile(r"[^\W_]+")
_FOUND: Final = """
    SELECT threads.*, newest.message_id, messages.content FROM (
        SELECT thread_id, max(message_id) AS message_id FROM freya_threads_saying(%(query)s) GROUP BY thread_id
    ) AS newest
    JOIN threads ON threads.id = newest.thread_id
    LEFT JOIN messages ON messages.id = newest.message_id
    WHERE threads.tenant_id = %(tenant)s AND threads.user_id = %(user)s
        AND (%(before)s::text IS NULL OR threads.id < %(before)s)
    ORDER BY threads.id DESC LIMIT %(limit)s
"""
_THREADS: Final = """
    SELECT * FROM threads WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND (%(before)s::text IS NULL OR id < %(before)s)
    ORDER BY id DESC LIMIT %(limit)s
"""
_MESSAGES: Final = """
    SELECT id, content FROM messages WHERE thread_id = %(thread)s AND (%(before)s::text IS NULL OR id < %(before)s)
    ORDER BY id DESC LIMIT %(limit)s
"""


class ListedThread(Thread):
    """A thread in a list; of one that a search found, the newest place that says what was looked for."""

    message_id: str | None = Field(
        default=None, description="The message that says it; null where the title alone does."
    )
    excerpt: str | None = Field(default=None, description="The words around it; null without a search.")


class ThreadFinder:
    """Searches one user's threads. An outage raises MemoryUnavailable.

    PostgreSQL's index of words is what is searched. With a key what was said is encrypted there, and is opened and read
    instead, newest first, up to 20,000 messages.
    """

    def __init__(self, database: Database, threads: ThreadStore, sealer: Sealer | None = None) -> None:
        self._database = database
        self._threads = threads
        self._sealer = sealer

    async def find(self, owner: Owner, query: str, *, limit: int, before: str | None) -> list[ListedThread]:
        """Threads that say all the words, newest first, those made before the thread with the id `before`.

        A word stands for all that begin with it; `"a phrase"`, `or` and `-not` are understood.
        """
        if self._sealer and self._sealer.configured:
            return [found async for found in self._read(owner, self._sealer, query, limit, before)]
        rows = await self._rows(owner, _FOUND, query=query, limit=limit, before=before)
        return [await self._found(owner, row, query, row["message_id"], row["content"]) for row in rows]

    async def _read(
        self, owner: Owner, sealer: Sealer, query: str, limit: int, before: str | None
    ) -> AsyncIterator[ListedThread]:
        wanted, opened = Wanted.of(query), sealer.opening(owner)
        read = found = 0
        while read < _MOST_READ and found < limit:
            threads = await self._rows(owner, _THREADS, limit=_BATCH, before=before)
            for thread in threads:
                place = (None, "") if wanted.met_by(await opened(thread["title"])) else None
                last: str | None = None
                while place is None or place[0] is None:
                    said = await self._rows(owner, _MESSAGES, thread=thread["id"], limit=_BATCH, before=last)
                    read += len(said)
                    for row in said:
                        text = await opened(row["content"])
                        if wanted.met_by(text):
                            place = row["id"], text
                            break
                    if len(said) < _BATCH:
                        break
                    last = said[-1]["id"]
                if place:
                    yield await self._found(owner, thread, query, *place)
                    found += 1
                    if found == limit:
                        return
            if len(threads) < _BATCH:
                return
            before = threads[-1]["id"]

    async def _found(
        self, owner: Owner, row: DictRow, query: str, message_id: str | None, text: str | None
    ) -> ListedThread:
        thread = await self._threads.read(owner, row)
        said = excerpt(text or thread.title, query)
        return ListedThread(**thread.model_dump(), message_id=message_id, excerpt=said)

    async def _rows(
        self, owner: Owner, statement: LiteralString, **values: str | int | None
    ) -> list[DictRow]:
        async with self._database.of(owner) as connection:
            cursor = await connection.execute(
                statement, {"tenant": owner.tenant_id, "user": owner.user_id, **values}
            )
            return await cursor.fetchall()


@dataclass(frozen=True)
class Wanted:
    """What a text must say: of one of several groups all, and nothing of what is not wanted."""

    groups: tuple[tuple[tuple[str, ...], ...], ...]
    unwanted: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, query: str) -> "Wanted":
        """As PostgreSQL's `websearch_to_tsquery` reads it, nearly."""
        groups: list[list[tuple[str, ...]]] = [[]]
        unwanted = []
        for term in _TERM.finditer(query):
            words = tuple(_words(term[2] or term[3] or ""))
            if term[3] and term[3].casefold() == "or":
                groups.append([])
            elif term[1] and words:
                unwanted.append(words)
            elif words:
                groups[-1].append(words)
        return cls(tuple(tuple(group) for group in groups if group), tuple(unwanted))

    def met_by(self, text: str) -> bool:
        """Whether the text says it."""
        said = _words(text)
        return any(all(_says(said, one) for one in group) for group in self.groups) and not any(
            _says(said, one) for one in self.unwanted
        )


def excerpt(text: str, query: str) -> str:
    """The words around the first that was looked for, 160 characters or so, on one line."""
    line = " ".join(text.split())
    folded = line.casefold()
    wanted = [word for group in Wanted.of(query).groups for words in group for word in words]
    places = [place.start() for word in wanted if (place := re.search(rf"\b{re.escape(word)}", folded))]
    at = min(places, default=0)
    begins, ends = max(0, at - _AROUND), min(len(line), at + _AROUND)
    begins = line.rfind(" ", 0, begins) + 1 if begins else 0
    after = line.find(" ", ends)
    ends = len(line) if after < 0 else after
    return f"{'…' if begins else ''}{line[begins:ends]}{'…' if ends < len(line) else ''}"


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _says(said: Sequence[str], words: Sequence[str]) -> bool:
    """Whether the words stand there in a row, each as the beginning of one."""
    length = len(words)
    return any(
        all(one.startswith(word) for one, word in zip(said[at : at + length], words, strict=True))
        for at in range(len(said) - length + 1)
    )
