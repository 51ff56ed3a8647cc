"""Options that several commands have, the text of examples, and settings with quiet logs."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.settings import Settings

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
