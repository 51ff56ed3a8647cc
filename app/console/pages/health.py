"""Health: what the service depends on, what it is at, and what it takes."""

import asyncio
import contextlib
from dataclasses import dataclass

from nicegui import ui
from redis.exceptions import RedisError

from app.access.caller import Standing
from app.console import lists
from app.console.bits import card, chip, facts, heading, text
from app.console.registry import page
from app.console.visit import Visit
from app.health import Dependency, HealthReport
from app.overview import Storage
from knowledge import Job, JobState, KnowledgeError
from models.residency import ResidentState

_HEALTH = "GET /readyz"
_KEYS = "GET /v1/keys"
_METRICS = "GET /metrics"
SECTIONS = (("/health", "Health"), ("/health/keys", "API keys"))
_LOOKED_AT_S = 5.0
_MEASURED_EVERY_S = 60.0
_JOBS = 200
_UNKNOWN = "cannot be told now"
_NAMES = {"postgres": "PostgreSQL"}
_ADVICE = {
    "postgres": "Look at its log, and whether its disk is full; the service goes on by itself once it answers.",
    "redis": "Look at its log and memory; the service goes on by itself once it answers.",
    "chroma": "Look at the log of the service; `freya knowledge index` builds the index anew.",
    "knowledge": "Look at Knowledge, Index versions; `freya doctor` says what is amiss.",
    "embeddings": "Look at FREYA_MODELS__EMBEDDING and the log; `freya doctor` tries the model.",
    "workers": "Start one with `freya worker`, with the same settings as this process.",
}


@dataclass(frozen=True)
class _Now:
    """How it stands; None where something cannot be told."""

    ready: HealthReport
    active: int
    workers: int | None
    jobs: tuple[int, int] | None
    """Running and waiting."""
    residents: tuple[ResidentState, ...]
    usage: dict[str, Standing] | None


@page("/health", title="Health", icon="monitor_heart", place=50)
async def health(visit: Visit) -> None:
    """The state of everything, which keeps itself up to date with one question at a time."""
    if visit.may(_KEYS):
        lists.sections("Health", "/health", SECTIONS)
    now = lists.Watched(visit, lambda: _now(visit), _shown, every_s=_LOOKED_AT_S)
    await now.look()
    if visit.may(_METRICS):
        storage = lists.Watched(
            visit, visit.running.overview.storage, _storage, every_s=_MEASURED_EVERY_S, needs=_METRICS
        )
        await storage.look()
    _versions(visit)


async def _now(visit: Visit) -> _Now:
    overview = visit.running.overview
    workers: int | None = None
    jobs: tuple[int, int] | None = None
    usage: dict[str, Standing] | None = None
    with contextlib.suppress(RedisError):
        workers = await overview.workers()
        usage = await visit.running.limiter.standing(visit.caller)
    with contextlib.suppress(KnowledgeError):
        found: list[Job] = await visit.freya.known.jobs(limit=_JOBS)
        jobs = (
            sum(job.state is JobState.RUNNING for job in found),
            sum(job.state is JobState.QUEUED for job in found),
        )
    return _Now(
        ready=await visit.freya.health(),
        active=overview.active(),
        workers=workers,
        jobs=jobs,
        residents=tuple(await asyncio.to_thread(overview.residents)),
        usage=usage,
    )


def _shown(now: _Now) -> None:
    _ready(now.ready)
    _at_work(now)
    _models(now.residents)
    _usage(now.usage)


def _ready(report: HealthReport) -> None:
    away = sum(not one.ok for one in report.dependencies)
    with ui.element("div").classes("fr-row"):
        heading("Ready" if report.ready else "Not ready")
        chip(
            "everything answers" if report.ready else f"{away} of {len(report.dependencies)} do not answer",
            kind="good" if report.ready else "bad",
        )
    with ui.element("div").classes("fr-grid"):
        for one in report.dependencies:
            _dependency(one)


def _dependency(one: Dependency) -> None:
    with card():
        with ui.element("div").classes("fr-row"):
            heading(_NAMES.get(one.name, one.name.capitalize()), level=3)
            state = "ok" if one.ok and not one.warning else "attention" if one.ok else "away"
            chip(state, kind={"ok": "good", "attention": "warn"}.get(state, "bad"))
        text(one.detail)
        if one.warning:
            text(one.warning)
        if (not one.ok or one.warning) and one.name in _ADVICE:
            text(_ADVICE[one.name], classes="fr-muted")


def _at_work(now: _Now) -> None:
    jobs = _UNKNOWN if now.jobs is None else f"{now.jobs[0]} running, {now.jobs[1]} waiting"
    with card():
        heading("At work")
        facts(
            [
                ("Runs in this process", str(now.active)),
                ("Processes that carry out runs", _UNKNOWN if now.workers is None else str(now.workers)),
                ("Jobs on knowledge", jobs),
            ]
        )


def _models(residents: tuple[ResidentState, ...]) -> None:
    with card():
        heading("Resident models")
        if not residents:
            text(
                "None is declared. Answers are quoted and computed, or written by the endpoints that are set.",
                classes="fr-muted",
            )
        for one in residents:
            _resident(one)


def _resident(one: ResidentState) -> None:
    with ui.element("div").classes("fr-item"):
        with ui.element("div").classes("fr-row"):
            ui.label(one.name).classes("fr-strong")
            chip("in memory" if one.loaded else "not loaded", kind="good" if one.loaded else "")
            if one.pinned:
                chip("pinned")
            if one.footprint is not None:
                ui.label(lists.size(one.footprint.total))
            if one.load_s is not None:
                ui.label(f"loaded in {one.load_s:.1f} s").classes("fr-muted fr-small")
        if one.problem:
            text("It could not be loaded when last tried; the log says why.", classes="fr-wrong")
        if one.footprint is not None:
            part = one.footprint
            text(
                f"Weights {lists.size(part.weights)}, cache {lists.size(part.cache)}, compute {lists.size(part.compute)}; "
                f"{part.gpu_layers} of {part.layers} layers on a GPU.",
                classes="fr-small fr-muted",
            )
        if (now := one.statistics) is not None:
            said = f"{now.cells_used:,} of {now.cells:,} tokens of its cache in use"
            text(f"{now.running} requests running, {now.waiting} waiting; {said}.", classes="fr-small")
            lists.bar(now.cells_used / now.cells if now.cells else 0, said, kind="accent")


def _usage(found: dict[str, Standing] | None) -> None:
    with card():
        heading("What you may use")
        if found is None:
            text(_UNKNOWN, classes="fr-muted")
            return
        if not found:
            text("You have no limits here.", classes="fr-muted")
        for name, one in found.items():
            per = "a minute" if one.window_s < 3600 else "a day"  # noqa: PLR2004  # windows are minutes or days
            used = one.quota - one.remaining
            said = f"{used:,} of {one.quota:,} {name} {per}"
            with ui.element("div").classes("fr-item"):
                ui.label(said)
                lists.bar(used / one.quota, said, kind="bad" if not one.remaining else "accent")


def _storage(found: Storage) -> None:
    with card():
        heading("Storage")
        facts(
            [
                ("Database", "–" if found.database is None else lists.size(found.database)),
                ("Redis, in memory", "–" if found.redis is None else lists.size(found.redis)),
                ("Data folder", lists.size(sum(found.folder.values()))),
                ("Free on its disk", lists.size(found.free)),
            ]
        )
        if found.folder:
            lists.rows(
                "Data folder",
                ("In the data folder", "Size"),
                [(name, lists.size(taken)) for name, taken in found.folder.items() if taken >= 1024],  # noqa: PLR2004  # what counts
            )


def _versions(visit: Visit) -> None:
    with card():
        heading("Versions")
        facts(list(visit.running.overview.versions().items()))
