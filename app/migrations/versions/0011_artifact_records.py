"""Artifacts are remembered by a record each, which goes with its artifact."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE artifacts ADD COLUMN recorded boolean NOT NULL DEFAULT false")
    op.execute("CREATE INDEX artifacts_to_record ON artifacts (id) WHERE NOT recorded")
    op.execute("CREATE INDEX artifacts_of_user ON artifacts (tenant_id, user_id, id DESC)")
    # Artifacts go with their runs and threads, whatever deletes those. The version before the one that went holds again.
    op.execute("""
        CREATE FUNCTION freya_forget_artifacts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            WITH lost AS (
                DELETE FROM memory_records record USING gone
                WHERE record.kind = 'artifact' AND record.origin_key = gone.id
                    AND record.tenant_id = gone.tenant_id AND record.user_id = gone.user_id
                RETURNING record.id, record.supersedes, record.state
            )
            UPDATE memory_records earlier SET state = 'active', revision = nextval('memory_revision')
            FROM lost WHERE earlier.id = lost.supersedes AND lost.state <> 'superseded'
                AND earlier.id NOT IN (SELECT id FROM lost);
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER forget_artifacts AFTER DELETE ON artifacts REFERENCING OLD TABLE AS gone
        FOR EACH STATEMENT EXECUTE FUNCTION freya_forget_artifacts()
    """)
