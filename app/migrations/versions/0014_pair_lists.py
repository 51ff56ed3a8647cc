"""Pairs can be listed part by part: in a fixed order, by the words of their questions, by their tags."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX ON knowledge_pairs (collection, topic_id, session_id, ordinal, id) WHERE NOT removed"
    )
    # Of the beginning only: a question may be longer than what an index takes.
    op.execute("""
        CREATE INDEX ON knowledge_pairs USING gin (to_tsvector('simple', left(question, 2000))) WHERE NOT removed
    """)
    op.execute("CREATE INDEX ON knowledge_pairs USING gin (tags) WHERE NOT removed")
