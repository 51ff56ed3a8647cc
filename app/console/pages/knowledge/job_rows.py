"""A job as it goes: its progress, what came of it, and how it is cancelled."""

from collections.abc import Mapping

from nicegui import ui
from pydantic import JsonValue

from app.console import lists
from app.console.acting import change
from app.console.bits import chip, confirm, duration, facts, folded, json_view, text, when
from app.console.notices import said
from app.console.pages.knowledge.sources import remarks
from app.console.visit import Visit
from knowledge import Job, JobState

_CANCEL = "POST /v1/knowledge/jobs/{job_id}/cancel"
_STATES: dict[JobState, tuple[str, str]] = {
    JobState.QUEUED: ("waits", "warn"),
    JobState.RUNNING: ("running", "accent"),
    JobState.FINISHED: ("finished", "good"),
    JobState.FAILED: ("failed", "bad"),
    JobState.CANCELLED: ("cancelled", ""),
}
_NAMES = {
    "import": "Import",
    "refine": "Refine",
    "index": "Build an index",
    "evaluate": "Evaluate",
    "activate": "Switch the index",
    "rollback": "Roll the index back",
    "prune": "Delete old indexes",
    "remove": "Remove a source",
}


class JobRow:
    """A job in the page, which is shown anew when it stands differently; its button stays where it is."""

    def __init__(self, visit: Visit, job: Job) -> None:
        self._visit = visit
        self.job = job
        self._opened = False
        with ui.element("div").classes("fr-item"):
            self._box = ui.element("div").classes("fr-col")
            with ui.element("div").classes("fr-actions") as self._actions:
                button = ui.button("Cancel", on_click=self._ask).props("outline dense")
                button._props["aria-label"] = f"Cancel the job {job.id}"  # noqa: SLF001
        self._show()

    def update(self, job: Job) -> None:
        """The job as it stands now."""
        if job != self.job:
            self.job = job
            self._show()

    def _show(self) -> None:
        job = self.job
        self._actions.set_visibility(not job.state.ended and self._visit.may(_CANCEL))
        self._box.clear()
        with self._box:
            name, kind = _STATES[job.state]
            with ui.element("div").classes("fr-row"):
                ui.label(_NAMES.get(job.kind, job.kind)).classes("fr-strong")
                if about := _about(job.arguments):
                    ui.label(about)
                chip(name, kind=kind)
                when(job.created_at)
                if job.started_at and job.finished_at:
                    took = (job.finished_at - job.started_at).total_seconds() * 1000
                    ui.label(duration(took)).classes("fr-muted fr-small")
            if job.state is JobState.RUNNING:
                _progress(job)
            if job.error:
                text(job.error, classes="fr-wrong")
            if job.result is not None:
                self._result(job.kind, job.result)

    def _result(self, kind: str, result: Mapping[str, JsonValue]) -> None:
        if kind == "import":
            import_report(result)
            return
        with folded("What came of it", opened=self._opened) as details:
            shown: JsonValue = {name: value for name, value in result.items() if name != "report"}
            json_view(shown)
        details.on("toggle", self._toggled, js_handler="(event) => emit(event.target.open)")

    def _toggled(self, event: object) -> None:
        self._opened = bool(getattr(event, "args", False))

    def _ask(self) -> None:
        async def act() -> None:
            path = f"/v1/knowledge/jobs/{self.job.id}/cancel"
            work = self._visit.freya.known.cancel
            job = await change(self._visit, lambda: work(self.job.id), route=_CANCEL, subject=path)
            if job is not None:
                said("It stops within seconds.")
                self.update(job)

        confirm(
            "Cancel this job?",
            "It stops within seconds, and what it did is kept.",
            yes="Cancel the job",
            act=act,
        )


def _about(arguments: Mapping[str, JsonValue]) -> str:
    """What a job is about, of its arguments: a file, a version or a source."""
    for name in ("name", "number", "version", "source"):
        value = arguments.get(name)
        if isinstance(value, str | int):
            return f"version {value}" if name in {"number", "version"} else str(value)
    return ""


def _progress(job: Job) -> None:
    reached = f"{job.done:,}" if job.total is None else f"{job.done:,} of {job.total:,}"
    step = f"{job.step or 'begins'}: {reached}"
    text(step, classes="fr-small")
    if job.total:
        lists.bar(job.done / job.total, step, kind="accent")


def import_report(result: Mapping[str, JsonValue]) -> None:
    """What an import took and what it did not, and why."""
    outcome = str(result.get("outcome", ""))
    with ui.element("div").classes("fr-row"):
        chip(outcome, kind="bad" if outcome in {"refused", "failed"} else "good")
        pairs = "1 pair" if result.get("read") == 1 else f"{result.get('read', 0):,} pairs"
        ui.label(f"{pairs} accepted, {result.get('rejected', 0):,} rejected")
        ui.label(
            f"{result.get('added', 0):,} new, {result.get('changed', 0):,} changed, {result.get('removed', 0):,} gone"
        ).classes("fr-muted fr-small")
        source = result.get("source")
        if isinstance(source, str):
            ui.link("The source", f"/knowledge/sources/{source}")
    if reason := result.get("reason"):
        text(str(reason), classes="fr-wrong")
    read_as = [
        (name, str(value))
        for name, value in (
            ("Read as", result.get("kind")),
            ("Shape", result.get("shape")),
            ("Encoding", result.get("encoding")),
        )
        if value
    ]
    if read_as:
        facts(read_as)
    noted = result.get("remarks")
    if isinstance(noted, list) and noted:
        lines = [
            [str(one.get("what")), str(one.get("place")), str(one.get("reason"))]
            for one in noted
            if isinstance(one, dict)
        ]
        with folded(f"Why {len(lines)} were rejected or are not as declared", opened=True):
            remarks(lines)
