"""The records of runs in PostgreSQL."""

import asyncio
import base64
from collections.abc import AsyncIterator

import pytest
from psycopg import sql
from psycopg.pq import PipelineStatus
from pydantic import SecretStr

from agents import Artifact
from app.database import Pool, open_pool
from app.problems import ProblemError, problem
from app.runs import RunStore
from app.runs.eventlog import RunTaken
from app.runs.logged import Trace
from graphs import MadeArtifact
from memory import LOCAL, Database, Owner, Scope, ThreadStore, new_id
from memory.privacy import DataKeys, PrivacySettings, Sealer
from memory.projects import ProjectStore
from tests.app.answered import answered
from tests.app.scripted import ask


@pytest.fixture
def store(pool: Pool) -> RunStore:
    return RunStore(Database(pool))


async def begin(store: RunStore, *, worker: str = "wrk_here") -> tuple[str, Scope]:
    run_id, scope = new_id("run"), Scope(thread_id=new_id("thr"))
    await store.begin(run_id, scope, ask(), new_thread=True, worker=worker, idempotency_key=None)
    return run_id, scope


async def test_write_that_is_cancelled_anywhere_leaves_connections_that_commit(store, pool):
    for steps in range(40):
        writing = asyncio.create_task(begin(store))
        for _ in range(steps):
            await asyncio.sleep(0)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        async with pool.connection() as connection:
            assert connection.pgconn.pipeline_status == PipelineStatus.OFF, f"after {steps} steps"


async def test_only_runs_of_workers_that_are_gone_are_reaped_and_each_is_logged(store, pool):
    gone, _ = await begin(store, worker="wrk_gone")
    alive, _ = await begin(store, worker="wrk_alive")
    (left,) = await store.leases.abandoned(["wrk_alive", "wrk_here"])
    assert (left.run_id, left.worker, left.lease, left.request) == (gone, "wrk_gone", 1, ask())
    assert await store.leases.close(left, "failed", problem("interrupted", "It stopped."), Trace())
    assert not await store.leases.close(left, "failed", problem("interrupted", "It stopped."), Trace())
    assert ((await store.get(LOCAL, gone)).status, (await store.get(LOCAL, alive)).status) == (
        "failed",
        "running",
    )
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT outcome, record FROM interactions WHERE run_id = %s", (gone,)
        )
        (row,) = await cursor.fetchall()
    assert (row["outcome"], row["record"]["error"], row["record"]["request"]) == (
        "failed",
        "interrupted",
        "one two",
    )


async def test_runs_of_a_thread_are_paged_newest_first(store):
    thread = Scope(thread_id=new_id("thr"))
    made = []
    for number in range(3):
        run_id = new_id("run")
        await store.begin(
            run_id, thread, ask(), new_thread=number == 0, worker="wrk_here", idempotency_key=None
        )
        await store.fail(
            run_id,
            thread,
            "cancelled",
            problem("cancelled", "Stopped."),
            interaction=answered(run_id, thread)[1],
        )
        made.append(run_id)
    newest = await store.of_thread(LOCAL, thread.thread_id, limit=2, before=None)
    assert sorted(view.id for view in newest) == sorted(sorted(made)[1:])
    rest = await store.of_thread(LOCAL, thread.thread_id, limit=2, before=newest[-1].id)
    assert [view.id for view in rest] == sorted(made)[:1]


async def test_run_on_an_unknown_thread_is_refused(store):
    with pytest.raises(ProblemError) as refused:
        await store.begin(
            new_id("run"),
            Scope(thread_id="thr_unknown"),
            ask(),
            new_thread=False,
            worker="wrk_here",
            idempotency_key=None,
        )
    assert refused.value.problem.code == "unknown_thread"


async def test_finishing_a_run_whose_thread_was_deleted_is_no_error(store, pool):
    run_id, scope = await begin(store)
    await ThreadStore(Database(pool)).delete(LOCAL, scope.thread_id)
    result, logged = answered(run_id, scope, answer="late")
    await store.finish(result, scope, artifacts=[], interaction=logged)
    with pytest.raises(ProblemError) as unknown:
        await store.get(LOCAL, run_id)
    assert unknown.value.problem.code == "unknown_run"


async def test_unknown_artifact_is_named(store):
    with pytest.raises(ProblemError, match="art_nothing"):
        await store.artifacts.one(LOCAL, "art_nothing")


@pytest.fixture(scope="module")
async def restricted(database_url: str) -> AsyncIterator[Database]:
    opened = await open_pool(database_url, min_size=1, max_size=4, restricted=True)
    yield Database(opened)
    await opened.close()


@pytest.fixture
def sealer(restricted: Database) -> Sealer:
    key = SecretStr(base64.b64encode(b"k" * 32).decode())
    return Sealer(DataKeys(restricted, PrivacySettings(keys=(key,))))


async def test_with_a_key_nothing_of_a_request_stands_in_the_clear(restricted, sealer, pool):
    _, scope = await begin(RunStore(restricted, sealer))
    async with pool.connection() as connection:
        for table, column in (("threads", "id"), ("messages", "thread_id"), ("runs", "thread_id")):
            whole = sql.SQL("SELECT t::text AS row FROM {} AS t WHERE {} = %s").format(
                sql.Identifier(table), sql.Identifier(column)
            )
            (row,) = await (await connection.execute(whole, (scope.thread_id,))).fetchall()
            assert "one two" not in row["row"]
    assert (await ThreadStore(restricted, sealer).get(LOCAL, scope.thread_id)).title == "one two"


async def test_a_run_that_cannot_be_read_any_more_is_closed_all_the_same(restricted, sealer, pool):
    lost, _ = await begin(RunStore(restricted, sealer), worker="wrk_lost")
    without_key = RunStore(restricted, Sealer(DataKeys(restricted, PrivacySettings())))
    (left,) = [
        run for run in await without_key.leases.abandoned(["wrk_here", "wrk_alive"]) if run.run_id == lost
    ]
    assert left.request is None
    assert await without_key.leases.close(left, "failed", problem("interrupted", "It stopped."), Trace())
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT status FROM runs WHERE id = %s", (lost,))
        assert (await cursor.fetchone())["status"] == "failed"


async def test_a_run_is_closed_and_logged_once(store, pool):
    run_id, scope = await begin(store)
    result, logged = answered(run_id, scope)
    await store.finish(result, scope, artifacts=[], interaction=logged)
    await store.finish(result, scope, artifacts=[], interaction=logged)
    failed = logged.model_copy(update={"answer": None, "outcome": "failed"})
    await store.fail(run_id, scope, "failed", problem("interrupted", "It stopped."), interaction=failed)
    assert (await store.get(LOCAL, run_id)).status == "finished"
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT outcome FROM interactions WHERE run_id = %s", (run_id,))
        assert [row["outcome"] for row in await cursor.fetchall()] == ["answered"]


async def test_members_of_a_project_count_versions_of_an_artifact_together(restricted, pool):
    store, projects = RunStore(restricted), ProjectStore(restricted)
    ann, ben = Owner(new_id("ann")), Owner(new_id("ben"))
    project = await projects.create(ann, "Kitchen")
    await projects.add_member(ann, project.id, ben.user_id)
    for number, owner in enumerate((ann, ben, ann)):
        run_id = new_id("run")
        scope = Scope(thread_id=new_id("thr"), user_id=owner.user_id, project_id=project.id)
        await store.begin(run_id, scope, ask(), new_thread=True, worker="wrk_here", idempotency_key=None)
        result, logged = answered(run_id, scope)
        plan = Artifact(name="plan.md", media_type="text/markdown", content=f"Plan {number}")
        made = MadeArtifact(id=new_id("art"), agent="davina", artifact=plan)
        await store.finish(result, scope, artifacts=[made], interaction=logged)
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT version FROM artifacts WHERE project_id = %s ORDER BY id", (project.id,)
        )
        assert [row["version"] for row in await cursor.fetchall()] == [1, 2, 3]


async def test_a_run_is_taken_over_once_and_its_worker_before_has_no_say_any_more(store):
    run_id, scope = await begin(store, worker="wrk_frozen")
    (left,) = [run for run in await store.leases.abandoned([]) if run.run_id == run_id]
    assert await store.leases.take_over(left, "wrk_new") == 2
    assert await store.leases.take_over(left, "wrk_third") is None
    assert not await store.leases.close(left, "failed", problem("interrupted", "It stopped."), Trace())
    result, logged = answered(run_id, scope)
    with pytest.raises(RunTaken):
        await store.finish(result, scope, artifacts=[], interaction=logged)
    with pytest.raises(RunTaken):
        await store.fail(run_id, scope, "failed", problem("timeout", "Too slow."), interaction=logged)
    await store.finish(result, scope, artifacts=[], interaction=logged, lease=2)
    await store.fail(run_id, scope, "failed", problem("timeout", "Too slow."), interaction=logged)
    assert (await store.get(LOCAL, run_id)).status == "finished"
