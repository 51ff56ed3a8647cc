"""The thread that decodes: takes requests, computes steps, hands out tokens."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from queue import Empty, SimpleQueue

from models.errors import DeadlineExceeded, EngineClosed, EngineError, GenerationFailed
from models.resident.adapters import AdapterKey, Adapters
from models.resident.admission import Admission
from models.resident.context import ABORTED, DecodeContext
from models.resident.interfaces import Finish, Statistics
from models.resident.job import Job, Outbox
from models.resident.library import Library
from models.resident.loading import LoadedModel
from models.resident.parking import ParkedPrefixes
from models.resident.prefixes import PrefixCache
from models.resident.sampling import Candidates
from models.resident.scheduling import StepCosts, Turns, plan_step
from models.resident.settings import EngineSettings

logger = logging.getLogger(__name__)

_FIRST_SERVICE_S = 1.0
_SMOOTHING = 0.2
_MIB = 1 << 20
_PARKING_PATIENCE = 64
"""Tokens written by others, after which an idle sequence leaves the cells that attention steps over."""

Command = Job | Callable[[], None] | None
"""A request, something to do between steps, or only a reason to look again."""


@dataclass
class Counters:
    """What has been done since the start."""

    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    expired: int = 0
    refused: int = 0
    preempted: int = 0
    prompt_tokens: int = 0
    reused_tokens: int = 0
    generated_tokens: int = 0
    steps: int = 0
    decode_s: float = 0.0
    sampling_s: float = 0.0
    parking_s: float = 0.0


class Worker:
    """Owns the context and everything that changes with a step. Other threads only put commands and set flags."""

    def __init__(self, library: Library, model: LoadedModel, settings: EngineSettings) -> None:
        self.counters = Counters()
        self.service_s = _FIRST_SERVICE_S
        """What a request takes from its start to its end, on average."""
        self._library = library
        self._model = model
        self._settings = settings
        self._context = DecodeContext(library, model.pointer, settings, model.vocabulary.size)
        self._parked = ParkedPrefixes(most_bytes=settings.parked_mb * _MIB, most_tokens=self._context.cells)
        self._cache = PrefixCache(
            self._context,
            sequences=settings.sequences(),
            cells=self._context.cells,
            partial=model.forgets_parts,
            parked=self._parked if settings.parked_mb and model.keeps_all else None,
        )
        self._admission = Admission(
            self._cache,
            parallel=settings.parallel,
            patience_s=settings.patience_s,
            share_ahead=model.forgets_parts,
        )
        self._parks = not model.card.gpu_layers
        """Whether what nobody uses leaves its cells; on a GPU only where others need them."""
        self._adapters = Adapters(library, model.pointer)
        self._candidates = Candidates(library, model.vocabulary.size)
        self._costs = StepCosts(settings.prefill_slowdown)
        self._turns = Turns()
        self._outbox = Outbox()
        self._inbox: SimpleQueue[Command] = SimpleQueue()
        self._waiting: list[Job] = []
        self._running: list[Job] = []
        self._computing: Sequence[Job] = ()
        self._written = 0
        """Tokens the last step was computed for whose answers are being written."""
        self._closes_at: float | None = None
        self.closed: Future[None] = Future()
        self._thread = threading.Thread(target=self._work, name="resident model", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Requests that have no sequence yet, about."""
        return len(self._waiting) + self._inbox.qsize()

    def submit(self, job: Job) -> None:
        """Take a request; whatever becomes of it comes to its mailbox."""
        self._inbox.put(job)
        self._mourn()

    def cancel(self, job: Job) -> None:
        """End a request before the next step; the step itself when all that it computes for have been cancelled."""
        job.cancelled = True
        if all(other.cancelled for other in self._computing):
            self._context.abort()
        self._inbox.put(None)

    def load_adapter(self, name: str, path: Path) -> Future[None]:
        """Load an adapter between steps. Fails with AdapterInvalid."""
        return self._between_steps(lambda: self._free_adapter(self._adapters.load(name, path)))

    def remove_adapter(self, name: str) -> Future[None]:
        """Forget an adapter between steps. Fails with AdapterUnknown."""
        return self._between_steps(lambda: self._free_adapter(self._adapters.remove(name)))

    def close(self, drain_s: float) -> None:
        """Stop: `closed` is done when the memory has been freed."""

        def stop() -> None:
            self._closes_at = min(self._closes_at or float("inf"), time.monotonic() + drain_s)

        if drain_s <= 0:
            self._context.abort()
        self._inbox.put(stop)

    def statistics(self) -> Statistics:
        """As of the last step."""
        counted = {field.name: getattr(self.counters, field.name) for field in fields(Counters)}
        return Statistics(
            running=len(self._running),
            waiting=self.waiting,
            cells_used=self._cache.used,
            cells=self._cache.cells,
            parked_tokens=self._parked.tokens,
            parked_bytes=self._parked.bytes,
            restored_tokens=self._cache.restored,
            **counted,
        )

    def _between_steps(self, action: Callable[[], None]) -> Future[None]:
        done: Future[None] = Future()

        def act() -> None:
            try:
                if self.closed.done():
                    raise EngineClosed("the engine has been closed")
                action()
            except EngineError as error:
                done.set_exception(error)
            else:
                done.set_result(None)

        self._inbox.put(act)
        self._mourn()
        return done

    def _work(self) -> None:
        error = EngineClosed("the engine has been closed")
        try:
            while self._step():
                pass
        except BaseException as cause:
            error = EngineClosed(f"the engine stopped on an error: {type(cause).__name__}: {cause}")
            raise
        finally:
            self._end(error)

    def _step(self) -> bool:
        """One round; False when it was the last."""
        self._take_commands()
        now = time.monotonic()
        self._drop_the_gone(now)
        if self._closes_at is not None and (not (self._waiting or self._running) or now >= self._closes_at):
            return False
        nobody = not self._running
        self.counters.preempted += self._admission.admit(self._waiting, self._running, now)
        if nobody and self._running and self._parks:
            self._cache.drop_saved()
        if self._running:
            self._compute(self._plan(now))
        self._outbox.send()
        self._park()
        return True

    def _park(self) -> None:
        """Move some of what nobody uses out of the way of those who write."""
        written, self._written = self._written, 0
        if self._running and written and self._parks:
            began = time.perf_counter()
            self._cache.park(written, _PARKING_PATIENCE)
            self.counters.parking_s += time.perf_counter() - began

    def _take_commands(self) -> None:
        """Everything in the inbox; waits for something when there is nothing else to do."""
        with suppress(Empty):
            idle = not (self._waiting or self._running or self._closes_at)
            while idle and self._parks and self._inbox.empty() and self._cache.save_ahead():
                pass
            self._obey(self._inbox.get(block=idle))
            while True:
                self._obey(self._inbox.get_nowait())

    def _obey(self, command: Command) -> None:
        if isinstance(command, Job):
            self._welcome(command)
        elif command is not None:
            command()

    def _welcome(self, job: Job) -> None:
        if self._closes_at is not None:
            self._finish(job, EngineClosed("the engine is closing"))
            return
        try:
            job.adapters = self._adapters.take(job.request.adapters)
        except EngineError as error:
            self._finish(job, error)
            return
        self._waiting.append(job)

    def _drop_the_gone(self, now: float) -> None:
        for jobs in (self._waiting, self._running):
            for job in [job for job in jobs if job.cancelled or now >= job.expires_at]:
                jobs.remove(job)
                if job.cancelled:
                    self.counters.cancelled += 1
                    self._finish(job, None)
                else:
                    self.counters.expired += 1
                    generated = f"{job.generated} tokens generated" if job.sequence else "still waiting"
                    self._finish(
                        job, DeadlineExceeded(f"{job.request.deadline_s} s have passed, {generated}")
                    )

    def _plan(self, now: float) -> list[tuple[Job, int]]:
        """What this step computes; requests make way when there is no room for it."""
        while True:
            group = self._turns.next(list(dict.fromkeys(job.adapters for job in self._running)))
            together = [job for job in self._running if job.adapters == group]
            plan = plan_step(
                together, self._costs, self._settings.batch_tokens, now, self._settings.patience_s
            )
            if self._cache.make_room(sum(size for _, size in plan)) or len(self._running) == 1:
                return plan
            self._admission.suspend(
                self._admission.least_urgent(self._running, now), self._waiting, self._running
            )
            self.counters.preempted += 1

    def _compute(self, plan: list[tuple[Job, int]]) -> None:
        """Compute the plan; where that fails, its halves, until the request that fails is found."""
        self._computing = [job for job, _ in plan]
        key: AdapterKey = plan[0][0].adapters
        self._context.use_adapters(self._adapters.pointers(key))
        began = time.perf_counter()
        status = self._context.decode([job.chunk(size) for job, size in plan])
        took = time.perf_counter() - began
        self._computing = ()
        self.counters.steps += 1
        self.counters.decode_s += took
        if status == 0:
            self._written += (writing := sum(job.remaining == 1 for job, _ in plan))
            self._costs.learn(writing, sum(size for _, size in plan) - writing, took)
            self._advance(plan)
            return
        for job, _ in plan:
            if job.sequence is not None:
                self._cache.restore(job.sequence)
        if status == ABORTED:
            return
        logger.warning(
            "a step for %d requests failed with %d: %s", len(plan), status, self._library.complaint()
        )
        if len(plan) == 1:
            self._fail(
                plan[0][0], GenerationFailed(f"llama.cpp could not compute this request: status {status}")
            )
            return
        middle = len(plan) // 2
        for half in (plan[:middle], plan[middle:]):
            self._compute([(job, min(size, job.remaining)) for job, size in half])

    def _advance(self, plan: list[tuple[Job, int]]) -> None:
        began = time.perf_counter()
        ready: list[Job] = []
        for job, size in plan:
            if job.sequence is None:
                continue
            start = len(job.sequence)
            self.counters.prompt_tokens += max(0, min(size, len(job.prompt) - start))
            self._cache.extend(job.sequence, job.history[start : start + size])
            if job.remaining == 0:
                ready.append(job)
        rows = self._context.logits(len(ready)) if ready else ()
        for job, row in zip(ready, rows, strict=True):
            try:
                events = job.choose(row, self._candidates, self._model.vocabulary)
            except EngineError as error:
                self._fail(job, error)
                continue
            for event in events:
                if isinstance(event, Finish):
                    self._complete(job, event)
                else:
                    self._outbox.put(job.mailbox, event)
        self.counters.sampling_s += time.perf_counter() - began

    def _complete(self, job: Job, finish: Finish) -> None:
        self._outbox.put(job.mailbox, finish)
        self._running.remove(job)
        self.counters.completed += 1
        took = time.monotonic() - (job.started_at or job.submitted_at)
        self.service_s += _SMOOTHING * (took - self.service_s)
        self._finish(job, None)

    def _fail(self, job: Job, error: EngineError) -> None:
        self._running.remove(job)
        self.counters.failed += 1
        self._finish(job, error)

    def _finish(self, job: Job, error: EngineError | None) -> None:
        """Give back what a request holds; it stands in no list any more."""
        job.done = True
        job.sampler.close()
        if job.sequence is not None:
            self.counters.reused_tokens += job.reused
            self._cache.release(job.sequence, keep=error is None)
            job.sequence = None
        self.counters.generated_tokens += job.generated
        for number in self._adapters.give_back(job.adapters):
            self._free_adapter(number)
        if error is not None:
            self._outbox.put(job.mailbox, error)

    def _free_adapter(self, number: int | None) -> None:
        if number is not None:
            self._cache.forget(number)
            self._context.use_adapters([])
            self._adapters.free(number)

    def _end(self, error: EngineClosed) -> None:
        """Tell everybody, free everything."""
        for job in (*self._waiting, *self._running):
            self._finish(job, error)
        self._waiting.clear()
        self._running.clear()
        self._context.close()
        self._model.close()
        self.closed.set_result(None)
        self._mourn()
        self._outbox.send()

    def _mourn(self) -> None:
        """Refuse what came after the thread had ended."""
        if not self.closed.done():
            return
        with suppress(Empty):
            while True:
                command = self._inbox.get_nowait()
                if not isinstance(command, Job):
                    self._obey(command)
                    continue
                command.done = True
                command.sampler.close()
                outbox = Outbox()
                outbox.put(command.mailbox, EngineClosed("the engine has been closed"))
                outbox.send()
