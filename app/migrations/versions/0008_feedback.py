"""Feedback on runs; a log that can be added to and not rewritten; indexes that make erasing quick."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MEMBER = "freya_member"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE feedback (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            tenant_id text NOT NULL,
            user_id text NOT NULL,
            run_id text NOT NULL,
            rating integer CHECK (rating BETWEEN 1 AND 5),
            comment text,
            correction text,
            created_at timestamptz NOT NULL DEFAULT now(),
            CHECK (num_nonnulls(rating, comment, correction) > 0)
        )
    """)
    op.execute("CREATE INDEX feedback_on_run ON feedback (run_id, id)")
    op.execute("CREATE INDEX feedback_of_user ON feedback (tenant_id, user_id, id)")
    mine = """
        current_setting('freya.system', true) = 'on' OR (
            tenant_id = current_setting('freya.tenant', true) AND user_id = current_setting('freya.user', true))
    """
    op.execute("ALTER TABLE feedback ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE feedback FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_rows ON feedback USING ({mine}) WITH CHECK ({mine})")
    # Policies hold for the table that is named: past its parent, nobody reads a partition's rows.
    op.execute("ALTER TABLE interactions_default ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE interactions_default FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY background ON interactions_default USING (current_setting('freya.system', true) = 'on')"
    )
    op.execute(f"""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{MEMBER}') THEN
                GRANT SELECT, INSERT, DELETE ON feedback TO {MEMBER};
                REVOKE UPDATE, TRUNCATE ON feedback, interactions FROM {MEMBER};
                IF current_setting('server_version_num')::int >= 170000 THEN
                    GRANT MAINTAIN ON messages TO {MEMBER};
                END IF;
            END IF;
        END $$
    """)  # noqa: S608  # a name of this module
    # What refers to a record is found by it when it goes; without these each deletion reads the whole table.
    op.execute(
        "CREATE INDEX memory_records_superseding ON memory_records (supersedes) WHERE supersedes IS NOT NULL"
    )
    op.execute(
        "CREATE INDEX memory_records_contesting ON memory_records (contests) WHERE contests IS NOT NULL"
    )
    op.execute("CREATE INDEX memory_relations_of_record ON memory_relations (record_id)")
    # The whole foreign key: before a large history is analysed, the user's own index looks as good, and is read for each.
    op.execute("CREATE INDEX memory_passages_of_message ON memory_passages (message_id, tenant_id, user_id)")
