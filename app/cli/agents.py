"""`freya agents`: agents that were designed from a description, deployed, rolled back and disabled."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import AsJson, examples
from app.cli.output import emit, emit_json, emit_model, emit_models

if TYPE_CHECKING:
    from app.agents_store import AgentVersion, StoredAgent

agents = typer.Typer(
    help="Deploy agents from descriptions, and say which versions work.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(help="The agent's name.")]


@agents.command(
    epilog=examples(
        'freya agents deploy "An agent for beekeepers: beekeepers register hives and record inspections"',
        'freya agents deploy --name bees "..." --json',
    )
)
def deploy(
    request: Annotated[
        str, typer.Argument(help="The description of the business and of what is done there.")
    ],
    name: Annotated[
        str | None, typer.Option(help="The agent's name.", show_default="made of the business")
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Design an agent from a description, test it by its own cases, and have it work as a specialist.

    Its operations work on simulated records. A service that runs takes it up within seconds.
    """
    from app.cli.deploying import deployed
    from app.cli.interruption import run
    from app.cli.options import quiet_settings

    done = run(partial(deployed, quiet_settings(), request, name))
    if as_json:
        emit_json(done.model_dump(mode="json"))
        return
    emit(f"{done.name} version {done.version} works: {done.passed} of its {done.cases} cases passed.")
    if done.skipped:
        emit(f"{len(done.skipped)} could not be judged: {done.skipped[0].why}.")
    emit("Its operations work on simulated records; no backend is connected.")


@agents.command("list", epilog=examples("freya agents list", "freya agents list --json"))
def list_(as_json: AsJson = False) -> None:  # noqa: FBT002  # a flag
    """The designed agents, whether they work, and by which version."""
    from app.cli.deploying import listed
    from app.cli.interruption import run
    from app.cli.options import quiet_settings

    found = run(partial(listed, quiet_settings()))
    emit_models(found, _line, as_json=as_json)
    if not found and not as_json:
        emit("no agent was deployed; `freya agents deploy` makes one of a description")


@agents.command(epilog=examples("freya agents versions beekeeping_cooperative"))
def versions(name: Name, as_json: AsJson = False) -> None:  # noqa: FBT002  # a flag
    """The versions of a designed agent, latest first."""
    from app.cli.deploying import versions_of
    from app.cli.interruption import run
    from app.cli.options import quiet_settings

    found = run(partial(versions_of, quiet_settings(), name))
    emit_models(found, _version_line, as_json=as_json)


@agents.command(
    epilog=examples("freya agents rollback beekeeping_cooperative", "freya agents rollback bees --version 1")
)
def rollback(
    name: Name,
    version: Annotated[
        int | None, typer.Option(min=1, help="The version.", show_default="the one before")
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Have an earlier version work again; a disabled agent is live afterwards."""
    from app.cli.deploying import rolled_back
    from app.cli.interruption import run
    from app.cli.options import quiet_settings

    done = run(partial(rolled_back, quiet_settings(), name, version))
    emit_model(done, _line, as_json=as_json)


@agents.command(epilog=examples("freya agents disable beekeeping_cooperative"))
def disable(name: Name, as_json: AsJson = False) -> None:  # noqa: FBT002  # a flag
    """Have a designed agent answer nobody. It is kept; a rollback has it work again."""
    from app.cli.deploying import disabled
    from app.cli.interruption import run
    from app.cli.options import quiet_settings

    done = run(partial(disabled, quiet_settings(), name))
    emit_model(done, _line, as_json=as_json)


def _line(agent: "StoredAgent") -> str:
    return f"{agent.name}  {agent.state}  version {agent.version} of {agent.versions}  {agent.title}"


def _version_line(each: "AgentVersion") -> str:
    mark = "*" if each.active else " "
    return f"{mark} {each.version}  {each.created_at:%Y-%m-%d %H:%M}  {each.passed} cases passed  {each.request[:60]}"
