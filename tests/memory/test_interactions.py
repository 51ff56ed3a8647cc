import asyncio
import io
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest
from pydantic import JsonValue

from app.database import Pool, open_pool
from memory import Database, Owner, Scope, ToolUse, UnknownRecord, new_id
from memory.interactions import (
    Cost,
    Interaction,
    InteractionLog,
    InteractionStore,
    RoutedTask,
    SuccessMetrics,
    ensure_partitions,
)

_NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)


def _redact(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return value.replace("ada@example.org", "[email]")
    if isinstance(value, list):
        return [_redact(each) for each in value]
    if isinstance(value, dict):
        return {name: _redact(each) for name, each in value.items()}
    return value


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await open_pool(database_url, max_size=4, restricted=True)
    yield Database(opened)
    await opened.close()


@pytest.fixture
def owner() -> Owner:
    return Owner(new_id("user"))


@pytest.fixture
def store(database: Database) -> InteractionStore:
    return InteractionStore(database, _redact)


def _interaction(**changes: object) -> Interaction:
    made = Interaction(
        run_id=new_id("run"),
        request="What is 2 + 2?",
        answer="4",
        outcome="answered",
        latency_ms=12.5,
        at=_NOW,
    )
    return made.model_copy(update=changes)


async def _log(database: Database, owner: Owner, *interactions: Interaction) -> None:
    scope = Scope(thread_id=new_id("thr"), tenant_id=owner.tenant_id, user_id=owner.user_id)
    async with database.of(owner) as connection:
        for one in interactions:
            await InteractionLog(_redact).append(connection, scope, one)


async def _put_at(pool: Pool, owner: Owner, at: datetime) -> str:
    run_id = new_id("run")
    record = _interaction(run_id=run_id).model_dump_json()
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO interactions (run_id, thread_id, user_id, outcome, record, created_at)"
            " VALUES (%s, 'thr', %s, 'answered', %s, %s)",
            (run_id, owner.user_id, record, at),
        )
    return run_id


async def test_all_fields_come_back_and_what_people_said_is_redacted(database, store, owner) -> None:
    said = "Write to ada@example.org"
    logged = _interaction(
        request=said,
        answer=said,
        agent="davina",
        agents=("davina", "sofia"),
        context=("run_1", "msg_2"),
        tasks=(RoutedTask(agent="davina", request=said, confidence=0.9),),
        tool_uses=(ToolUse(agent="davina", name="mail", arguments={"to": "ada@example.org"}, result=said),),
        reasoning=({"why": [said]},),
        success=SuccessMetrics(completed=True, hallucinated=False, tool_success_rate=1.0, quality=0.8),
        cost=Cost(input_tokens=10, output_tokens=3, amount=0.01, currency="EUR"),
        model="small",
        model_version="2",
        adapter="davina-lora",
        adapter_version="7",
    )

    await _log(database, owner, logged)

    (found,) = await store.page(owner)
    assert found.interaction == Interaction.model_validate(_redact(logged.model_dump(mode="json")))
    assert "ada@example.org" not in found.model_dump_json()
    assert found.interaction.request == "Write to [email]"


async def test_a_record_of_before_is_read_with_what_it_lacks_unset(store, owner, pool) -> None:
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO interactions (run_id, thread_id, user_id, outcome, record) VALUES ('run_old', 'thr', %s, 'failed', %s)",
            (
                owner.user_id,
                '{"run_id": "run_old", "request": "?", "answer": null, "outcome": "failed", "latency_ms": 1, "at": "2026-01-01T00:00:00Z"}',
            ),
        )

    (found,) = await store.page(owner)

    assert (found.interaction.outcome, found.interaction.agent, found.interaction.cost) == (
        "failed",
        None,
        Cost(),
    )


async def test_pages_are_of_one_user_and_of_a_span_of_time(store, owner, pool) -> None:
    other = Owner(new_id("user"))
    await _put_at(pool, other, _NOW)
    runs = [await _put_at(pool, owner, _NOW + timedelta(days=day)) for day in range(5)]

    first = await store.page(owner, limit=2)
    rest = await store.page(owner, limit=9, after=first[-1].id)
    span = await store.page(owner, since=_NOW + timedelta(days=1), until=_NOW + timedelta(days=3))
    everybody = await store.page(None, limit=1000)

    assert [one.interaction.run_id for one in (*first, *rest)] == runs
    assert [one.interaction.run_id for one in span] == runs[1:3]
    assert {owner.user_id, other.user_id} <= {one.user_id for one in everybody}


async def test_feedback_is_appended_redacted_and_read_with_its_run(database, store, owner) -> None:
    logged = _interaction()
    await _log(database, owner, logged)

    await store.rate(owner, logged.run_id, rating=2, comment="ask ada@example.org")
    await store.rate(owner, logged.run_id, rating=5, correction="four")

    (found,) = await store.page(owner)
    first, second = found.feedback
    assert (first.rating, first.comment, first.correction) == (2, "ask [email]", None)
    assert (second.rating, second.comment, second.correction) == (5, None, "four")


async def test_only_a_run_of_ones_own_can_be_rated(database, store, owner) -> None:
    logged = _interaction()
    await _log(database, owner, logged)

    with pytest.raises(UnknownRecord, match=logged.run_id):
        await store.rate(Owner(new_id("user")), logged.run_id, rating=1)
    with pytest.raises(ValueError, match="1 to 5, not 6"):
        await store.rate(owner, logged.run_id, rating=6)
    with pytest.raises(ValueError, match="says something"):
        await store.rate(owner, logged.run_id, comment="")
    assert (await store.page(owner))[0].feedback == ()


@pytest.mark.parametrize(
    "statement", ["UPDATE interactions SET outcome = 'x'", "UPDATE feedback SET rating = 5"]
)
async def test_the_log_cannot_be_rewritten(database, statement) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.of_all() as connection:
            await connection.execute(statement)


async def test_rows_without_a_partition_move_to_their_months(store, owner, pool, database) -> None:
    runs = [
        await _put_at(pool, owner, at)
        for at in (datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC), datetime(2024, 12, 31, 23, 30, tzinfo=UTC))
    ]
    async with pool.connection() as connection:
        made = await ensure_partitions(connection, months_ahead=2, now=_NOW)
        again = await ensure_partitions(connection, months_ahead=2, now=_NOW)
        held = {}
        for month in ("2024_02", "2024_12", "default"):
            cursor = await connection.execute(f"SELECT run_id FROM interactions_{month}")  # noqa: S608
            held[month] = [row["run_id"] for row in await cursor.fetchall()]
    later = await _put_at(pool, owner, _NOW)

    assert {
        f"interactions_{month}" for month in ("2024_02", "2024_12", "2026_11", "2026_12", "2027_01")
    } <= set(made)
    assert again == []
    assert held == {"2024_02": runs[:1], "2024_12": runs[1:], "default": []}
    assert [one.interaction.run_id for one in await store.page(owner)] == [*runs, later]
    async with database.of(Owner(new_id("user"))) as connection:  # past the parent nobody reads anything
        for table in ("interactions_2024_02", "interactions_default"):
            cursor = await connection.execute(f"SELECT count(*) AS rows FROM {table}")  # noqa: S608
            assert await cursor.fetchone() == {"rows": 0}


async def test_the_export_has_every_interaction_with_its_feedback(
    database, store, owner, tmp_path: Path
) -> None:
    logged = [_interaction(request=f"question {number}") for number in range(620)]
    await _log(database, owner, *logged)
    await _log(database, Owner(new_id("user")), _interaction(request="of another"))
    await store.rate(owner, logged[3].run_id, rating=4, comment="good")
    stream = io.BytesIO()

    lines = await store.export(stream, owner=owner)
    table = await store.export(tmp_path / "log.parquet", form="parquet", owner=owner)

    read = [json.loads(line) for line in stream.getvalue().splitlines()]
    rows = pq.read_table(tmp_path / "log.parquet").to_pylist()
    assert lines.interactions == table.interactions == 620
    for found in (read, rows):
        assert [one["request"] for one in found] == [one.request for one in logged]
        assert {one["user_id"] for one in found} == {owner.user_id}
    assert read[3]["feedback"][0]["comment"] == "good"
    assert rows[3]["rating"] == 4
    assert Interaction.model_validate_json(rows[3]["record"]) == logged[3]
    assert await asyncio.to_thread(os.listdir, tmp_path) == ["log.parquet"]


async def test_an_export_of_all_users_names_none_of_them(database, tmp_path: Path) -> None:
    since = datetime.now(UTC)
    ada, ben = Owner(new_id("ada")), Owner(new_id("ben"), "elsewhere")
    store = InteractionStore(database, _redact)
    # What an earlier redaction left as it was.
    async with database.of(ada) as connection:
        asked = _interaction(request="Write to ada@example.org")
        record = asked.model_dump(mode="json")
        scope = Scope(thread_id=new_id("thr"), user_id=ada.user_id)
        await InteractionLog(_redact).append(connection, scope, asked, record)
    await _log(database, ben, _interaction(request="of ben"))
    await _log(database, ada, _interaction(request="again"))

    entries = await store.export_of_all(tmp_path / "all.parquet", form="parquet", since=since)

    rows = pq.read_table(tmp_path / "all.parquet").to_pylist()
    assert [(one["user_id"], one["request"]) for one in rows] == [
        ("user 1", "Write to [email]"),
        ("user 2", "of ben"),
        ("user 1", "again"),
    ]
    whole = str(rows)
    assert not any(name in whole for name in (ada.user_id, ben.user_id, "elsewhere", "ada@example.org"))
    assert dict(entries) == {ada: 2, ben: 1}


async def test_an_export_that_fails_leaves_no_file(database, owner, tmp_path: Path) -> None:
    class Broken(InteractionStore):
        async def page(self, *_: object, **__: object):
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        await Broken(database, _redact).export(tmp_path / "log.jsonl", owner=owner)

    assert await asyncio.to_thread(os.listdir, tmp_path) == []
