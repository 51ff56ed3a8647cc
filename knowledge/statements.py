"""The SQL of the store."""

from typing import Final, LiteralString

IDENTITY: Final = "SELECT id FROM knowledge_store"

_SOURCE: Final = """
    SELECT id, collection, name, kind, shape, sha256, status, declared, read, rejected, mismatched, reason,
           searches, successful_searches, researched_on, started_at, finished_at
    FROM knowledge_sources"""
SOURCE: Final[LiteralString] = f"{_SOURCE} WHERE id = %s"
SOURCES: Final[LiteralString] = f"{_SOURCE} WHERE status <> 'removed' ORDER BY collection, name, started_at"

BEGIN_SOURCE: Final = """
    INSERT INTO knowledge_sources (id, collection, name, kind, sha256, status)
    VALUES (%s, %s, %s, %s, %s, 'importing')
    ON CONFLICT (id) DO UPDATE SET status = 'importing', started_at = now(), finished_at = NULL
"""

# A source that says a topic's slug places it, until refinement looks whether the catalogue has that.
SAVE_TOPICS: Final = """
    INSERT INTO knowledge_topics AS stored (id, collection, name, category, told, slug, mapped_by)
    SELECT given.id, %s, given.name, given.category, given.slug, given.slug,
           CASE WHEN given.slug IS NOT NULL THEN 'rule' END
    FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS given (id, name, category, slug)
    ON CONFLICT (id) DO UPDATE SET
        category = coalesce(excluded.category, stored.category), told = coalesce(excluded.told, stored.told),
        (slug, confidence, mapped_by) = (
            SELECT excluded.slug, NULL::real, excluded.mapped_by
            WHERE excluded.told IS DISTINCT FROM stored.told AND excluded.told IS NOT NULL
                AND stored.mapped_by IS DISTINCT FROM 'hand'
            UNION ALL SELECT stored.slug, stored.confidence, stored.mapped_by LIMIT 1
        )
    WHERE (excluded.category IS NOT NULL AND stored.category IS DISTINCT FROM excluded.category)
        OR (excluded.told IS NOT NULL AND stored.told IS DISTINCT FROM excluded.told)
"""

SAVE_SESSIONS: Final = """
    INSERT INTO knowledge_sessions AS stored (id, source_id, ordinal, topic_id, external_id)
    SELECT given.id, %s, given.ordinal, given.topic_id, given.external_id
    FROM unnest(%s::text[], %s::integer[], %s::text[], %s::text[]) AS given (id, ordinal, topic_id, external_id)
    ON CONFLICT (id) DO UPDATE SET topic_id = excluded.topic_id, external_id = excluded.external_id
    WHERE (stored.topic_id, stored.external_id) IS DISTINCT FROM (excluded.topic_id, excluded.external_id)
"""

SAVE_PAIRS: Final = """
    INSERT INTO knowledge_pairs AS stored
        (id, collection, source_id, session_id, topic_id, ordinal, question, answer, difficulty, tags, attributes,
         revision)
    SELECT given.id, %(collection)s, %(source)s, given.session_id, given.topic_id, given.ordinal,
           given.question, given.answer, given.difficulty, ARRAY(SELECT jsonb_array_elements_text(given.tags)),
           given.attributes, nextval('knowledge_revision')
    FROM unnest(%(ids)s::text[], %(sessions)s::text[], %(topics)s::text[], %(ordinals)s::integer[],
                %(questions)s::text[], %(answers)s::text[], %(difficulties)s::text[], %(tags)s::jsonb[],
                %(attributes)s::jsonb[])
        AS given (id, session_id, topic_id, ordinal, question, answer, difficulty, tags, attributes)
    ON CONFLICT (id) DO UPDATE SET
        session_id = excluded.session_id, topic_id = excluded.topic_id, ordinal = excluded.ordinal,
        question = excluded.question, answer = excluded.answer, difficulty = excluded.difficulty,
        tags = excluded.tags, attributes = excluded.attributes, removed = false,
        revision = excluded.revision, updated_at = now()
    WHERE stored.removed
        OR (stored.session_id, stored.topic_id, stored.ordinal, stored.question, stored.answer, stored.difficulty,
            stored.tags, stored.attributes)
        IS DISTINCT FROM
        (excluded.session_id, excluded.topic_id, excluded.ordinal, excluded.question, excluded.answer,
         excluded.difficulty, excluded.tags, excluded.attributes)
    RETURNING xmax = 0 AS added
"""

FINISH_SOURCE: Final = """
    UPDATE knowledge_sources
    SET status = %(status)s, sha256 = %(sha256)s, kind = %(kind)s, shape = %(shape)s, declared = %(declared)s, read = %(read)s,
        rejected = %(rejected)s, mismatched = %(mismatched)s, remarks = %(remarks)s, reason = %(reason)s,
        searches = %(searches)s, successful_searches = %(successful)s, researched_on = %(researched_on)s,
        finished_at = now()
    WHERE id = %(id)s
"""

SUPERSEDE_DAMAGED: Final = """
    WITH whole AS (SELECT id, collection, name FROM knowledge_sources WHERE id = %(id)s),
    old AS (
        UPDATE knowledge_sources AS source SET status = 'superseded'
        FROM whole
        WHERE source.collection = whole.collection AND source.name = whole.name
            AND source.id <> whole.id AND source.status = 'damaged'
        RETURNING source.id
    )
    UPDATE knowledge_pairs SET removed = true, revision = nextval('knowledge_revision'), updated_at = now()
    WHERE source_id IN (SELECT id FROM old) AND NOT removed
"""

KEEP_ONLY: Final = """
    UPDATE knowledge_pairs SET removed = true, revision = nextval('knowledge_revision'), updated_at = now()
    WHERE source_id = %s AND NOT removed AND id <> ALL (%s::text[])
"""

LATEST: Final = "SELECT coalesce(max(revision), 0) AS revision FROM knowledge_pairs"

_PAIR: Final = """
    SELECT pair.id, pair.collection, topic.name AS topic, source.name AS source, pair.question, pair.answer,
           pair.removed, pair.revision, topic.slug, refinement.quality, refinement.dated, duplicate.kept_id
    FROM knowledge_pairs AS pair
    JOIN knowledge_topics AS topic ON topic.id = pair.topic_id
    JOIN knowledge_sources AS source ON source.id = pair.source_id
    LEFT JOIN knowledge_refinements AS refinement ON refinement.pair_id = pair.id
    LEFT JOIN knowledge_duplicates AS duplicate ON duplicate.pair_id = pair.id"""
PAIRS: Final[LiteralString] = f"{_PAIR} WHERE pair.id = ANY (%s::text[]) AND NOT pair.removed"

# What an index holds: neither duplicates nor, where it is built without them, pairs of the low tier.
_INDEXED: Final = """
    NOT pair.removed
    AND NOT EXISTS (SELECT FROM knowledge_duplicates WHERE pair_id = pair.id)
    AND (%(low_tier)s OR NOT EXISTS
        (SELECT FROM knowledge_refinements WHERE pair_id = pair.id AND tier = 'low'))"""
CHANGES: Final[LiteralString] = f"""
    SELECT pair.id, pair.collection, topic.name AS topic, source.name AS source, pair.question, pair.answer,
           NOT ({_INDEXED}) AS removed, pair.revision
    FROM knowledge_pairs AS pair
    JOIN knowledge_topics AS topic ON topic.id = pair.topic_id
    JOIN knowledge_sources AS source ON source.id = pair.source_id
    WHERE pair.revision > %(after)s ORDER BY pair.revision LIMIT %(limit)s
"""  # noqa: S608  # what is put in stands above
INDEXABLE: Final[LiteralString] = f"""
    SELECT collection, count(*) AS pairs FROM knowledge_pairs AS pair WHERE {_INDEXED}
    GROUP BY collection ORDER BY collection
"""  # noqa: S608  # what is put in stands above
MATCHING: Final[LiteralString] = """
    SELECT pair.id, pair.collection
    FROM knowledge_pairs AS pair
    JOIN knowledge_topics AS topic ON topic.id = pair.topic_id
    LEFT JOIN knowledge_refinements AS refinement ON refinement.pair_id = pair.id
    WHERE NOT pair.removed
        AND (%(among)s::text[] IS NULL OR pair.id = ANY (%(among)s::text[]))
        AND (%(collections)s::text[] = '{}' OR pair.collection = ANY (%(collections)s::text[]))
        AND (%(topics)s::text[] = '{}' OR topic.slug = ANY (%(topics)s::text[]))
        AND (%(min_quality)s::real IS NULL OR refinement.quality >= %(min_quality)s::real)
        AND (%(since)s::date IS NULL OR refinement.dated >= %(since)s::date)
    LIMIT %(limit)s
"""

COUNTS: Final = """
    SELECT collection, count(*) AS pairs FROM knowledge_pairs WHERE NOT removed GROUP BY collection ORDER BY collection
"""

TOPICS: Final = """
    SELECT pair.collection, topic.name AS topic, topic.category, topic.slug, topic.confidence, topic.mapped_by,
           count(*) AS pairs
    FROM knowledge_pairs AS pair JOIN knowledge_topics AS topic ON topic.id = pair.topic_id
    WHERE NOT pair.removed
    GROUP BY pair.collection, topic.name, topic.category, topic.slug, topic.confidence, topic.mapped_by
    ORDER BY pair.collection, count(*) DESC, topic.name
"""
