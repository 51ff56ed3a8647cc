"""What goes wrong for a stranger: each gets the documented problem, and the service lives."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import websockets

from app.embedded import EmbeddedServers
from tests.e2e.running import Command, running, until_ready
from tests.e2e.seeding import fresh_data
from tests.e2e.stores import Chroma, stopped, until_revived

pytestmark = pytest.mark.e2e
JSON = {"content-type": "application/json"}
_READY_S = 240


async def assert_lives(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/chat", json={"message": "What is the ROC indicator?"})
    assert response.status_code == 200, response.text
    assert response.json()["outcome"] == "answered"


def assert_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert (problem["code"], problem["status"]) == (code, status)
    assert problem["detail"]
    assert "Traceback" not in response.text
    assert 'File "' not in response.text
    return problem


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"message": ""}', 422, "request_refused"),
        (b'{"message": " \\n\\t "}', 422, "request_refused"),
        (json.dumps({"message": "x" * 1_000_000}).encode(), 413, "body_too_large"),
        (json.dumps({"message": "x" * 150_000}).encode(), 422, "request_refused"),
        (b"this is not JSON", 400, "invalid_json"),
        (b'{"message": "half', 400, "invalid_json"),
        (b"", 422, "invalid_request"),
        (b"[1, 2]", 422, "invalid_request"),
        (b'{"message": 7}', 422, "invalid_request"),
        (b'{"message": null}', 422, "invalid_request"),
        (b'{"message": "hi", "agents": "technical"}', 422, "invalid_request"),
        (b'{"message": "hi", "thread": "x"}', 422, "invalid_request"),
        (b'{"message": "hi", "thread_id": "thr_00000000000000000000000000"}', 404, "unknown_thread"),
        (b'{"message": "hi", "agents": ["nobody"]}', 422, "unknown_agent"),
        (b'{"message": "caf\xe9 \xff"}', 400, "invalid_json"),
        (b'{"message": "half a pair: \\ud800"}', 422, "invalid_request"),
    ],
)
async def test_a_bad_body_gets_its_problem(client, body, status, code):
    for path in ("/v1/chat", "/v1/chat/stream"):
        assert_problem(await client.post(path, content=body, headers=JSON), status, code)
    await assert_lives(client)


async def test_deeply_nested_json_harms_nothing(client):
    body = b'{"message": "hi", "metadata": {"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}}"
    response = await client.post("/v1/chat", content=body, headers=JSON)
    assert response.status_code in {400, 422}
    await assert_lives(client)


async def test_unknown_places_and_methods_get_problems(client):
    assert_problem(await client.get("/v1/nothing"), 404, "not_found")
    assert_problem(await client.get("/v1/chat"), 405, "method_not_allowed")
    assert_problem(await client.get("/v1/runs/run_nothing"), 404, "unknown_run")
    assert_problem(await client.get("/v1/threads/thr_nothing/messages"), 404, "unknown_thread")
    assert_problem(await client.get("/v1/artifacts/art_nothing"), 404, "unknown_artifact")
    assert_problem(await client.get("/v1/agents/nobody"), 404, "not_found")
    assert_problem(await client.get("/v1/threads", params={"cursor": "nonsense"}), 422, "invalid_request")
    assert_problem(await client.get("/v1/knowledge/search", params={"q": ""}), 422, "invalid_request")


async def test_strangers_pages_and_names_are_refused(client):
    assert_problem(await client.get("/v1/threads", headers={"host": "evil.example"}), 403, "forbidden")
    assert_problem(
        await client.get("/v1/threads", headers={"origin": "https://evil.example"}), 403, "forbidden"
    )


async def test_an_idempotency_key_repeats_nothing(client):
    key = {"Idempotency-Key": "bad-day-1"}
    first, again = [
        (await client.post("/v1/chat", json={"message": "hello"}, headers=key)).json() for _ in range(2)
    ]
    assert first["run_id"] == again["run_id"]
    other = await client.post("/v1/chat", json={"message": "something else"}, headers=key)
    assert_problem(other, 409, "idempotency_conflict")


async def test_runs_of_one_thread_are_serial(client):
    thread = (await client.post("/v1/threads", json={"title": "busy"})).json()["id"]
    body = {"message": "Design an agent for a car repair shop with WhatsApp", "thread_id": thread}
    queued = [client.post("/v1/chat", json={**body, "on_busy": "queue"}) for _ in range(3)]
    answers = await asyncio.gather(*queued)
    assert [answer.status_code for answer in answers] == [200] * 3
    messages = (await client.get(f"/v1/threads/{thread}/messages")).json()["items"]
    assert [message["role"] for message in messages] == ["user", "assistant"] * 3


async def test_half_a_request_harms_nothing(service: Command, client):
    host, port = service.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b'POST /v1/chat HTTP/1.1\r\nhost: localhost\r\ncontent-length: 500\r\n\r\n{"mess')
    await writer.drain()
    writer.close()
    await assert_lives(client)


async def test_a_huge_frame_closes_its_socket_only(service: Command, client):
    async with websockets.connect(service.url.replace("http", "ws") + "/v1/ws") as socket:
        with contextlib.suppress(websockets.ConnectionClosed):
            await socket.send("x" * 2_000_000)
        await asyncio.wait_for(socket.wait_closed(), 60)
        assert socket.close_code == 1009  # message too big
    await assert_lives(client)


async def test_postgres_redis_and_chroma_may_stop_and_come_back():
    async with contextlib.AsyncExitStack() as stack:
        data = await stack.enter_async_context(fresh_data("freya-outage-"))
        stores = await stack.enter_async_context(EmbeddedServers(data, postgres_url=None, redis_url=None))
        chroma = await stack.enter_async_context(Chroma.serving(data / "chroma-server"))
        outside = {
            "FREYA_POSTGRES_URL": stores.postgres_url,
            "FREYA_REDIS_URL": stores.redis_url,
            "FREYA_KNOWLEDGE__CHROMA_URL": chroma.url,
            "FREYA_KNOWLEDGE__RETRIEVAL__RESIDENT": "0",  # else what is in memory is searched without it
        }
        command = await stack.enter_async_context(running(data, **outside))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=command.url, timeout=30))
        await assert_lives(client)
        for name, file, code in (
            ("redis", "redis/redis.pid", "events_unavailable"),
            ("postgres", "postgres/postmaster.pid", "memory_unavailable"),
        ):
            await stopped(int((data / file).read_text().split()[0]))
            await assert_out_of_order(client, code)
            await until_ready(client, ready=False)
            report = (await client.get("/readyz")).json()
            assert name in [one["name"] for one in report["dependencies"] if not one["ok"]]
            await stack.enter_async_context(EmbeddedServers(data, postgres_url=None, redis_url=None))
            await until_ready(client, ready=True)
            await assert_lives(client)
        await chroma.stop()
        await assert_out_of_order(client, "knowledge_unavailable")
        assert (await client.get("/readyz")).status_code == 503
        await chroma.start()
        await until_ready(client, ready=True)
        await assert_lives(client)


async def assert_out_of_order(client: httpx.AsyncClient, code: str) -> None:
    """A question gets the problem of what is missing, and the service lives."""
    refused = await client.post("/v1/chat", json={"message": "What is the MACD indicator?"})
    assert_problem(refused, 503, code)
    assert (await client.get("/healthz")).status_code == 200


@pytest.fixture(scope="module")
async def own() -> AsyncIterator[Command]:
    """A service on servers that it started itself, all of which tests kill."""
    async with fresh_data("freya-killed-") as data, running(data) as command:
        yield command


async def test_embedded_servers_that_die_are_started_again(own: Command):
    async with httpx.AsyncClient(base_url=own.url, timeout=30) as client:
        await assert_lives(client)
        for file in ("redis/redis.pid", "postgres/postmaster.pid"):
            died = int((own.data / file).read_text().split()[0])
            os.kill(died, signal.SIGKILL)
            await until_revived(own.data / file, died)
            await until_ready(client, ready=True)
            await assert_lives(client)


async def test_a_killed_service_goes_on_with_its_run_after_a_restart(own: Command):
    async with httpx.AsyncClient(base_url=own.url, timeout=30) as client:
        thread = (await client.post("/v1/threads", json={"title": "killed"})).json()["id"]
        body = {"message": "Design an agent for a dental clinic with WhatsApp", "thread_id": thread}
        run_id = (await client.post("/v1/chat", json=body)).json()["run_id"]
        body["message"] = "Design an agent for a hotel with e-mail"
        asked = asyncio.create_task(client.post("/v1/chat", json=body))
        await until_running(client, thread)
        own.process.kill()
        await own.process.wait()
        with pytest.raises(httpx.TransportError):
            await asked
    async with running(own.data) as command, httpx.AsyncClient(base_url=command.url, timeout=60) as client:
        assert (await client.get(f"/v1/runs/{run_id}")).json()["status"] == "finished"
        again = await client.post("/v1/chat", json={**body, "on_busy": "queue"})
        assert again.status_code == 200, again.text
        runs = (await client.get(f"/v1/threads/{thread}/runs")).json()["items"]
        assert [run["status"] for run in runs] == ["finished"] * 3
        assert runs[1]["result"]["artifacts"]
        told = await client.get(f"/v1/runs/{runs[1]['id']}/events")
        numbers = [int(line[4:]) for line in told.text.splitlines() if line.startswith("id: ")]
        assert numbers == list(range(1, len(numbers) + 1))
        assert told.text.count("event: run.finished") == 1
        assert await command.stop() == 0
    for server in psutil.process_iter(["cmdline"]):
        assert str(own.data) not in " ".join(server.info["cmdline"] or [])


async def until_running(client: httpx.AsyncClient, thread: str) -> None:
    """Wait until the thread's newest run is going on."""
    async with asyncio.timeout(60):
        while True:
            runs = (await client.get(f"/v1/threads/{thread}/runs")).json()["items"]
            if runs and runs[0]["status"] == "running":
                return


async def test_second_service_on_the_folder_is_refused_and_harms_nothing(
    service: Command, client: httpx.AsyncClient, tmp_path: Path
):
    other_way = tmp_path / "same-folder"
    other_way.symlink_to(service.data)
    before = (await client.post("/v1/chat", json={"message": "Hello!"})).json()
    environment = {**os.environ, "FREYA_DATA": str(other_way), "FREYA_HTTP__PORT": "0"}
    second = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", "serve"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(_READY_S):
        said, _ = await second.communicate()
    assert second.returncode == 1, said.decode()
    assert f"process {service.process.pid}" in said.decode()
    assert service.url in said.decode()
    assert "Traceback" not in said.decode()
    after = await client.post("/v1/chat", json={"message": "Thanks!", "thread_id": before["thread_id"]})
    assert after.status_code == 200, after.text
    said_there = await client.get(f"/v1/threads/{before['thread_id']}/messages")
    assert len(said_there.json()["items"]) == 4
    assert (await client.get("/readyz")).json()["ready"]
