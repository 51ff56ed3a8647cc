"""Runs that are another's: on sockets, and while they go on."""

import asyncio
import json

import pytest
from redis.asyncio import Redis

from app.database import open_pool
from app.problems import ProblemError
from graphs import FreyaState, RunContext
from memory import Owner, new_id
from tests.app.doors import SocketClient
from tests.app.isolation.anna import ASKED
from tests.app.scripted import Setup, ask, state


async def test_socket_neither_follows_nor_cancels_anothers_run(app, hers, ben):
    async with SocketClient(app, headers={"host": "localhost", **ben}) as socket:
        for frame in (
            {"type": "subscribe"},
            {"type": "subscribe", "after": 1},
            {"type": "cancel"},
        ):
            told = []
            for run in (hers.run, "run_" + "0" * 26):
                socket.send(**frame, run_id=run)
                told.append(json.dumps(await socket.receive()).replace(run, "…"))
            assert told[0] == told[1]
            assert "unknown_run" in told[0]
        socket.send(type="message", message=ASKED, thread_id=hers.thread)
        assert (await socket.receive())["problem"]["code"] == "unknown_thread"


async def test_run_that_goes_on_is_followed_and_cancelled_by_its_user_alone(database_url, redis: Redis):
    going, hold = asyncio.Event(), asyncio.Event()

    async def wait(_context: RunContext, _message: str) -> FreyaState:
        going.set()
        await hold.wait()
        return state()

    anna, ben = Owner(new_id("anna")), Owner(new_id("ben"))
    pool = await open_pool(database_url, max_size=4, restricted=True)
    setup = Setup(pool=pool, redis=redis)
    setup.graph.script = wait
    async with setup.open() as manager:
        freya = setup.service(manager)
        run, thread = await freya.start(anna, ask())
        async with asyncio.timeout(60):
            await going.wait()
        for attempt in (
            freya.cancel(ben, run),
            freya.events(ben, run),
            freya.run(ben, run),
            manager.wait(ben, run),
            freya.start(ben, ask(thread_id=thread)),
            freya.start(ben, ask(thread_id=thread, on_busy="replace")),
            freya.start(ben, ask(thread_id=thread, on_busy="queue")),
        ):
            with pytest.raises(ProblemError) as refused:
                await attempt
            assert refused.value.problem.code in {"unknown_run", "unknown_thread"}
        await manager.cancel_all(ben)
        assert manager.carries(anna, run)
        assert (await freya.cancel(anna, run)).status == "cancelled"
    await pool.close()
