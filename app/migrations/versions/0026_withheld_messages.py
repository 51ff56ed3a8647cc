"""Messages that do not come back in recall are marked: requests to forget something, and what had said what was forgotten."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # NULL of those that nobody has looked at: what was there before, and imported requests to forget. Only the service can read them.
    op.execute("ALTER TABLE messages ADD COLUMN withheld boolean")
    op.execute("CREATE INDEX messages_to_look_at ON messages (thread_id) WHERE withheld IS NULL")
