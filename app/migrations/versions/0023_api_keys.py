"""API keys: their hashes, what they may do, and whom they act for."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE api_keys (
            id text PRIMARY KEY,
            hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
            hint text NOT NULL,
            name text NOT NULL,
            scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
            bound_tenant text,
            bound_user text,
            limits jsonb NOT NULL DEFAULT '{}',
            created_by text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            last_used_at timestamptz,
            expires_at timestamptz,
            revoked_at timestamptz,
            replaced_by text REFERENCES api_keys (id),
            CHECK (bound_user IS NULL OR bound_tenant IS NOT NULL)
        )
    """)
    op.execute("CREATE INDEX api_keys_not_revoked ON api_keys (id) WHERE revoked_at IS NULL")
