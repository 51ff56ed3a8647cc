"""Ending tasks for certain."""

import asyncio
from collections.abc import Iterable
from typing import Any  # whatever the tasks give

_AGAIN_S = 0.5


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended; what they raise is theirs.

    Once is not enough: redis-py sends within `asyncio.wait_for`, which before Python 3.12 loses a cancellation that
    comes when the sending is done.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_S)
