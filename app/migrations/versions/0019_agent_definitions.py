"""Designed agents are kept as definitions, with their versions and whether they work."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE agent_definitions (
            name text PRIMARY KEY,
            state text NOT NULL CHECK (state IN ('live', 'disabled')),
            version integer NOT NULL,
            changed_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    # What the cases of a version said when it was deployed stays with it: a rollback goes to what was seen to work.
    op.execute("""
        CREATE TABLE agent_versions (
            name text NOT NULL REFERENCES agent_definitions (name) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
            version integer NOT NULL CHECK (version > 0),
            definition jsonb NOT NULL,
            passed integer NOT NULL,
            skipped integer NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (name, version)
        )
    """)
