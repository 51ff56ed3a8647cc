"""What a user had forgotten does not return from the same messages; ratings of a run count once for what it used."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MEMBER = "freya_member"
TABLES = ("memory_forgotten", "memory_ratings")


def upgrade() -> None:
    # A mark is a hash of whose it was, the message it came from and what it said, sealed where there is a key.
    op.execute("""
        CREATE TABLE memory_forgotten (
            tenant_id text NOT NULL,
            user_id text NOT NULL,
            mark text NOT NULL,
            forgotten_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (tenant_id, user_id, mark)
        )
    """)
    op.execute("""
        CREATE TABLE memory_ratings (
            record_id text NOT NULL REFERENCES memory_records ON DELETE CASCADE,
            run_id text NOT NULL,
            tenant_id text NOT NULL,
            user_id text NOT NULL,
            rating real NOT NULL,
            PRIMARY KEY (record_id, run_id)
        )
    """)
    op.execute("CREATE INDEX ON memory_ratings (tenant_id, user_id)")
    # What others of a project remember in it is read as it comes, by its revisions.
    op.execute("DROP INDEX memory_records_of_project")
    op.execute("""
        CREATE INDEX memory_records_of_project ON memory_records (tenant_id, project_id, revision)
        WHERE project_id IS NOT NULL
    """)
    mine = """
        current_setting('freya.system', true) = 'on' OR (
            tenant_id = current_setting('freya.tenant', true) AND user_id = current_setting('freya.user', true))
    """
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({mine}) WITH CHECK ({mine})")
    op.execute(f"""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{MEMBER}') THEN
                GRANT SELECT, INSERT, UPDATE, DELETE ON {", ".join(TABLES)} TO {MEMBER};
            END IF;
        END $$
    """)  # names of this module
