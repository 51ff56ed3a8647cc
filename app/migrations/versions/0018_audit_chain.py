"""The audit trail is a chain of hashes that is added to, and loses entries to erasing and retention alone."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

MEMBER = "freya_member"
CONTENT = """jsonb_build_array({0}tenant_id, {0}user_id, {0}actor, {0}action, {0}subject, {0}counts,
    (extract(epoch FROM {0}at) * 1000000)::bigint)::text"""


def upgrade() -> None:
    op.execute("SELECT set_config('freya.system', 'on', true)")
    op.execute("ALTER TABLE memory_audit ADD COLUMN hash bytea")
    _chains()
    _hash()
    _append()
    _chain_what_is_there()
    op.execute("ALTER TABLE memory_audit ALTER COLUMN hash SET NOT NULL")
    _protect()
    _erase()
    _expire()
    _grant()


def _chains() -> None:
    """Where a user's chain begins, behind what was removed, and where it ends."""
    op.execute("""
        CREATE TABLE memory_audit_chains (
            tenant_id text NOT NULL,
            user_id text NOT NULL,
            begins bytea NOT NULL DEFAULT '',
            head bytea NOT NULL DEFAULT '',
            removed bigint NOT NULL DEFAULT 0,
            PRIMARY KEY (tenant_id, user_id)
        )
    """)
    mine = """
        current_setting('freya.system', true) = 'on' OR (
            tenant_id = current_setting('freya.tenant', true) AND user_id = current_setting('freya.user', true))
    """
    op.execute("ALTER TABLE memory_audit_chains ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE memory_audit_chains FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_rows ON memory_audit_chains USING ({mine}) WITH CHECK ({mine})")


def _hash() -> None:
    """Of an entry: SHA-256 of the hash before it and of what it says, as `memory.privacy.chain` computes it too."""
    op.execute(f"""
        CREATE FUNCTION freya_audit_hash(before bytea, entry memory_audit) RETURNS bytea LANGUAGE sql STABLE AS $$
            SELECT sha256(before || convert_to({CONTENT.format("entry.")}, 'UTF8'))
        $$
    """)  # a text of this module


def _append() -> None:
    """Entries of a user are chained one after the other: the number is drawn where no other can come between."""
    op.execute("""
        CREATE FUNCTION freya_chain_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
        AS $$ DECLARE before bytea; BEGIN
            INSERT INTO memory_audit_chains (tenant_id, user_id) VALUES (NEW.tenant_id, NEW.user_id) ON CONFLICT DO NOTHING;
            SELECT head INTO STRICT before FROM memory_audit_chains
            WHERE tenant_id = NEW.tenant_id AND user_id = NEW.user_id FOR UPDATE;
            NEW.id := nextval(pg_get_serial_sequence('memory_audit', 'id'));
            NEW.hash := freya_audit_hash(before, NEW);
            UPDATE memory_audit_chains SET head = NEW.hash WHERE tenant_id = NEW.tenant_id AND user_id = NEW.user_id;
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER chained BEFORE INSERT ON memory_audit FOR EACH ROW EXECUTE FUNCTION freya_chain_audit()
    """)


def _chain_what_is_there() -> None:
    """Each user's entries anew, from the first; also what stays when the others of a user were erased."""
    op.execute("""
        CREATE FUNCTION freya_chain_anew(tenant text, whose text) RETURNS bytea LANGUAGE plpgsql
        AS $$ DECLARE entry memory_audit; before bytea := ''; BEGIN
            FOR entry IN SELECT * FROM memory_audit WHERE tenant_id = tenant AND user_id = whose ORDER BY id LOOP
                before := freya_audit_hash(before, entry);
                UPDATE memory_audit SET hash = before WHERE id = entry.id;
            END LOOP;
            RETURN before;
        END $$
    """)
    op.execute("""
        INSERT INTO memory_audit_chains (tenant_id, user_id, head)
        SELECT tenant_id, user_id, freya_chain_anew(tenant_id, user_id)
        FROM (SELECT DISTINCT tenant_id, user_id FROM memory_audit) AS owner
    """)


def _protect() -> None:
    """What is noted is not changed: not by mistake either where the service's own user owns the tables."""
    op.execute("""
        CREATE FUNCTION freya_keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF current_setting('freya.removing_audit', true) IS DISTINCT FROM 'on' THEN
                RAISE EXCEPTION 'the audit trail is added to and never changed: % of % is refused', TG_OP, TG_TABLE_NAME
                    USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NULL;
        END $$
    """)
    for table in ("memory_audit", "memory_audit_chains"):
        changes = "UPDATE OR DELETE OR TRUNCATE" if table == "memory_audit" else "DELETE OR TRUNCATE"
        op.execute(f"""
            CREATE TRIGGER kept BEFORE {changes} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION freya_keep_audit()
        """)


def _erase() -> None:
    """Remove a user's entries but those of his erasures, which are a chain of their own from then on."""
    op.execute("""
        CREATE FUNCTION freya_in_background() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
            IF current_setting('freya.system', true) IS DISTINCT FROM 'on' THEN
                RAISE EXCEPTION 'entries of the audit trail are removed by work in the background, not for a user'
                    USING ERRCODE = 'insufficient_privilege';
            END IF;
        END $$
    """)
    op.execute("""
        CREATE FUNCTION freya_erase_audit(tenant text, whose text) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET freya.removing_audit = 'on'
        AS $$ DECLARE gone bigint; BEGIN
            PERFORM freya_in_background();
            PERFORM FROM memory_audit_chains WHERE tenant_id = tenant AND user_id = whose FOR UPDATE;
            DELETE FROM memory_audit WHERE tenant_id = tenant AND user_id = whose AND action <> 'erase';
            GET DIAGNOSTICS gone = ROW_COUNT;
            IF gone > 0 THEN
                UPDATE memory_audit_chains
                SET begins = '', head = freya_chain_anew(tenant, whose), removed = removed + gone
                WHERE tenant_id = tenant AND user_id = whose;
            END IF;
            RETURN gone;
        END $$
    """)


def _expire() -> None:
    """Remove the oldest entries of chains as far as they are from before a time, which is thirty days ago at least."""
    op.execute("""
        CREATE FUNCTION freya_expire_audit(until timestamptz, most bigint) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET freya.removing_audit = 'on'
        AS $$ DECLARE chain memory_audit_chains; last memory_audit; gone bigint; total bigint := 0; BEGIN
            PERFORM freya_in_background();
            IF until > now() - interval '30 days' THEN
                RAISE EXCEPTION 'entries of the audit trail are kept for 30 days at least, not until %', until
                    USING ERRCODE = 'insufficient_privilege';
            END IF;
            FOR chain IN
                SELECT chains.* FROM memory_audit_chains AS chains JOIN (
                    SELECT DISTINCT tenant_id, user_id FROM (
                        SELECT tenant_id, user_id FROM memory_audit WHERE at < until ORDER BY at LIMIT most) AS oldest
                ) AS owner USING (tenant_id, user_id) ORDER BY tenant_id, user_id FOR UPDATE OF chains
            LOOP
                SELECT entry.* INTO last FROM (
                    SELECT * FROM memory_audit WHERE tenant_id = chain.tenant_id AND user_id = chain.user_id
                        AND id < coalesce((SELECT min(id) FROM memory_audit WHERE tenant_id = chain.tenant_id
                            AND user_id = chain.user_id AND at >= until), 9223372036854775807)
                    ORDER BY id LIMIT most - total) AS entry ORDER BY id DESC LIMIT 1;
                CONTINUE WHEN NOT FOUND;
                DELETE FROM memory_audit
                WHERE tenant_id = chain.tenant_id AND user_id = chain.user_id AND id <= last.id;
                GET DIAGNOSTICS gone = ROW_COUNT;
                UPDATE memory_audit_chains SET begins = last.hash, removed = removed + gone
                WHERE tenant_id = chain.tenant_id AND user_id = chain.user_id;
                total := total + gone;
            END LOOP;
            RETURN total;
        END $$
    """)


def _grant() -> None:
    """The service's role reads and adds; it removes by the two functions alone."""
    op.execute(f"""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{MEMBER}') THEN
                REVOKE ALL ON memory_audit, memory_audit_chains FROM {MEMBER};
                GRANT SELECT, INSERT ON memory_audit TO {MEMBER};
                GRANT SELECT ON memory_audit_chains TO {MEMBER};
            END IF;
        END $$
    """)  # noqa: S608  # a name of this module
    op.execute("""
        REVOKE ALL ON FUNCTION freya_chain_anew, freya_erase_audit, freya_expire_audit FROM PUBLIC
    """)
    op.execute(f"""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{MEMBER}') THEN
                GRANT EXECUTE ON FUNCTION freya_erase_audit, freya_expire_audit TO {MEMBER};
            END IF;
        END $$
    """)
