"""Recall over HTTP."""

from datetime import UTC, datetime
from typing import Any

import pytest

from memory import (
    Degraded,
    MemoryUnavailable,
    Recollection,
    Scope,
    Tier,
    ToolUse,
    Turn,
    new_id,
    open_turn,
)
from memory.privacy import AuditTrail
from memory.recall import MemoryRecaller
from tests.app.memory_doors.users import kept, take_in
from tests.app.remembering import line, lines
from tests.app.test_http import problem_of


async def test_history_is_taken_in_once_and_recalled_by_its_user_alone(opened, mine, others, owner):
    history = lines(
        line(owner.user_id, "My kitchen counter is 38 square feet.", 1),
        line(owner.user_id, "That is a large counter.", 2, role="assistant"),
        line("somebody", "I am somebody else.", 3),
    )
    before = len(opened.arrived)
    report = await take_in(mine, history + b"\n{no JSON}", name="old.jsonl")
    assert (report["name"], report["lines"], report["imported"], report["rejected"]) == ("old.jsonl", 4, 2, 2)
    assert [problem.partition(":")[0] for problem in report["problems"]] == ["line 3", "line 4"]
    assert len(opened.arrived) == before + 1
    again = await take_in(mine, history)
    assert (again["imported"], again["known"]) == (0, 2)
    asked = {"q": "How large is my kitchen counter?", "budget": 40}
    found = (await mine.get("/v1/memory/recall", params=asked)).json()
    assert "38 square feet" in found["items"][0]["text"]
    assert found["items"][0]["said_at"] == "2026-03-02T09:01:00Z"
    assert found["items"][0]["message_ids"][0].startswith("msg_")
    assert found["items"][0]["reasons"]
    assert sum(item["tokens"] for item in found["items"]) == found["tokens"] <= found["budget"] == 40
    assert (await others.get("/v1/memory/recall", params=asked)).json()["items"] == []


async def test_recall_for_a_thread_leaves_out_what_a_turn_of_it_carries_along(opened, mine, others, owner):
    await take_in(mine, lines(line(owner.user_id, "The quiet valley is far away.")))
    (thread,) = await opened.threads.page(owner, limit=2, before=None)
    asked = {"q": "the quiet valley"}
    assert (await mine.get("/v1/memory/recall", params=asked)).json()["items"]
    asked["thread_id"] = thread.id
    assert not (await mine.get("/v1/memory/recall", params=asked)).json()["items"]
    problem_of(await others.get("/v1/memory/recall", params=asked), 404, "unknown_thread")


async def test_recall_for_a_thread_begins_with_what_is_at_hand_of_it(opened, mine, owner):
    scope = Scope(thread_id=new_id("thr"), tenant_id=owner.tenant_id, user_id=owner.user_id)
    use = ToolUse(agent="davina", name="npv_irr", arguments={"rate": 8}, result="It is 30.84.")
    for number in range(40):
        request, run_id = f"What of the quiet valley {number}?", new_id("run")
        async with opened.database.of(owner) as connection:
            await open_turn(connection, scope, run_id=run_id, request=request, metadata={}, new=number == 0)
        turn = Turn(run_id=run_id, request=request, answer="Quiet.", agents=("davina",), at=datetime.now(UTC))
        if number == 0:
            turn = turn.model_copy(update={"tool_uses": (use,)})
        await opened.threads.remember(scope, turn)
    asked: dict[str, str | int] = {"q": "the quiet valley", "budget": 100, "thread_id": scope.thread_id}
    found = (await mine.get("/v1/memory/recall", params=asked)).json()
    summary, working, *rest = found["items"]
    assert (summary["tier"], summary["kind"], working["tier"], working["kind"]) == (
        "short",
        "message",
        "short",
        "progress",
    )
    assert "What of the quiet valley 0?" in summary["text"]
    assert working["text"].splitlines() == [
        "Task: What of the quiet valley 39?",
        'npv_irr {"rate":8} gave: It is 30.84.',
        'Values: {"rate":8}',
    ]
    assert working["reasons"][0] == "what davina is at"
    assert found["beside"] == summary["tokens"] + working["tokens"] > 0
    assert sum(item["tokens"] for item in rest) == found["tokens"] <= 100
    assert not any(item["tier"] == "short" for item in rest)
    alone = (await mine.get("/v1/memory/recall", params=asked | {"tiers": "short"})).json()
    assert [item["id"] for item in alone["items"]] == [summary["id"], working["id"]]
    without = (await mine.get("/v1/memory/recall", params=asked | {"tiers": "medium"})).json()
    assert without["beside"] == 0
    assert {item["tier"] for item in without["items"]} <= {"medium"}


async def test_in_an_outage_recall_says_what_is_missing(mine, monkeypatch):
    async def nothing(*_: object, **__: object) -> Recollection:
        return Recollection(degraded=(Degraded(tier=Tier.MEDIUM, reason="it does not answer"),))

    async def away(*_: object) -> None:
        raise MemoryUnavailable("the database does not answer")

    monkeypatch.setattr(MemoryRecaller, "recall", nothing)
    monkeypatch.setattr(AuditTrail, "note", away)
    answer = await mine.get("/v1/memory/recall", params={"q": "Where do I live?"})
    assert answer.status_code == 200
    assert answer.json()["degraded"] == [{"tier": "medium", "reason": "it does not answer"}]


async def test_recall_is_limited_to_tiers_and_times(opened, mine, owner):
    await kept(opened, owner, "Prefers the quiet valley.", kind="preference")
    await take_in(mine, lines(line(owner.user_id, "The quiet valley is far away.")))

    async def tiers(**query: Any) -> set[str]:
        response = await mine.get("/v1/memory/recall", params={"q": "the quiet valley", **query})
        assert response.status_code == 200, response.text
        return {item["tier"] for item in response.json()["items"]}

    assert "medium" in await tiers()
    assert await tiers(tiers="medium") == {"medium"}
    assert "medium" not in await tiers(tiers="long")
    assert await tiers(tiers="medium", since="2026-03-03") == set()
    assert await tiers(tiers="medium", since="2026-03-02T00:00:00Z", until="2026-03-03") == {"medium"}


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"q": ""},
        {"q": "x" * 2001},
        {"q": "a", "budget": 15},
        {"q": "a", "budget": 8001},
        {"q": "a", "tiers": "x"},
    ],
)
async def test_recall_refuses_what_does_not_fit(mine, query):
    problem_of(await mine.get("/v1/memory/recall", params=query), 422, "invalid_request")
