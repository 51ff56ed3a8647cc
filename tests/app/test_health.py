"""Whether the service can work."""

import asyncio

from redis.exceptions import ResponseError

from app.health import Health
from app.wiring import Running
from knowledge import LiveIndexes


async def test_service_is_ready_when_every_dependency_answers(client):
    response = await client.get("/readyz")
    report = response.json()
    assert response.status_code == 200
    assert report["ready"]
    assert {one["name"] for one in report["dependencies"]} == {
        "postgres",
        "redis",
        "chroma",
        "knowledge",
        "embeddings",
    }
    assert all(one["ok"] and one["detail"] for one in report["dependencies"])


async def test_index_that_is_being_read_into_memory_is_said_to_be_so(client, monkeypatch):
    monkeypatch.setattr(LiveIndexes, "is_loading", True)
    report = (await client.get("/readyz")).json()
    assert report["ready"]
    chroma = next(one for one in report["dependencies"] if one["name"] == "chroma")
    assert chroma["detail"] == "embedded, being read into memory"


async def test_dependency_that_fails_is_named_without_its_inside(client, running: Running, monkeypatch):
    async def away() -> str:
        raise ConnectionError("/run/secret.sock")

    monkeypatch.setitem(running.freya._health._checks, "redis", away)
    response = await client.get("/readyz")
    assert response.status_code == 503
    redis = next(one for one in response.json()["dependencies"] if one["name"] == "redis")
    assert not redis["ok"]
    assert "secret" not in response.text
    assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_a_full_disk_is_said_to_be_one():
    async def full() -> str:
        raise ResponseError("MISCONF Errors writing to the AOF file: No space left on device")

    (found,) = (await Health({"redis": full}).report()).dependencies
    assert (found.ok, found.detail) == (False, "does not answer (its disk is full)")


async def test_dependency_that_hangs_counts_as_away_and_holds_nobody_up(monkeypatch):
    monkeypatch.setattr("app.health._PATIENCE_S", 0.05)

    async def hang() -> str:
        await asyncio.Event().wait()
        return "never"

    async def well() -> str:
        return "well"

    async with asyncio.timeout(60):
        report = await Health({"slow": hang, "quick": well}).report()
    assert not report.ready
    assert {one.name: one.ok for one in report.dependencies} == {"slow": False, "quick": True}
