"""Agents that users designed: described, tested by their own cases, put to work, taken back."""

from nicegui import ui

from agents.interfaces import NAME, Verdict
from app.agents_service import Deployed
from app.agents_store import AgentVersion, StoredAgent
from app.console import lists
from app.console.acting import change, checked
from app.console.bits import card, chip, confirm, facts, folded, heading, text, when
from app.console.notices import empty, said
from app.console.pages.agents import SECTIONS
from app.console.registry import page
from app.console.visit import Visit

_LIST = "GET /v1/agents/designed"
_VERSIONS = "GET /v1/agents/designed/{name}/versions"
_DEPLOY = "POST /v1/agents/designed"
_ROLL_BACK = "POST /v1/agents/designed/{name}/rollback"
_DISABLE = "POST /v1/agents/designed/{name}/disable"
_STATES = {"live": "good", "disabled": "warn"}
_LONGEST, _SHORTEST = 50_000, 10
_NAMING = "Small letters, digits and _, a letter first."


@page("/agents/designed", title="Designed agents", needs=_LIST)
async def designed(visit: Visit) -> None:
    """The agents of users, and the form that makes one."""
    lists.sections("Agents", "/agents/designed", SECTIONS)

    async def fetch(cursor: str | None) -> lists.Part[StoredAgent]:
        return lists.part_of(await visit.freya.designs.all(), cursor)

    if visit.may(_DEPLOY):
        _form(visit)
    await lists.listed(
        visit,
        fetch,
        _row,
        needs=_LIST,
        nothing=lambda: empty(
            "No agent was designed here yet",
            "Describe a business or a service above: Rebecca designs an agent for it, which is tested before it works.",
            icon="architecture",
        ),
    )


def _row(agent: StoredAgent) -> None:
    with card():
        with ui.element("div").classes("fr-row"):
            ui.link(agent.title, f"/agents/designed/{agent.name}").classes("fr-h2")
            chip(agent.state, kind=_STATES[agent.state])
            chip(f"version {agent.version} of {agent.versions}")
        text(agent.description)
        with ui.element("div").classes("fr-row fr-muted fr-small"):
            ui.label("Changed")
            when(agent.changed_at)


def _form(visit: Visit) -> None:
    with card():
        heading("Design an agent")
        text(
            "Say what it is for, what there is, and what people do with it. It is designed and tested by its own cases at "
            "once; an agent that fails one is not put to work. It works on simulated records.",
            classes="fr-muted",
        )
        request = (
            ui.textarea(
                label="What the agent is for",
                placeholder="Agent for a beekeeping cooperative: beekeepers register hives, record inspections, and sell honey jars",
            )
            .props(f"autogrow stack-label maxlength={_LONGEST}")
            .classes("fr-wide-field")
        )
        name = ui.input(label="Name (optional)").props(
            f'maxlength=40 hint="{_NAMING} Left empty, it is taken from the description."'
        )
        with ui.element("div").classes("fr-actions"):
            button = ui.button("Design and deploy").props("icon=architecture")
        outcome = ui.element("div").props('aria-live="polite"')

        async def deploy() -> None:
            asked = checked(
                request,
                longest=_LONGEST,
                shortest=_SHORTEST,
                otherwise="Say in a sentence or two what it is for.",
            )
            named = checked(name, longest=40, shortest=0, pattern=NAME, otherwise=_NAMING)
            if asked is None or named is None:
                return
            button.props("loading")
            made = await change(
                visit, lambda: visit.freya.designs.deploy(asked, named or None), route=_DEPLOY
            )
            button.props(remove="loading")
            if made is not None:
                outcome.clear()
                with outcome:
                    _deployed(made)

        button.on_click(deploy)


def _deployed(made: Deployed) -> None:
    with ui.element("div").classes("fr-good-news fr-col"):
        ui.label(f"{made.name} works, as version {made.version}").classes("fr-strong")
        text(f"It passed {made.passed} of its {made.cases} cases; {len(made.skipped)} need a language model.")
        ui.link("Look at it", f"/agents/designed/{made.name}")


@page("/agents/designed/{name}", title="Designed agent", needs=_LIST)
async def one(visit: Visit, name: str) -> None:
    """One designed agent, with its versions."""
    lists.sections("Agents", "", SECTIONS)
    await lists.drawn(
        visit,
        lambda: _found(visit, name),
        lambda found, show: _agent(visit, *found, show),
        needs=_VERSIONS,
    )


async def _found(visit: Visit, name: str) -> tuple[StoredAgent, list[AgentVersion]]:
    versions = await visit.freya.designs.versions(name)
    return next(each for each in await visit.freya.designs.all() if each.name == name), versions


def _agent(visit: Visit, agent: StoredAgent, versions: list[AgentVersion], show: lists.Redraw) -> None:
    with card():
        with ui.element("div").classes("fr-row"):
            heading(agent.title)
            chip(agent.name, kind="accent")
            chip(agent.state, kind=_STATES[agent.state])
        text(agent.description)
        if agent.state == "disabled":
            text("It answers nobody. Putting a version to work has it answer again.", classes="fr-muted")
        elif visit.may(_DISABLE):
            with ui.element("div").classes("fr-actions"):
                ui.button("Disable", on_click=lambda: _disable(visit, agent, show)).props(
                    "outline icon=pause_circle_outline"
                )
    heading("Versions")
    for version in versions:
        _version(visit, agent, version, show)


def _version(visit: Visit, agent: StoredAgent, version: AgentVersion, show: lists.Redraw) -> None:
    works = version.active and agent.state == "live"
    with card():
        with ui.element("div").classes("fr-row"):
            heading(f"Version {version.version}", level=3)
            if works:
                chip("works now", kind="good")
            when(version.created_at)
        facts(
            [
                ("Cases passed", str(version.passed)),
                ("Need a language model", str(version.skipped)),
            ]
        )
        with folded("The description that it was designed from"):
            text(version.request)
        cases = ui.element("div").classes("fr-col")

        async def tell() -> None:
            button.props("loading")
            found = await visit.ask(
                lambda: visit.freya.designs.cases(agent.name, version.version), needs=_VERSIONS
            )
            button.props(remove="loading")
            if found is not None:
                cases.clear()
                with cases:
                    _cases(found)

        with ui.element("div").classes("fr-actions"):
            button = ui.button("Run its cases", on_click=tell).props("outline icon=fact_check")
            if not works and visit.may(_ROLL_BACK):
                ui.button(
                    f"Put version {version.version} to work",
                    on_click=lambda: _put(visit, agent, version.version, show),
                ).props("icon=play_circle_outline")


def _cases(found: tuple[Verdict, ...]) -> None:
    passed = sum(one.passed and not one.skipped for one in found)
    skipped = sum(one.skipped for one in found)
    ui.label(f"{passed} passed, {len(found) - passed - skipped} failed, {skipped} skipped").classes(
        "fr-strong"
    )
    lists.rows(
        "Cases",
        ("Case", "What it is about", "Result", "Why"),
        [
            (
                each.id,
                each.title,
                "skipped" if each.skipped else "passed" if each.passed else "failed",
                each.why or "–",
            )
            for each in found
        ],
    )


def _disable(visit: Visit, agent: StoredAgent, show: lists.Redraw) -> None:
    async def act() -> None:
        path = f"/v1/agents/designed/{agent.name}/disable"
        if await change(visit, lambda: visit.freya.designs.disable(agent.name), route=_DISABLE, subject=path):
            said(f"{agent.name} answers nobody now.")
            await show()

    confirm(
        f"Disable {agent.name}?",
        "No request goes to it any more, for nobody. It is kept, and any version can be put to work again.",
        yes="Disable",
        act=act,
    )


def _put(visit: Visit, agent: StoredAgent, version: int, show: lists.Redraw) -> None:
    async def act() -> None:
        path = f"/v1/agents/designed/{agent.name}/rollback"
        work = visit.freya.designs.rollback
        if await change(visit, lambda: work(agent.name, version), route=_ROLL_BACK, subject=path):
            said(f"{agent.name} works, by version {version}.")
            await show()

    confirm(
        f"Put version {version} of {agent.name} to work?",
        "All users' requests of its kind go to this version, from now on.",
        yes="Put to work",
        act=act,
        danger=False,
    )
