"""What the doctor finds of API keys, in a database that runs: none is started for it."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from app.cli.checking import Finding
from app.embedded import DataFolderUnusable, EmbeddedError, EmbeddedServers, running_instance
from app.settings import Settings, needs_keys

if TYPE_CHECKING:
    from app.access import ApiKey

_SUBJECT = "API keys"
_SOON = timedelta(days=14)


async def api_keys(settings: Settings) -> Finding:
    """How many keys there are, which have expired or will soon; a problem where other machines reach a service without any."""
    from psycopg import Error

    from app.database import DatabaseError

    try:
        found = await _good_keys(settings)
    except (DatabaseError, DataFolderUnusable, EmbeddedError, Error) as error:
        return Finding(_SUBJECT, "note", f"cannot be read: {error}", "see what is said of PostgreSQL")
    fixed = len(settings.http.key_hashes)
    if found is None:
        if settings.http.is_loopback or fixed:
            return Finding(
                _SUBJECT, "ok", f"{_fixed(fixed)}; those of `freya keys` are read while the service runs"
            )
        return Finding(_SUBJECT, "note", "are read while the service runs", needs_keys(settings.http))
    return _finding(settings, found, fixed, datetime.now(UTC))


def _finding(settings: Settings, found: "list[ApiKey]", fixed: int, now: datetime) -> Finding:
    expired = [key for key in found if key.expires_at is not None and key.expires_at <= now]
    soon = [key for key in found if key.expires_at is not None and now < key.expires_at <= now + _SOON]
    good = len(found) - len(expired) + fixed
    detail = f"{good} good" + (f", {_fixed(fixed)} among them" if fixed else "")
    detail += f", expired: {_named(expired)}" if expired else ""
    detail += f", expiring within {_SOON.days} days: {_named(soon)}" if soon else ""
    if not good and not settings.http.is_loopback:
        return Finding(_SUBJECT, "problem", detail, needs_keys(settings.http))
    if not good and expired:
        return Finding(_SUBJECT, "problem", detail, "nobody gets in: make one with `freya keys create NAME`")
    if not good:
        return Finding(_SUBJECT, "ok", "none, and none is needed: only this machine reaches the service")
    if expired or soon:
        advice = "`freya keys rotate KEY` makes one in its place, while it is good; `freya keys revoke KEY` puts an old one away"
        return Finding(_SUBJECT, "note", detail, advice)
    return Finding(_SUBJECT, "ok", detail)


def _fixed(count: int) -> str:
    return f"{count} in FREYA_HTTP__KEY_HASHES"


def _named(keys: "list[ApiKey]") -> str:
    return ", ".join(f"{key.name} ({key.id})" for key in keys)


async def _good_keys(settings: Settings) -> "list[ApiKey] | None":
    """Those that were not revoked; None where no database runs that could be asked."""
    from psycopg.errors import UndefinedTable

    from app.access import KeyStore
    from app.database import open_pool

    async with AsyncExitStack() as stack:
        if settings.postgres_url is not None:
            url = settings.postgres_url.get_secret_value()
        else:
            instance = await running_instance(settings.data)
            made = await asyncio.to_thread((settings.data.expanduser() / "postgres").exists)
            if instance is None or instance.address is None or not made:
                return None
            servers = EmbeddedServers(settings.data, postgres_url=None, redis_url="unused")
            url = (await stack.enter_async_context(servers)).postgres_url
        pool = await open_pool(url, min_size=1, max_size=1, name="doctor")
        stack.push_async_callback(pool.close)
        try:
            return list((await KeyStore(pool).all_good()).values())
        except UndefinedTable:
            return []
