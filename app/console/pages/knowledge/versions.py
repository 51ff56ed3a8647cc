"""Versions of the index: which is searched, how good each is, and how another is made the live one."""

from nicegui import ui

from app.console import lists
from app.console.acting import change, note
from app.console.bits import card, chip, confirm, facts, folded, heading, text, when
from app.console.notices import empty, said
from app.console.pages.knowledge.common import offered
from app.console.registry import page
from app.console.visit import Visit
from app.problems import ProblemError
from knowledge import IndexVersion, VersionState
from knowledge.evaluation import Report, report_tables

_LIST = "GET /v1/knowledge/versions"
_EVALUATION = "GET /v1/knowledge/versions/{number}/evaluation"
_ACTIVATE = "POST /v1/knowledge/versions/{number}/activate"
_ROLL_BACK = "POST /v1/knowledge/versions/rollback"
_STATES = {
    VersionState.LIVE: ("live", "good"),
    VersionState.READY: ("ready", "accent"),
    VersionState.BUILDING: ("being built", "warn"),
    VersionState.RETIRED: ("deleted", ""),
}


@page("/knowledge/versions", title="Index versions", needs=_LIST)
async def versions(visit: Visit) -> None:
    """All versions, latest first."""
    lists.sections("Knowledge", "/knowledge/versions", offered(visit))
    await lists.drawn(
        visit,
        visit.freya.known.versions,
        lambda found, show: _all(visit, list(found), show),
        needs=_LIST,
    )


def _all(visit: Visit, found: list[IndexVersion], show: lists.Redraw) -> None:
    if not found:
        empty(
            "No index was built yet", "The first one is built when something is known.", icon="layers_clear"
        )
        return
    before = [each for each in found if each.state is VersionState.READY and each.activated_at]
    if before and visit.may(_ROLL_BACK):
        with ui.element("div").classes("fr-actions"):
            ui.button("Roll back", on_click=lambda: _roll_back(visit, show)).props("outline icon=undo")
    for version in reversed(found):
        _version(visit, version, show)


def _version(visit: Visit, version: IndexVersion, show: lists.Redraw) -> None:
    recipe = version.recipe
    with card():
        with ui.element("div").classes("fr-row"):
            heading(f"Version {version.number}")
            name, kind = _STATES[version.state]
            chip(name, kind=kind)
            chip("evaluated" if version.evaluation is not None else "not evaluated")
            when(version.activated_at or version.created_at)
        if version.note:
            text(version.note)
        facts(
            [
                ("Embedding model", f"{recipe.model}, {recipe.dimensions} dimensions"),
                *([] if version.pairs is None else [("Pairs when built", f"{version.pairs:,}")]),
                ("Passages", f"{recipe.passages.tokens} tokens"),
                ("Pairs of low quality", "in it" if recipe.low_tier else "left out"),
            ]
        )
        figures = ui.element("div").classes("fr-col")
        with ui.element("div").classes("fr-actions"):
            if version.evaluation is not None:
                ui.button(
                    "Show the figures", on_click=lambda: _figures(visit, version.number, figures)
                ).props("outline icon=speed")
            if version.state is VersionState.READY and visit.may(_ACTIVATE):
                ui.button("Make it live", on_click=lambda: _activate(visit, version.number, show)).props(
                    "icon=published_with_changes"
                )


async def _figures(visit: Visit, number: int, box: ui.element) -> None:
    report = await visit.ask(lambda: visit.freya.known.evaluation(number), needs=_EVALUATION)
    if report is not None:
        box.clear()
        with box:
            _report(report)


def _report(report: Report) -> None:
    text(
        f"Over {report.pairs:,} pairs, seed {report.seed}; means with their 95 % intervals.",
        classes="fr-muted fr-small",
    )
    for place, table in enumerate(report_tables(report, topics=5)):
        with folded(table.title, opened=place < 2):  # noqa: PLR2004  # what is below, and the first task
            lists.rows(table.title, table.columns, table.rows)


def _activate(visit: Visit, number: int, show: lists.Redraw, *, anyway: bool = False) -> None:
    path = f"/v1/knowledge/versions/{number}/activate"

    async def work() -> IndexVersion:
        return await visit.freya.known.activate(number, anyway=anyway)

    async def act() -> None:
        try:
            await visit.asked(work, needs=_ACTIVATE)
        except ProblemError as error:
            if error.problem.code != "version_unproven":
                visit.tell(error.problem)
                return
            objection = error.problem.detail
            with visit.client:
                confirm(
                    f"Make version {number} live anyway?",
                    objection,
                    yes="Make it live anyway",
                    act=lambda: _anyway(visit, number, show),
                )
            return
        await note(visit, _ACTIVATE, path)
        said(f"Version {number} is searched now.")
        await show()

    confirm(
        f"Make version {number} the one that is searched?",
        "It catches up with what is stored, then everybody's searches and answers use it.",
        yes="Make it live",
        act=act,
        danger=False,
    )


async def _anyway(visit: Visit, number: int, show: lists.Redraw) -> None:
    path = f"/v1/knowledge/versions/{number}/activate"
    work = visit.freya.known.activate
    if await change(visit, lambda: work(number, anyway=True), route=_ACTIVATE, subject=path):
        said(f"Version {number} is searched now.")
        await show()


def _roll_back(visit: Visit, show: lists.Redraw) -> None:
    async def act() -> None:
        version = await change(visit, visit.freya.known.rollback, route=_ROLL_BACK)
        if version is not None:
            said(f"Version {version.number} is searched again.")
            await show()

    confirm(
        "Roll the index back?",
        "The version that was live before is searched again, by everybody.",
        yes="Roll back",
        act=act,
    )
