"""Tool calls that a person must allow, and what a run is at that waits for one."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

MEMBER = "freya_member"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE runs
            ADD COLUMN resumed integer NOT NULL DEFAULT 0,
            ADD COLUMN waiting_since timestamptz,
            ADD COLUMN waited_s double precision NOT NULL DEFAULT 0
    """)
    op.execute("ALTER TABLE runs DROP CONSTRAINT runs_status_check")
    op.execute("""
        ALTER TABLE runs ADD CONSTRAINT runs_status_check
            CHECK (status IN ('running', 'waiting', 'finished', 'failed', 'cancelled'))
    """)
    op.execute("DROP INDEX runs_one_at_a_time")
    op.execute(
        "CREATE UNIQUE INDEX runs_one_at_a_time ON runs (thread_id) WHERE status IN ('running', 'waiting')"
    )
    op.execute("""
        CREATE TABLE approvals (
            id text PRIMARY KEY,
            run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
            tenant_id text NOT NULL,
            user_id text NOT NULL,
            asked jsonb NOT NULL,
            decision jsonb,
            requested_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            answered_at timestamptz,
            used boolean NOT NULL DEFAULT false
        )
    """)
    op.execute("CREATE INDEX approvals_of_run ON approvals (run_id, id)")
    op.execute("CREATE INDEX approvals_of_user ON approvals (tenant_id, user_id, id)")
    # What Redis may lose lies here for as long as a run waits: its events, and the work on it, as they lay there.
    op.execute("""
        CREATE TABLE parked_runs (
            run_id text PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
            tenant_id text NOT NULL,
            user_id text NOT NULL,
            events jsonb NOT NULL,
            fields text[] NOT NULL,
            contents bytea[] NOT NULL
        )
    """)
    mine = """
        current_setting('freya.system', true) = 'on' OR (
            tenant_id = current_setting('freya.tenant', true) AND user_id = current_setting('freya.user', true))
    """
    for table in ("approvals", "parked_runs"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({mine}) WITH CHECK ({mine})")
    op.execute(f"""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{MEMBER}') THEN
                GRANT SELECT, INSERT, UPDATE, DELETE ON approvals, parked_runs TO {MEMBER};
            END IF;
        END $$
    """)
