"""What no policy can limit: the service's connections may not empty a table at once, nor hang anything on it."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MEMBER = "freya_member"
RIGHTS = "TRUNCATE, REFERENCES, TRIGGER"


def upgrade() -> None:
    # Row-level security holds for rows that are read and written one by one; TRUNCATE asks for a right and no more.
    op.execute(f"""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{MEMBER}') THEN
                REVOKE {RIGHTS} ON ALL TABLES IN SCHEMA public FROM {MEMBER};
                ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE {RIGHTS} ON TABLES FROM {MEMBER};
            END IF;
        EXCEPTION WHEN insufficient_privilege THEN NULL;
        END $$
    """)  # noqa: S608  # names of this module
