"""Vectors for messages, in the background: each message is cut into passages, and these are embedded."""

import asyncio
from collections.abc import Sequence

import structlog
from psycopg.rows import DictRow

from memory.database import Database
from memory.errors import KeyMissing
from memory.owner import Owner
from memory.recall.passages import Passage, cut
from memory.recall.rows import Opens
from memory.records.rows import vector_text
from models import Embedder

_log = structlog.get_logger(__name__)
_PASSAGES_AT_ONCE = 500
"""Rows stay locked while their passages are embedded."""
# A message whose thread is being deleted is passed over; whoever else embeds takes others.
_DUE = """
    SELECT id, tenant_id, user_id, content FROM messages WHERE NOT embedded
    ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""
_KEEP = """
    INSERT INTO memory_passages (message_id, ordinal, tenant_id, user_id, begins, ends, model, vector)
    SELECT message_id, ordinal, tenant_id, user_id, begins, ends, %s, vector::vector
    FROM unnest(%s::text[], %s::int[], %s::text[], %s::text[], %s::int[], %s::int[], %s::text[])
        AS passage (message_id, ordinal, tenant_id, user_id, begins, ends, vector)
    ON CONFLICT (message_id, ordinal) DO UPDATE
    SET begins = excluded.begins, ends = excluded.ends, model = excluded.model, vector = excluded.vector,
        revision = nextval('memory_revision')
"""
_MARK = "UPDATE messages SET embedded = true WHERE id = ANY(%s)"
_ANEW = """
    UPDATE messages SET embedded = false WHERE id IN (
        SELECT DISTINCT message_id FROM memory_passages WHERE model <> %s
    )
"""


async def embed_due(
    database: Database, embedder: Embedder, limit: int = 64, sealer: Opens | None = None
) -> int:
    """Embed the passages of at most `limit` messages of any user that have none; gives how many messages.

    Long messages are taken fewer at a time. One transaction: what is broken off leaves nothing behind and is taken up
    again. A message of white space alone, or one that cannot be read, is marked without passages. Raises
    MemoryUnavailable and EmbeddingUnavailable.
    """
    async with database.of_all() as connection:
        cursor = await connection.execute(_DUE, (limit,))
        due = await cursor.fetchall()
        if not due:
            return 0
        texts = [await _opened(row, sealer) for row in due]
        spans = await asyncio.to_thread(_cut, texts)
        due = due[: len(spans)]
        vectors = await embedder.embed(
            [text[span.begins : span.ends] for text, cuts in zip(texts, spans, strict=False) for span in cuts]
        )
        ids = [row["id"] for row in due]
        await connection.execute("DELETE FROM memory_passages WHERE message_id = ANY(%s)", (ids,))
        passages = [
            (row, ordinal, span)
            for row, cuts in zip(due, spans, strict=True)
            for ordinal, span in enumerate(cuts)
        ]
        await connection.execute(
            _KEEP,
            (
                embedder.name,
                [row["id"] for row, _, _ in passages],
                [ordinal for _, ordinal, _ in passages],
                [row["tenant_id"] for row, _, _ in passages],
                [row["user_id"] for row, _, _ in passages],
                [span.begins for _, _, span in passages],
                [span.ends for _, _, span in passages],
                await asyncio.to_thread(lambda: [vector_text(vector) for vector in vectors]),
            ),
        )
        await connection.execute(_MARK, (ids,))
        return len(due)


async def embed_anew(database: Database, embedder: Embedder) -> int:
    """Have messages embedded again whose vectors are another model's; gives how many. Raises MemoryUnavailable."""
    async with database.of_all() as connection:
        cursor = await connection.execute(_ANEW, (embedder.name,))
        await cursor.fetchall() if cursor.description else None
        return cursor.rowcount


async def _opened(row: DictRow, sealer: Opens | None) -> str:
    """What a message says in the clear; nothing where that cannot be read."""
    content: str = row["content"]
    if sealer is None:
        return content
    try:
        return await sealer.open(Owner(row["user_id"], row["tenant_id"]), content)
    except KeyMissing as error:
        _log.warning("a message is left without vectors", message=row["id"], reason=str(error))
        return ""


def _cut(texts: Sequence[str]) -> list[list[Passage]]:
    """The passages of the first texts, as many as are embedded at once, but of one at least."""
    spans: list[list[Passage]] = []
    count = 0
    for text in texts:
        cuts = cut(text)
        count += len(cuts)
        if spans and count > _PASSAGES_AT_ONCE:
            break
        spans.append(cuts)
    return spans
