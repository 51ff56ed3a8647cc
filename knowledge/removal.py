"""Takes a source back: its pairs are found no more, and their text is deleted."""

from typing import Final

from knowledge.provenance import UnknownSource
from knowledge.store import KnowledgeStore

# What gave way to a pair that goes is found again, until it is compared anew.
_RELEASE: Final = """
    WITH gone AS (SELECT id FROM knowledge_pairs WHERE source_id = %(source)s), released AS (
        DELETE FROM knowledge_duplicates
        WHERE pair_id IN (SELECT id FROM gone) OR kept_id IN (SELECT id FROM gone) RETURNING pair_id
    ), again AS (
        UPDATE knowledge_refinements SET compared = false WHERE pair_id IN (SELECT pair_id FROM released)
    )
    UPDATE knowledge_pairs SET revision = nextval('knowledge_revision'), updated_at = now()
    WHERE id IN (SELECT pair_id FROM released) AND source_id <> %(source)s AND NOT removed
"""
_FORGET_LIKENESSES: Final = """
    WITH gone AS (SELECT id FROM knowledge_pairs WHERE source_id = %(source)s)
    DELETE FROM knowledge_likenesses
    WHERE first_id IN (SELECT id FROM gone) OR second_id IN (SELECT id FROM gone)
"""
_FORGET_REFINEMENTS: Final = """
    DELETE FROM knowledge_refinements
    WHERE pair_id IN (SELECT id FROM knowledge_pairs WHERE source_id = %(source)s)
"""
# An index learns from the empty row that the pair is gone; it stays for those that were not told yet.
_EMPTY: Final = """
    UPDATE knowledge_pairs
    SET removed = true, question = '', answer = '', difficulty = NULL, tags = '{}', attributes = '{}',
        revision = nextval('knowledge_revision'), updated_at = now()
    WHERE source_id = %(source)s AND NOT (removed AND question = '' AND answer = '')
"""
_NOTE: Final = """
    UPDATE knowledge_sources SET status = 'removed', remarks = '[]', reason = NULL, finished_at = now()
    WHERE id = %(source)s
"""
_PAIRS: Final = "SELECT count(*) AS pairs FROM knowledge_pairs WHERE source_id = %(source)s AND NOT removed"


async def remove_source(store: KnowledgeStore, source: str) -> int:
    """Delete what a source brought, in one transaction; gives how many pairs that were.

    Indexes lose them when they catch up with the store. The same content can be imported again, and pairs that were
    linked as duplicates of its pairs are found again. Removing it once more changes nothing. Raises UnknownSource,
    and KnowledgeUnavailable when the store does not answer.
    """
    if await store.source(source) is None:
        raise UnknownSource(f"there is no source {source!r}; the status of knowledge lists them")
    values = {"source": source}
    pairs = int((await store.rows(_PAIRS, values))[0]["pairs"])
    steps = (_RELEASE, _FORGET_LIKENESSES, _FORGET_REFINEMENTS, _EMPTY, _NOTE)
    await store.write_all([(step, values) for step in steps])
    return pairs
