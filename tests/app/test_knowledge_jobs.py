"""Jobs of the knowledge pipeline: carried out once, watched, cancelled, and gone on with after a death."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import pytest
from pydantic import JsonValue

from app.database import Pool, open_pool
from app.jobs import AnyOrder, AutomaticRefining, JobRunner, Tell, Work, job_id, runner
from knowledge import KnowledgeStore, KnowledgeUnavailable, UnknownSource
from knowledge.jobs import KEPT, Job, JobState, JobStore, JobTurn, UnknownJob

Result = Mapping[str, JsonValue]


class Scripted:
    """Work that tells when it began, and goes on until it is let."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.go_on = asyncio.Event()
        self.broken_off = asyncio.Event()
        self.times = 0
        self.at_once = 0
        self.most_at_once = 0

    async def __call__(self, _order: AnyOrder, tell: Tell) -> Result:
        self.times += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.began.set()
        tell("counting", 1, 2)
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.broken_off.set()
            raise
        finally:
            self.at_once -= 1
        tell("counting", 2, 2)
        return {"counted": 2}


def failing(error: Exception) -> Work:
    async def fail(_order: AnyOrder, _tell: Tell) -> Result:
        raise error

    return fail


_QUICK_S = 0.02


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_BEAT_S", _QUICK_S)


@pytest.fixture
async def jobs(pool: Pool) -> JobStore:
    async with pool.connection() as connection:
        await connection.execute("TRUNCATE knowledge_jobs")
    return JobStore(pool)


@pytest.fixture
async def other_jobs(database_url: str, jobs: JobStore) -> AsyncIterator[JobStore]:
    """The same jobs, seen by another process."""
    del jobs
    pool = await open_pool(database_url, min_size=1, max_size=4)
    yield JobStore(pool)
    await pool.close()


async def ordered(jobs: JobStore) -> str:
    return (await jobs.create(job_id(), "refine", {})).id


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await condition():
            await asyncio.sleep(0.01)


async def ended(jobs: JobStore, job: str) -> Job:
    async def has() -> bool:
        return (await jobs.get(job)).state.ended

    await until(has)
    return await jobs.get(job)


async def aged(pool: Pool, job: str, seconds: float, *, attempts: int = 1) -> None:
    """As if the process that carries the job out had fallen silent."""
    async with pool.connection() as connection:
        await connection.execute(
            "UPDATE knowledge_jobs SET state = 'running', worker = 'dead', attempts = %s,"
            " heartbeat_at = now() - make_interval(secs => %s) WHERE id = %s",
            (attempts, seconds, job),
        )


async def test_job_is_carried_out_in_the_background_and_its_steps_can_be_watched(jobs: JobStore):
    work = Scripted()
    async with JobRunner(jobs, work, worker="one", look_s=_QUICK_S) as carrying:
        job = await ordered(jobs)
        carrying.look()
        await asyncio.wait_for(work.began.wait(), 60)

        async def told() -> bool:
            found = await jobs.get(job)
            return (found.state, found.step, found.done, found.total) == (JobState.RUNNING, "counting", 1, 2)

        await until(told)
        work.go_on.set()
        found = await ended(jobs, job)
    assert (found.state, found.result, found.error) == (JobState.FINISHED, {"counted": 2}, None)
    assert (found.done, found.total) == (2, 2)
    assert found.started_at is not None
    assert found.finished_at is not None
    assert found.finished_at >= found.started_at >= found.created_at


async def test_two_services_at_once_carry_out_each_job_once_and_never_two_together(
    jobs: JobStore, other_jobs: JobStore
):
    work = Scripted()
    work.go_on.set()
    ids = [await ordered(jobs) for _ in range(12)]
    async with (
        JobRunner(jobs, work, worker="one", look_s=_QUICK_S),
        JobRunner(other_jobs, work, worker="two", look_s=_QUICK_S),
    ):
        found = [await ended(jobs, job) for job in ids]
    assert {job.state for job in found} == {JobState.FINISHED}
    assert (work.times, work.most_at_once) == (12, 1)


async def test_job_of_a_live_process_is_not_taken_from_it(
    jobs: JobStore, other_jobs: JobStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        "knowledge.jobs._STALE_S", 0.0
    )  # its heartbeat is always too old, and yet it has the turn
    work = Scripted()
    async with JobRunner(jobs, work, worker="one", look_s=_QUICK_S):
        job = await ordered(jobs)
        await asyncio.wait_for(work.began.wait(), 60)
        async with other_jobs.turn("two") as turn:
            assert turn is None
        work.go_on.set()
        await ended(jobs, job)
    assert work.times == 1


async def test_cancelled_job_stops_and_says_so(jobs: JobStore, other_jobs: JobStore):
    work = Scripted()
    async with JobRunner(jobs, work, worker="one", look_s=_QUICK_S):
        job = await ordered(jobs)
        await asyncio.wait_for(work.began.wait(), 60)
        cancelled = await other_jobs.cancel(job)
        await asyncio.wait_for(work.broken_off.wait(), 60)
    assert cancelled is not None
    assert cancelled.state is JobState.CANCELLED
    assert (await jobs.get(job)).state is JobState.CANCELLED
    assert await jobs.cancel(job) is None


async def test_job_that_waits_can_be_cancelled_and_is_never_begun(jobs: JobStore):
    work = Scripted()
    work.go_on.set()
    job = await ordered(jobs)
    await jobs.cancel(job)
    async with JobRunner(jobs, work, worker="one", look_s=_QUICK_S):
        await ended(jobs, await ordered(jobs))
    assert work.times == 1
    assert (await jobs.get(job)).state is JobState.CANCELLED


async def test_job_waits_for_the_next_process_when_its_own_ends_in_order(jobs: JobStore):
    work = Scripted()
    async with JobRunner(jobs, work, worker="one", look_s=_QUICK_S):
        job = await ordered(jobs)
        await asyncio.wait_for(work.began.wait(), 60)
    assert work.broken_off.is_set()
    assert (await jobs.get(job)).state is JobState.QUEUED
    work.go_on.set()
    async with JobRunner(jobs, work, worker="two", look_s=_QUICK_S):
        assert (await ended(jobs, job)).state is JobState.FINISHED


async def test_job_of_a_process_that_fell_silent_is_begun_again(jobs: JobStore, pool: Pool):
    work = Scripted()
    work.go_on.set()
    silent, lively = await ordered(jobs), await ordered(jobs)
    await aged(pool, silent, 11)
    await aged(pool, lively, 5)
    async with JobRunner(jobs, work, worker="one", look_s=_QUICK_S):
        assert (await ended(jobs, silent)).state is JobState.FINISHED
    assert (await jobs.get(lively)).state is JobState.RUNNING


async def test_job_whose_processes_die_over_and_over_is_given_up(jobs: JobStore, pool: Pool):
    work = Scripted()
    job = await ordered(jobs)
    await aged(pool, job, 11, attempts=3)
    async with JobRunner(jobs, work, worker="one", look_s=_QUICK_S):
        found = await ended(jobs, job)
    assert found.state is JobState.FAILED
    assert "died 3 times" in (found.error or "")
    assert work.times == 0


async def test_stops_of_the_service_do_not_count_against_a_job(jobs: JobStore):
    work = Scripted()
    job = await ordered(jobs)
    for _ in range(4):
        work.began.clear()
        async with JobRunner(jobs, work, worker="one", look_s=_QUICK_S), asyncio.timeout(60):
            await work.began.wait()
    work.go_on.set()
    async with JobRunner(jobs, work, worker="one", look_s=_QUICK_S):
        assert (await ended(jobs, job)).state is JobState.FINISHED


async def test_process_that_loses_the_database_stops_its_job_and_the_next_one_goes_on(
    jobs: JobStore, other_jobs: JobStore, pool: Pool, monkeypatch: pytest.MonkeyPatch, logged
):
    monkeypatch.setattr("knowledge.jobs._STALE_S", 0.1)
    work = Scripted()
    async with JobRunner(other_jobs, work, worker="one", look_s=_QUICK_S):
        job = await ordered(jobs)
        await asyncio.wait_for(work.began.wait(), 60)
        async with pool.connection() as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                " AND pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        await asyncio.wait_for(work.broken_off.wait(), 60)
    work.go_on.set()
    async with JobRunner(jobs, work, worker="two", look_s=_QUICK_S):
        assert (await ended(jobs, job)).state is JobState.FINISHED
    assert "it will be tried again" in logged.text


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            KnowledgeUnavailable("The index is away."),
            "The index is away. What was done is kept: start the job",
        ),
        (UnknownSource("there is no source 'x'"), "there is no source 'x'"),
        (KeyError("/secret/path"), "An unexpected error (KeyError); the log has it under job_"),
    ],
)
async def test_failed_job_says_what_to_do(jobs: JobStore, logged, error: Exception, said: str):
    async with JobRunner(jobs, failing(error), worker="one"):
        found = await ended(jobs, await ordered(jobs))
    assert found.state is JobState.FAILED
    assert found.error is not None
    assert found.error.startswith(said)
    assert ("start the job again" in found.error) is not isinstance(error, UnknownSource)
    assert "secret" not in found.error
    assert found.id in logged.text


async def test_job_of_another_version_fails_and_the_next_is_carried_out(jobs: JobStore):
    work = Scripted()
    work.go_on.set()
    strange = (await jobs.create(job_id(), "polish", {"with": "wax"})).id
    unread = (await jobs.create(job_id(), "refine", {"topics_again": "now and then"})).id
    async with JobRunner(jobs, work, worker="one", look_s=_QUICK_S):
        for job in (strange, unread):
            assert "order it anew" in str((await ended(jobs, job)).error)
        assert (await ended(jobs, await ordered(jobs))).state is JobState.FINISHED


async def test_progress_is_written_once_a_beat_however_often_it_is_told(
    jobs: JobStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(runner, "_BEAT_S", 60.0)
    beats = 0
    beat = JobTurn.beat

    async def counted(turn: JobTurn, job: str, **reached: object) -> bool:
        nonlocal beats
        beats += 1
        return await beat(turn, job, **reached)  # type: ignore[arg-type]  # passed on

    async def talkative(_order: AnyOrder, tell: Tell) -> Result:
        for number in range(5000):
            tell("counting", number, 5000)
            if number % 100 == 0:
                await asyncio.sleep(0)
        return {}

    monkeypatch.setattr(JobTurn, "beat", counted)
    told: list[int] = []
    carrying = JobRunner(jobs, talkative, worker="one")
    found = await carrying.run(await ordered(jobs), lambda _step, done, _total: told.append(done))
    assert (found.state, found.done) == (JobState.FINISHED, 4999)
    assert len(told) == 5000
    assert beats == 2


async def test_job_that_is_carried_out_here_is_cancelled_when_broken_off(jobs: JobStore):
    work = Scripted()
    job = await ordered(jobs)
    running = asyncio.create_task(
        JobRunner(jobs, work, worker="one", look_s=_QUICK_S).run(job, lambda *_: None)
    )
    await asyncio.wait_for(work.began.wait(), 60)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await jobs.get(job)).state is JobState.CANCELLED


async def test_job_that_is_to_be_carried_out_here_waits_for_its_turn_and_leaves_others_alone(
    jobs: JobStore, other_jobs: JobStore
):
    earlier, mine = await ordered(jobs), await ordered(jobs)
    told: list[str] = []
    waits = asyncio.Event()

    def tell(step: str, _done: int, _total: int | None) -> None:
        told.append(step)
        waits.set()

    work = Scripted()
    work.go_on.set()
    async with jobs.turn("another") as turn:
        assert turn is not None
        running = asyncio.create_task(
            JobRunner(other_jobs, work, worker="one", look_s=_QUICK_S).run(mine, tell)
        )
        await asyncio.wait_for(waits.wait(), 60)
    found = await asyncio.wait_for(running, 60)
    assert found.state is JobState.FINISHED
    assert told[0] == "waiting for another process (queued)"
    assert (await jobs.get(earlier)).state is JobState.QUEUED


async def test_newest_jobs_are_kept_and_listed_newest_first(jobs: JobStore):
    first = await ordered(jobs)
    await jobs.cancel(first)
    waiting = await ordered(jobs)
    for _ in range(KEPT):
        await jobs.cancel(await ordered(jobs))
    with pytest.raises(UnknownJob, match=first):
        await jobs.get(first)
    assert (await jobs.get(waiting)).state is JobState.QUEUED
    page = await jobs.page(limit=3)
    rest = await jobs.page(limit=3, before=page[-1].id)
    ids = [job.id for job in [*page, *rest]]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 6


async def test_same_idempotency_key_gives_the_same_job(jobs: JobStore):
    one, again = job_id("key"), job_id("key")
    assert one == again
    assert job_id("other") != one
    assert len({(await jobs.create(one, "refine", {})).created_at for _ in range(2)}) == 1


@pytest.fixture
async def refining(jobs: JobStore, pool: Pool) -> AutomaticRefining:
    async with pool.connection() as connection:
        await connection.execute("TRUNCATE knowledge_sources, knowledge_topics CASCADE")
        await connection.execute(
            "INSERT INTO knowledge_sources (id, collection, name, kind, sha256, status)"
            " VALUES ('s', 'c', 'n', 'corpus', '', 'complete');"
            "INSERT INTO knowledge_topics (id, collection, name) VALUES ('t', 'c', 'T');"
            "INSERT INTO knowledge_sessions (id, source_id, ordinal, topic_id) VALUES ('x', 's', 1, 't');"
            "INSERT INTO knowledge_pairs (id, collection, source_id, session_id, topic_id, ordinal, question, answer, revision)"
            " VALUES ('p', 'c', 's', 'x', 't', 1, 'Q?', 'A.', 1)"
        )
    return AutomaticRefining(
        KnowledgeStore(pool), jobs, JobRunner(jobs, Scripted(), worker="one"), look_s=_QUICK_S
    )


async def imported_at(pool: Pool, ago_s: float) -> None:
    async with pool.connection() as connection:
        await connection.execute(
            "UPDATE knowledge_pairs SET updated_at = now() - make_interval(secs => %s),"
            " revision = revision + 1",
            (ago_s,),
        )


async def test_import_that_has_come_to_rest_is_refined_once(
    refining: AutomaticRefining, jobs: JobStore, pool: Pool
):
    await imported_at(pool, 50)
    assert not await refining.look()
    await imported_at(pool, 70)
    assert await refining.look()
    assert not await refining.look()
    (job,) = await jobs.page(limit=9)
    assert (job.kind, job.state) == ("refine", JobState.QUEUED)


async def test_refinement_that_was_cancelled_or_failed_is_not_ordered_again_before_the_next_import(
    refining: AutomaticRefining, jobs: JobStore, pool: Pool
):
    await imported_at(pool, 100)
    assert await refining.look()
    (job,) = await jobs.page(limit=9)
    await jobs.cancel(job.id)
    assert not await refining.look()
    async with pool.connection() as connection:
        await connection.execute("UPDATE knowledge_jobs SET created_at = now() - interval '5 minutes'")
    await imported_at(pool, 70)
    assert await refining.look()


async def test_refined_pairs_are_left_alone(refining: AutomaticRefining, pool: Pool):
    from knowledge.refinery import MEASURES

    await imported_at(pool, 100)
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO knowledge_refinements (pair_id, text_md5, measures, quality, tier, parts)"
            " SELECT id, md5(question || E'\\n' || answer), %s, 90, 'premium', '{}' FROM knowledge_pairs",
            (MEASURES,),
        )
    assert not await refining.look()
    assert not await refining.look()


async def test_looking_for_pairs_to_refine_outlives_an_outage(
    refining: AutomaticRefining, jobs: JobStore, pool: Pool, monkeypatch: pytest.MonkeyPatch, logged
):
    await imported_at(pool, 100)
    away = [KnowledgeUnavailable("gone"), None]
    due = jobs.due

    async def sometimes(kind: str, *, rest_s: float, again_s: float) -> bool:
        error = away.pop(0) if away else None
        if error is not None:
            raise error
        return await due(kind, rest_s=rest_s, again_s=again_s)

    monkeypatch.setattr(jobs, "due", sometimes)
    async with refining:

        async def has_job() -> bool:
            return bool(await jobs.page(limit=1))

        await until(has_job)
    assert "gone" in logged.text
