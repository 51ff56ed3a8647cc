"""How runs begin: written to their threads, one at a time, as the client asked for where one is going on."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from agents import UnknownAgent
from app.problems import ProblemError, problem
from app.runs.active import ActiveRun
from app.runs.carrying import Parts
from app.runs.records import ChatRequest, RunView
from app.runs.store import AlreadyBegun, RunStore, ThreadBusy
from graphs import Brought, RequestRefused, clean_message
from memory import Owner
from models.chat import Role, language_model


class Beginner:
    """Writes new runs; while their threads are busy it does as the client asked."""

    def __init__(
        self,
        store: RunStore,
        *,
        holder: str,
        busy_wait_s: float,
        cancel: Callable[[Owner, str], Awaitable[bool]],
        ended: Callable[[Owner, str], Awaitable[object]],
    ) -> None:
        """`holder` is who carries out what begins here; `ended` waits for the end of a run."""
        self._store = store
        self._holder = holder
        self._busy_wait_s = busy_wait_s
        self._cancel = cancel
        self._ended = ended

    async def begin(self, run: ActiveRun, idempotency_key: str | None) -> None:
        """Write the run. Raises AlreadyBegun, ProblemError (thread_busy), and what the store raises."""
        owner, request = run.scope.owner, run.request
        until = time.monotonic() + self._busy_wait_s
        failed: RunView | None = None
        while True:
            try:
                await self._write(run, idempotency_key, failed)
            except AlreadyBegun as known:
                if known.run.request != request or not known.run.may_be_repeated:
                    raise
                failed = known.run
                run.scope = replace(run.scope, thread_id=failed.thread_id)
            except ThreadBusy as busy:
                if request.on_busy == "reject" or time.monotonic() >= until:
                    detail = f"Run {busy.run_id} of this thread is going on. Wait for its end, or send on_busy `queue` or `replace`."
                    raise ProblemError(problem("thread_busy", detail, run_id=busy.run_id or None)) from busy
                if request.on_busy == "replace" and busy.run_id and await self._cancel(owner, busy.run_id):
                    continue
                await self._until_ended(owner, busy.run_id, until - time.monotonic())
            else:
                return

    async def _write(self, run: ActiveRun, idempotency_key: str | None, failed: RunView | None) -> None:
        """Write the run as a new one, or in place of the one that failed under the same key."""
        worker = self._holder
        if failed is None or idempotency_key is None:
            new = run.request.thread_id is None
            project = await self._store.begin(
                run.run_id,
                run.scope,
                run.request,
                new_thread=new,
                worker=worker,
                idempotency_key=idempotency_key,
            )
            run.begins = new
        else:
            project = await self._store.project_of(run.scope.owner, run.scope.thread_id)
            await self._store.begin_again(
                failed, run.run_id, run.scope, worker=worker, idempotency_key=idempotency_key
            )
        if run.request.project_id is None:
            run.scope = replace(run.scope, project_id=project)

    async def _until_ended(self, owner: Owner, run_id: str, seconds: float) -> None:
        with contextlib.suppress(TimeoutError, ProblemError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self._ended(owner, run_id)


def refuse_unworkable(parts: Parts, request: ChatRequest, brought: Brought) -> None:
    """Refuse what the guard or the router would refuse. Raises RequestRefused, UnknownAgent."""
    clean_message(request.message, longest=parts.settings.longest_message)
    unknown = [name for name in request.agents if name not in parts.charters]
    if unknown:
        known = ", ".join(parts.charters)
        raise UnknownAgent(f"there is no agent {', '.join(unknown)}; there are {known}")
    if brought.needs_model and language_model(parts.chat.of(Role.REASONING)) is None:
        raise RequestRefused(
            "only a language model can be held to a tool choice or a response format, and none is configured: leave "
            "tool_choice and response_format out, or configure one (FREYA_MODELS__ROLES)"
        )
