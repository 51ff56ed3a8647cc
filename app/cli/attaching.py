"""Files that are sent to the service before the question that is about them."""

import asyncio
from contextlib import suppress
from pathlib import Path

from app.cli.client import Client, ServiceRefused
from app.cli.output import CommandFailed


async def attach(client: Client, thread: str | None, files: tuple[Path, ...]) -> tuple[str, tuple[str, ...]]:
    """Attach files to a thread, a new one where none is named; gives its id and theirs.

    Raises CommandFailed for a file that cannot be read or is refused; then what was attached for nothing is deleted again.
    """
    made = None if thread else str(_field(await client.post("/v1/threads", {}), "id"))
    ids: list[str] = []
    try:
        for file in files:
            ids.append(await _attach(client, thread or str(made), file))  # noqa: PERF401  # what was attached is deleted where one fails
    except BaseException:
        with suppress(CommandFailed):
            for path in [f"/v1/threads/{made}"] if made else [f"/v1/attachments/{one}" for one in ids]:
                await client.delete(path)
        raise
    return thread or str(made), tuple(ids)


async def _attach(client: Client, thread: str, file: Path) -> str:
    try:
        content = await asyncio.to_thread(file.read_bytes)
    except OSError as error:
        raise CommandFailed(f"{file} cannot be read: {error.strerror or error}") from error
    try:
        return str(_field(await client.attach(thread, file.name, content), "id"))
    except ServiceRefused as error:
        raise CommandFailed(f"{file} was not attached. {error}") from error


def _field(answer: object, name: str) -> object:
    return answer[name] if isinstance(answer, dict) else None
