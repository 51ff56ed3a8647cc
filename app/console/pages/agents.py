"""Agents: who answers, with what, and what each leaves to others."""

from urllib.parse import urlencode

from nicegui import ui

from app.console import lists
from app.console.bits import card, chip, folded, heading, text
from app.console.registry import page
from app.console.visit import Visit
from app.specialists import AgentView, ToolView

SECTIONS = (("/agents", "All agents"), ("/agents/designed", "Designed by you"))
_LIST = "GET /v1/agents"
_MOST = 10
_DESIGNED = "GET /v1/agents/designed"


@page("/agents", title="Agents", icon="groups", place=10, needs=_LIST)
async def agents(visit: Visit) -> None:
    """Every specialist, with what it does, declines, computes and reads."""
    if visit.may(_DESIGNED):
        lists.sections("Agents", "/agents", SECTIONS)
    text(
        "Freya decides who works on a message. You can also name one yourself; an example opens a new chat with it.",
        classes="fr-muted",
    )

    async def work() -> list[AgentView]:
        return visit.freya.specialists.all()

    await lists.placed(visit, work, lambda found: _all(visit, found), needs=_LIST)


def _all(visit: Visit, found: list[AgentView]) -> None:
    for one in found:
        _agent(visit, one)


def _agent(visit: Visit, agent: AgentView) -> None:
    with card():
        with ui.element("div").classes("fr-row"):
            heading(agent.title)
            chip(agent.name, kind="accent")
        text(agent.description)
        with ui.element("div").classes("fr-columns"):
            _named("Works on", agent.scope)
            _named("Declines", agent.declines, otherwise="It leaves nothing of its field to others.")
        with ui.element("div").classes("fr-columns"):
            _chips("Reads", agent.collections, otherwise="No collection of what is known.")
            _chips("Its own sub-agents", agent.sub_agents, otherwise="None: it works alone.")
        if agent.tools:
            with folded(_tools(len(agent.tools))), ui.element("div").classes("fr-list"):
                for tool in agent.tools:
                    _tool(visit, agent, tool)


def _tools(count: int) -> str:
    return "Its tool, with examples" if count == 1 else f"Its {count} tools, with examples"


def _named(title: str, items: list[str], *, otherwise: str = "") -> None:
    with ui.element("div").classes("fr-col"):
        heading(title, level=3)
        if not items:
            text(otherwise, classes="fr-muted")
            return
        _points(items[:_MOST])
        if len(items) > _MOST:
            with folded(f"And {len(items) - _MOST} more"):
                _points(items[_MOST:])


def _points(items: list[str]) -> None:
    with ui.element("ul").classes("fr-plain"):
        for item in items:
            with ui.element("li"):
                ui.label(item)


def _chips(title: str, items: list[str], *, otherwise: str) -> None:
    with ui.element("div").classes("fr-col"):
        heading(title, level=3)
        if not items:
            text(otherwise, classes="fr-muted")
            return
        with ui.element("div").classes("fr-row"):
            for item in items:
                chip(item)


def _tool(visit: Visit, agent: AgentView, tool: ToolView) -> None:
    with ui.element("div").classes("fr-item"):
        ui.label(tool.name).classes("fr-mono fr-strong")
        text(tool.description)
        if not visit.may("POST /v1/chat"):
            for example in tool.examples:
                text(example, classes="fr-muted")
            return
        with ui.element("div").classes("fr-row"):
            for example in tool.examples:
                with ui.link(target=ask_link(example, agent.name)).classes("fr-try"):
                    ui.icon("north_east").props("aria-hidden=true")
                    ui.label(example)


def ask_link(message: str, agent: str = "") -> str:
    """A new chat with this in its composer."""
    return "/?" + urlencode({"message": message, **({"agent": agent} if agent else {})})
