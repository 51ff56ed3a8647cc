"""`freya knowledge` refine, gaps, progress and jobs: the work on what is known, and what is missing."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any  # Any: JSON

import typer

from app.cli.options import Acceptable, AsJson, Share, Target, wanted_targets
from app.cli.output import CommandFailed, emit, emit_json, note

if TYPE_CHECKING:
    from pydantic import JsonValue

    from knowledge import Job

Wait = Annotated[bool, typer.Option(help="Wait until it is done.")]
Collection = Annotated[str | None, typer.Option(help="Only this collection.")]


def refine(
    topics_again: Annotated[  # noqa: FBT002  # a flag
        bool, typer.Option("--topics-again", help="Look for the place of every topic anew.")
    ] = False,
    wait: Wait = True,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Place topics in the catalogue, measure the quality of pairs, find and link duplicates.

    Only what is not refined yet is worked on, so it may be broken off and repeated. A running service does it, and
    this command watches; where none runs, it does it itself.
    """
    from app.cli.reports import refined_lines

    job = ordered("refine", {"topics_again": topics_again}, wait=wait)
    show_job(job, refined_lines, as_json=as_json)


def remove(
    source: Annotated[str, typer.Argument(help="A source, by its name or id.")],
    yes: Annotated[  # noqa: FBT002  # a flag
        bool, typer.Option("--yes", help="Delete; without it only what there is is told.")
    ] = False,
    wait: Wait = True,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Delete the pairs that a source brought, from the store and from every version of the index.

    The file itself is not touched and can be imported again. The pairs that ship with Freya return at the next start
    unless FREYA_KNOWLEDGE__STARTER is false.
    """
    from app.cli.interruption import run
    from app.cli.options import quiet_settings
    from app.cli.reading import read_sources
    from app.cli.reports import removed_lines

    found = run(partial(read_sources, quiet_settings(), source))
    if len(found) > 1:
        ids = ", ".join(f"{one.id} ({one.collection})" for one in found)
        raise CommandFailed(f"several sources are called {source}: say which by its id: {ids}")
    one = found[0]
    if not yes:
        raise CommandFailed(
            f"this deletes the pairs of {one.name} ({one.read} read into {one.collection}); run it with --yes"
        )
    show_job(ordered("remove", {"source": one.id}, wait=wait), removed_lines, as_json=as_json)


def evaluate(
    version: Annotated[
        int | None, typer.Option(min=1, help="Which version.", show_default="the live one")
    ] = None,
    compare: Annotated[
        int | None, typer.Option(min=1, help="Another version, asked the same for comparison.")
    ] = None,
    size: Annotated[int, typer.Option(min=10, max=5000, help="How many cases of each task at most.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="Draws the cases; the same draws the same.")] = 7,
    collection: Annotated[
        list[str] | None, typer.Option(help="Draw from this collection; may be given several times.")
    ] = None,
    wait: Wait = True,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Measure how well the index finds what is stored: fusion beside meaning alone and words alone.

    Questions are drawn from the stored pairs and must find their own answers; paraphrases must find each other; and
    foreign questions must find nothing. The report is kept with the version.
    """
    from app.cli.reports import evaluated_lines

    asked: dict[str, JsonValue] = {
        "version": version,
        "compare": compare,
        "size": size,
        "seed": seed,
        "collections": [*(collection or ())],
    }
    job = ordered("evaluate", asked, wait=wait)
    show_job(job, evaluated_lines, as_json=as_json)


def gaps(
    collection: Collection = None,
    category: Annotated[str | None, typer.Option(help="Only this category or subcategory.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many topics at most.")] = 30,
    target: Target = None,
    acceptable: Acceptable = None,
    share: Share = None,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Show what is missing: pairs by topic of the catalogue against the targets, worst covered first.

    FREYA_KNOWLEDGE__TARGETS__FULL and its like set the targets: as they come, a topic should have 100 distinct pairs,
    80 are acceptable, and at least 60 % of them should be good.
    """
    from app.cli.interruption import run
    from app.cli.options import quiet_settings
    from app.cli.reading import find_missing
    from app.cli.reports import gap_lines, gaps_json

    settings = quiet_settings()
    targets = wanted_targets(settings, target, acceptable, share)
    report = run(partial(find_missing, settings, collection, category, targets))
    if not report.topics and (collection or category):
        wanted = " ".join(name for name in (collection, category) if name)
        raise CommandFailed(
            f"the catalogue has no topics of {wanted!r}; `freya knowledge topics` lists what it has"
        )
    if as_json:
        emit_json(gaps_json(report, limit))
    else:
        emit("\n".join(gap_lines(report, limit)))


def progress(
    collection: Collection = None,
    target: Target = None,
    acceptable: Acceptable = None,
    share: Share = None,
    days: Annotated[
        int, typer.Option(min=1, max=366, help="How many days with imports, the latest ones.")
    ] = 30,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Show how far knowledge is: topics done and pairs against the targets, and what imports brought by day.

    Topics are counted by collection, by session of the catalogue and by category.
    """
    from app.cli.interruption import run
    from app.cli.options import quiet_settings
    from app.cli.progress import progress_lines
    from app.cli.reading import read_progress

    settings = quiet_settings()
    targets = wanted_targets(settings, target, acceptable, share)
    found = run(partial(read_progress, settings, collection, targets, days))
    if as_json:
        emit_json(found)
    else:
        emit("\n".join(progress_lines(found)))


def jobs(
    job: Annotated[
        str | None, typer.Argument(help="A job (job_...); left out, the newest are listed.")
    ] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Cancel it.")] = False,  # noqa: FBT002  # a flag
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 20,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """List jobs, show one, or cancel it.

    Jobs are carried out one at a time, by the service or by the command that ordered them. One whose process died
    is gone on with by the next one. A cancelled job stops within seconds, and what it did is kept.
    """
    from app.cli.interruption import run
    from app.cli.options import quiet_settings
    from app.cli.ordering import cancel as cancel_job
    from app.cli.ordering import newest_jobs, one_job
    from app.cli.reports import job_lines, jobs_lines

    if job is None:
        if cancel:
            raise typer.BadParameter("say which job to cancel", param_hint="JOB")
        found = run(partial(newest_jobs, quiet_settings(), limit))
        if as_json:
            emit_json(found)
        elif found:
            emit("\n".join(jobs_lines(found)))
        else:
            note("there are no jobs")
        return
    one = run(partial(cancel_job if cancel else one_job, quiet_settings(), job))
    if as_json:
        emit_json(one)
    else:
        emit("\n".join(job_lines(one)))


def ordered(kind: str, arguments: "dict[str, JsonValue]", *, wait: bool) -> "Job":
    """The job of an order, as it ended or as it stands. Raises BadParameter, CommandFailed."""
    from pydantic import ValidationError

    from app.cli.interruption import run
    from app.cli.options import quiet_settings
    from app.cli.ordering import carry_out
    from app.jobs import as_order

    try:
        order = as_order(kind, arguments)
    except ValidationError as error:
        wrong = error.errors()[0]
        place = "".join(f"{name}: " for name in wrong["loc"][2:3])  # none where it is of all together
        raise typer.BadParameter(f"{place}{wrong['msg']}") from error
    return run(partial(carry_out, quiet_settings(), order, wait=wait))


def show_job(job: "Job", lines: Callable[[dict[str, Any]], list[str]], *, as_json: bool) -> None:
    """What came of a job; of one that was not waited for, its id."""
    if as_json:
        emit_json(job)
    elif job.result is None:
        emit(job.id)
        note(f"it is {job.state}; `freya knowledge jobs {job.id}` says how far it is")
    else:
        emit("\n".join(lines(job.result)))
