"""What a key may use: requests, turns, tokens and open streams."""

import asyncio
import re
from contextlib import AsyncExitStack, ExitStack

import pytest
from redis.asyncio import Redis

from app.access import ApiKey, Caller, Limits
from app.access.book import OWN
from app.access.limits import Limiter, OpenStreams
from app.access.settings import LimitSettings
from app.problems import ProblemError
from memory import LOCAL, Owner
from tests.app.doors import SocketClient
from tests.app.test_http import problem_of

NOWHERE = "unix:///nonexistent/redis.sock"
SAID = {"message": "Hello!"}


def by(key_id: str, **limits: int) -> Caller:
    key = OWN.model_copy(update={"id": key_id, "limits": Limits(**limits)})
    return Caller(LOCAL, ApiKey.model_validate(key.model_dump()))


async def test_requests_beyond_the_limit_are_refused_with_the_time_to_wait(http, make):
    limited, free = await make(limits={"requests_a_minute": 3}), await make()
    for left in (2, 1, 0):
        response = await http.get("/v1/agents", headers=limited)
        assert response.status_code == 200
        assert response.headers["ratelimit-policy"] == '"requests";q=3;w=60'
        assert re.fullmatch(rf'"requests";r={left};t=(6[01]|5\d)', response.headers["ratelimit"])
    refused = await http.get("/v1/agents", headers=limited)
    found = problem_of(refused, 429, "rate_limited")
    assert 0 < int(refused.headers["retry-after"]) == found["retry_after_s"] <= 61
    assert refused.headers["ratelimit"].startswith('"requests";r=0;')
    assert (await http.get("/healthz", headers=limited)).status_code == 200
    other = await http.get("/v1/agents", headers=free)
    assert (other.status_code, "ratelimit" in other.headers) == (200, False)


async def test_requests_at_once_are_counted_exactly(redis, monkeypatch):
    monkeypatch.setattr("app.access.limits._PATIENCE_S", 60.0)  # all are counted, however slow the machine
    limiter, at_once = Limiter(redis, LimitSettings(requests_a_minute=20)), asyncio.Semaphore(10)

    async def asked() -> None:
        async with at_once:
            await limiter.request(Caller(Owner("many")))

    done = await asyncio.gather(*(asked() for _ in range(100)), return_exceptions=True)
    assert sum(one is None for one in done) == 20
    assert sum(isinstance(one, ProblemError) for one in done) == 80


async def test_without_keys_each_user_has_limits_and_a_key_may_have_its_own(redis):
    limiter = Limiter(redis, LimitSettings(requests_a_minute=1))
    await limiter.request(Caller(Owner("anna")))
    await limiter.request(Caller(Owner("ben")))
    with pytest.raises(ProblemError, match="This user may use 1 requests a minute"):
        await limiter.request(Caller(Owner("anna")))
    await limiter.request(by("key_usual"))
    with pytest.raises(ProblemError, match="This key may use 1 requests a minute"):
        await limiter.request(by("key_usual"))
    for _ in range(5):
        await limiter.request(by("key_own", requests_a_minute=5))


async def test_what_is_left_is_told_without_counting(redis):
    limiter = Limiter(redis, LimitSettings(requests_a_minute=3, turns_a_day=2))
    caller = Caller(Owner("standing"))
    assert [(name, one.remaining) for name, one in (await limiter.standing(caller)).items()] == [
        ("requests", 3),
        ("turns", 2),
    ]
    await limiter.request(caller)
    for _ in range(2):
        found = (await limiter.standing(caller))["requests"]
        assert (found.quota, found.remaining, 0 < found.reset_s <= 61) == (3, 2, True)
    assert await Limiter(redis, LimitSettings()).standing(caller) == {}


async def test_no_minute_holds_more_than_its_quota_wherever_it_begins(redis):
    limiter = Limiter(redis, LimitSettings(requests_a_minute=4))
    caller = Caller(Owner("anna"))
    await limiter.request(caller)
    (key,) = await redis.keys("freya:used:*")
    assert 60_000 < await redis.pttl(key) <= 61_000
    second = (await redis.time())[0]
    await redis.delete(key)
    await redis.hset(key, mapping={str(second - 50): 2, str(second - 40): 1})
    await limiter.request(caller)
    with pytest.raises(ProblemError) as refused:
        await limiter.request(caller)
    assert refused.value.problem.retry_after_s in range(8, 12), "the oldest two pass a minute after they came"
    assert caller.standing["requests"].remaining == 0
    assert caller.standing["requests"].reset_s in {60, 61}
    await redis.hset(key, str(second - 70), await redis.hget(key, str(second - 50)))
    await redis.hdel(key, str(second - 50))
    for _ in range(2):
        await limiter.request(caller)
    with pytest.raises(ProblemError, match="4 requests a minute"):
        await limiter.request(caller)
    assert not await redis.hexists(key, str(second - 70))


async def test_turns_are_counted_at_every_door(http, served, make):
    headers = await make(limits={"turns_a_day": 2})
    assert (await http.post("/v1/chat", json=SAID, headers=headers)).status_code == 200
    answer = await http.post("/v1/chat/stream", json=SAID, headers=headers)
    assert answer.headers["ratelimit"].startswith('"turns";r=0;t=')
    refused = await http.post("/v1/chat", json=SAID, headers=headers)
    assert "2 turns a day" in problem_of(refused, 429, "rate_limited")["detail"]
    assert int(refused.headers["retry-after"]) > 80_000
    async with SocketClient(served, headers={"authorization": headers["authorization"]}) as socket:
        socket.send(type="message", id="1", message="Hello!")
        assert (await socket.receive())["problem"]["code"] == "rate_limited"
    assert (await http.get("/v1/threads", headers=headers)).status_code == 200


async def test_messages_on_a_socket_are_requests_too(served, make):
    headers = await make(limits={"requests_a_minute": 2})
    async with SocketClient(served, headers={"authorization": headers["authorization"]}) as socket:
        socket.send(type="message", message="Hello!")
        await socket.until("run.finished")
        socket.send(type="message", message="Hello!")
        assert (await socket.receive())["problem"]["code"] == "rate_limited"
    with pytest.raises(AssertionError, match="1013"):
        async with SocketClient(served, headers={"authorization": headers["authorization"]}) as socket:
            await socket.receive()


async def test_no_turn_begins_once_the_tokens_of_a_day_are_spent(redis):
    limiter = Limiter(redis, LimitSettings(tokens_a_day=100))
    Caller(Owner("anna")).enter()
    await limiter.turn()
    limiter.spent(60)
    await asyncio.gather(*limiter._spending)
    await limiter.turn()
    limiter.spent(70)
    await asyncio.gather(*limiter._spending)
    with pytest.raises(ProblemError, match="100 tokens a day"):
        await limiter.turn()
    Caller(Owner("ben")).enter()
    await limiter.turn()


async def test_redis_that_is_away_locks_nobody_out():
    missed: list[None] = []
    async with Redis.from_url(NOWHERE, driver_info=None) as away:
        limiter = Limiter(away, LimitSettings(requests_a_minute=1), unchecked=lambda: missed.append(None))
        async with asyncio.timeout(60):
            for _ in range(50):
                await limiter.request(Caller(LOCAL))
    assert len(missed) == 1  # and is left alone for a while


def test_streams_are_counted_by_caller_and_in_all():
    streams = OpenStreams(LimitSettings(streams=3, streams_a_key=2))
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(streams.one_more(by("key_a")))
        with pytest.raises(ProblemError) as own:
            held.enter_context(streams.one_more(by("key_a")))
        held.enter_context(streams.one_more(by("key_b")))
        with pytest.raises(ProblemError) as all_:
            held.enter_context(streams.one_more(by("key_c")))
        assert (own.value.problem.code, all_.value.problem.code) == ("rate_limited", "overloaded")
        assert streams.count == 3
    assert streams.count == 0
    with streams.one_more(by("key_a")):
        assert streams.count == 1


async def test_sockets_beyond_the_limit_of_a_key_are_turned_away(http, served, make):
    headers = await make()
    given = {"authorization": headers["authorization"]}
    async with AsyncExitStack() as held:
        for _ in range(3):
            await held.enter_async_context(SocketClient(served, headers=given))
        async with SocketClient(served, headers=given) as fourth:
            closed = await fourth.closed()
        assert closed["code"] == 1013
        assert "3 streams are open for this key" in closed["reason"]
        refused = await http.post("/v1/chat/stream", json=SAID, headers=headers)
        assert refused.headers["retry-after"] == "2"
        problem_of(refused, 429, "rate_limited")
        assert (await http.post("/v1/chat", json=SAID, headers=headers)).status_code == 200
    assert (await http.post("/v1/chat/stream", json=SAID, headers=headers)).status_code == 200
