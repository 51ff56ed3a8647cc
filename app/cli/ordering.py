"""Jobs from the command line: carried out by the service, or here where none runs, and watched until they end."""

import asyncio
import contextlib
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from app.cli.interruption import Interruption
from app.cli.output import CommandFailed
from app.cli.stores import has_database, open_parts, open_stores
from app.cli.waiting import Meter
from app.embedded import DataFolderBusy, InstanceLock
from app.jobs import AnyOrder, job_id
from app.settings import Settings
from knowledge import Job, JobState, JobStore

if TYPE_CHECKING:
    from app.backends import Backends

_POLL_S = 0.5
_UNTAKEN_S = 120.0


async def carry_out(settings: Settings, order: AnyOrder, _: Interruption, *, wait: bool = True) -> Job:
    """Order a job and give it as it ended, or as it stands where it is not waited for.

    Indexes are written only by the process that holds the data folder's lock: a running service, or else this one.
    Interrupted, the job is cancelled; what it did is kept. Raises CommandFailed when it ends without a result.
    """
    async with AsyncExitStack() as stack:
        backends = await open_stores(settings, stack)
        jobs = JobStore(backends.pool)
        job = await jobs.create(job_id(), order.kind, order.arguments.model_dump(mode="json"))
        if not wait:
            return job
        try:
            with Meter() as meter:
                job = await _until_ended(settings, backends, jobs, job, meter)
        except BaseException:
            with contextlib.suppress(
                Exception
            ):  # what broke it off is told, and not that this failed as well
                await jobs.cancel(job.id)
            raise
    if job.state is JobState.FAILED:
        raise CommandFailed(job.error or "the job failed")
    if job.state is JobState.CANCELLED:
        raise CommandFailed("the job was cancelled; what it did until then is kept")
    return job


async def cancel(settings: Settings, job: str, _: Interruption) -> Job:
    """Cancel a job, whoever carries it out. Raises CommandFailed for one that has ended, and UnknownJob."""
    async with AsyncExitStack() as stack:
        jobs = await _jobs(settings, stack)
        cancelled = await jobs.cancel(job)
        if cancelled is None:
            raise CommandFailed(f"job {job} is {(await jobs.get(job)).state} and cannot be cancelled")
        return cancelled


async def one_job(settings: Settings, job: str, _: Interruption) -> Job:
    """A job as it stands. Raises UnknownJob."""
    async with AsyncExitStack() as stack:
        return await (await _jobs(settings, stack)).get(job)


async def newest_jobs(settings: Settings, limit: int, _: Interruption) -> list[Job]:
    """The newest jobs, newest first."""
    async with AsyncExitStack() as stack:
        return await (await _jobs(settings, stack)).page(limit=limit)


async def _jobs(settings: Settings, stack: AsyncExitStack) -> JobStore:
    if not await has_database(settings):
        raise CommandFailed(f"there are no jobs yet: {settings.data.absolute()} holds no database")
    return JobStore((await open_stores(settings, stack)).pool)


async def _until_ended(
    settings: Settings, backends: "Backends", jobs: JobStore, job: Job, meter: Meter
) -> Job:
    """Carry the job out here once nobody else holds the data folder; until then watch the service do it."""
    waited = time.monotonic()
    while True:
        async with AsyncExitStack() as stack:
            with contextlib.suppress(DataFolderBusy):
                await stack.enter_async_context(InstanceLock(settings.data))
                return await _here(settings, backends, job, meter)
        found = await jobs.get(job.id)
        if found.state.ended:
            return found
        if found.state is JobState.RUNNING:
            waited = time.monotonic()
            meter.reach(found.step or "beginning", found.done, found.total)
        elif time.monotonic() - waited > _UNTAKEN_S and not await _others_go_on(jobs):
            raise CommandFailed(
                f"The process that uses the data folder {settings.data} does not carry out jobs. Wait until it has "
                "ended, or see what it says, and run the command again."
            )
        await asyncio.sleep(_POLL_S)


async def _others_go_on(jobs: JobStore) -> bool:
    return any(job.state is JobState.RUNNING for job in await jobs.page(limit=200))


async def _here(settings: Settings, backends: "Backends", job: Job, meter: Meter) -> Job:
    from app.knowledge_wiring import join_pipeline

    async with open_parts(settings, backends) as (parts, embedder):
        pipeline = join_pipeline(backends, parts, embedder)
        return await pipeline.runner.run(job.id, meter.reach)
