"""Threads that persons name, fork and search, and the files that are attached to them."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

MEMBER = "freya_member"


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
    op.execute("""
        CREATE TABLE attachments (
            id text PRIMARY KEY,
            thread_id text NOT NULL REFERENCES threads ON DELETE CASCADE,
            tenant_id text NOT NULL,
            user_id text NOT NULL,
            name text NOT NULL,
            media_type text NOT NULL,
            bytes integer NOT NULL,
            content bytea NOT NULL,
            sealed boolean NOT NULL,
            text text NOT NULL,
            details jsonb NOT NULL,
            idempotency_key text,
            created_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("CREATE INDEX attachments_of_thread ON attachments (thread_id, id)")
    op.execute("CREATE INDEX attachments_of_user ON attachments (tenant_id, user_id, id)")
    op.execute("""
        CREATE UNIQUE INDEX attachments_idempotent ON attachments (tenant_id, user_id, idempotency_key)
        WHERE idempotency_key IS NOT NULL
    """)
    mine = """
        current_setting('freya.system', true) = 'on' OR (
            tenant_id = current_setting('freya.tenant', true) AND user_id = current_setting('freya.user', true))
    """
    op.execute("ALTER TABLE attachments ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE attachments FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_rows ON attachments USING ({mine}) WITH CHECK ({mine})")
    op.execute(f"""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{MEMBER}') THEN
                GRANT SELECT, INSERT, UPDATE, DELETE ON attachments TO {MEMBER};
            END IF;
        END $$
    """)
