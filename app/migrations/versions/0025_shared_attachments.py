"""Attachments of forked threads share the content of those that they are copied from."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of those that share a content one row has it. Where that goes, the oldest of the others gets it: after the statement, so that
    # none that goes with it is chosen.
    op.execute("ALTER TABLE attachments ALTER COLUMN content DROP NOT NULL, ADD COLUMN shares text")
    op.execute("CREATE INDEX attachments_sharing ON attachments (shares, id) WHERE shares IS NOT NULL")
    op.execute("""
        CREATE FUNCTION freya_hand_content_over() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE attachments SET content = OLD.content
            WHERE id = (SELECT min(id) FROM attachments WHERE shares = OLD.shares);
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER attachments_hand_over AFTER DELETE ON attachments FOR EACH ROW
        WHEN (OLD.shares IS NOT NULL AND OLD.content IS NOT NULL) EXECUTE FUNCTION freya_hand_content_over()
    """)
