"""The event loop goes on while the model computes."""

import asyncio
import time

from tests.models.resident.conftest import OpenEngine
from tests.models.resident.streams import complete


async def test_loop_is_not_held_up_by_long_prompts_and_many_streams(open_engine: OpenEngine):
    engine = await open_engine(context_tokens=2048, parallel=8)
    longest = 0.0
    running = True

    async def beat() -> None:
        nonlocal longest
        while running:
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - began)

    heart = asyncio.create_task(beat())
    await asyncio.gather(
        *(complete(engine, f"{number} " + "x" * 1500, max_tokens=64, ignore_end=True) for number in range(8))
    )
    running = False
    await heart
    assert longest < 0.25  # half a second of computing went by; the bar of 50 ms is measured in benchmarks
