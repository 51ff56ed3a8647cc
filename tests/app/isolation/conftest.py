"""What anna has, somebody else, and an application with keys."""

import contextlib
import hashlib
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app.http import create_app
from app.settings import HttpSettings
from app.wiring import Running
from memory import Owner, new_id
from tests.app.isolation.anna import ASKED, BOUND, FREE, TELESCOPE, Hers
from tests.app.remembering import draft


@pytest.fixture(scope="module")
async def hers(client: httpx.AsyncClient, running: Running) -> Hers:
    owner, key = Owner(new_id("anna")), new_id("key")
    headers = {"freya-user": str(owner)}
    asked = {"message": f"{ASKED}. My telescope is called {TELESCOPE}.", "agents": ["davina"]}
    answer = (await client.post("/v1/chat", json=asked, headers={**headers, "idempotency-key": key})).json()
    said = (await client.get(f"/v1/threads/{answer['thread_id']}/messages", headers=headers)).json()
    project = await client.post("/v1/projects", json={"name": f"Of {TELESCOPE}"}, headers=headers)
    drafts = [
        draft(f"Has a telescope called {TELESCOPE}."),
        draft(f"Uses {TELESCOPE}.", kind="decision", project_id=project.json()["id"]),
    ]
    kept = await running.freya.memory._records.remember(owner, drafts)
    return Hers(
        owner=owner,
        key=key,
        run=answer["run_id"],
        thread=answer["thread_id"],
        artifact=answer["artifacts"][0]["id"],
        message=said["items"][0]["id"],
        record=kept[0].record.id,
        decision=kept[1].record.id,
        project=project.json()["id"],
    )


@pytest.fixture
def ben() -> dict[str, str]:
    """The headers of somebody else."""
    return {"freya-user": new_id("ben")}


@pytest.fixture(scope="module")
async def guarded(running: Running) -> AsyncIterator[FastAPI]:
    """The application with a key that is bound to a user, and one that is not."""
    bound, free = (hashlib.sha256(key.encode()).hexdigest() for key in (BOUND, FREE))
    http = HttpSettings(key_hashes=[bound, free], key_users={bound: "acme/anna"})
    made = create_app(
        running.settings.model_copy(update={"http": http}), lambda: contextlib.nullcontext(running)
    )
    async with made.router.lifespan_context(made):
        yield made
