"""Threads, messages and the log of interactions in PostgreSQL."""

from datetime import UTC, datetime
from itertools import pairwise

import orjson
import pytest

from app.database import open_pool
from memory import (
    LOCAL,
    Database,
    Interaction,
    MemoryUnavailable,
    Owner,
    ProjectStore,
    RecallFilter,
    RoutedTask,
    Scope,
    ThreadStore,
    Turn,
    UnknownProject,
    UnknownThread,
    log_interaction,
    new_id,
    open_turn,
)
from memory.history import HistoryImporter
from memory.privacy import AuditTrail
from memory.recall import MemoryRecaller, RecallSettings
from memory.titles import title_of
from models import estimated_tokens
from tests.memory.recall.conftest import WordEmbedder


async def test_a_thread_is_read_back_as_it_was_made(database, threads):
    project = (await ProjectStore(database).create(LOCAL, "Salon")).id
    made = await threads.create(LOCAL, "  Nail\nsalon ", project_id=project, metadata={"a": [1]})
    assert await threads.get(LOCAL, made.id) == made
    assert (made.title, made.project_id, made.metadata) == ("Nail salon", project, {"a": [1]})


async def test_no_thread_is_made_in_a_project_of_anothers(database, threads):
    project = (await ProjectStore(database).create(Owner("ada"), "Salon")).id
    for name in (project, "prj_none"):
        with pytest.raises(UnknownProject):
            await threads.create(LOCAL, "Salon", project_id=name, metadata={})


async def test_threads_are_paged_newest_first(threads):
    made = [await threads.create(LOCAL, str(n), project_id=None, metadata={}) for n in range(5)]
    newest = await threads.page(LOCAL, limit=2, before=None)
    assert newest == [made[4], made[3]]
    assert await threads.page(LOCAL, limit=2, before=newest[-1].id) == [made[2], made[1]]


async def test_messages_are_paged_in_order(threads, scope, ask):
    for n in range(3):
        await threads.remember(scope, await ask(scope, f"question {n}", f"answer {n}"))
    first = await threads.messages(LOCAL, scope.thread_id, limit=4, after=None)
    rest = await threads.messages(LOCAL, scope.thread_id, limit=4, after=first[-1].id)
    assert [message.content for message in [*first, *rest]] == [
        "question 0",
        "answer 0",
        "question 1",
        "answer 1",
        "question 2",
        "answer 2",
    ]
    assert {message.role for message in first} == {"user", "assistant"}
    assert first[1].details["agents"] == ["davina"]


async def test_what_was_imported_is_carried_along_before_what_is_said_since(database, threads):
    owner = Owner(new_id("ada"))
    lines = [
        ("user", "My budget is 900 euros."),
        ("user", "For the kitchen."),
        ("assistant", "Noted."),
        ("user", "And the counter is 38 square feet."),
    ]
    history = b"".join(
        orjson.dumps(
            {
                "user": owner.user_id,
                "thread": "t",
                "role": role,
                "text": text,
                "time": f"2026-03-0{day}T09:00:00Z",
            }
        )
        + b"\n"
        for day, (role, text) in enumerate(lines, 1)
    )
    await HistoryImporter(database).run(owner, _streamed(history), name="old")
    (thread,) = await threads.page(owner, limit=2, before=None)
    scope = Scope(thread_id=thread.id, user_id=owner.user_id)
    said = await threads.recall(scope, limit=9)
    assert [(turn.request, turn.answer) for turn in said] == [
        ("My budget is 900 euros.\nFor the kitchen.", "Noted."),
        ("And the counter is 38 square feet.", ""),
    ]
    assert await threads.recall(scope, limit=1) == said[-1:]
    run = new_id("run")
    async with database.of(owner) as connection:
        await open_turn(connection, scope, run_id=run, request="How large is it?", metadata={}, new=False)
    await threads.remember(scope, Turn(run_id=run, request="", answer="38.", at=datetime.now(UTC)))
    assert [turn.answer for turn in await threads.recall(scope, limit=9)] == ["Noted.", "", "38."]
    assert await threads.recall(scope, limit=2) == (await threads.recall(scope, limit=9))[-2:]


async def _streamed(content: bytes):
    yield content


async def test_an_answer_makes_its_thread_the_last_changed(threads, scope, ask):
    said = await ask(scope, "hello")
    await threads.remember(scope, said)
    thread = await threads.get(LOCAL, scope.thread_id)
    assert (thread.title, thread.metadata, thread.updated_at) == ("hello", {"by": "test"}, said.at)


async def test_a_question_that_was_not_answered_is_no_turn(threads, scope, ask):
    await ask(scope, "hello")
    assert await threads.recall(scope, limit=5) == []
    assert [m.content for m in await threads.messages(LOCAL, scope.thread_id, limit=5, after=None)] == [
        "hello"
    ]


async def test_a_deleted_thread_takes_its_messages_along(threads, scope, ask, pool):
    await threads.remember(scope, await ask(scope, "hello"))
    await threads.delete(LOCAL, scope.thread_id)
    for call in (
        threads.get(LOCAL, scope.thread_id),
        threads.delete(LOCAL, scope.thread_id),
        threads.messages(LOCAL, scope.thread_id, limit=1, after=None),
    ):
        with pytest.raises(UnknownThread, match=scope.thread_id):
            await call
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT count(*) AS n FROM messages WHERE thread_id = %s", (scope.thread_id,)
        )
        assert (await cursor.fetchone())["n"] == 0


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("", "New thread"),
        (" \n", "New thread"),
        ("one\ntwo", "one two"),
        ("word " * 30, " ".join(["word"] * 15) + " word…"),
        ("x" * 90, "x" * 80 + "…"),
    ],
)
def test_a_title_is_one_short_line(text, title):
    assert title_of(text) == title


def test_ids_are_unique_and_sort_by_their_making():
    made = [new_id("msg") for _ in range(2000)]
    assert len(set(made)) == len(made)
    assert all(one < other for one, other in pairwise(made))
    assert all(len(one) == len("msg_") + 26 for one in made)


async def test_ids_keep_their_order_when_the_clock_does_not(monkeypatch):
    before = new_id("msg")
    monkeypatch.setattr("memory.identifiers.time.time_ns", lambda: 0)
    made = [new_id("msg") for _ in range(3)]
    assert [before, *made] == sorted({before, *made})


async def test_an_answer_to_a_thread_that_is_gone_is_refused(threads, scope, ask):
    said = await ask(scope, "hello")
    await threads.delete(LOCAL, scope.thread_id)
    with pytest.raises(UnknownThread, match="any more"):
        await threads.remember(scope, said)


async def test_what_was_said_in_a_deleted_thread_is_not_recalled(threads, database, ask):
    owner = Owner(new_id("ann"))
    scope = Scope(thread_id=new_id("thr"), user_id=owner.user_id)
    recaller = MemoryRecaller(
        database, WordEmbedder(), count=estimated_tokens, settings=RecallSettings(timeout_s=5)
    )
    await ask(scope, "The heron is violet.")

    async def recalled():
        found = await recaller.recall(owner, "Which heron is violet?", budget=100, wanted=RecallFilter())
        return [item.text for item in found.items]

    assert await recalled() == ["The heron is violet."]
    await threads.delete(owner, scope.thread_id)
    assert await recalled() == []
    (noted,) = await AuditTrail(database).page(owner)
    assert (noted.action, noted.subject) == ("delete thread", scope.thread_id)
    await recaller.close()


async def test_a_thread_is_its_users_alone(threads, scope, ask):
    await threads.remember(scope, await ask(scope, "secret"))
    for other in (Owner("eve"), Owner(tenant_id="elsewhere")):
        assert await threads.page(other, limit=10, before=None) == []
        for call in (
            threads.get(other, scope.thread_id),
            threads.messages(other, scope.thread_id, limit=1, after=None),
            threads.delete(other, scope.thread_id),
        ):
            with pytest.raises(UnknownThread, match=scope.thread_id):
                await call
    assert [m.content for m in await threads.messages(LOCAL, scope.thread_id, limit=1, after=None)] == [
        "secret"
    ]


async def test_nobody_answers_in_a_thread_of_another(threads, scope, ask):
    said = await ask(scope, "mine")
    with pytest.raises(UnknownThread):
        await threads.remember(Scope(thread_id=scope.thread_id, user_id="eve"), said)
    assert await threads.recall(scope, limit=5) == []


async def test_one_key_names_a_thread_of_each_user(threads):
    mine, theirs = [
        await threads.create(owner, "t", project_id=None, metadata={}, idempotency_key="k3")
        for owner in (LOCAL, Owner("eve"))
    ]
    assert mine.id != theirs.id


async def test_interactions_are_appended_whatever_the_outcome(pool, scope):
    records = [
        Interaction(
            run_id="run_1",
            request="NPV",
            answer="30.84",
            outcome="answered",
            tasks=(RoutedTask(agent="davina", request="NPV", confidence=0.9),),
            reasoning=({"score": 0.1},),
            model="m",
            latency_ms=12.5,
            at=datetime.now(UTC),
        ),
        Interaction(
            run_id="run_1",
            request="NPV",
            answer=None,
            outcome="failed",
            error="timeout",
            latency_ms=3,
            at=datetime.now(UTC),
        ),
    ]
    async with pool.connection() as connection:
        for record in records:
            await log_interaction(connection, scope, record)
        cursor = await connection.execute(
            "SELECT outcome, record FROM interactions WHERE thread_id = %s ORDER BY id", (scope.thread_id,)
        )
        rows = await cursor.fetchall()
    assert [Interaction.model_validate(row["record"]) for row in rows] == records
    assert [row["outcome"] for row in rows] == ["answered", "failed"]


async def test_an_interaction_is_part_of_the_callers_transaction(pool, scope):
    record = Interaction(
        run_id="run_2", request="q", answer=None, outcome="cancelled", latency_ms=1, at=datetime.now(UTC)
    )
    async with pool.connection() as connection:
        async with connection.transaction(force_rollback=True):
            await log_interaction(connection, scope, record)
        cursor = await connection.execute("SELECT 1 FROM interactions WHERE run_id = 'run_2'")
        assert await cursor.fetchone() is None


async def test_an_outage_of_the_database_is_named(database_url, scope):
    pool = await open_pool(database_url, min_size=1, max_size=1)
    await pool.close()
    with pytest.raises(MemoryUnavailable, match="database does not answer"):
        await ThreadStore(Database(pool)).recall(scope, limit=1)


async def test_thread_created_twice_with_one_key_is_one_thread(threads):
    first, again = [
        await threads.create(LOCAL, "t", project_id=None, metadata={}, idempotency_key="k1") for _ in range(2)
    ]
    other = await threads.create(LOCAL, "t", project_id=None, metadata={}, idempotency_key="k2")
    assert first == again
    assert other.id != first.id
