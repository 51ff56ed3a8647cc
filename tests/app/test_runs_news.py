"""Many readers of runs share one connection."""

import asyncio

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.runs.eventlog import EventLog
from graphs.events import RunCancelled, Token
from memory import LOCAL


def token(run_id: str, seq: int) -> tuple[Token, str]:
    made = Token(text="word").stamped(run_id, seq)
    assert isinstance(made, Token)
    return made, ""


async def read(log: EventLog, run_id: str, begun: asyncio.Queue[None]) -> list[int]:
    seen = []
    async for event in log.read(LOCAL, run_id, after=0, heartbeat_s=20):
        if event:
            seen.append(event.seq)
            begun.put_nowait(None)
    return seen


async def test_hundreds_of_readers_hold_one_connection_and_miss_nothing(redis: Redis, redis_url: str):
    async with Redis.from_url(redis_url, driver_info=None, max_connections=1) as readers:
        log, begun = EventLog(redis, readers, ttl_s=60), asyncio.Queue[None]()
        runs = [f"run_{number}" for number in range(3)]
        for run_id in runs:
            await log.append(run_id, [token(run_id, 1)])
        reading = [asyncio.create_task(read(log, runs[n % 3], begun)) for n in range(300)]
        async with asyncio.timeout(60):
            for _ in reading:
                await begun.get()
            for seq in range(2, 22):
                await asyncio.gather(*(log.append(run_id, [token(run_id, seq)]) for run_id in runs))
            for run_id in runs:
                last = RunCancelled(reason="over").stamped(run_id, 22)
                await log.append(run_id, [(last, "")])
            assert all(seen == list(range(1, 23)) for seen in await asyncio.gather(*reading))


async def test_reader_is_told_that_the_server_is_away(redis: Redis):
    async with Redis.from_url("unix:///nonexistent/redis.sock", driver_info=None) as away:
        with pytest.raises((RedisError, OSError)):
            async for _ in EventLog(redis, away, ttl_s=60).read(LOCAL, "run_x", after=0, heartbeat_s=1):
                pass


async def test_listening_goes_on_after_its_connection_was_lost(redis: Redis, redis_url: str):
    async with Redis.from_url(redis_url, driver_info=None) as readers:
        log, begun = EventLog(redis, readers, ttl_s=60), asyncio.Queue[None]()
        await log.append("run_y", [token("run_y", 1)])
        reading = asyncio.create_task(read(log, "run_y", begun))
        async with asyncio.timeout(60):
            await begun.get()
            await redis.client_kill_filter(_type="pubsub")
            for seq in (2, 3):
                await log.append("run_y", [token("run_y", seq)])
                await begun.get()
            await log.append("run_y", [(RunCancelled(reason="over").stamped("run_y", 4), "")])
            assert await reading == [1, 2, 3, 4]
