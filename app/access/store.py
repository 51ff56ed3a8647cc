"""API keys in PostgreSQL: hashes, never keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from app.access.keys import ApiKey, Binding, Limits, NewKey, new_secret
from memory import new_id

Pool = AsyncConnectionPool[AsyncConnection[DictRow]]
_COLUMNS: LiteralString = """
    id, name, hint, scopes, bound_tenant AS tenant, bound_user AS "user", limits, created_at, created_by, last_used_at,
    expires_at, revoked_at, replaced_by
"""
_WITHIN: LiteralString = """
    (%(tenant)s::text IS NULL OR bound_tenant = %(tenant)s) AND (%(user)s::text IS NULL OR bound_user = %(user)s)
"""


_GET: LiteralString = f"SELECT {_COLUMNS} FROM api_keys WHERE id = %(id)s AND {_WITHIN}"  # noqa: S608  # parts of this module
_GOOD: LiteralString = f"SELECT hash, {_COLUMNS} FROM api_keys WHERE revoked_at IS NULL"  # noqa: S608  # likewise
_PAGE: LiteralString = f"""
    SELECT {_COLUMNS} FROM api_keys WHERE {_WITHIN} AND (%(before)s::text IS NULL OR id < %(before)s)
    ORDER BY id DESC LIMIT %(limit)s
"""  # noqa: S608  # likewise
_REVOKE: LiteralString = f"""
    UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = %(id)s AND {_WITHIN} RETURNING {_COLUMNS}
"""  # noqa: S608  # likewise
_ROTATABLE: LiteralString = f"""
    SELECT * FROM api_keys WHERE id = %(id)s AND {_WITHIN} AND revoked_at IS NULL AND replaced_by IS NULL
        AND (expires_at IS NULL OR expires_at > now()) FOR UPDATE
"""  # noqa: S608  # likewise
_INSERT: LiteralString = f"""
    INSERT INTO api_keys (id, hash, hint, name, scopes, bound_tenant, bound_user, limits, created_by, expires_at)
    VALUES (%(id)s, %(hash)s, %(hint)s, %(name)s, %(scopes)s, %(tenant)s, %(user)s, %(limits)s, %(by)s, %(expires)s)
    RETURNING {_COLUMNS}
"""  # noqa: S608  # likewise
_USED: LiteralString = """
    WITH before AS (SELECT last_used_at FROM api_keys WHERE id = %(id)s FOR UPDATE)
    UPDATE api_keys SET last_used_at = greatest(api_keys.last_used_at, %(at)s) FROM before
    WHERE id = %(id)s RETURNING before.last_used_at IS NULL
        OR (before.last_used_at AT TIME ZONE 'UTC')::date < (%(at)s AT TIME ZONE 'UTC')::date AS first
"""


class UnknownKey(Exception):
    """There is no key of that id, or none that whoever asks may see, or it does not stand for it."""


@dataclass(frozen=True)
class Use:
    """When a key was used last, and for whom."""

    at: datetime
    tenant: str
    user: str


class KeyStore:
    """Keeps keys; every method sees those within a binding only. An outage raises psycopg's errors."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create(self, new: NewKey, *, by: str) -> tuple[str, ApiKey]:
        """A new key, and what is kept of it."""
        key, digest, hint = new_secret()
        row = {
            "name": new.name,
            "scopes": sorted(set(new.scopes)),
            "tenant": new.binding.tenant,
            "user": new.binding.user,
            "limits": new.limits.model_dump(exclude_none=True),
            "expires": new.expires_at,
            "by": by,
        }
        async with self._pool.connection() as connection:
            made = await _inserted(connection, row, digest, hint)
        return key, made

    async def rotate(self, key_id: str, within: Binding, *, grace: timedelta, by: str) -> tuple[str, ApiKey]:
        """A new key like this one, which is good for the grace time yet. Raises UnknownKey, also where it is not good now."""
        key, digest, hint = new_secret()
        async with self._pool.connection() as connection, connection.transaction():
            old = await _one(connection, _ROTATABLE, {"id": key_id, **_bounds(within)})
            if old is None:
                raise UnknownKey(
                    f"There is no key {key_id} that can be rotated: it was revoked, rotated, or expired."
                )
            row = {name: old[name] for name in ("name", "scopes", "limits")}
            row |= {
                "tenant": old["bound_tenant"],
                "user": old["bound_user"],
                "expires": old["expires_at"],
                "by": by,
            }
            made = await _inserted(connection, row, digest, hint)
            await connection.execute(
                "UPDATE api_keys SET replaced_by = %s, expires_at = least(expires_at, now() + %s) WHERE id = %s",
                (made.id, grace, key_id),
            )
        return key, made

    async def revoke(self, key_id: str, within: Binding) -> ApiKey:
        """Have the key open nothing any more; one that was revoked stays as it is. Raises UnknownKey."""
        async with self._pool.connection() as connection:
            row = await _one(connection, _REVOKE, {"id": key_id, **_bounds(within)})
        return _known(row, key_id)

    async def get(self, key_id: str, within: Binding) -> ApiKey:
        """The key. Raises UnknownKey."""
        async with self._pool.connection() as connection:
            row = await _one(connection, _GET, {"id": key_id, **_bounds(within)})
        return _known(row, key_id)

    async def page(self, within: Binding, *, limit: int, before: str | None = None) -> list[ApiKey]:
        """Keys, newest first, those made before the one with the id `before`."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_PAGE, {"limit": limit, "before": before, **_bounds(within)})
            return [ApiKey.model_validate(row) for row in await cursor.fetchall()]

    async def all_good(self) -> dict[bytes, ApiKey]:
        """The keys that were not revoked, by their digests; some may have expired."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_GOOD)
            return {bytes(row.pop("hash")): ApiKey.model_validate(row) for row in await cursor.fetchall()}

    async def note_uses(self, uses: Mapping[str, Use]) -> list[str]:
        """Note when keys were used; gives those that had not been used before on that day (UTC)."""
        first: list[str] = []
        async with self._pool.connection() as connection:
            for key_id, use in uses.items():
                row = await _one(connection, _USED, {"id": key_id, "at": use.at})
                if row and row["first"]:
                    first.append(key_id)
        return first


async def _inserted(
    connection: AsyncConnection[DictRow], row: Mapping[str, object], digest: bytes, hint: str
) -> ApiKey:
    limits = Limits.model_validate(row["limits"]).model_dump(exclude_none=True)
    kept = {"id": new_id("key"), "hash": digest, "hint": hint, "limits": Jsonb(limits)}
    made = await _one(connection, _INSERT, {**row, **kept})
    return ApiKey.model_validate(made)


async def _one(
    connection: AsyncConnection[DictRow], query: LiteralString, values: Mapping[str, object]
) -> DictRow | None:
    return await (await connection.execute(query, values)).fetchone()


def _bounds(within: Binding) -> dict[str, str | None]:
    return {"tenant": within.tenant, "user": within.user}


def _known(row: DictRow | None, key_id: str) -> ApiKey:
    if row is None:
        raise UnknownKey(f"There is no key {key_id}.")
    return ApiKey.model_validate(row)
