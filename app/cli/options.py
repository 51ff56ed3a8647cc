"""Options that several commands have, the text of examples, and settings with quiet logs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.settings import Settings
    from knowledge.refinery import Targets

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Key = Annotated[
    str | None, typer.Option(help="API key, where the service wants one.", envvar="FREYA_API_KEY")
]
User = Annotated[
    str | None,
    typer.Option(
        help="The user for whom the service acts, or tenant/user.",
        envvar="FREYA_USER",
        show_default="local, or the key's own",
    ),
]
Agents = Annotated[
    list[str] | None, typer.Option("--agent", help="Ask this specialist; may be given several times.")
]
Thread = Annotated[str | None, typer.Option(help="Continue this thread (thr_...).")]
Attach = Annotated[
    list[Path] | None,
    typer.Option(
        "--attach",
        exists=True,
        dir_okay=False,
        readable=True,
        help="A file that the question is about (PDF, text, CSV or an image); may be given up to 8 times.",
    ),
]
Project = Annotated[str | None, typer.Option(help="Only of this project (prj_...).")]
Since = Annotated[
    str | None,
    typer.Option(
        help="Only what was said at this time or later, such as 2026-03-01 or 2026-03-01T09:30:00Z."
    ),
]
Until = Annotated[str | None, typer.Option(help="Only what was said before this time.")]

Target = Annotated[
    int | None, typer.Option(min=1, help="Pairs of full coverage.", show_default="as is set, 100")
]
Acceptable = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Pairs of acceptable coverage.",
        show_default="the same part of the target as is set, 80 of 100",
    ),
]
Share = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="The least share of good pairs.", show_default="as is set, 0.6"),
]


def examples(*lines: str) -> str:
    """The end of a help text; the first character keeps its lines apart."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def quiet_settings() -> "Settings":
    """The settings, for a command that uses parts of the service itself; of their logs only warnings are shown."""
    from app.logs import configure_logs
    from app.settings import LogSettings, load_settings

    settings = load_settings()
    configure_logs(LogSettings(level="warning", format=settings.log.format))
    return settings


def wanted_targets(
    settings: "Settings", target: int | None, acceptable: int | None, share: float | None
) -> "Targets":
    """The targets that are set, with those given in their places. Raises BadParameter for what does not fit together."""
    from pydantic import ValidationError

    try:
        return settings.knowledge.targets.but(full=target, acceptable=acceptable, least_success=share)
    except ValidationError as error:
        raise typer.BadParameter(error.errors()[0]["msg"].removeprefix("Value error, ")) from error
