"""Knowledge: sources, research sessions, topics and question-answer pairs."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Names the database to the indexes, which are files beside it: an index of another database is rebuilt.
    op.execute("CREATE TABLE knowledge_store (id uuid PRIMARY KEY)")
    op.execute("INSERT INTO knowledge_store VALUES (gen_random_uuid())")
    op.execute("CREATE SEQUENCE knowledge_revision")
    op.execute("""
        CREATE TABLE knowledge_sources (
            id text PRIMARY KEY,
            collection text NOT NULL,
            name text NOT NULL,
            kind text NOT NULL,
            sha256 text NOT NULL,
            status text NOT NULL CHECK (status IN ('importing', 'complete', 'empty', 'damaged', 'superseded')),
            declared integer,
            read integer NOT NULL DEFAULT 0,
            rejected integer NOT NULL DEFAULT 0,
            mismatched integer NOT NULL DEFAULT 0,
            remarks jsonb NOT NULL DEFAULT '[]',
            reason text,
            started_at timestamptz NOT NULL DEFAULT now(),
            finished_at timestamptz
        )
    """)
    op.execute("""
        CREATE TABLE knowledge_topics (
            id text PRIMARY KEY,
            collection text NOT NULL,
            name text NOT NULL,
            category text,
            UNIQUE (collection, name)
        )
    """)
    op.execute("""
        CREATE TABLE knowledge_sessions (
            id text PRIMARY KEY,
            source_id text NOT NULL REFERENCES knowledge_sources ON DELETE CASCADE,
            ordinal integer NOT NULL,
            topic_id text NOT NULL REFERENCES knowledge_topics,
            external_id text,
            UNIQUE (source_id, ordinal)
        )
    """)
    op.execute("""
        CREATE TABLE knowledge_pairs (
            id text PRIMARY KEY,
            collection text NOT NULL,
            source_id text NOT NULL REFERENCES knowledge_sources ON DELETE CASCADE,
            session_id text NOT NULL REFERENCES knowledge_sessions ON DELETE CASCADE,
            topic_id text NOT NULL REFERENCES knowledge_topics,
            ordinal integer NOT NULL,
            question text NOT NULL,
            answer text NOT NULL,
            removed boolean NOT NULL DEFAULT false,
            revision bigint NOT NULL UNIQUE,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("CREATE INDEX ON knowledge_pairs (source_id)")
    op.execute("CREATE INDEX ON knowledge_pairs (session_id)")
    op.execute("CREATE INDEX ON knowledge_pairs (topic_id)")
    op.execute("CREATE INDEX ON knowledge_pairs (collection) WHERE NOT removed")
    op.execute("CREATE INDEX ON knowledge_sessions (topic_id)")
