"""The run manager: begins runs, carries them out, and closes each with a record whatever its outcome."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import partial
from typing import Self

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.errors import internal
from app.problems import Problem, ProblemError, problem
from app.runs.active import ActiveRun
from app.runs.admission import Admission
from app.runs.approvals import ApprovalAnswer, refuse_unfit, waits_for
from app.runs.beginning import Beginner, refuse_unworkable
from app.runs.cancelling import Canceller, stop
from app.runs.carrying import METER, Carrier, Parts
from app.runs.closing import Closed, Closer, Observer
from app.runs.eventlog import EventLog
from app.runs.executors import ByWorkers, Executor, Full, InProcess
from app.runs.leases import QUEUED
from app.runs.logged import traced
from app.runs.luggage import Accounts, Luggage, found_with, kept_with
from app.runs.metering import Meter
from app.runs.orders import Orders
from app.runs.records import GOING_ON, Abandoned, ChatRequest, ChatResult, Status
from app.runs.store import AlreadyBegun, RunStore
from app.runs.worker import STOPPED, Worker
from app.runs.writing import RunWriter
from app.tasks import end
from graphs import NOTHING, Brought, RunEvent, RunStarted
from memory import MemoryUnavailable, Owner, Scope, WriteUncertain, new_id

_log = structlog.get_logger(__name__)
_POLL_S = 2.0
_CARRIED_OUT: frozenset[Status] = frozenset({"running"})


class RunManager:
    """Owns the runs of this process; an async context manager that ends with none going on."""

    def __init__(
        self,
        parts: Parts,
        store: RunStore,
        events: EventLog,
        redis: Redis,
        *,
        most_runs: int,
        timeout_s: float,
        busy_wait_s: float,
        observe: Observer,
        answered: Callable[[Owner, ChatResult], None] = lambda _owner, _result: None,
        going: Callable[[int], None] = lambda _runs: None,
        closed: Closed = lambda _run, _result: None,
        told: Callable[[RunEvent, float], None] = lambda _event, _seconds: None,
        routed_within_s: float = 0.0,
        worker: str | None = None,
        workers: ByWorkers | None = None,
        accounts: Accounts | None = None,
    ) -> None:
        """`worker` names this process in the records; one that had the name before must be gone.

        Where runs take longer than `routed_within_s` to their route, fewer than `most_runs` are let in at once; 0: never.
        With `workers` runs that begin here are carried out by them, and this process looks after none.
        `answered` is told of each answer once it is recorded, `going` how many runs are going on whenever that
        changes, `closed` of each run that ended, and `told` of each event with the seconds since the run began; they must
        not block.
        """
        self._parts = parts
        self._store = store
        self._events = events
        self._most_runs = most_runs
        self._going = going
        self._closer = Closer(store, observe=observe, answered=answered, closed=closed)
        self._admission = Admission(most=most_runs, within_s=routed_within_s)
        self._told = told
        self._carrier = Carrier(parts, self._closer, events, store.approvals, timeout_s=timeout_s)
        self._active: dict[str, ActiveRun] = {}
        self._worker = Worker(worker or new_id("wrk"), store, events, redis, go_on=self._go_on)
        self._canceller = Canceller(self._active, store, self._worker)
        self._orders = self._canceller.orders = Orders(redis, self._worker.name, self._canceller.here)
        self._workers = workers
        self._accounts = accounts or Accounts()
        self._carries = workers is None
        self._executor: Executor = workers or InProcess(
            self._worker.name,
            active=lambda: self.active,
            admission=self._admission,
            carry=self._carry,
        )
        self._beginner = Beginner(
            store,
            holder=self._executor.holder,
            busy_wait_s=busy_wait_s,
            cancel=self.cancel,
            ended=partial(self._ended, until=GOING_ON),
        )
        self._stopping = False
        self.stopped = asyncio.Event()
        """Set once nothing goes on here any more, and what was going on is left."""
        self._starting: set[asyncio.Task[tuple[str, str]]] = set()

    async def __aenter__(self) -> Self:
        if self._carries:
            await self._worker.__aenter__()
            await self._orders.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.drain(0)
        await self._closer.close()
        if self._carries:
            await self._worker.__aexit__()
            await self._orders.__aexit__()

    async def drain(self, seconds: float) -> None:
        """Take no further runs, let those that are going on end within the time, and leave the others.

        Those are gone on with by another process, or by this service when it starts again.
        """
        self._stopping = True
        self._closer.hurry()
        await end(self._starting)
        going = [run.task for run in self._active.values() if run.task]
        if going and seconds:
            await asyncio.wait(going, timeout=seconds)
        await asyncio.gather(*(stop(run, "shutdown") for run in self._active.values()))
        self.stopped.set()

    @property
    def name(self) -> str:
        """The name of this process in the records."""
        return self._worker.name

    @property
    def admitted(self) -> int:
        """How many runs may go on in this process at this moment."""
        return self._admission.limit

    @property
    def active(self) -> int:
        """How many runs are going on in this process."""
        return len(self._active)

    def carries(self, owner: Owner, run_id: str) -> bool:
        """Whether the run is this user's and going on in this process."""
        return self._own(owner, run_id) is not None

    def _own(self, owner: Owner, run_id: str) -> ActiveRun | None:
        run = self._active.get(run_id)
        return run if run is not None and run.scope.owner == owner else None

    async def start(
        self,
        owner: Owner,
        request: ChatRequest,
        *,
        idempotency_key: str | None = None,
        brought: Brought = NOTHING,
    ) -> tuple[str, str]:
        """Begin a run; gives the ids of run and thread. A known idempotency key gives the run it began.

        One that failed for no fault of the request is begun anew, in the same thread.
        Raises UnknownProject, and ProblemError: stopping, overloaded, thread_busy, unknown_thread, idempotency_conflict.
        """
        # In a task of its own: a client that leaves now must not leave a record behind that nobody carries out.
        starting = asyncio.create_task(self._start(owner, request, idempotency_key, brought))
        self._starting.add(starting)
        starting.add_done_callback(self._started)
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            if starting.cancelled():
                raise _stopping() from None
            raise

    def _started(self, starting: asyncio.Task[tuple[str, str]]) -> None:
        self._starting.discard(starting)
        if not starting.cancelled():
            starting.exception()  # it is the client's, who may have left

    async def _start(
        self, owner: Owner, request: ChatRequest, idempotency_key: str | None, brought: Brought
    ) -> tuple[str, str]:
        if self._stopping:
            raise _stopping()
        self.refuse_unworkable(request, brought)
        try:
            async with self._executor.place():
                return await self._begin(owner, request, idempotency_key, brought)
        except Full as full:
            detail = f"{full} Try again in a moment."
            raise ProblemError(problem("overloaded", detail, retry_after_s=1)) from full

    async def _begin(
        self, owner: Owner, request: ChatRequest, idempotency_key: str | None, brought: Brought
    ) -> tuple[str, str]:
        run_id = new_id("run")
        scope = Scope(
            thread_id=new_id("thr") if request.thread_id is None else request.thread_id,
            tenant_id=owner.tenant_id,
            user_id=owner.user_id,
            project_id=request.project_id,
        )
        if request.attachments:
            await self._parts.attached(scope, request.attachments)  # refused at once, it leaves no record
        lease = self._lease(run_id, 1) if self._carries else ""
        writer = RunWriter(self._events, run_id, await self._events.sealing(owner), lease=lease)
        run = ActiveRun(
            run_id=run_id,
            scope=scope,
            request=request,
            writer=writer,
            lease=1 if self._carries else 0,
            luggage=Luggage(brought, self._accounts.current()),
        )
        run.writer.keep(kept_with(run.luggage, self._parts.saver.serde))
        try:
            await self._beginner.begin(run, idempotency_key)
        except WriteUncertain:
            self._closer.fail_behind(
                run
            )  # if it was written: nobody carries it out, and its thread is to be free
            raise
        except AlreadyBegun as known:
            if known.run.request != request:
                detail = (
                    "This Idempotency-Key came with another request before. Use a new key for a new request."
                )
                raise ProblemError(problem("idempotency_conflict", detail)) from known
            return known.run.id, known.run.thread_id
        run.writer.emit(RunStarted(thread_id=run.scope.thread_id))
        try:
            await self._executor.execute(run)
        except RedisError:
            self._closer.fail_behind(run)  # nobody has it: its thread is to be free
            raise
        return run_id, run.scope.thread_id

    def _carry(self, run: ActiveRun) -> None:
        self._active[run.run_id] = run
        run.told = self._hear
        self._going(len(self._active))
        run.task = asyncio.create_task(self._carry_out(run), name=run.run_id)

    def _hear(self, event: RunEvent, seconds: float) -> None:
        self._admission.heard(event, seconds, now=time.monotonic(), active=self.active)
        self._told(event, seconds)

    def _lease(self, run_id: str, number: int) -> str:
        return f"{self._worker.name} {run_id} {number}"

    async def _go_on(self, left: Abandoned) -> bool:
        """Go on with a run that nobody carries out, where it stood; False where this process carries enough."""
        if self._stopping or len(self._active) >= self._most_runs or left.request is None:
            return False
        owner, run_id = left.scope.owner, left.run_id
        taking = self._store.parking.take_up if left.waits else self._store.leases.take_over
        lease = await taking(left, self._worker.name)
        if lease is None:
            return True
        token = self._lease(run_id, lease)
        if kept := await self._store.parking.kept(run_id):
            await self._events.put_back(run_id, kept, lease=token)
            await self._store.parking.drop(run_id)
        else:
            await self._events.take(run_id, token)
        found = await self._events.work(run_id)
        writer = RunWriter(self._events, run_id, await self._events.sealing(owner), lease=token)
        told = [event async for event in self._events.kept(owner, run_id, after=0)]
        writer.go_on_after(told)
        run = ActiveRun(
            run_id=run_id,
            scope=left.scope,
            request=left.request,
            writer=writer,
            lease=lease,
            found=found,
            waited_s=left.waited_s,
            luggage=found_with(found, self._parts.saver.serde),
            meter=Meter.loaded(found[METER]) if METER in found else Meter(),
            begins=left.request.thread_id is None,
            began=time.monotonic() - max(0.0, (datetime.now(UTC) - left.created_at).total_seconds()),
            trace=traced(event.json for event in told),
        )
        if left.worker != QUEUED:
            why = "a run is resumed" if left.waits else "a run of a dead worker is gone on with"
            _log.warning(why, run_id=run_id, lease=lease, events=len(told))
        self._carry(run)
        return True

    async def look_after(self) -> None:
        """Look now, and not when the time has come, after runs whose workers are gone and those that nobody took."""
        await self._worker.reap()

    async def carry(self, run_id: str) -> bool:
        """Carry out a run that waits for a worker, to its end or until it waits for a person.

        False where this process carries enough, or stops.

        One that does not wait any more is left to who has it.
        """
        left = await self._store.leases.queued(run_id) or next(
            iter(await self._store.parking.due(run_id)), None
        )
        if left is not None and not await self._go_on(left):
            return False
        run = self._active.get(run_id)
        if run is not None and run.task is not None:
            await asyncio.wait([run.task])
        return True

    def refuse_unworkable(self, request: ChatRequest, brought: Brought = NOTHING) -> None:
        """Refuse at once what the guard or the router would refuse, so that it leaves no record.

        Raises RequestRefused, UnknownAgent.
        """
        refuse_unworkable(self._parts, request, brought)

    async def wait(self, owner: Owner, run_id: str) -> ChatResult | Problem:
        """How a run ends, or the problem approval_required once it waits for a person.

        One that another process carries out is waited for by its events.
        """
        run = self._own(owner, run_id)
        ended = await asyncio.shield(run.task) if run and run.task else None
        if ended is None and self._stopping and not (run and run.parked):
            return problem("interrupted", STOPPED, run_id=run_id)
        return ended or await self._ended(owner, run_id)

    async def cancel(self, owner: Owner, run_id: str) -> bool:
        """Cancel a run, whichever process carries it out, and wait until it is closed; False where it is not going on.

        Raises ProblemError for an unknown one.
        """
        return await self._canceller.cancel(owner, run_id)

    async def cancel_all(self, owner: Owner, *, thread_id: str | None = None) -> int:
        """Cancel the user's runs in all processes, of one thread where it is named, and wait until they are closed.

        Gives how many processes did not say within seconds that theirs are.
        """
        return await self._canceller.cancel_all(owner, thread_id)

    async def resume(self, owner: Owner, run_id: str, answer: ApprovalAnswer) -> None:
        """Take a person's answer to an approval, and have the run go on. The same answer again changes nothing.

        Raises ProblemError: unknown_run, unknown_approval, approval_answered, run_not_active, and invalid_request for
        arguments that do not fit the tool.
        """
        if answer.arguments is not None:
            approval = await self._store.approvals.get(owner, run_id, answer.approval_id)
            refuse_unfit(self._parts.charters, approval, answer.arguments)
        await self._store.approvals.answer(owner, run_id, answer)
        await self._go_on_if_due(run_id)

    async def _go_on_if_due(self, run_id: str) -> None:
        """Where this process cannot now, another, or this one later, goes on with it: see `Worker`."""
        try:
            for run in await self._store.parking.due(run_id):
                if self._workers is not None:
                    await self._workers.tell(run_id)
                elif run.request is not None:
                    await self._go_on(run)
        except (MemoryUnavailable, RedisError) as error:
            _log.warning("a run could not be resumed yet", run_id=run_id, error=str(error))

    async def _ended(
        self, owner: Owner, run_id: str, *, until: Collection[Status] = _CARRIED_OUT
    ) -> ChatResult | Problem:
        view = await self._store.get(owner, run_id)
        after = 0
        while view.status in until or (
            view.status == "waiting" and not view.approvals
        ):  # answered: it goes on
            async with contextlib.aclosing(
                self._events.read(owner, run_id, after=after, heartbeat_s=_POLL_S, stopped=self.stopped)
            ) as events:
                async for event in events:
                    if event is None:
                        break
                    after = event.seq
            if self.stopped.is_set():
                return problem("interrupted", STOPPED, run_id=run_id)
            view = await self._store.get(owner, run_id)
        if view.status == "waiting":
            return waits_for(view)
        if view.result:
            return view.result
        return view.problem or internal(run_id)

    async def _carry_out(self, run: ActiveRun) -> ChatResult | Problem | None:
        if run.luggage.account:
            self._accounts.enter(run.scope.owner, run.luggage.account)
        try:
            return await self._carrier.carry_out(run)
        finally:
            if self._active.get(run.run_id) is run:  # resumed already, it stands there anew
                del self._active[run.run_id]
                self._admission.ended(now=time.monotonic())
            self._going(len(self._active))
            if run.parked:
                await self._go_on_if_due(run.run_id)  # it may have been answered meanwhile


def _stopping() -> ProblemError:
    return ProblemError(problem("stopping", "The service is being stopped. Try again in a moment."))
