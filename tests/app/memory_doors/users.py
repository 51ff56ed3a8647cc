"""What users did before a test begins."""

from typing import Any

import httpx

from app.runs import ChatRequest
from app.runs.records import RecalledItem
from memory import Kind, Owner, Scope, Tier, new_id
from tests.app.answered import answered
from tests.app.remembering import Remembering, draft

IMPORT = "/v1/memory/import"


def client_of(opened: Remembering, owner: Owner) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(opened.app),
        base_url="http://localhost",
        headers={"freya-user": owner.user_id},
    )


async def kept(opened: Remembering, owner: Owner, *texts: str, **more: Any) -> list[str]:
    """The ids of records of these statements."""
    done = await opened.records.remember(owner, [draft(text, **more) for text in texts])
    return [one.record.id for one in done]


async def take_in(client: httpx.AsyncClient, content: bytes, **query: str) -> dict[str, Any]:
    response = await client.post(IMPORT, content=content, params=query)
    assert response.status_code == 200, response.text
    report: dict[str, Any] = response.json()
    return report


async def finished_run(opened: Remembering, owner: Owner, recalled: list[str]) -> str:
    """The id of a run that ended, to which these records were recalled."""
    scope = Scope(thread_id=new_id("thr"), user_id=owner.user_id)
    run = new_id("run")
    await opened.runs.begin(
        run, scope, ChatRequest(message="Where?"), new_thread=True, worker="w", idempotency_key=None
    )
    items = [RecalledItem(id=one, tier=Tier.LONG, kind=Kind.FACT, text="", reasons=[]) for one in recalled]
    result, logged = answered(run, scope, request="Where?", answer="There.", recalled=items)
    await opened.runs.finish(result, scope, artifacts=[], interaction=logged)
    return run
