"""A run as the chunks of a completion."""

from collections.abc import AsyncGenerator, AsyncIterator

import orjson
import structlog
from pydantic import TypeAdapter
from starlette.requests import Request

from app.errors import as_problem, internal
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
)
from app.problems import Problem, problem
from app.runs import ChatResult, StoredEvent
from app.service import Freya
from graphs import Event, PlanMade, RunCancelled, RunFailed, RunFinished, Token
from memory import Owner

_log = structlog.get_logger(__name__)
_EVENT: TypeAdapter[Event] = TypeAdapter(Event)
_READ = frozenset({"token", "plan", "run.finished", "run.failed", "run.cancelled"})


class Chunks:
    """Writes the chunks of one completion.

    While one specialist works, or Freya herself, the answer is sent as it is written; what several write is put
    together first. What a check adds is sent at the end; where it took out what was sent already, the checked answer
    follows below a line.
    """

    def __init__(self, run_id: str, model: str, created: int, base_url: str, *, with_usage: bool) -> None:
        self._id = completion_id(run_id)
        self._model = model
        self._created = created
        self._base_url = base_url
        self._with_usage = with_usage
        self._written = ""
        self._several = False

    def first(self) -> bytes:
        """The chunk that says whose answer it is."""
        return self._chunk(Delta(role="assistant", content=""))

    def take(self, event: Event) -> list[bytes]:
        """The chunks that an event makes, which may be none."""
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
        return []

    def _last(self, result: ChatResult) -> list[bytes]:
        chunks = []
        rest = rest_of(self._written, result.answer)
        if rest:
            chunks.append(self._chunk(Delta(content=rest)))
        text = self._written + rest
        places = annotations(text, result.citations, self._base_url)
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
            {**choice.model_dump(exclude={"delta"}), "delta": choice.delta.model_dump(exclude_none=True)}
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
        async for event in items_unless_left(request, _read(await freya.events(owner, run_id))):
            for chunk in chunks.take(event):
                yield chunk
            ended = event.type in {"run.finished", "run.failed", "run.cancelled"}
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


async def _read(events: AsyncIterator[StoredEvent]) -> AsyncGenerator[Event]:
    """The events that a completion is made of."""
    try:
        async for event in events:
            if event.type in _READ:
                yield _EVENT.validate_json(event.json)
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()
