"""A run as the chunks of a completion."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import orjson
import structlog
from pydantic import TypeAdapter
from starlette.requests import Request

from app.errors import as_problem, internal
from app.http.completions.approving import asking
from app.http.completions.errors import error_of
from app.http.completions.leaving import ClientLeft, items_unless_left
from app.http.completions.replies import (
    ChatCompletionChunk,
    ChunkChoice,
    CompletionUsage,
    Delta,
    FinishReason,
    annotations,
    call_parts,
    completion_id,
    finish_reason,
    rest_of,
    with_files,
)
from app.problems import Problem, problem
from app.runs import ChatResult, RunView, StoredEvent
from app.service import Freya
from app.tasks import end
from graphs import Event, PlanMade, RunCancelled, RunFailed, RunFinished, Token
from memory import Owner

_log = structlog.get_logger(__name__)
_EVENT: TypeAdapter[Event] = TypeAdapter(Event)
_LAST = frozenset({"run.finished", "run.failed", "run.cancelled"})
_READ = _LAST | {"token", "plan"}
_ASKS = "approval.required"


class Chunks:
    """Writes the chunks of one completion.

    While one specialist works, or Freya herself, the answer is sent as it is written; what several write is put
    together first. What a check adds is sent at the end; where it took out what was sent already, the checked answer
    follows below a line.
    """

    def __init__(
        self, run_id: str, model: str, created: int, base_url: str, *, with_usage: bool, unclear: str = ""
    ) -> None:
        """`unclear` is what was wrong with an answer to what the run waits for."""
        self._id = completion_id(run_id)
        self._model = model
        self._created = created
        self._base_url = base_url
        self._with_usage = with_usage
        self._unclear = unclear
        self._written = ""
        self._several = False

    def first(self) -> bytes:
        """The chunk that says whose answer it is."""
        return self._chunk(Delta(role="assistant", content=""))

    def take(self, event: Event | RunView) -> list[bytes]:
        """The chunks that an event makes, which may be none; those that end the reply, of a run that waits for a person."""
        match event:
            case PlanMade(steps=steps):
                self._several = len(steps) > 1
            case Token(text=text, anew=False) if not self._several:
                self._written += text
                return [self._chunk(Delta(content=text))]
            case RunFinished(result=result):
                return self._last(ChatResult.model_validate(result))
            case RunFailed(problem=found):
                return [failed(Problem.model_validate(found))]
            case RunCancelled():
                return [failed(problem("cancelled", "The run was cancelled."))]
            case RunView():
                return self._asks(event)
        return []

    def _asks(self, run: RunView) -> list[bytes]:
        text = asking(run, self._unclear)
        return [
            self._chunk(Delta(content=f"\n\n{text}" if self._written else text)),
            self._chunk(Delta(approvals=run.approvals)),
            self._chunk(Delta(), "stop"),
            b"data: [DONE]\n\n",
        ]

    def _last(self, result: ChatResult) -> list[bytes]:
        chunks = []
        rest = rest_of(self._written, with_files(result, self._base_url))
        if rest:
            chunks.append(self._chunk(Delta(content=rest)))
        text = self._written + rest
        places = annotations(text, result, self._base_url)
        if places:
            chunks.append(self._chunk(Delta(annotations=places)))
        calls = list(call_parts(result.client_calls))
        if calls:
            chunks.append(self._chunk(Delta(tool_calls=calls)))
        chunks.append(self._chunk(Delta(), finish_reason(result)))
        if self._with_usage:
            chunks.append(self._usage(result))
        return [*chunks, b"data: [DONE]\n\n"]

    def _usage(self, result: ChatResult) -> bytes:
        return self._line([], CompletionUsage.of(result))

    def _chunk(self, delta: Delta, reason: FinishReason | None = None) -> bytes:
        return self._line([ChunkChoice(delta=delta, finish_reason=reason)], None)

    def _line(self, choices: list[ChunkChoice], usage: CompletionUsage | None) -> bytes:
        chunk = ChatCompletionChunk(
            id=self._id, created=self._created, model=self._model, choices=choices, usage=usage
        )
        dumped = chunk.model_dump(exclude={"choices", "usage"})
        dumped["choices"] = [
            {
                **choice.model_dump(exclude={"delta"}),
                "delta": choice.delta.model_dump(mode="json", exclude_none=True),
            }
            for choice in choices
        ]
        if self._with_usage:
            dumped["usage"] = usage.model_dump() if usage else None
        return b"data: " + orjson.dumps(dumped) + b"\n\n"


async def completion_stream(
    request: Request, freya: Freya, owner: Owner, run_id: str, chunks: Chunks
) -> AsyncGenerator[bytes]:
    """The completion as server-sent events. A client that leaves before its end stops the run."""
    ended = False
    try:
        yield chunks.first()
        async for event in items_unless_left(request, _read(freya, owner, run_id)):
            for chunk in chunks.take(event):
                yield chunk
            ended = isinstance(event, RunView) or event.type in _LAST
        if not ended:
            yield failed(
                problem("interrupted", "The service stopped during the run: send the request again.")
            )
    except ClientLeft:
        return
    except Exception as error:  # noqa: BLE001  # the edge of a stream whose answer has begun
        found = as_problem(error)
        if found is None:
            _log.exception("a completion failed", run_id=run_id)
        yield failed(found or internal(run_id))
    finally:
        if not ended:
            freya.leave(owner, run_id)


def failed(found: Problem) -> bytes:
    """What ends a stream that cannot go on."""
    _, error = error_of(found)
    return b"data: " + error.model_dump_json().encode() + b"\n\n"


async def _read(freya: Freya, owner: Owner, run_id: str) -> AsyncGenerator[Event | RunView]:
    """The events that a completion is made of; the run itself, as the last, where it comes to wait for a person."""
    events = await freya.events(owner, run_id)
    step: asyncio.Task[StoredEvent | None] | None = None
    pause: asyncio.Task[RunView] | None = None
    try:
        while True:
            step = step or asyncio.create_task(_next(events))
            await asyncio.wait({step, *([pause] if pause else [])}, return_when=asyncio.FIRST_COMPLETED)
            if step.done():
                event, step = step.result(), None
                if event is None:
                    return
                if event.type in _READ:
                    yield _EVENT.validate_json(event.json)
                elif event.type == _ASKS and pause is None:
                    pause = asyncio.create_task(freya.paused(owner, run_id))
            elif pause is not None:
                run, pause = pause.result(), None
                if run.status == "waiting" and run.approvals:
                    yield run
                    return
    finally:
        await end([task for task in (step, pause) if task is not None])
        await events.aclose()


async def _next(events: AsyncIterator[StoredEvent]) -> StoredEvent | None:
    return await anext(events, None)
