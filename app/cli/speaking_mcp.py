"""`freya mcp`: the service as an MCP server on the standard streams."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import Key, User

if TYPE_CHECKING:
    from app.cli.interruption import Interruption
    from app.settings import Settings


def mcp(
    url: Annotated[
        str | None,
        typer.Option(
            help="Where a service runs, such as http://127.0.0.1:8700.",
            show_default="the one on the data folder",
        ),
    ] = None,
    key: Key = None,
    user: User = None,
) -> None:
    """Serve the Model Context Protocol on standard input and output, for programs that start their servers themselves.

    The service at the URL answers, else the one that runs on the data folder; where none runs, one is started for as
    long as the program speaks. A running service offers the same over HTTP at /mcp.
    """
    from app.cli.interruption import run
    from app.cli.options import quiet_settings

    run(partial(_serve, quiet_settings(), url, key, user))


async def _serve(
    settings: "Settings", url: str | None, key: str | None, user: str | None, _: "Interruption"
) -> None:
    from app.cli.finding import open_client

    if url is not None:
        await _forward(url, key, user)
        return
    async with open_client(settings, key=key, user=user) as client:
        await _forward(client.address, client.key, user)


async def _forward(address: str, key: str | None, user: str | None) -> None:
    import httpx2

    from app.cli.output import CommandFailed
    from app.mcp.forwarding import forward

    headers = {"authorization": f"Bearer {key}"} if key else {}
    if user:
        headers["freya-user"] = user
    try:
        await forward(f"{address.rstrip('/')}/mcp", headers)
    except* (httpx2.HTTPError, httpx2.InvalidURL) as errors:
        raise CommandFailed(
            f"The service at {address} does not answer ({errors.exceptions[0]}). See `freya doctor`, or its log."
        ) from errors
