"""Records are found by their words through an index."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Records come one by one: a list of what is not in the index yet would be read by every search.
    op.execute("""
        CREATE INDEX memory_records_words ON memory_records USING gin (to_tsvector('simple', text))
        WITH (fastupdate = off)
    """)
    # Under row-level security no condition reads an index before the policies are met unless its operator is leakproof, and
    # that of text search is not. The function looks with the rights of the tables' owner, for the user of the transaction
    # and nobody else; what it gives meets the policies once more where the rows are read.
    op.execute("""
        CREATE FUNCTION freya_records_saying(query text) RETURNS SETOF text
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
            SELECT id FROM memory_records
            WHERE to_tsvector('simple', text) @@ websearch_to_tsquery('simple', query)
                AND tenant_id = current_setting('freya.tenant', true)
                AND (user_id = current_setting('freya.user', true) OR project_id IN (
                    SELECT project_id FROM project_members WHERE tenant_id = current_setting('freya.tenant', true)
                        AND user_id = current_setting('freya.user', true)))
        $$
    """)
