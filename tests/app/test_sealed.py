"""The whole service with a key: what was said is in no store, and all that could be asked is answered all the same."""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from app.http import create_app
from app.settings import Settings
from app.wiring import Running, open_freya
from memory import MemorySettings, ShortTermTier
from memory.history import RedisKeys, Rows
from memory.privacy import MasterCipher, PrivacySettings
from tests.e2e.seeding import seeded_data
from tests.memory.privacy.conftest import key

pytestmark = pytest.mark.slow

SAID = (
    "Zorvelda",
    "Quimbertown",
    "Fennwick",
    "Ostrabell",
    "Pelluvian",
    "Yorrimund",
    "Brackettine",
    "Vintoralle",
)
"""Words that nobody else says."""
PERSONAL = ("zorvelda.q@fennwick.example", "+47 912 34 567", "DE89 3704 0044 0532 0130 00")
USER = {"freya-user": "nimue"}


@pytest.fixture
async def data() -> AsyncIterator[Path]:
    made = await seeded_data("freya-sealed-")
    yield made
    await asyncio.to_thread(shutil.rmtree, made)


def settings_of(data: Path, *keys: int) -> Settings:
    privacy = PrivacySettings(keys=tuple(key(one) for one in keys))
    return Settings(data=data, memory=MemorySettings(privacy=privacy))


async def accepted(response: httpx.Response) -> None:
    response.raise_for_status()


@contextlib.asynccontextmanager
async def door(service: Running) -> AsyncIterator[httpx.AsyncClient]:
    app = await asyncio.to_thread(create_app, service.settings, lambda: contextlib.nullcontext(service))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport,
            base_url="http://localhost",
            headers=USER,
            timeout=30,
            event_hooks={"response": [accepted]},
        ) as client:
            yield client


async def use(client: httpx.AsyncClient) -> str:
    """Say something through every door that keeps it; the id of a run."""
    project = await client.post(
        "/v1/projects", json={"name": "Vintoralle", "description": "About Brackettine."}
    )
    asked = {
        "message": "I live in Quimbertown. My sister Zorvelda works at Fennwick Labs. Write to "
        f"{PERSONAL[0]} or call {PERSONAL[1]}; the account is {PERSONAL[2]}. We decided to use Ostrabell.",
        "project_id": project.json()["id"],
        "metadata": {"client": "Pelluvian"},
    }
    first = (await client.post("/v1/chat", json=asked)).json()
    await client.post(
        "/v1/chat", json={"message": "My favourite colour is Pelluvian.", "thread_id": first["thread_id"]}
    )
    await client.post("/v1/chat", json={"message": "NPV of -1000, 400, 400, 400 at 8 % for Ostrabell"})
    await client.post("/v1/threads", json={"title": "Brackettine", "metadata": {"sealed": "Pelluvian"}})
    lines = [
        {
            "user": "nimue",
            "thread": "letters",
            "role": "user",
            "name": name,
            "text": text,
            "time": "2026-03-01T09:30:00Z",
        }
        for name, text in (("Yorrimund", "I live in Ostrabell."), ("Zorvelda", "I love Pelluvian tea."))
    ]
    said = "\n".join(json.dumps(line) for line in lines)
    await client.post("/v1/memory/import?name=Yorrimund", content=said)
    await client.post(
        "/v1/feedback", json={"run_id": first["run_id"], "rating": 4, "comment": f"tell {PERSONAL[0]}"}
    )
    async with asyncio.timeout(30):
        while True:
            status = (await client.get("/v1/memory/status")).json()
            if not status["to_embed"] and not status["to_consolidate"]:
                break
            await asyncio.sleep(0.05)
    return str(first["run_id"])


def files_with(folder: Path, texts: tuple[str, ...]) -> Iterator[str]:
    """Where bytes of files in the folder have one of the texts, in any case."""
    wanted = [text.lower().encode() for text in texts]
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes().lower()
            yield from (f"{path.relative_to(folder)}: {text!r}" for text in wanted if text in content)


@pytest.mark.uncounted
async def test_what_was_said_is_in_no_store_and_is_found_all_the_same(data):
    words = tuple({form for word in SAID for form in (word, word.casefold())})
    async with open_freya(settings_of(data, 1)) as service, door(service) as client:
        run_id = await use(client)
        rows, redis = Rows(service.freya._runs._database), service.freya._events._redis
        held = await rows.holding(words)
        # What the redacted log keeps of the words is what training learns from.
        assert {name.partition(".")[0] for name in held} == {"interactions"}
        assert await rows.holding(PERSONAL) == {}
        keys = RedisKeys(redis, ShortTermTier(redis, MemorySettings()))
        assert await keys.holding((*words, *PERSONAL)) == {}
        assert [
            *await asyncio.to_thread(lambda: list(files_with(data / "memory-vectors", (*words, *PERSONAL))))
        ] == []

        found = await recalled(client)
        assert any("Fennwick Labs" in item["text"] for item in found["items"])
        assert any("about: " in reason for item in found["items"] for reason in item["reasons"])
        records = (await client.get("/v1/memory", params={"q": "Quimbertown"})).json()["items"]
        assert [record["text"] for record in records] == ["Lives in Quimbertown."]
        events = (await client.get(f"/v1/runs/{run_id}/events")).text
        assert "run.finished" in events
        exported = (await client.get("/v1/memory/export")).text
        assert all(word in exported for word in SAID)
        assert "sealed:" not in exported


@pytest.mark.uncounted
async def test_keys_are_changed_and_the_old_one_goes(data):
    async with open_freya(settings_of(data, 1)) as service, door(service) as client:
        await use(client)
        before = (await client.get("/v1/memory/export")).json()
    async with open_freya(settings_of(data, 2, 1)) as service, asyncio.timeout(60):
        first, _ = MasterCipher(PrivacySettings(keys=(key(2),))).encrypt(b"")
        async with service.freya._runs._database.of_all() as connection:
            statement = "SELECT count(*) AS old FROM memory_keys WHERE sealed_with <> %s"
            while (await (await connection.execute(statement, (first,))).fetchall())[0]["old"]:
                await asyncio.sleep(0)
    async with open_freya(settings_of(data, 2)) as service, door(service) as client:
        after = (await client.get("/v1/memory/export")).json()
        async with asyncio.timeout(60):  # a busy machine may not look through every tier in time
            while True:
                found = (
                    await client.get("/v1/memory/recall", params={"q": "Where does Zorvelda work?"})
                ).json()
                if not found["degraded"]:
                    break
    assert len(after["messages"]) > 0
    for name in set(before["counts"]) - {"audit"}:
        then, now = [
            [one for one in each[name] if one.get("kind") != "performance"] for each in (before, after)
        ]
        assert now == then, name  # performance is counted at any time
    assert any("about: zorvelda" in reason for item in found["items"] for reason in item["reasons"])


async def recalled(client):
    """What comes back on Zorvelda, once every tier was looked through: a busy machine may not have done so in time."""
    async with asyncio.timeout(60):
        while True:
            found = (await client.get("/v1/memory/recall", params={"q": "Where does Zorvelda work?"})).json()
            if not found["degraded"]:
                return found
