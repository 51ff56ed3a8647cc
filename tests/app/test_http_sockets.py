"""The WebSocket door: several turns on one socket, and what it says to frames that it cannot obey."""

import asyncio
import json
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisGone

from app.http.sockets import MessageFrame
from app.runs import ChatRequest
from app.wiring import Running
from memory import LOCAL
from tests.app.doors import SocketClient, SocketRefused

CALCULATION = "NPV of -1000, 400, 400, 400 at 8 %"


@pytest.fixture
async def socket(app):
    async with SocketClient(app) as opened:
        yield opened


async def refused(socket: SocketClient) -> tuple[str | None, dict[str, Any]]:
    """The id and the problem of the error frame that comes next; the socket answers afterwards."""
    frame = await socket.receive()
    assert frame["type"] == "error", frame
    socket.send(type="ping", id="still there")
    assert await socket.receive() == {"type": "pong", "id": "still there"}
    return frame["id"], frame["problem"]


async def test_several_turns_run_on_one_socket(socket):
    turns = {}
    for number in range(3):
        socket.send(type="message", id=f"turn {number}", message=CALCULATION)
    open_turns = 3
    frames = []
    while open_turns:
        frames.append(await socket.receive())
        open_turns -= frames[-1]["type"] == "run.finished"
    for frame in frames:
        if frame["type"] == "accepted":
            turns[frame["run_id"]] = frame["id"]
    assert sorted(turns.values()) == ["turn 0", "turn 1", "turn 2"]
    for run_id in turns:
        numbers = [frame["seq"] for frame in frames if frame.get("seq") and frame["run_id"] == run_id]
        assert numbers == list(range(1, len(numbers) + 1))


async def test_conversation_goes_on_in_its_thread(socket):
    socket.send(type="message", message=CALCULATION)
    frames = await socket.until("run.finished")
    socket.send(type="message", message="Where were we?", thread_id=frames[0]["thread_id"])
    frames = await socket.until("run.finished")
    assert "NPV" in frames[-1]["result"]["answer"]


async def test_message_in_a_project_that_there_is_not_is_refused(socket):
    socket.send(type="message", id="there", message=CALCULATION, project_id="prj_none")
    name, problem = await refused(socket)
    assert (name, problem["code"], problem["status"]) == ("there", "unknown_project", 404)


async def test_metadata_of_a_message_is_kept_with_its_new_thread(socket, client):
    socket.send(type="message", message=CALCULATION, metadata={"ticket": 7})
    frames = await socket.until("run.finished")
    thread = (await client.get(f"/v1/threads/{frames[0]['thread_id']}")).json()
    assert thread["metadata"] == {"ticket": 7}
    socket.send(type="message", id="odd", message=CALCULATION, metadata={"text": "\0"})
    frame_id, problem = await refused(socket)
    assert (frame_id, problem["code"]) == ("odd", "invalid_request")
    assert problem["detail"].startswith("metadata: ")


async def test_a_message_takes_whatever_a_turn_by_http_takes():
    assert set(ChatRequest.model_fields) <= set(MessageFrame.model_fields)


async def test_message_sent_again_with_its_key_is_the_same_run(socket):
    runs = []
    for _ in range(2):
        socket.send(type="message", message=CALCULATION, idempotency_key="socket key 1")
        runs.append((await socket.until("run.finished"))[0]["run_id"])
    assert runs[0] == runs[1]
    socket.send(type="message", message="something else", idempotency_key="socket key 1")
    _, problem = await refused(socket)
    assert problem["code"] == "idempotency_conflict"


async def test_ping_is_answered(socket):
    socket.send(type="ping")
    assert await socket.receive() == {"type": "pong", "id": None}


async def test_run_is_followed_from_any_event_on(socket, client):
    answer = (await client.post("/v1/chat", json={"message": CALCULATION})).json()
    socket.send(type="subscribe", run_id=answer["run_id"])
    whole = await socket.until("run.finished")
    socket.send(type="subscribe", run_id=answer["run_id"], after=3)
    assert await socket.until("run.finished") == whole[3:]


async def test_run_is_cancelled_over_the_socket(socket, running: Running, monkeypatch):
    reached = asyncio.Event()

    async def stand_still(*_given: Any) -> None:
        reached.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(running.freya._manager._parts.router, "route", stand_still)
    socket.send(type="message", message=CALCULATION)
    accepted = await socket.receive()
    async with asyncio.timeout(60):
        await reached.wait()
    socket.send(type="cancel", run_id=accepted["run_id"])
    assert (await socket.until("run.cancelled"))[-1]["reason"] == "the client asked for it"
    await running.freya._manager.wait(LOCAL, accepted["run_id"])
    socket.send(type="cancel", id="again", run_id=accepted["run_id"])
    frame_id, problem = await refused(socket)
    assert (frame_id, problem["code"]) == ("again", "run_not_active")


async def test_resume_of_a_run_that_waits_for_nothing_is_refused(socket, client):
    answer = (await client.post("/v1/chat", json={"message": CALCULATION})).json()
    for run_id, code in (("run_x", "unknown_run"), (answer["run_id"], "unknown_approval")):
        socket.send(type="resume", id="r", run_id=run_id, approval_id="apr_x", decision="approve")
        frame_id, problem = await refused(socket)
        assert (frame_id, problem["code"]) == ("r", code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "invalid_json"),
        ("hello", "invalid_json"),
        ("[" * 5000, "invalid_json"),
        ('{"type": "message", "message": "\\ud800"}', "invalid_json"),
        ("[]", "invalid_request"),
        ("null", "invalid_request"),
        ("{}", "invalid_request"),
        ('{"type": "dance"}', "invalid_request"),
        ('{"type": "ping", "extra": 1}', "invalid_request"),
        ('{"type": "message"}', "invalid_request"),
        ('{"type": "message", "message": 5}', "invalid_request"),
        ('{"type": "message", "message": "a\\u0000b"}', "invalid_request"),
        ('{"type": "message", "message": "x", "on_busy": "wait"}', "invalid_request"),
        ('{"type": "message", "message": "x", "thread_id": "' + "t" * 65 + '"}', "invalid_request"),
        ('{"type": "message", "message": "x", "thread_id": "thr_none"}', "unknown_thread"),
        ('{"type": "message", "message": " "}', "request_refused"),
        ('{"type": "message", "message": "x", "agents": ["nobody"]}', "unknown_agent"),
        ('{"type": "cancel", "run_id": "\\u0000"}', "invalid_request"),
        ('{"type": "cancel", "run_id": "run_none"}', "unknown_run"),
        ('{"type": "subscribe", "run_id": "run_none"}', "unknown_run"),
        ('{"type": "subscribe", "run_id": "run_none", "after": -1}', "invalid_request"),
    ],
)
async def test_frame_that_cannot_be_obeyed_gets_its_problem_and_the_socket_lives(socket, text, code):
    socket.send_raw(text=text)
    _, problem = await refused(socket)
    assert problem["code"] == code
    assert problem["detail"]
    assert bool(problem.get("errors")) == (code == "invalid_request")


async def test_problem_carries_the_id_of_its_frame(socket):
    socket.send(type="message", id="mine", message=5)
    assert (await refused(socket))[0] == "mine"


async def test_binary_frame_is_refused(socket):
    socket.send_raw(bytes=b'{"type": "ping"}')
    assert (await refused(socket))[1]["code"] == "bad_request"


async def test_socket_follows_only_so_many_runs_at_once(socket, running: Running, monkeypatch):
    async def stand_still(*_given: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(running.freya._manager._parts.router, "route", stand_still)
    runs = []
    for _ in range(16):
        socket.send(type="message", message=CALCULATION)
        runs.append((await socket.until("accepted"))[-1]["run_id"])
    socket.send(type="message", id="too many", message=CALCULATION)
    assert (await socket.until("error"))[-1]["problem"]["code"] == "overloaded"
    for run_id in runs:
        assert await running.freya.cancel(LOCAL, run_id)


async def test_client_that_leaves_leaves_its_run_alone(app, running: Running, monkeypatch):
    reached, go_on = asyncio.Event(), asyncio.Event()
    route = running.freya._manager._parts.router.route

    async def wait(*given: Any) -> Any:
        reached.set()
        await go_on.wait()
        return await route(*given)

    monkeypatch.setattr(running.freya._manager._parts.router, "route", wait)
    async with SocketClient(app) as socket:
        socket.send(type="message", message=CALCULATION)
        run_id = (await socket.receive())["run_id"]
        async with asyncio.timeout(60):
            await reached.wait()
    go_on.set()
    await running.freya._manager.wait(LOCAL, run_id)
    assert (await running.freya.run(LOCAL, run_id)).status == "finished"


async def test_outage_is_an_error_frame(socket, running: Running, monkeypatch):
    async def away(*_given: Any) -> None:
        raise RedisGone("nobody listens")

    monkeypatch.setattr(running.freya, "cancel", away)
    socket.send(type="cancel", id="c", run_id="run_x")
    frame_id, problem = await refused(socket)
    assert (frame_id, problem["code"]) == ("c", "events_unavailable")


async def test_defect_is_an_error_frame_that_says_nothing(socket, running: Running, monkeypatch, logged):
    async def broken(*_given: Any) -> None:
        raise KeyError("/secret/path")

    monkeypatch.setattr(running.freya, "cancel", broken)
    socket.send(type="cancel", run_id="run_x")
    _, problem = await refused(socket)
    assert problem["code"] == "internal_error"
    assert "secret" not in json.dumps(problem)
    assert "KeyError" in logged.text


async def test_client_that_reads_nothing_is_let_go(app, monkeypatch):
    monkeypatch.setattr("app.http.sockets._SLOW_CLIENT_S", 0.05)
    async with SocketClient(app) as socket:
        socket.reading.clear()
        socket.send(type="message", message=CALCULATION)
        assert socket._serving is not None
        async with asyncio.timeout(60):
            await asyncio.wait([socket._serving])
        assert socket._serving.done()


async def test_subprotocol_is_chosen_where_it_is_offered(app):
    headers = {"host": "localhost", "sec-websocket-protocol": "freya.v1, other"}
    async with SocketClient(app, headers=headers) as socket:
        assert socket.accepted["subprotocol"] == "freya.v1"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "localhost", "origin": "https://evil.example"},
        {"host": "localhost", "origin": "null"},
        {},
    ],
)
async def test_socket_of_another_site_is_refused_before_it_is_accepted(app, headers):
    with pytest.raises(SocketRefused, match="1008"):
        async with SocketClient(app, headers=headers):
            pass
