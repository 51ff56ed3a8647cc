"""What of a user's memory may have to do with a question, found by the database while the whole is still being read."""

import asyncio
from dataclasses import replace
from typing import Final

from memory.database import Database
from memory.owner import Owner
from memory.recall.index import UserIndex
from memory.recall.question import Question
from memory.recall.rows import BATCH, MESSAGE, Opens, Place, Read, opened, read, sources
from memory.records.rows import vector_text

_NEAREST: Final = 100
_SAYING: Final = 80
_NEWEST: Final = 20
_DATED: Final = 120
_LAST: Final = 2**62  # beyond every revision
_MINE: Final = "tenant_id = %(tenant)s AND user_id = %(user)s"
# Passages and texts of one user are few enough to be looked through each time; indexes of all users' would not be read
# under row-level security, as no operator of theirs is leakproof.
_FOUND: Final = f"""
    WITH near AS (
        SELECT message_id AS id FROM memory_passages WHERE {_MINE} AND model = %(model)s AND %(vector)s::text IS NOT NULL
        ORDER BY vector <=> %(vector)s::vector LIMIT {_NEAREST}
    ), said AS MATERIALIZED (
        SELECT id, content FROM messages WHERE {_MINE} AND withheld IS NOT TRUE AND content ILIKE ANY(%(patterns)s)
    ), saying AS (
        SELECT id FROM said
        ORDER BY (SELECT count(*) FROM unnest(%(patterns)s::text[]) AS pattern WHERE content ILIKE pattern) DESC, id DESC
        LIMIT {_SAYING}
    ), newest AS (
        SELECT id FROM messages WHERE {_MINE} AND withheld IS NOT TRUE ORDER BY revision DESC LIMIT {_NEWEST}
    ), dated AS (
        SELECT id FROM messages WHERE {_MINE} AND withheld IS NOT TRUE AND created_at >= %(begins)s AND created_at < %(ends)s
        ORDER BY id DESC LIMIT {_DATED}
    ), found AS (
        SELECT id FROM near UNION SELECT id FROM saying UNION SELECT id FROM newest UNION SELECT id FROM dated
    )
    SELECT id FROM found UNION
    SELECT beside.id FROM found JOIN messages message ON message.id = found.id CROSS JOIN LATERAL (
        (SELECT id FROM messages WHERE thread_id = message.thread_id AND id < message.id ORDER BY id DESC LIMIT 1)
        UNION ALL
        (SELECT id FROM messages WHERE thread_id = message.thread_id AND id > message.id ORDER BY id LIMIT 1)
    ) beside
"""  # noqa: S608  # texts of this module
_LONG: Final = f"SELECT FROM messages WHERE {_MINE} OFFSET {BATCH} LIMIT 1"  # texts of this module
_THESE: Final = f"""
    {MESSAGE} WHERE message.id = ANY(%(ids)s) AND message.tenant_id = %(tenant)s AND message.user_id = %(user)s
"""


async def glance(
    database: Database,
    owner: Owner,
    question: Question,
    *,
    model: str,
    dimensions: int,
    opener: Opens | None = None,
) -> UserIndex:
    """An index of messages that may answer the question, and of records.

    The messages are those nearest to it, those that say most of its words, those of the time it speaks of, the newest, and
    those beside all of them. Texts that are sealed are found by their meaning alone. Raises MemoryUnavailable.
    """
    wanted = {
        "tenant": owner.tenant_id,
        "user": owner.user_id,
        "model": model,
        "vector": None if question.vector is None else vector_text(question.vector),
        "begins": question.window and question.window.begins,
        "ends": question.window and question.window.ends,
        "patterns": [f"%{_literal(word)}%" for word in question.words],
    }
    async with database.of(owner) as connection:
        cursor = await connection.execute(_FOUND, wanted)
        ids = [row["id"] for row in await cursor.fetchall()]
        cursor = await connection.execute(_THESE, {**wanted, "ids": ids}, binary=True)
        rows = await cursor.fetchall()
    known = await read(database, owner, Place(whole=True, messages=_LAST), opener=opener)
    found = replace(known, messages=await opened(owner, rows, opener))
    return await asyncio.to_thread(_index, owner, dimensions, found, model)


async def is_long(database: Database, owner: Owner) -> bool:
    """Whether reading all of the owner's memory takes longer than recall should. Raises MemoryUnavailable."""
    async with database.of(owner) as connection:
        cursor = await connection.execute(_LONG, {"tenant": owner.tenant_id, "user": owner.user_id})
        return bool(await cursor.fetchall())


def _index(owner: Owner, dimensions: int, found: Read, model: str) -> UserIndex:
    index = UserIndex(owner, dimensions)
    index.projects = found.projects
    for source, vectors in sources(owner, found, model=model, projects=found.projects):
        index.add(source, vectors)
    return index


def _literal(word: str) -> str:
    """The word as a pattern that matches it and nothing else."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
