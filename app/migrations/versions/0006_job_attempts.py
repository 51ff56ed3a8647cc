"""How often a job was begun: one whose processes die over and over is given up."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE knowledge_jobs ADD COLUMN attempts integer NOT NULL DEFAULT 0")
