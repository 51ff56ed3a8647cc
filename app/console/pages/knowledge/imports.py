"""Import: a file of questions and answers, read by a job, with what was taken and what was not."""

import json

from nicegui import ui
from nicegui.events import GenericEventArguments

from app.console import lists
from app.console.bits import card, heading, text
from app.console.notices import trouble
from app.console.pages.knowledge.common import IMPORT, JOBS, collections_of, offered
from app.console.pages.knowledge.job_rows import JobRow
from app.console.registry import page
from app.console.visit import Visit
from app.problems import Problem, ProblemError, problem

_LOOKED_AT_S = 1.0
_FILE = "fr-import-file"
_NEW = "[a-z0-9_]{3,64}"


@page("/knowledge/import", title="Import knowledge", needs=IMPORT)
async def imports(visit: Visit) -> None:
    """A file is chosen and sent; its job is watched until it has ended."""
    lists.sections("Knowledge", "/knowledge/import", offered(visit))
    longest = visit.running.settings.knowledge.longest_import
    with card():
        heading("Send a file")
        text(
            "JSON, JSON lines, CSV, Parquet, Markdown or text with questions and answers, packed with gzip or not, "
            f"{lists.size(longest)} at most. The same content again changes nothing.",
            classes="fr-muted",
        )
        await lists.placed(visit, lambda: collections_of(visit), lambda found: _form(visit, list(found)))


def _form(visit: Visit, collections: list[str]) -> None:
    with ui.element("div").classes("fr-filters"):
        with ui.element("label").classes("fr-file").props(f"for={_FILE}"):
            ui.label("File")
            ui.element("input").props(f"type=file id={_FILE}")
        collection = ui.select(
            sorted({*collections, "technical"}),
            label="Collection",
            value="technical",
            new_value_mode="add-unique",
        ).props('hint="Choose one, or write a new name and press Enter."')
        button = ui.button("Import").props("icon=upload_file")
    outcome = ui.element("div").classes("fr-col").props('aria-live="polite"')

    async def sent(event: GenericEventArguments) -> None:
        button.props(remove="loading")
        outcome.clear()
        with outcome:
            await _sent(visit, event.args)

    button.on("click", lambda: button.props("loading"), args=[])
    button.on(
        "click",
        sent,
        js_handler=f"() => freyaSendFile({json.dumps(_FILE)}, getElement({collection.id}).modelValue, emit)",
    )


async def _sent(visit: Visit, found: object) -> None:
    """`found` is what the browser says the interface answered: a job, a problem, or that no file was chosen."""
    answer = found if isinstance(found, dict) else {}
    job_id = str(answer.get("id", ""))
    if not job_id.startswith("job_"):
        trouble(_problem_of(answer))
        return
    row: JobRow | None = None

    async def look() -> None:
        nonlocal row
        try:
            job = await visit.asked(lambda: visit.freya.known.job(job_id), needs=JOBS)
        except ProblemError as error:
            if row is None:
                trouble(error.problem)
            return
        if row is None:
            row = JobRow(visit, job)
        row.update(job)
        if job.state.ended:
            timer.cancel()

    timer = lists.again(visit, _LOOKED_AT_S, look)
    await look()


def _problem_of(answer: dict[str, object]) -> Problem:
    try:
        return Problem.model_validate(answer)
    except ValueError:
        said = str(
            answer.get("detail") or "The file could not be sent. Look at the connection, and try again."
        )
        return problem("import_refused", said[:500])
