"""Memory in three tiers: whose every row is, what is remembered for good, and row-level security over all of it."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MEMBER = "freya_member"
OWNED = (
    "threads", "messages", "runs", "artifacts", "interactions", "projects", "memory_passages",
    "memory_records", "memory_entities", "memory_mentions", "memory_relations", "memory_progress", "memory_imports",
    "memory_vault", "memory_keys", "memory_audit",
)  # fmt: skip


def upgrade() -> None:
    _own_rows()
    _projects()
    _messages()
    _records()
    _work()
    _privacy()
    _interactions()
    _secure()


def _own_rows() -> None:
    """Tenant and user on rows that had them of their thread only."""
    for table in ("messages", "runs", "artifacts"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN tenant_id text, ADD COLUMN user_id text")
    for table in ("messages", "runs"):
        op.execute(f"""
            UPDATE {table} SET tenant_id = threads.tenant_id, user_id = threads.user_id
            FROM threads WHERE threads.id = {table}.thread_id
        """)  # noqa: S608  # names of this module
    op.execute("""
        UPDATE artifacts SET tenant_id = runs.tenant_id, user_id = runs.user_id
        FROM runs WHERE runs.id = artifacts.run_id
    """)
    for table in ("messages", "runs", "artifacts"):
        op.execute(
            f"ALTER TABLE {table} ALTER COLUMN tenant_id SET NOT NULL, ALTER COLUMN user_id SET NOT NULL"
        )
    # What belongs to a thread or a run belongs to its user: the database itself refuses a row in another's.
    for parent, children in (("threads", ("messages", "runs")), ("runs", ("artifacts",))):
        op.execute(f"ALTER TABLE {parent} ADD UNIQUE (id, tenant_id, user_id)")
        for child in children:
            column = f"{parent.removesuffix('s')}_id"
            op.execute(f"ALTER TABLE {child} DROP CONSTRAINT {child}_{column}_fkey")
            op.execute(
                f"ALTER TABLE {child} ADD FOREIGN KEY ({column}, tenant_id, user_id)"
                f" REFERENCES {parent} (id, tenant_id, user_id) ON DELETE CASCADE"
            )
    op.execute("ALTER TABLE messages ADD UNIQUE (id, tenant_id, user_id)")
    # A key names a request of its user; another's same key is another request.
    op.execute("DROP INDEX runs_idempotent")
    op.execute("""
        CREATE UNIQUE INDEX runs_idempotent ON runs (tenant_id, user_id, idempotency_key)
        WHERE idempotency_key IS NOT NULL
    """)
    op.execute("DROP INDEX threads_idempotent")
    op.execute("""
        CREATE UNIQUE INDEX threads_idempotent ON threads (tenant_id, user_id, idempotency_key)
        WHERE idempotency_key IS NOT NULL
    """)
    # Artifacts have versions: one name of a project, or else of a thread, counts on.
    op.execute(
        "ALTER TABLE artifacts ADD COLUMN project_id text, ADD COLUMN version integer NOT NULL DEFAULT 1"
    )
    op.execute("CREATE INDEX artifacts_of_project ON artifacts (tenant_id, project_id, name, version DESC)")


def _projects() -> None:
    op.execute("""
        CREATE TABLE projects (
            id text PRIMARY KEY,
            tenant_id text NOT NULL,
            user_id text NOT NULL,
            name text NOT NULL,
            description text NOT NULL DEFAULT '',
            state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'archived')),
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),
            UNIQUE (id, tenant_id, user_id)
        )
    """)
    # The owner stands on each row, where the foreign key vouches for it: nobody can make himself a member.
    op.execute("""
        CREATE TABLE project_members (
            project_id text NOT NULL,
            tenant_id text NOT NULL,
            owner_id text NOT NULL,
            user_id text NOT NULL,
            added_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (project_id, user_id),
            FOREIGN KEY (project_id, tenant_id, owner_id) REFERENCES projects (id, tenant_id, user_id) ON DELETE CASCADE
        )
    """)
    op.execute("CREATE INDEX ON project_members (tenant_id, user_id)")


def _messages() -> None:
    """Messages may come from elsewhere, have another speaker, and be encrypted; passages of them are embedded."""
    op.execute("""
        ALTER TABLE messages
            ALTER COLUMN run_id DROP NOT NULL,
            ADD COLUMN speaker text,
            ADD COLUMN import_key text,
            ADD COLUMN revision bigint NOT NULL DEFAULT 0,
            ADD COLUMN embedded boolean NOT NULL DEFAULT false,
            ADD COLUMN consolidated boolean NOT NULL DEFAULT false
    """)
    op.execute("CREATE SEQUENCE memory_revision")
    op.execute("UPDATE messages SET revision = nextval('memory_revision')")
    op.execute("ALTER TABLE messages ALTER COLUMN revision SET DEFAULT nextval('memory_revision')")
    op.execute("CREATE INDEX messages_of_user ON messages (tenant_id, user_id, revision)")
    op.execute("CREATE INDEX messages_of_run ON messages (run_id) WHERE run_id IS NOT NULL")
    op.execute("CREATE INDEX messages_to_embed ON messages (id) WHERE NOT embedded")
    op.execute("CREATE INDEX messages_to_consolidate ON messages (thread_id, id) WHERE NOT consolidated")
    op.execute("""
        CREATE UNIQUE INDEX messages_imported ON messages (tenant_id, user_id, import_key) WHERE import_key IS NOT NULL
    """)
    # Characters [begins, ends) of the message's text.
    op.execute("""
        CREATE TABLE memory_passages (
            message_id text NOT NULL,
            ordinal integer NOT NULL,
            tenant_id text NOT NULL,
            user_id text NOT NULL,
            begins integer NOT NULL,
            ends integer NOT NULL,
            model text NOT NULL,
            vector vector NOT NULL,
            revision bigint NOT NULL DEFAULT nextval('memory_revision'),
            PRIMARY KEY (message_id, ordinal),
            FOREIGN KEY (message_id, tenant_id, user_id) REFERENCES messages (id, tenant_id, user_id) ON DELETE CASCADE
        )
    """)
    op.execute("CREATE INDEX memory_passages_of_user ON memory_passages (tenant_id, user_id, revision)")


def _records() -> None:
    """What is remembered beside messages: decisions and progress (medium), facts and the like (long)."""
    op.execute("""
        CREATE TABLE memory_records (
            id text PRIMARY KEY,
            tenant_id text NOT NULL,
            user_id text NOT NULL,
            project_id text,
            thread_id text,
            agent text,
            tier text NOT NULL CHECK (tier IN ('medium', 'long')),
            kind text NOT NULL CHECK (kind IN (
                'decision', 'progress', 'artifact',
                'fact', 'preference', 'expertise', 'pattern', 'practice', 'performance')),
            slot text,
            text text NOT NULL,
            details jsonb NOT NULL DEFAULT '{}',
            confidence real NOT NULL DEFAULT 0.5 CHECK (confidence BETWEEN 0 AND 1),
            evidence integer NOT NULL DEFAULT 1,
            state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'superseded', 'contested')),
            version integer NOT NULL DEFAULT 1,
            supersedes text REFERENCES memory_records ON DELETE SET NULL,
            contests text REFERENCES memory_records ON DELETE SET NULL,
            sources text[] NOT NULL DEFAULT '{}',
            pinned boolean NOT NULL DEFAULT false,
            recalled integer NOT NULL DEFAULT 0,
            cited integer NOT NULL DEFAULT 0,
            rated integer NOT NULL DEFAULT 0,
            rating real NOT NULL DEFAULT 0,
            used_at timestamptz,
            faded boolean NOT NULL DEFAULT false,
            origin_key text,
            said_at timestamptz NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),
            model text,
            vector vector,
            revision bigint NOT NULL DEFAULT nextval('memory_revision')
        )
    """)
    op.execute("CREATE INDEX memory_records_of_user ON memory_records (tenant_id, user_id, revision)")
    op.execute(
        "CREATE INDEX memory_records_of_project ON memory_records (tenant_id, project_id) WHERE project_id IS NOT NULL"
    )
    op.execute(
        "CREATE INDEX memory_records_in_slot ON memory_records (tenant_id, user_id, slot) WHERE slot IS NOT NULL"
    )
    # The same statement of the same message is one record, however often it is consolidated.
    op.execute("""
        CREATE UNIQUE INDEX memory_records_once ON memory_records (tenant_id, user_id, origin_key)
        WHERE origin_key IS NOT NULL
    """)
    op.execute("""
        CREATE TABLE memory_entities (
            id text PRIMARY KEY,
            tenant_id text NOT NULL,
            user_id text NOT NULL,
            name text NOT NULL,
            folded text NOT NULL,
            kind text NOT NULL DEFAULT 'other',
            created_at timestamptz NOT NULL DEFAULT now(),
            UNIQUE (tenant_id, user_id, folded)
        )
    """)
    op.execute("""
        CREATE TABLE memory_mentions (
            entity_id text NOT NULL REFERENCES memory_entities ON DELETE CASCADE,
            record_id text NOT NULL REFERENCES memory_records ON DELETE CASCADE,
            tenant_id text NOT NULL,
            user_id text NOT NULL,
            PRIMARY KEY (entity_id, record_id)
        )
    """)
    op.execute("CREATE INDEX ON memory_mentions (record_id)")
    op.execute("""
        CREATE TABLE memory_relations (
            subject_id text NOT NULL REFERENCES memory_entities ON DELETE CASCADE,
            predicate text NOT NULL,
            object_id text NOT NULL REFERENCES memory_entities ON DELETE CASCADE,
            record_id text NOT NULL REFERENCES memory_records ON DELETE CASCADE,
            tenant_id text NOT NULL,
            user_id text NOT NULL,
            PRIMARY KEY (subject_id, predicate, object_id, record_id)
        )
    """)
    op.execute("CREATE INDEX ON memory_relations (object_id)")


def _work() -> None:
    """What is being done, and what is gone."""
    # The latest deletion of each user's rows: whoever holds them in memory reads them anew.
    op.execute("""
        CREATE TABLE memory_progress (
            tenant_id text NOT NULL,
            user_id text NOT NULL,
            deleted bigint NOT NULL DEFAULT 0,
            PRIMARY KEY (tenant_id, user_id)
        )
    """)
    op.execute("""
        CREATE TABLE memory_imports (
            id text PRIMARY KEY,
            tenant_id text NOT NULL,
            user_id text NOT NULL,
            name text NOT NULL,
            lines integer NOT NULL DEFAULT 0,
            imported integer NOT NULL DEFAULT 0,
            rejected integer NOT NULL DEFAULT 0,
            state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'finished', 'failed')),
            error text,
            created_at timestamptz NOT NULL DEFAULT now(),
            finished_at timestamptz
        )
    """)


def _privacy() -> None:
    # What redaction took out, encrypted for its owner.
    op.execute("""
        CREATE TABLE memory_vault (
            tenant_id text NOT NULL,
            user_id text NOT NULL,
            token text NOT NULL,
            kind text NOT NULL,
            sealed bytea NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (tenant_id, user_id, token)
        )
    """)
    # One data key a user, sealed with a key of the settings; without the row what it sealed is noise.
    op.execute("""
        CREATE TABLE memory_keys (
            tenant_id text NOT NULL,
            user_id text NOT NULL,
            sealed bytea NOT NULL,
            sealed_with text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (tenant_id, user_id)
        )
    """)
    op.execute("""
        CREATE TABLE memory_audit (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            tenant_id text NOT NULL,
            user_id text NOT NULL,
            actor text NOT NULL,
            action text NOT NULL,
            subject text,
            counts jsonb NOT NULL DEFAULT '{}',
            at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("CREATE INDEX memory_audit_of_user ON memory_audit (tenant_id, user_id, id DESC)")


def _interactions() -> None:
    """The log of interactions by month; what falls into no month's partition goes into the default one."""
    op.execute("ALTER TABLE interactions RENAME TO interactions_before")
    op.execute("ALTER INDEX interactions_of_run RENAME TO interactions_before_of_run")
    op.execute(
        "ALTER TABLE interactions_before RENAME CONSTRAINT interactions_pkey TO interactions_before_pkey"
    )
    op.execute("ALTER SEQUENCE interactions_id_seq RENAME TO interactions_before_id_seq")
    op.execute("""
        CREATE TABLE interactions (
            id bigint GENERATED ALWAYS AS IDENTITY,
            run_id text NOT NULL,
            thread_id text NOT NULL,
            tenant_id text NOT NULL DEFAULT 'local',
            user_id text NOT NULL DEFAULT 'local',
            outcome text NOT NULL,
            record jsonb NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (id, created_at)
        ) PARTITION BY RANGE (created_at)
    """)
    op.execute("CREATE TABLE interactions_default PARTITION OF interactions DEFAULT")
    op.execute("""
        INSERT INTO interactions (run_id, thread_id, tenant_id, user_id, outcome, record, created_at)
        SELECT run_id, thread_id, tenant_id, user_id, outcome, record, created_at FROM interactions_before ORDER BY id
    """)
    op.execute("DROP TABLE interactions_before")
    op.execute("CREATE INDEX interactions_of_run ON interactions (run_id)")
    op.execute("CREATE INDEX interactions_of_user ON interactions (tenant_id, user_id, created_at)")


def _secure() -> None:
    """Row-level security: a connection sees a user's rows only when it was opened for that user.

    The service's connections take the role `freya_member`, which may read and write all tables and is subject to the
    policies; see `memory.database`. Where this user may make no roles it must be no superuser itself: the policies
    then hold for it as the owner of the tables (FORCE).
    """
    op.execute(f"""
        DO $$ BEGIN
            CREATE ROLE {MEMBER} NOLOGIN NOBYPASSRLS;
        EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
        END $$
    """)
    op.execute(f"""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{MEMBER}') THEN
                GRANT {MEMBER} TO CURRENT_USER;
                GRANT USAGE ON SCHEMA public TO {MEMBER};
                GRANT ALL ON ALL TABLES IN SCHEMA public TO {MEMBER};
                GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {MEMBER};
                ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO {MEMBER};
                ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO {MEMBER};
            END IF;
        EXCEPTION WHEN insufficient_privilege THEN NULL;
        END $$
    """)  # a name of this module
    tenant = "tenant_id = current_setting('freya.tenant', true)"
    user = "current_setting('freya.user', true)"
    system = "current_setting('freya.system', true) = 'on'"
    mine = f"{system} OR ({tenant} AND user_id = {user})"
    joined = (
        f"{tenant} AND {{}} IN (SELECT project_id FROM project_members WHERE {tenant} AND user_id = {user})"  # noqa: S608
    )
    for table in (*OWNED, "project_members"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for table in OWNED:
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({mine}) WITH CHECK ({mine})")
    # Members of a project see its decisions, progress and artifacts; what was said and what is known of a person never.
    op.execute(f"CREATE POLICY of_my_projects ON projects FOR SELECT USING ({joined.format('id')})")
    op.execute(f"""
        CREATE POLICY of_my_projects ON memory_records FOR SELECT
        USING (kind IN ('decision', 'progress', 'artifact') AND {joined.format("project_id")})
    """)
    op.execute(f"CREATE POLICY of_my_projects ON artifacts FOR SELECT USING ({joined.format('project_id')})")
    owned = f"{system} OR ({tenant} AND owner_id = {user})"
    op.execute(f"CREATE POLICY of_own_projects ON project_members USING ({owned}) WITH CHECK ({owned})")
    op.execute(f"CREATE POLICY seen ON project_members FOR SELECT USING ({tenant} AND user_id = {user})")
    op.execute(
        f"CREATE POLICY left_again ON project_members FOR DELETE USING ({tenant} AND user_id = {user})"
    )
    # A row's project is one that its user sees; another's name is no way into it.
    op.execute("""
        CREATE FUNCTION freya_only_in_own_projects() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF current_setting('freya.system', true) IS DISTINCT FROM 'on' AND NOT EXISTS (
                SELECT FROM projects WHERE id = NEW.project_id AND tenant_id = NEW.tenant_id) THEN
                NEW.project_id := NULL;
            END IF;
            RETURN NEW;
        END $$
    """)
    for table in ("memory_records", "artifacts"):
        op.execute(f"""
            CREATE TRIGGER only_in_own_projects BEFORE INSERT OR UPDATE OF project_id ON {table}
            FOR EACH ROW WHEN (NEW.project_id IS NOT NULL) EXECUTE FUNCTION freya_only_in_own_projects()
        """)
    # Whoever holds a user's rows in memory notices that some are gone, whatever deleted them.
    op.execute("""
        CREATE FUNCTION freya_note_deletion() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO memory_progress (tenant_id, user_id, deleted)
            SELECT tenant_id, user_id, nextval('memory_revision')
            FROM (SELECT DISTINCT tenant_id, user_id FROM gone) AS owner
            ON CONFLICT (tenant_id, user_id) DO UPDATE SET deleted = excluded.deleted;
            RETURN NULL;
        END $$
    """)
    for table in ("messages", "memory_records"):
        op.execute(f"""
            CREATE TRIGGER note_deletion AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone
            FOR EACH STATEMENT EXECUTE FUNCTION freya_note_deletion()
        """)
