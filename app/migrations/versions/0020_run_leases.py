"""A run is held by lease: who takes it over counts it up, and whoever held it before has no say any more."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What a run is at lies beside its events now.
    op.execute("DROP TABLE IF EXISTS checkpoint_writes, checkpoint_blobs, checkpoints, checkpoint_migrations")
    op.execute("ALTER TABLE runs ADD COLUMN lease integer NOT NULL DEFAULT 1")
