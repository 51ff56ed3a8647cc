"""The SQL of the refinement."""

from typing import Final

_TEXT: Final = "md5(pair.question || E'\\n' || pair.answer)"

DUE: Final = f"""
    SELECT pair.id, pair.collection, pair.question, pair.answer
    FROM knowledge_pairs AS pair
    LEFT JOIN knowledge_refinements AS refined ON refined.pair_id = pair.id
    WHERE NOT pair.removed
        AND (refined.pair_id IS NULL OR refined.measures <> %(measures)s OR refined.text_md5 <> {_TEXT})
        AND (%(after)s::text IS NULL OR pair.id > %(after)s::text)
    ORDER BY pair.id LIMIT %(limit)s
"""  # noqa: S608  # a constant of this module

COUNT_DUE: Final = f"""
    SELECT count(*) AS pairs
    FROM knowledge_pairs AS pair
    LEFT JOIN knowledge_refinements AS refined ON refined.pair_id = pair.id
    WHERE NOT pair.removed
        AND (refined.pair_id IS NULL OR refined.measures <> %(measures)s OR refined.text_md5 <> {_TEXT})
"""  # noqa: S608

# A pair that becomes one of the low tier, or ceases to be, gets a revision: indexes without that tier follow.
SAVE: Final = f"""
    WITH low AS (
        SELECT pair_id FROM knowledge_refinements WHERE pair_id = ANY (%(ids)s::text[]) AND tier = 'low'
    ), saved AS (
        INSERT INTO knowledge_refinements AS stored (pair_id, text_md5, measures, quality, tier, parts, dated, compared)
        SELECT pair.id, {_TEXT}, %(measures)s, given.quality, given.tier, given.parts, given.dated, false
        FROM unnest(%(ids)s::text[], %(qualities)s::real[], %(tiers)s::text[], %(parts)s::jsonb[], %(dates)s::date[])
            AS given (id, quality, tier, parts, dated)
        JOIN knowledge_pairs AS pair ON pair.id = given.id
        ON CONFLICT (pair_id) DO UPDATE SET
            compared = stored.compared AND stored.text_md5 = excluded.text_md5,
            text_md5 = excluded.text_md5, measures = excluded.measures, quality = excluded.quality, tier = excluded.tier,
            parts = excluded.parts, dated = excluded.dated, refined_at = now()
        RETURNING pair_id, tier
    )
    UPDATE knowledge_pairs SET revision = nextval('knowledge_revision')
    WHERE id IN (SELECT pair_id FROM saved WHERE (tier = 'low') <> (pair_id IN (SELECT pair_id FROM low)))
"""  # noqa: S608

FORGET_LIKENESSES: Final = """
    WITH changed AS (
        SELECT pair_id FROM knowledge_refinements WHERE NOT compared
        UNION ALL SELECT id FROM knowledge_pairs WHERE removed
    )
    DELETE FROM knowledge_likenesses
    WHERE first_id IN (SELECT pair_id FROM changed) OR second_id IN (SELECT pair_id FROM changed)
"""

UNCOMPARED: Final = """
    SELECT pair.id, pair.question, pair.answer, refined.quality
    FROM knowledge_refinements AS refined JOIN knowledge_pairs AS pair ON pair.id = refined.pair_id
    WHERE NOT refined.compared AND NOT pair.removed AND pair.collection = %(collection)s
    ORDER BY pair.id LIMIT %(limit)s
"""

COUNT_UNCOMPARED: Final = """
    SELECT pair.collection, count(*) AS pairs
    FROM knowledge_refinements AS refined JOIN knowledge_pairs AS pair ON pair.id = refined.pair_id
    WHERE NOT refined.compared AND NOT pair.removed
    GROUP BY pair.collection ORDER BY pair.collection
"""

QUESTIONS: Final = """
    SELECT pair.id, pair.question, pair.answer, coalesce(refined.quality, 0) AS quality
    FROM knowledge_pairs AS pair LEFT JOIN knowledge_refinements AS refined ON refined.pair_id = pair.id
    WHERE pair.id = ANY (%(ids)s::text[]) AND NOT pair.removed
"""

SAVE_LIKENESSES: Final = """
    INSERT INTO knowledge_likenesses (first_id, second_id, question_similarity, answer_similarity, overlap)
    SELECT least(one, other), greatest(one, other), max(question), max(answer), max(overlap)
    FROM unnest(%(firsts)s::text[], %(seconds)s::text[], %(questions)s::real[], %(answers)s::real[], %(overlaps)s::real[])
        AS given (one, other, question, answer, overlap)
    GROUP BY least(one, other), greatest(one, other)
    ON CONFLICT (first_id, second_id) DO UPDATE SET
        question_similarity = excluded.question_similarity, answer_similarity = excluded.answer_similarity,
        overlap = excluded.overlap
"""

COMPARED: Final = "UPDATE knowledge_refinements SET compared = true WHERE pair_id = ANY (%(ids)s::text[])"

LIKENESSES: Final = """
    SELECT first_id AS first, second_id AS second, question_similarity AS question, answer_similarity AS answer, overlap
    FROM knowledge_likenesses
"""

LINKED: Final = "SELECT pair_id, kept_id FROM knowledge_duplicates"

RELEASE: Final = """
    WITH released AS (
        DELETE FROM knowledge_duplicates WHERE pair_id = ANY (%(ids)s::text[]) RETURNING pair_id
    ), again AS (
        UPDATE knowledge_refinements SET compared = false WHERE pair_id IN (SELECT pair_id FROM released)
    )
    UPDATE knowledge_pairs SET revision = nextval('knowledge_revision')
    WHERE id IN (SELECT pair_id FROM released) AND NOT removed
"""

LINK: Final = """
    WITH linked AS (
        INSERT INTO knowledge_duplicates AS stored (pair_id, kept_id, question_similarity, answer_similarity)
        SELECT * FROM unnest(%(ids)s::text[], %(kept)s::text[], %(questions)s::real[], %(answers)s::real[])
        ON CONFLICT (pair_id) DO UPDATE SET
            kept_id = excluded.kept_id, question_similarity = excluded.question_similarity,
            answer_similarity = excluded.answer_similarity
        RETURNING stored.pair_id
    )
    UPDATE knowledge_pairs SET revision = nextval('knowledge_revision')
    WHERE id IN (SELECT pair_id FROM linked) AND id = ANY (%(fresh)s::text[])
"""

UNMAPPED: Final = (
    "SELECT id, name, told FROM knowledge_topics WHERE %(all)s OR confidence IS NULL ORDER BY id"
)

PLACE: Final = """
    UPDATE knowledge_topics AS topic
    SET slug = given.slug, confidence = given.confidence, mapped_by = given.mapped_by
    FROM unnest(%(ids)s::text[], %(slugs)s::text[], %(confidences)s::real[], %(by)s::text[])
        AS given (id, slug, confidence, mapped_by)
    WHERE topic.id = given.id
"""

PLACED_BY: Final = "SELECT placed, catalogue FROM knowledge_store"

NOTE_PLACED: Final = """
    UPDATE knowledge_store SET placed = %(digest)s WHERE catalogue = %(changes)s RETURNING placed
"""

SUMMARY: Final = """
    SELECT pair.collection, refined.tier, count(*) AS pairs, avg(refined.quality)::real AS quality,
           count(duplicate.pair_id) AS duplicates
    FROM knowledge_pairs AS pair
    LEFT JOIN knowledge_refinements AS refined ON refined.pair_id = pair.id
    LEFT JOIN knowledge_duplicates AS duplicate ON duplicate.pair_id = pair.id
    WHERE NOT pair.removed
    GROUP BY pair.collection, refined.tier ORDER BY pair.collection, refined.tier
"""

BY_TOPIC: Final = """
    SELECT pair.collection, topic.slug, topic.name AS topic, topic.confidence, topic.mapped_by, count(*) AS pairs,
           count(*) FILTER (WHERE duplicate.pair_id IS NULL) AS distinct_pairs,
           count(*) FILTER (WHERE duplicate.pair_id IS NULL AND refined.quality >= 70) AS good_pairs
    FROM knowledge_pairs AS pair
    JOIN knowledge_topics AS topic ON topic.id = pair.topic_id
    LEFT JOIN knowledge_refinements AS refined ON refined.pair_id = pair.id
    LEFT JOIN knowledge_duplicates AS duplicate ON duplicate.pair_id = pair.id
    WHERE NOT pair.removed
    GROUP BY pair.collection, topic.slug, topic.name, topic.confidence, topic.mapped_by
"""
