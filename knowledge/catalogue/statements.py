"""The SQL of what users add to the catalogue."""

from typing import Final

REVISION: Final = "SELECT catalogue FROM knowledge_store"

TOPICS: Final = """
    SELECT slug, collection, name, aliases, category, subcategory, session FROM knowledge_catalogue ORDER BY slug
"""

MAPPINGS: Final = "SELECT name, slug FROM knowledge_mappings ORDER BY name"

NAMES: Final = "SELECT id, name FROM knowledge_topics"

COUNT_UP: Final = "UPDATE knowledge_store SET catalogue = catalogue + 1"

SAVE_TOPIC: Final = """
    INSERT INTO knowledge_catalogue (slug, collection, name, aliases, category, subcategory, session)
    VALUES (%(slug)s, %(collection)s, %(name)s, %(aliases)s::text[], %(category)s, %(subcategory)s, %(session)s)
    ON CONFLICT (slug) DO UPDATE SET
        collection = excluded.collection, name = excluded.name, aliases = excluded.aliases,
        category = excluded.category, subcategory = excluded.subcategory, session = excluded.session,
        changed_at = now()
"""

REMOVE_TOPICS: Final = "DELETE FROM knowledge_catalogue WHERE slug = ANY (%(slugs)s::text[])"

SAVE_MAPPING: Final = """
    INSERT INTO knowledge_mappings (key, name, slug) VALUES (%(key)s, %(name)s, %(slug)s)
    ON CONFLICT (key) DO UPDATE SET name = excluded.name, slug = excluded.slug, changed_at = now()
"""

REMOVE_MAPPINGS: Final = "DELETE FROM knowledge_mappings WHERE key = ANY (%(keys)s::text[])"

# The next refinement looks for their place.
RESET: Final = """
    UPDATE knowledge_topics SET slug = NULL, confidence = NULL, mapped_by = NULL
    WHERE id = ANY (%(ids)s::text[]) OR slug = ANY (%(slugs)s::text[])
"""

MAP: Final = """
    UPDATE knowledge_topics AS topic SET slug = given.slug, confidence = 1, mapped_by = 'hand'
    FROM unnest(%(ids)s::text[], %(slugs)s::text[]) AS given (id, slug) WHERE topic.id = given.id
"""
