"""`freya doctor`: what is installed, reachable and configured, and what to do about the rest."""

from dataclasses import dataclass
from typing import Literal

import typer

from app.cli.options import AsJson
from app.cli.output import coloured, emit, emit_json

_COLOURS = {"ok": "32", "note": "33", "problem": "31"}


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it stands, and what to do."""

    subject: str
    state: Literal["ok", "note", "problem"]
    detail: str
    advice: str = ""


def doctor(as_json: AsJson = False) -> None:  # noqa: FBT002  # a flag
    """Look at the installation and say what is missing. Changes nothing; ends with 1 where there is a problem."""
    import sys
    from dataclasses import asdict

    from app.cli.examination import examine
    from app.cli.interruption import run

    findings = run(lambda _: examine())
    if as_json:
        emit_json([asdict(finding) for finding in findings])
    else:
        paint = coloured(sys.stdout)
        for finding in findings:
            state = f"{finding.state:<8}"
            shown = f"\x1b[{_COLOURS[finding.state]}m{state}\x1b[0m" if paint else state
            emit(f"{shown} {finding.subject}: {finding.detail}")
            if finding.advice:
                emit(f"{'':<8} -> {finding.advice}")
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(1)
