"""The WebSocket door: several turns on one socket, the same events as JSON frames."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Annotated, Any, Literal, TypeAlias

import orjson
import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from app.errors import as_problem, internal
from app.http.security import acting
from app.problems import Problem, ProblemError, dumped, problem, unfit
from app.runs import ApprovalAnswer, ChatRequest, storable
from app.service import Freya
from app.tasks import end
from memory import Owner

_log = structlog.get_logger(__name__)
_MOST_FOLLOWED = 16
_SLOW_CLIENT_S = 30.0
router = APIRouter()
RunId = Annotated[str, Field(max_length=64), AfterValidator(storable)]


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: Annotated[
        str | None, Field(max_length=64, description="Chosen by the client; answers to the frame carry it.")
    ] = None


class MessageFrame(_Frame):
    """Begin a turn."""

    type: Literal["message"]
    message: str
    thread_id: str | None = None
    agents: list[str] = []
    project_id: str | None = None
    metadata: dict[str, JsonValue] = {}
    attachments: list[str] = []
    on_busy: Literal["reject", "queue", "replace"] = "reject"
    idempotency_key: Annotated[
        str | None,
        Field(
            min_length=1, max_length=128, description="Sent again with its key, a message is not asked again."
        ),
        AfterValidator(storable),
    ] = None


class CancelFrame(_Frame):
    """Cancel a run."""

    type: Literal["cancel"]
    run_id: RunId


class SubscribeFrame(_Frame):
    """Follow a run from after an event."""

    type: Literal["subscribe"]
    run_id: RunId
    after: Annotated[int, Field(ge=0, le=10**9)] = 0


class ResumeFrame(_Frame):
    """Answer an approval that a run waits for."""

    type: Literal["resume"]
    run_id: RunId
    approval_id: Annotated[str, Field(max_length=64)]
    decision: Literal["approve", "edit", "reject"]
    arguments: dict[str, JsonValue] | None = None
    reason: str = ""


class PingFrame(_Frame):
    """Ask for a pong."""

    type: Literal["ping"]


ClientFrame: TypeAlias = Annotated[
    MessageFrame | CancelFrame | SubscribeFrame | ResumeFrame | PingFrame, Field(discriminator="type")
]


class AcceptedFrame(BaseModel):
    """A message became this run; its events follow."""

    type: Literal["accepted"] = "accepted"
    id: str | None
    run_id: str
    thread_id: str


class ResumedFrame(BaseModel):
    """An approval was answered as the frame said; events of the run go on where it is followed."""

    type: Literal["resumed"] = "resumed"
    id: str | None
    run_id: str
    approval_id: str


class PongFrame(BaseModel):
    """The answer to a ping."""

    type: Literal["pong"] = "pong"
    id: str | None


class ErrorFrame(BaseModel):
    """The frame was not obeyed; the socket lives on."""

    type: Literal["error"] = "error"
    id: str | None
    problem: Problem


ServiceFrame: TypeAlias = Annotated[
    AcceptedFrame | ResumedFrame | PongFrame | ErrorFrame, Field(discriminator="type")
]
_FRAMES: TypeAdapter[ClientFrame] = TypeAdapter(ClientFrame)


@router.websocket("/v1/ws")
async def converse(socket: WebSocket) -> None:
    """Speak until the client leaves; runs it began go on without it."""
    offered = socket.headers.get("sec-websocket-protocol", "")
    await socket.accept(subprotocol="freya.v1" if "freya.v1" in offered else None)
    freya: Freya = socket.app.state.freya
    await Conversation(socket, freya, await acting(socket)).hold()


class Conversation:
    """One socket: reads frames, and follows runs side by side."""

    def __init__(self, socket: WebSocket, freya: Freya, owner: Owner) -> None:
        self._socket = socket
        self._freya = freya
        self._owner = owner
        self._writing = asyncio.Lock()
        self._slow = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def hold(self) -> None:
        """Read frames until the client leaves, or reads nothing itself; runs it began go on."""
        reading = asyncio.create_task(self._read())
        slow = asyncio.create_task(self._slow.wait())
        try:
            await asyncio.wait([reading, slow], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end([reading, slow, *self._tasks])
        if not reading.cancelled():
            reading.result()

    async def _read(self) -> None:
        """Take frame after frame; one that cannot be read gets an error frame."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # it left while something was being sent
            while (message := await self._socket.receive())["type"] != "websocket.disconnect":
                await self._take(message.get("text"), message.get("bytes"))

    async def _take(self, text: str | None, data: bytes | None) -> None:
        if text is None or data is not None:
            await self._error(None, problem("bad_request", "Send frames as text, each one JSON object."))
            return
        try:
            raw = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            await self._error(None, problem("invalid_json", f"The frame is not JSON: {error}."))
            return
        frame_id = raw.get("id") if isinstance(raw, dict) and isinstance(raw.get("id"), str) else None
        try:
            frame = _FRAMES.validate_python(raw)
        except ValidationError as error:
            await self._error(frame_id, unfit(error.errors(), whole="frame"))
            return
        await self._obey(frame)

    async def _obey(self, frame: ClientFrame) -> None:
        match frame:
            case PingFrame():
                await self._send(PongFrame(id=frame.id))
            case MessageFrame() | SubscribeFrame() if len(self._tasks) >= _MOST_FOLLOWED:
                detail = f"A socket follows at most {_MOST_FOLLOWED} runs at once. Wait for one to end."
                await self._error(frame.id, problem("overloaded", detail))
            case MessageFrame():
                self._spawn(self._guarded(frame, self._begin(frame)))
            case SubscribeFrame():
                self._spawn(self._guarded(frame, self._follow(frame.run_id, frame.after)))
            case CancelFrame():
                self._spawn(self._guarded(frame, self._cancel(frame.run_id)))
            case ResumeFrame():
                self._spawn(self._guarded(frame, self._resume(frame)))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:  # asyncio's own signature
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, frame: ClientFrame, work: Coroutine[Any, Any, None]) -> None:
        """The edge of one frame's work: what goes wrong is an error frame, and the socket lives."""
        try:
            await work
        except (WebSocketDisconnect, RuntimeError):
            return  # the client left
        except Exception as error:  # noqa: BLE001  # the edge
            found = as_problem(error)
            if found is None:
                _log.error("a frame failed", kind=frame.type, exc_info=error)
            await self._error(frame.id, found or internal())

    async def _begin(self, frame: MessageFrame) -> None:
        try:
            request = ChatRequest.model_validate(frame.model_dump(exclude={"type", "id", "idempotency_key"}))
        except ValidationError as error:
            raise ProblemError(unfit(error.errors(), whole="message")) from error
        run_id, thread_id = await self._freya.start(
            self._owner, request, idempotency_key=frame.idempotency_key
        )
        await self._send(AcceptedFrame(id=frame.id, run_id=run_id, thread_id=thread_id))
        await self._follow(run_id, 0)

    async def _follow(self, run_id: str, after: int) -> None:
        async for event in await self._freya.events(self._owner, run_id, after=after):
            await self._send_text(event.json.decode())

    async def _cancel(self, run_id: str) -> None:
        await self._freya.cancel(self._owner, run_id)

    async def _resume(self, frame: ResumeFrame) -> None:
        try:
            answer = ApprovalAnswer.model_validate(frame.model_dump(exclude={"type", "id", "run_id"}))
        except ValidationError as error:
            raise ProblemError(unfit(error.errors(), whole="answer")) from error
        await self._freya.resume(self._owner, frame.run_id, answer)
        await self._send(ResumedFrame(id=frame.id, run_id=frame.run_id, approval_id=frame.approval_id))

    async def _error(self, frame_id: str | None, found: Problem) -> None:
        await self._send_text(
            orjson.dumps({"type": "error", "id": frame_id, "problem": dumped(found)}).decode()
        )

    async def _send(self, frame: AcceptedFrame | ResumedFrame | PongFrame) -> None:
        await self._send_text(frame.model_dump_json())

    async def _send_text(self, text: str) -> None:
        """Frames go out one at a time; a client that does not read for half a minute is let go."""
        try:
            async with self._writing, asyncio.timeout(_SLOW_CLIENT_S):
                await self._socket.send_text(text)
        except TimeoutError:
            self._slow.set()
            raise WebSocketDisconnect from None
