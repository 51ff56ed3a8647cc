"""Threads that persons name, fork and search."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE threads
            ADD COLUMN named boolean NOT NULL DEFAULT false,
            ADD COLUMN parent_id text,
            ADD COLUMN parent_message_id text
    """)
    for table, text in (("threads", "title"), ("messages", "content")):
        op.execute(f"""
            CREATE INDEX {table}_words ON {table} USING gin (to_tsvector('simple', {text})) WITH (fastupdate = off)
        """)
    # As with records, the function reads the index with the rights of the tables' owner, for the user of the transaction
    # and nobody else: no condition of a text search reads an index before the policies are met. Each word stands for
    # all that begin with it.
    op.execute(r"""
        CREATE FUNCTION freya_threads_saying(query text) RETURNS TABLE (thread_id text, message_id text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
            WITH wanted AS (
                SELECT regexp_replace(
                    websearch_to_tsquery('simple', query)::text, '''((?:[^'']|'''')+)''', '''\1'':*', 'g')::tsquery AS words
            )
            SELECT threads.id, NULL FROM threads, wanted
            WHERE to_tsvector('simple', title) @@ words
                AND tenant_id = current_setting('freya.tenant', true) AND user_id = current_setting('freya.user', true)
            UNION ALL
            SELECT messages.thread_id, messages.id FROM messages, wanted
            WHERE to_tsvector('simple', content) @@ words
                AND tenant_id = current_setting('freya.tenant', true) AND user_id = current_setting('freya.user', true)
        $$
    """)
