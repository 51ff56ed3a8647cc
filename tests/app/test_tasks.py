"""Tasks are ended for certain."""

import asyncio

from app.tasks import end


async def test_task_that_loses_a_cancellation_is_ended_all_the_same(monkeypatch):
    monkeypatch.setattr("app.tasks._AGAIN_S", 0.01)
    lost = 0

    async def stubborn() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1
                if lost == 3:
                    raise

    async def failing() -> None:
        raise KeyError("theirs")

    tasks = [asyncio.create_task(stubborn()), asyncio.create_task(failing())]
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await end(tasks)
    assert lost == 3
    assert tasks[0].cancelled()
    assert isinstance(tasks[1].exception(), KeyError)


async def test_nothing_to_end_is_no_wait():
    await end([])
