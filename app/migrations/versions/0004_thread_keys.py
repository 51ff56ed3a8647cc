"""Threads that are created once, however often the request is repeated."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE threads ADD COLUMN idempotency_key text")
    op.execute(
        "CREATE UNIQUE INDEX threads_idempotent ON threads (idempotency_key) WHERE idempotency_key IS NOT NULL"
    )
