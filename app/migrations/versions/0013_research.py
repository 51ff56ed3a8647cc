"""What a source says of the research behind it: how many searches it took, and how many of them found something."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE knowledge_sources
            ADD COLUMN searches integer,
            ADD COLUMN successful_searches integer,
            ADD COLUMN researched_on date
    """)
