"""Users add to the catalogue of topics, and say by hand where a name belongs."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Without a name: further aliases of a topic that ships.
    op.execute("""
        CREATE TABLE knowledge_catalogue (
            slug text PRIMARY KEY,
            collection text,
            name text,
            aliases text[] NOT NULL DEFAULT '{}',
            category text,
            subcategory text,
            session integer,
            changed_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    # By what all spellings of a name have in common; no slug: nowhere.
    op.execute("""
        CREATE TABLE knowledge_mappings (
            key text PRIMARY KEY,
            name text NOT NULL,
            slug text,
            changed_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    # Counted up with each change of the two, and the digest of the catalogue that topics were last placed by.
    op.execute(
        "ALTER TABLE knowledge_store ADD COLUMN catalogue bigint NOT NULL DEFAULT 0, ADD COLUMN placed text"
    )
    # The slug that a topic's source says, which is kept wherever the topic is placed.
    op.execute("""
        ALTER TABLE knowledge_topics
            ADD COLUMN told text,
            DROP CONSTRAINT knowledge_topics_mapped_by_check,
            ADD CONSTRAINT knowledge_topics_mapped_by_check CHECK (mapped_by IN ('rule', 'meaning', 'hand'))
    """)
    # What a source said was not told apart from an exact name until now; either stays where it is.
    op.execute("UPDATE knowledge_topics SET told = slug WHERE mapped_by = 'rule' AND confidence = 1")
