"""The inspector: what happened in a run, as a tree over time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nicegui import ui

from app.console import lists
from app.console.acting import change
from app.console.bits import (
    card,
    chip,
    confirm,
    copy_button,
    duration,
    facts,
    folded,
    heading,
    json_view,
    text,
    when,
)
from app.console.content import markdown
from app.console.notices import said
from app.console.pages.runs import STATUSES
from app.console.registry import page
from app.console.visit import Visit
from app.runs import RunView
from app.runs.inspection import RunTrace, TraceNode
from app.runs.records import GOING_ON

_TRACE = "GET /v1/runs/{run_id}/trace"
_CANCEL = "POST /v1/runs/{run_id}/cancel"
_LOOKED_AT_S = 2.0
_ICONS = {"step": "checklist", "agent": "person_outline", "tool": "build_circle", "model": "memory"}
_GOOD = frozenset({"answered", "success", "finished", "done", "ok"})
_BAD = frozenset({"error", "failed", "timeout"})


@page("/runs/{run_id}", title="Run", needs=_TRACE)
async def run(visit: Visit, run_id: str) -> None:
    """One run; while it goes on what happens appears by itself."""
    opened: set[str] = set()

    async def found() -> tuple[RunView, RunTrace]:
        view = await visit.freya.run(visit.owner, run_id)
        return view, await visit.freya.trace(visit.owner, run_id)

    watched = lists.Watched(
        visit,
        found,
        lambda both: _Inspector(visit, *both, opened).show(),
        every_s=_LOOKED_AT_S,
        needs=_TRACE,
        done=lambda both: both[0].status not in GOING_ON,
    )
    await watched.look()


@dataclass
class _Inspector:
    visit: Visit
    view: RunView
    trace: RunTrace
    opened: set[str]
    """The details that the visitor opened, by where they are, so that they stay open when something is new."""

    def show(self) -> None:
        """All of it."""
        self._head()
        self._notes()
        heading("What happened")
        if self.trace.source == "log" and self.trace.nodes:
            text(
                "The events of this run are kept no more. This is what the interaction log says of it: redacted, and without times.",
                classes="fr-muted",
            )
        if not self.trace.nodes:
            text("Nothing but the answer itself was noted.", classes="fr-muted")
        with ui.element("div").classes("fr-tree"):
            for place, node in enumerate(self.trace.nodes):
                self._node(node, str(place))
        self._timings()

    def _head(self) -> None:
        view, trace = self.view, self.trace
        said_of, kind = STATUSES[view.status]
        with card():
            with ui.element("div").classes("fr-row"):
                chip(said_of, kind=kind)
                if trace.outcome:
                    chip(trace.outcome.replace("_", " "))
                when(trace.created_at)
                if trace.finished_at:
                    ui.label(duration(_milliseconds(trace.finished_at - trace.created_at))).classes(
                        "fr-muted"
                    )
            heading("Asked", level=3)
            text(trace.request)
            if trace.answer:
                heading("Answered", level=3)
                with folded("The whole answer") if len(trace.answer) > 600 else ui.element("div"):  # noqa: PLR2004  # a screen
                    markdown(trace.answer)
            if view.problem:
                with ui.element("div").classes("fr-trouble").props("role=note"):
                    ui.icon("error_outline").classes("fr-trouble-icon").props("aria-hidden=true")
                    with ui.element("div"):
                        ui.label(view.problem.title).classes("fr-strong")
                        text(view.problem.detail)
            with ui.element("div").classes("fr-row"):
                ui.label(view.id).classes("fr-mono")
                copy_button(view.id, label="Copy the run's id")
                ui.link("Open its thread", f"/threads/{view.thread_id}")
            if view.status in GOING_ON:
                self._going_on()

    def _going_on(self) -> None:
        for approval in self.view.approvals:
            with ui.element("div").classes("fr-row"):
                ui.icon("front_hand").props("aria-hidden=true")
                text(f"{approval.agent} wants to call {approval.tool}: {approval.why}")
                ui.link("Answer it in the chat", f"/threads/{self.view.thread_id}")
        if self.visit.may(_CANCEL):
            with ui.element("div").classes("fr-actions"):
                ui.button("Cancel the run", on_click=self._cancel).props("outline icon=stop_circle")

    def _cancel(self) -> None:
        async def act() -> None:
            work = self.visit.freya.cancel
            if await change(self.visit, lambda: work(self.visit.owner, self.view.id), route=_CANCEL):
                said("The run is cancelled.")

        confirm(
            "Cancel this run?",
            "It stops at once. What it did so far stays in its thread as a question without an answer.",
            yes="Cancel the run",
            act=act,
        )

    def _notes(self) -> None:
        result, trace = self.view.result, self.trace
        rows = [("Routed", trace.route or "")]
        if result is not None:
            rows += [
                ("Written by", result.model),
                ("Instead of", "; ".join(result.fallbacks)),
                ("Memory without", "; ".join(f"{one.tier}: {one.reason}" for one in result.degraded)),
                ("Recalled", str(len(result.recalled)) if result.recalled else ""),
                ("Numbers without a source", ", ".join(result.untraced)),
                ("Tokens", f"{result.usage.input_tokens:,} read, {result.usage.output_tokens:,} written"),
            ]
        rows += [
            (f"Tokens of {one.model}", f"{one.input_tokens:,} read, {one.output_tokens:,} written")
            for one in trace.models
            if len(trace.models) > 1
        ]
        if self.visit.running.tracing is not None:
            rows.append(("In your traces", f"the span with freya.run_id = {self.view.id}"))
        shown = [(name, value) for name, value in rows if value]
        if shown:
            with card():
                facts(shown)

    def _node(self, node: TraceNode, place: str) -> None:
        with ui.element("div").classes(f"fr-node fr-node-{node.kind}"):
            with ui.element("div").classes("fr-node-line"):
                with ui.element("div").classes("fr-row fr-node-head"):
                    ui.icon(_ICONS[node.kind]).props("aria-hidden=true")
                    ui.label(node.name or node.kind).classes("fr-strong")
                    ui.label(node.kind).classes("fr-muted fr-small")
                    chip(node.status.replace("_", " "), kind=_kind_of(node.status))
                    if node.model:
                        chip(node.model)
                    if node.duration_ms is not None:
                        ui.label(duration(node.duration_ms)).classes("fr-muted fr-small")
                self._bar(node)
            for name, value in (("Input", node.input), ("Output", node.output)):
                if value not in (None, "", {}):
                    self._folded(f"{place}.{name}", name, value)
            for number, child in enumerate(node.children):
                self._node(child, f"{place}.{number}")

    def _bar(self, node: TraceNode) -> None:
        """When in the run it was, and for how long."""
        begun, whole = self.trace.created_at, self._whole()
        if node.started_at is None or node.duration_ms is None or whole <= 0:
            return
        left = min(100.0, max(0.0, _milliseconds(node.started_at - begun) / whole * 100))
        width = min(100.0 - left, max(0.4, node.duration_ms / whole * 100))
        with ui.element("div").classes("fr-when").props("aria-hidden=true"):
            ui.element("div").style(f"left: {left:.2f}%; width: {width:.2f}%")

    def _whole(self) -> float:
        if self.trace.finished_at is not None:
            return _milliseconds(self.trace.finished_at - self.trace.created_at)
        ends = [_ended(node) for node in _all(self.trace.nodes)]
        return max((_milliseconds(one - self.trace.created_at) for one in ends if one), default=0.0)

    def _folded(self, place: str, name: str, value: object) -> None:
        with folded(name, opened=place in self.opened) as details:
            if isinstance(value, str):
                text(value, classes="fr-quote")
            else:
                json_view(value)  # type: ignore[arg-type]  # JSON, as the tree has it

        def toggled(event: object) -> None:
            is_open = bool(getattr(event, "args", False))
            (self.opened.add if is_open else self.opened.discard)(place)

        details.on("toggle", toggled, js_handler="(event) => emit(event.target.open)")

    def _timings(self) -> None:
        if self.trace.timings:
            with folded("Milliseconds by step of the graph"):
                lists.rows(
                    "Times",
                    ("Step", "Milliseconds"),
                    [(name, f"{took:.1f}") for name, took in self.trace.timings.items()],
                )


def _all(nodes: Sequence[TraceNode]) -> Iterator[TraceNode]:
    for node in nodes:
        yield node
        yield from _all(node.children)


def _ended(node: TraceNode) -> datetime | None:
    if node.started_at is None or node.duration_ms is None:
        return None
    return node.started_at + timedelta(milliseconds=node.duration_ms)


def _milliseconds(span: timedelta) -> float:
    return span.total_seconds() * 1000


def _kind_of(status: str) -> str:
    return "good" if status in _GOOD else "bad" if status in _BAD else "accent" if status == "running" else ""
