"""A source can be taken back."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE knowledge_sources DROP CONSTRAINT knowledge_sources_status_check")
    op.execute("""
        ALTER TABLE knowledge_sources ADD CONSTRAINT knowledge_sources_status_check
        CHECK (status IN ('importing', 'complete', 'empty', 'damaged', 'superseded', 'removed'))
    """)
