"""Conversations: threads, messages, runs, artifacts, and the log of interactions."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE threads (
            id text PRIMARY KEY,
            tenant_id text NOT NULL DEFAULT 'local',
            user_id text NOT NULL DEFAULT 'local',
            project_id text,
            title text NOT NULL,
            metadata jsonb NOT NULL DEFAULT '{}',
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("CREATE INDEX threads_of_user ON threads (tenant_id, user_id, id DESC)")
    op.execute("""
        CREATE TABLE runs (
            id text PRIMARY KEY,
            thread_id text NOT NULL REFERENCES threads ON DELETE CASCADE,
            status text NOT NULL CHECK (status IN ('running', 'finished', 'failed', 'cancelled')),
            worker text NOT NULL,
            idempotency_key text,
            request jsonb NOT NULL,
            result jsonb,
            error jsonb,
            created_at timestamptz NOT NULL DEFAULT now(),
            finished_at timestamptz
        )
    """)
    # The database itself keeps the runs of a thread serial, whichever process they run in.
    op.execute("CREATE UNIQUE INDEX runs_one_at_a_time ON runs (thread_id) WHERE status = 'running'")
    op.execute(
        "CREATE UNIQUE INDEX runs_idempotent ON runs (idempotency_key) WHERE idempotency_key IS NOT NULL"
    )
    op.execute("CREATE INDEX runs_of_thread ON runs (thread_id, id DESC)")
    op.execute("""
        CREATE TABLE messages (
            id text PRIMARY KEY,
            thread_id text NOT NULL REFERENCES threads ON DELETE CASCADE,
            run_id text NOT NULL,
            role text NOT NULL CHECK (role IN ('user', 'assistant')),
            content text NOT NULL,
            details jsonb NOT NULL DEFAULT '{}',
            created_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("CREATE INDEX messages_of_thread ON messages (thread_id, id)")
    op.execute("""
        CREATE TABLE artifacts (
            id text PRIMARY KEY,
            run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
            agent text NOT NULL,
            name text NOT NULL,
            media_type text NOT NULL,
            content text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("CREATE INDEX artifacts_of_run ON artifacts (run_id)")
    op.execute("""
        CREATE TABLE interactions (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            run_id text NOT NULL,
            thread_id text NOT NULL,
            tenant_id text NOT NULL DEFAULT 'local',
            user_id text NOT NULL DEFAULT 'local',
            outcome text NOT NULL,
            record jsonb NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("CREATE INDEX interactions_of_run ON interactions (run_id)")
