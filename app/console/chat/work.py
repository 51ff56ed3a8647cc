"""Who works on what in a run: what its events say, and how that is shown while it grows."""

from collections.abc import Mapping
from typing import Any, Final  # Any: events as JSON

from nicegui import ui

from app.console.bits import duration, json_view

_STATES: Final = {
    "answered": ("answered", "good"),
    "declined": ("declined", "warn"),
    "needs_input": ("asks back", "warn"),
    "left_undone": ("left undone", "warn"),
}
_ROUTES: Final = {
    "small_talk": "Freya answers herself",
    "recap": "Freya looks back on the conversation",
    "out_of_scope": "No specialist is for this",
    "protected": "Freya keeps this to herself",
    "unclear": "Freya asks back",
    "client": "The tools are the client's own",
}
_LONGEST: Final = 6_000
Event = Mapping[str, Any]


class Work:
    """The panel of one run. Elements are added as events come, and none is built again."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        self._titles = titles
        self._agents: dict[str, _Agent] = {}
        self._steps: dict[int, tuple[ui.element, ui.label]] = {}
        self._calls = 0
        with ui.element("details").classes("fr-folded fr-work").props("open") as self.box:
            with ui.element("summary").classes("fr-work-head"):
                self._spinner = ui.element("span").classes("fr-pulse").props("aria-hidden=true")
                self._head = ui.label("Freya decides who works on it").props("role=status")
            self._plan = ui.element("ol").classes("fr-plan")
            self._plan.visible = False
            self._list = ui.element("div").classes("fr-agents")

    def show(self, event: Event) -> None:
        """Show what an event brings."""
        match event["type"]:
            case "route":
                self._route(event)
            case "plan":
                self._steps_of(event["steps"])
            case "step.started":
                self._step(event["step"], "at work", "accent")
            case "step.finished":
                text, kind = _STATES.get(event["status"], (event["status"], ""))
                self._step(
                    event["step"], (event.get("reason") and f"{text}: {event['reason']}") or text, kind
                )
            case "consulted":
                self._agent(event.get("agent")).say(f"asks {self._title(event['of'])}: {event['question']}")
            case "agent.started":
                self._agent(event.get("agent")).began(event["request"])
                self._tell()
            case "agent.finished":
                self._agent(event.get("agent")).ended(event)
                self._tell()
            case "tool.started":
                self._calls += 1
                self._agent(event.get("agent")).calls(event)
            case "tool.finished":
                self._agent(event.get("agent")).called(event)
            case _:
                pass

    def end(self, said: str) -> None:
        """The run is over: the panel folds to a line."""
        self._spinner.visible = False
        parts = []
        if self._agents:
            parts.append(", ".join(self._title(name) for name in self._agents))
        if self._calls:
            parts.append(f"{self._calls} tool call{'s' if self._calls > 1 else ''}")
        self._head.set_text(" · ".join([*parts, said]) if said else " · ".join(parts) or "Freya")
        self.box._props.pop("open", None)  # noqa: SLF001  # props() takes attributes away by their whole text
        self.box.update()

    def settle(self, *, told: bool) -> None:
        """The run was over before: what its events say is all there is."""
        self._spinner.visible = False
        if not told:
            self._head.set_text("The events of this run are not kept any more")
        elif self._agents:
            self._head.set_text("How it was answered")

    def wait(self, waits: bool) -> None:  # noqa: FBT001  # its only argument
        """Say that the run waits for a person, or goes on."""
        self._spinner.visible = not waits
        if waits:
            self._head.set_text("Waits for you")
        else:
            self._tell()

    def _route(self, event: Event) -> None:
        if said := _ROUTES.get(event["kind"]):
            self._head.set_text(said)
        for task in event["tasks"]:
            self._agent(task["agent"]).asked(task["request"], task["confidence"])
        self._tell()

    def _steps_of(self, steps: list[Event]) -> None:
        if len(steps) < 2:  # noqa: PLR2004  # one step is no plan
            return
        self._plan.visible = True
        for step in steps:
            if step["id"] in self._steps:
                continue
            with self._plan, ui.element("li") as row:
                ui.label(self._title(step["agent"])).classes("fr-strong")
                ui.label(step["request"]).classes("fr-muted")
                if step["needs"]:
                    ui.label(f"after {', '.join(map(str, step['needs']))}").classes("fr-chip fr-chip-plain")
                self._steps[step["id"]] = (row, ui.label("waits").classes("fr-chip fr-chip-plain"))

    def _step(self, number: int, said: str, kind: str) -> None:
        if found := self._steps.get(number):
            _mark(found[1], said, kind)

    def _agent(self, name: str | None) -> "_Agent":
        key = name or "freya"
        if key not in self._agents:
            with self._list:
                self._agents[key] = _Agent(self._title(key))
        return self._agents[key]

    def _title(self, name: str) -> str:
        return self._titles.get(name, name.capitalize())

    def _tell(self) -> None:
        at_work = [self._title(name) for name, one in self._agents.items() if one.works]
        if at_work:
            self._head.set_text(f"{' and '.join(at_work)} {'work' if len(at_work) > 1 else 'works'} on it")
        elif self._agents:
            self._head.set_text("Freya puts the answer together")


class _Agent:
    """One specialist's row, with his tool calls."""

    def __init__(self, title: str) -> None:
        self.works = False
        self._calls: dict[str, tuple[ui.label, ui.element]] = {}
        with ui.element("div").classes("fr-agent") as self.box:
            with ui.element("div").classes("fr-row"):
                ui.label(title).classes("fr-strong")
                self._state = ui.label("waits").classes("fr-chip fr-chip-plain")
                self._took = ui.label().classes("fr-muted fr-small")
            self._request = ui.label().classes("fr-muted fr-small fr-text")

    def asked(self, request: str, confidence: float) -> None:
        self._request.set_text(request)
        self._took.set_text(f"chosen with {confidence:.0%}")

    def began(self, request: str) -> None:
        self.works = True
        self._request.set_text(request)
        _mark(self._state, "at work", "accent")

    def ended(self, event: Event) -> None:
        self.works = False
        _mark(self._state, *_STATES.get(event["status"], (event["status"], "")))
        model = f" · {event['model']}" if event.get("model") else ""
        self._took.set_text(f"{duration(event['duration_ms'])}{model}")

    def say(self, said: str) -> None:
        with self.box:
            ui.label(said).classes("fr-small fr-text")

    def calls(self, event: Event) -> None:
        with self.box, ui.element("details").classes("fr-folded fr-call") as made:
            with ui.element("summary"):
                ui.label(event["tool"]).classes("fr-mono")
                state = ui.label("computes").classes("fr-chip fr-chip-accent")
            ui.label("Arguments").classes("fr-small fr-muted")
            json_view(event["arguments"])
        self._calls[event["call_id"]] = (state, made)

    def called(self, event: Event) -> None:
        if event["call_id"] not in self._calls:
            self.calls({**event, "arguments": {}})
        state, made = self._calls[event["call_id"]]
        good = event["status"] == "success"
        _mark(state, duration(event["duration_ms"]) if good else "refused", "good" if good else "bad")
        with made:
            ui.label("Result").classes("fr-small fr-muted")
            text = str(event["text"])
            shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n… ({len(text)} characters)"
            with ui.element("div").classes("fr-code").props("tabindex=0"):
                ui.label(shown).classes("fr-text")


def _mark(chip: ui.label, said: str, kind: str) -> None:
    chip.set_text(said)
    chip.classes(replace=f"fr-chip fr-chip-{kind or 'plain'}")
