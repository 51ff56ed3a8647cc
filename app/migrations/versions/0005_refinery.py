"""The refinery: what is known of a pair besides its text, its quality and duplicates, index versions, jobs."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE knowledge_pairs
            ADD COLUMN difficulty text,
            ADD COLUMN tags text[] NOT NULL DEFAULT '{}',
            ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}'
    """)
    # Where a topic as sources name it stands in the catalogue; no slug: nowhere yet.
    op.execute("""
        ALTER TABLE knowledge_topics
            ADD COLUMN slug text,
            ADD COLUMN confidence real,
            ADD COLUMN mapped_by text CHECK (mapped_by IN ('rule', 'meaning'))
    """)
    op.execute("CREATE INDEX ON knowledge_topics (slug)")
    op.execute("ALTER TABLE knowledge_sources ADD COLUMN shape text")
    # What the refinement found of a pair with that text; `compared` says whether its likes were looked for.
    op.execute("""
        CREATE TABLE knowledge_refinements (
            pair_id text PRIMARY KEY REFERENCES knowledge_pairs ON DELETE CASCADE,
            text_md5 text NOT NULL,
            measures integer NOT NULL,
            quality real NOT NULL,
            tier text NOT NULL CHECK (tier IN ('premium', 'standard', 'review', 'low')),
            parts jsonb NOT NULL,
            dated date,
            compared boolean NOT NULL DEFAULT false,
            refined_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("CREATE INDEX ON knowledge_refinements (tier)")
    # Pairs that ask the same; which of them give way to another is decided over all of these.
    op.execute("""
        CREATE TABLE knowledge_likenesses (
            first_id text NOT NULL REFERENCES knowledge_pairs ON DELETE CASCADE,
            second_id text NOT NULL REFERENCES knowledge_pairs ON DELETE CASCADE,
            question_similarity real NOT NULL,
            answer_similarity real NOT NULL,
            overlap real NOT NULL,
            PRIMARY KEY (first_id, second_id),
            CHECK (first_id < second_id)
        )
    """)
    op.execute("CREATE INDEX ON knowledge_likenesses (second_id)")
    op.execute("""
        CREATE TABLE knowledge_duplicates (
            pair_id text PRIMARY KEY REFERENCES knowledge_pairs ON DELETE CASCADE,
            kept_id text NOT NULL REFERENCES knowledge_pairs ON DELETE CASCADE,
            question_similarity real NOT NULL,
            answer_similarity real NOT NULL,
            CHECK (pair_id <> kept_id)
        )
    """)
    op.execute("CREATE INDEX ON knowledge_duplicates (kept_id)")
    op.execute("""
        CREATE TABLE knowledge_versions (
            number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            state text NOT NULL DEFAULT 'building' CHECK (state IN ('building', 'ready', 'live', 'retired')),
            recipe jsonb NOT NULL,
            note text,
            pairs integer,
            evaluation jsonb,
            created_at timestamptz NOT NULL DEFAULT now(),
            activated_at timestamptz
        )
    """)
    op.execute("CREATE UNIQUE INDEX ON knowledge_versions ((true)) WHERE state = 'live'")
    op.execute("""
        CREATE TABLE knowledge_jobs (
            id text PRIMARY KEY,
            kind text NOT NULL,
            arguments jsonb NOT NULL DEFAULT '{}',
            state text NOT NULL DEFAULT 'queued'
                CHECK (state IN ('queued', 'running', 'finished', 'failed', 'cancelled')),
            step text,
            done bigint NOT NULL DEFAULT 0,
            total bigint,
            result jsonb,
            error text,
            worker text,
            created_at timestamptz NOT NULL DEFAULT now(),
            started_at timestamptz,
            heartbeat_at timestamptz,
            finished_at timestamptz
        )
    """)
    op.execute("CREATE INDEX ON knowledge_jobs (created_at)")
