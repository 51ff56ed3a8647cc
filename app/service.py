"""The one object behind all doors: turns, runs, threads, agents, knowledge and health."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection

import structlog
from pydantic import BaseModel, Field, JsonValue
from redis.exceptions import RedisError

from app.agents_service import AgentsService
from app.attachments.reading import Reader
from app.attachments.store import AttachmentStore, AttachmentView
from app.beginnings import Beginnings
from app.health import Health, HealthReport
from app.knowledge_service import KnowledgeService
from app.memory_service import MemoryService
from app.problems import Problem, ProblemError, dumped, problem
from app.runs import (
    ApprovalAnswer,
    ChatRequest,
    ChatResult,
    EventLog,
    RunManager,
    RunStore,
    RunView,
    StoredEvent,
)
from app.runs.artifacts import StoredArtifact
from app.runs.inspection import RunTrace, inspected
from app.runs.records import CANCELLED, GOING_ON, Status
from app.specialists import Specialists
from graphs import (
    LAST_EVENTS,
    NOTHING,
    Brought,
    Heartbeat,
    RunCancelled,
    RunEvent,
    RunFailed,
    RunFinished,
)
from memory import (
    DeletedThread,
    ListedThread,
    MemoryUnavailable,
    Message,
    Owner,
    Scope,
    ShortTermTier,
    Thread,
    ThreadFinder,
    ThreadStore,
)

_log = structlog.get_logger(__name__)


class ForkedThread(BaseModel):
    """A thread that was forked from another."""

    thread: Thread
    run_id: str | None = Field(
        default=None, description="The run that answers the message it was forked with; null without one."
    )


async def _anybody() -> None:
    """Any turn may begin."""


class Freya:
    """The service. Its methods raise ProblemError, or errors that `app.errors.as_problem` knows."""

    def __init__(
        self,
        *,
        specialists: Specialists,
        manager: RunManager,
        runs: RunStore,
        events: EventLog,
        threads: ThreadStore,
        finder: ThreadFinder,
        attachments: AttachmentStore,
        reader: Reader,
        short_term: ShortTermTier,
        known: KnowledgeService,
        memory: MemoryService,
        designs: AgentsService,
        health: Health,
        heartbeat_s: float,
        may_begin: Callable[[], Awaitable[None]] = _anybody,
    ) -> None:
        """`may_begin` raises ProblemError where the current caller may begin no turn now."""
        self.specialists = specialists
        self._manager = manager
        self._runs = runs
        self._events = events
        self._threads = threads
        self._finder = finder
        self.attachments = attachments
        """The files that users attached to their threads."""
        self._reader = reader
        self._short_term = short_term
        self.known = known
        """What is known, and the work on it."""
        self.memory = memory
        """What is remembered of users."""
        self.designs = designs
        self._health = health
        self._heartbeat_s = heartbeat_s
        self._may_begin = may_begin
        self.begun = Beginnings()
        """Tells of each turn that began in this process."""
        self._leaving: set[asyncio.Task[bool]] = set()

    async def chat(
        self, owner: Owner, request: ChatRequest, *, idempotency_key: str | None = None
    ) -> ChatResult:
        """A turn, answered whole. A turn that failed raises its ProblemError, one that waits for a person approval_required."""
        run_id, _ = await self.start(owner, request, idempotency_key=idempotency_key)
        return await self.result(owner, run_id)

    async def result(self, owner: Owner, run_id: str) -> ChatResult:
        """How a run ends, once it does. One that failed raises its ProblemError."""
        ended = await self._manager.wait(owner, run_id)
        if isinstance(ended, Problem):
            raise ProblemError(ended)
        return ended

    async def paused(self, owner: Owner, run_id: str) -> RunView:
        """The run, once it has ended or waits for a person."""
        await self._manager.wait(owner, run_id)
        return await self.run(owner, run_id)

    async def start(
        self,
        owner: Owner,
        request: ChatRequest,
        *,
        idempotency_key: str | None = None,
        brought: Brought = NOTHING,
    ) -> tuple[str, str]:
        """Begin a turn; gives the ids of its run and thread. It goes on whether anybody listens or not.

        `brought` is what a client that keeps its conversations itself sends along; it is not recorded.
        """
        await self._may_begin()
        begun = await self._manager.start(owner, request, idempotency_key=idempotency_key, brought=brought)
        self.begun.tell(begun[1])
        return begun

    async def events(self, owner: Owner, run_id: str, *, after: int = 0) -> AsyncGenerator[StoredEvent]:
        """The events of a run after number `after`, as they come, with a heartbeat in silence, up to the last.

        Of a run whose events are not kept, or not all of them, the last one is made of its record. What is wrong
        at the beginning is raised here, before the first event.
        """
        carried = self._manager.carries(owner, run_id)
        last = await self._events.last(run_id)
        if carried:
            return self._follow(owner, run_id, after)
        view = await self.run(owner, run_id)
        if last is None and view.status == "waiting" and (kept := await self._runs.parking.kept(run_id)):
            await self._events.put_back(run_id, kept)  # Redis has lost them meanwhile
        return (
            self._follow(owner, run_id, after)
            if view.status in GOING_ON
            else self._told(owner, view, after, last)
        )

    async def _follow(self, owner: Owner, run_id: str, after: int) -> AsyncGenerator[StoredEvent]:
        """Of a run that goes on; should its last event never come, as when Redis was away, the record stands in."""
        ended: RunView | None = None
        reading = self._events.read(
            owner, run_id, after=after, heartbeat_s=self._heartbeat_s, stopped=self._manager.stopped
        )
        async for event in reading:
            if event:
                after = event.seq
                yield event
            elif ended:
                yield _last_event(ended, after + 1)
                return
            else:
                yield _heartbeat(run_id)
                with contextlib.suppress(MemoryUnavailable):
                    view = await self.run(owner, run_id)
                    ended = view if view.status not in GOING_ON else None

    async def _told(
        self, owner: Owner, view: RunView, after: int, last: StoredEvent | None
    ) -> AsyncGenerator[StoredEvent]:
        """Of a run that ended: the events that are kept, and where the last is not among them one of its record."""
        async for event in self._events.kept(owner, view.id, after=after):
            after = event.seq
            yield event
        if last is None or last.type not in LAST_EVENTS:
            yield _last_event(view, after + 1)

    async def run(self, owner: Owner, run_id: str) -> RunView:
        """The run as it stands."""
        return await self._runs.get(owner, run_id)

    async def trace(self, owner: Owner, run_id: str) -> RunTrace:
        """What happened in a run, as far as that is kept."""
        view = await self.run(owner, run_id)
        events: list[StoredEvent] = []
        with contextlib.suppress(RedisError):
            events = [event async for event in self._events.kept(owner, run_id, after=0)]
        return inspected(view, events, await self.memory.interaction(owner, run_id))

    async def cancel(self, owner: Owner, run_id: str) -> RunView:
        """Cancel a run that is going on; gives it as it stands then."""
        if not await self._manager.cancel(owner, run_id):
            view = await self.run(owner, run_id)
            raise ProblemError(
                problem("run_not_active", f"Run {run_id} is {view.status} and cannot be cancelled.")
            )
        return await self.run(owner, run_id)

    async def resume(self, owner: Owner, run_id: str, answer: ApprovalAnswer) -> RunView:
        """Answer an approval that a run waits for; gives the run as it stands then. The same answer again changes nothing."""
        await self._manager.resume(owner, run_id, answer)
        return await self.run(owner, run_id)

    def leave(self, owner: Owner, run_id: str) -> None:
        """Cancel a run whose client is gone, behind its back; one that has ended stands."""
        task = asyncio.create_task(self._manager.cancel(owner, run_id), name=f"leave {run_id}")
        self._leaving.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[bool]) -> None:
        self._leaving.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.warning("a run that was left could not be cancelled", task=task.get_name(), error=str(error))

    async def runs(self, owner: Owner, thread_id: str, *, limit: int, before: str | None) -> list[RunView]:
        """The runs of a thread, newest first."""
        await self._threads.get(owner, thread_id)
        return await self._runs.of_thread(owner, thread_id, limit=limit, before=before)

    async def find_runs(
        self,
        owner: Owner,
        *,
        statuses: Collection[Status] = (),
        thread_id: str | None = None,
        limit: int,
        before: str | None = None,
    ) -> list[RunView]:
        """The owner's runs of all threads, newest first; where given, only those in one of the statuses, or of a thread."""
        if thread_id is not None:
            await self._threads.get(owner, thread_id)
        return await self._runs.of_user(
            owner, statuses=statuses, thread_id=thread_id, limit=limit, before=before
        )

    async def artifact(self, owner: Owner, artifact_id: str) -> StoredArtifact:
        """An artifact with its content."""
        return await self._runs.artifacts.one(owner, artifact_id)

    async def create_thread(
        self,
        owner: Owner,
        title: str | None,
        *,
        project_id: str | None,
        metadata: dict[str, JsonValue],
        idempotency_key: str | None = None,
    ) -> Thread:
        """A new, empty thread; with an idempotency key that created one before, that one."""
        return await self._threads.create(
            owner, title, project_id=project_id, metadata=metadata, idempotency_key=idempotency_key
        )

    async def thread(self, owner: Owner, thread_id: str) -> Thread:
        """The thread."""
        return await self._threads.get(owner, thread_id)

    async def threads(
        self, owner: Owner, *, query: str | None = None, limit: int, before: str | None
    ) -> list[ListedThread]:
        """Threads, newest first; with a query those whose titles or messages say it."""
        if query is not None:
            return await self._finder.find(owner, query, limit=limit, before=before)
        threads = await self._threads.page(owner, limit=limit, before=before)
        return [ListedThread(**thread.model_dump()) for thread in threads]

    async def attach(
        self, owner: Owner, thread_id: str, name: str, content: bytes, *, idempotency_key: str | None = None
    ) -> AttachmentView:
        """Read a file and keep it with its thread. One that cannot be read is refused, and nothing is kept."""
        await self._threads.get(owner, thread_id)
        read = await self._reader.read(content)
        return await self.attachments.keep(
            owner, thread_id, name, content, read, idempotency_key=idempotency_key
        )

    async def attachments_of(
        self, owner: Owner, thread_id: str, *, limit: int, after: str | None
    ) -> list[AttachmentView]:
        """The files of a thread, oldest first."""
        await self._threads.get(owner, thread_id)
        return await self.attachments.page(owner, thread_id, limit=limit, after=after)

    async def change_thread(
        self,
        owner: Owner,
        thread_id: str,
        *,
        title: str | None,
        metadata: dict[str, JsonValue] | None,
    ) -> Thread:
        """Give a thread another title or other metadata."""
        return await self._threads.change(owner, thread_id, title=title, metadata=metadata)

    async def fork_thread(
        self,
        owner: Owner,
        thread_id: str,
        message_id: str,
        *,
        title: str | None,
        message: str | None,
        idempotency_key: str | None = None,
    ) -> "ForkedThread":
        """A thread that begins as this one did, up to a message; with `message` that is asked there in the message's place.

        It has the files that were attached by then; what is asked is about those that the message in its place was about.
        """
        if message is not None:
            self._manager.refuse_unworkable(ChatRequest(message=message))
            await self._may_begin()
        thread = await self._threads.fork(
            owner,
            thread_id,
            message_id,
            without=message is not None,
            title=title,
            idempotency_key=idempotency_key,
        )
        if message is None:
            return ForkedThread(thread=thread)
        replaced = await self._threads.message(owner, thread_id, message_id)
        about = (await self.run(owner, replaced.run_id)).request.attachments if replaced.run_id else []
        files = await self.attachments.copies(owner, thread.id, about)
        asked = ChatRequest(message=message, thread_id=thread.id, attachments=files)
        run_id, _ = await self._manager.start(owner, asked, idempotency_key=idempotency_key)
        return ForkedThread(thread=await self._threads.get(owner, thread.id), run_id=run_id)

    async def delete_thread(self, owner: Owner, thread_id: str, *, records: bool = False) -> DeletedThread:
        """Delete a thread with all that belongs to it, in every tier, and the events of its runs.

        With `records` what it alone taught is forgotten too.
        """
        await self._manager.cancel_all(owner, thread_id=thread_id)
        deleted = await self._threads.delete(
            owner, thread_id, withdraw=self.memory.withdraw if records else None
        )
        # The thread is gone and nothing is recalled of it; while Redis is away what it has goes when its time is over.
        with contextlib.suppress(MemoryUnavailable, RedisError):
            await self._short_term.forget(
                Scope(thread_id=thread_id, tenant_id=owner.tenant_id, user_id=owner.user_id)
            )
            await self._events.forget(deleted.runs)
        return deleted

    async def messages(self, owner: Owner, thread_id: str, *, limit: int, after: str | None) -> list[Message]:
        """The messages of a thread, oldest first."""
        return await self._threads.messages(owner, thread_id, limit=limit, after=after)

    async def drain(self, seconds: float) -> None:
        """Take no further turns; let those that are going on end within the time, and stop the others."""
        await self._manager.drain(seconds)

    async def health(self) -> HealthReport:
        """What the service depends on, and whether each part answers."""
        return await self._health.report()


def _last_event(view: RunView, seq: int) -> StoredEvent:
    event: RunEvent
    if view.result:
        event = RunFinished(result=view.result.model_dump(mode="json"))
    elif view.status == "cancelled":
        event = RunCancelled(reason=CANCELLED)
    else:
        event = RunFailed(
            problem=dumped(view.problem or problem("internal_error", "The run left no record."))
        )
    stamped = event.stamped(view.id, seq)
    return StoredEvent(seq, str(getattr(event, "type", "")), stamped.model_dump_json().encode())


def _heartbeat(run_id: str) -> StoredEvent:
    return StoredEvent(0, "heartbeat", Heartbeat(run_id=run_id).model_dump_json().encode())
