"""`freya evaluate`: cases put to the service, and the report on its answers."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import AsJson, Key, User
from app.cli.output import CommandFailed, emit, emit_json, note
from app.cli.tables import columns, share

if TYPE_CHECKING:
    from pydantic import JsonValue

    from app.cli.client import Client
    from app.cli.interruption import Interruption
    from app.evaluation import Case, Report, Verdict
    from app.settings import Settings

_SAID_EVERY = 50


def evaluate(
    suite: Annotated[
        list[str] | None,
        typer.Argument(help="Suites by name, or files of cases.", show_default="all that ship"),
    ] = None,
    *,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help="Only cases of this kind (routing, tool, grounding, refusal); may be given several times."
        ),
    ] = None,
    agent: Annotated[
        list[str] | None, typer.Option(help="Only cases of this agent; may be given several times.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many cases.", show_default="all")
    ] = None,
    at_once: Annotated[int, typer.Option(min=1, max=32, help="Cases that are under way at once.")] = 4,
    faults: Annotated[bool, typer.Option(help="Whether every case that failed is listed.")] = True,  # a flag
    as_json: AsJson = False,  # a flag
    server: Annotated[
        str | None,
        typer.Option(
            help="Address of the service that is asked, such as http://10.0.0.5:8000.",
            show_default="the one on the data folder",
        ),
    ] = None,
    key: Key = None,
    user: User = None,
) -> None:
    """Put suites of cases to the service and report by agent what came of them.

    The running service answers; where none runs, one is started for the moment; with --server the one at that address, over
    HTTP. Each case has a thread of its own, which is
    deleted again. It ends with 1 where a case failed.
    """
    from app.cli.interruption import run
    from app.evaluation import CasesInvalid, read_cases, suite_files
    from app.settings import load_settings

    try:
        cases = [case for path in suite_files(suite or []) for case in read_cases(path)]
    except CasesInvalid as error:
        raise CommandFailed(str(error)) from error
    chosen = [
        case
        for case in cases
        if (not kind or case.kind in kind) and (not agent or case.reported_under in agent)
    ][:limit]
    if not chosen:
        raise CommandFailed(f"none of the {len(cases)} cases is of that kind and agent")
    failed = run(
        partial(
            _evaluate,
            load_settings(),
            chosen,
            key,
            user,
            server,
            at_once=at_once,
            faults=faults,
            as_json=as_json,
        )
    )
    if failed:
        raise typer.Exit(1)


async def _evaluate(
    settings: "Settings",
    cases: Sequence["Case"],
    key: str | None,
    user: str | None,
    server: str | None,
    _: "Interruption",
    *,
    at_once: int,
    faults: bool,
    as_json: bool,
) -> bool:
    from app.cli.finding import open_client
    from app.evaluation import report_of

    turn = asyncio.Semaphore(at_once)
    done = 0
    async with open_client(settings, key=key, user=user, server=server) as client:
        await client.get("/healthz")  # one that does not answer is no fault of the cases

        async def put(case: "Case") -> "Verdict":
            nonlocal done
            async with turn:
                verdict = await _verdict(client, case)
            done += 1
            if done % _SAID_EVERY == 0:
                note(f"{done} of {len(cases)} cases")
            return verdict

        report = report_of(await asyncio.gather(*map(put, cases)))
    if as_json:
        emit_json(report)
    else:
        emit("\n".join(lines_of(report, faults=faults)))
    return bool(report.failures)


async def _verdict(client: "Client", case: "Case") -> "Verdict":
    from app.evaluation import Verdict, judge
    from app.runs import ChatResult

    body: dict[str, JsonValue] = {"message": case.request, "agents": [case.agent] if case.agent else []}
    try:
        answer = await client.post("/v1/chat", body)
    except CommandFailed as error:
        return Verdict(case=case, faults=(f"the service failed: {error}",))
    result = ChatResult.model_validate(answer)
    with suppress(CommandFailed):
        await client.delete(f"/v1/threads/{result.thread_id}")
    return judge(case, result)


def lines_of(report: "Report", *, faults: bool) -> list[str]:
    """The report for people."""
    lines = columns(
        ("agent", "kind", "passed", "cases", "share"),
        [
            (agent, kind, str(tally.passed), str(tally.cases), share(tally.passed, tally.cases))
            for agent, kinds in report.by_agent.items()
            for kind, tally in kinds.items()
        ],
    )
    routing, answers = report.routing, report.grounding.answers
    figures = [
        ("all cases", report.cases),
        ("routing: one specialist", routing.single),
        ("routing: exactly the several", routing.several),
        ("routing: out of scope declined", routing.refused),
        ("routing: in scope given to nobody", routing.refused_wrongly),
        ("grounding: answers that hold", answers),
    ]
    lines += [
        "",
        *columns(
            ("", "passed", "cases", "share"),
            [(name, str(t.passed), str(t.cases), share(t.passed, t.cases)) for name, t in figures if t.cases],
        ),
    ]
    lines.append(f"numbers that no source holds: {report.grounding.untraced}")
    if report.ms_p50 is not None and report.ms_p95 is not None:
        lines.append(
            f"milliseconds a case: {report.ms_p50:.0f} at the median, {report.ms_p95:.0f} at the 95th percentile"
        )
    if faults and report.failures:
        lines += ["", "Cases that failed:"]
        lines += [
            f"- {one.kind}, {one.agent}: {' '.join(one.request.split())[:160]}\n  {'; '.join(one.faults)}"
            for one in report.failures
        ]
    return lines
