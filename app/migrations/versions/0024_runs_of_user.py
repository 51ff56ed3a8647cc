"""The runs of a user are listed over all threads."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX runs_of_user ON runs (tenant_id, user_id, id DESC)")
