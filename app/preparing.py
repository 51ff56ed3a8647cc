"""What is compiled beside a start, so that the first message does not wait for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from memory import prepare_wordings
from memory.privacy import keep_rules_in, prepare


@asynccontextmanager
async def preparing(rules: Path) -> AsyncIterator[None]:
    """Inside, what the first message needs is compiled in the background; the rules of redaction are kept in that folder.

    They take some seconds of a core on a fresh folder, during which no run can be logged: so it begins early in a start.
    """
    keep_rules_in(rules)
    tasks = [
        asyncio.create_task(asyncio.to_thread(prepare), name="rules of redaction"),
        asyncio.create_task(asyncio.to_thread(prepare_wordings), name="wordings of wishes"),
    ]
    try:
        yield
    finally:
        await asyncio.gather(*tasks, return_exceptions=True)
