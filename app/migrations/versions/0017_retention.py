"""What is past its time is found by its time: feedback, values of the vault, entries of the audit trail."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE memory_vault ADD COLUMN used_at timestamptz NOT NULL DEFAULT now()")
    op.execute("CREATE INDEX memory_vault_by_use ON memory_vault (used_at)")
    op.execute("CREATE INDEX feedback_by_time ON feedback (created_at)")
    op.execute("CREATE INDEX interactions_by_time ON interactions (created_at)")
    op.execute("CREATE INDEX memory_audit_by_time ON memory_audit (at)")
