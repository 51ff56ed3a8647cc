"""A service that answers by script on a data folder, for tests of what the command line makes of it."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any  # JSON of requests and events

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from app.embedded import InstanceLock

Event = dict[str, Any]  # JSON
Step = Event | Callable[[], object]
DROP: Event = {"type": "drop"}
"""The connection breaks here."""
RESULT: Event = {
    "run_id": "run_1",
    "thread_id": "thr_1",
    "answer": "Forty-**two**. [1]",
    "citations": [{"number": 1, "title": "What is it?", "source": "starter"}],
    "artifacts": [{"id": "art_1", "name": "plan.md"}],
    "model": "extractive",
}
PROBLEM: Event = {"title": "No such thread", "detail": "There is no thread 'thr_x'.", "status": 404}


class ScriptedService:
    """Answers turns and event streams with the scripts it was given, in order, and keeps what it was asked."""

    def __init__(self) -> None:
        self.turns: list[list[Step] | Response] = []
        self.replays: list[list[Step]] = []
        self.answers: dict[str, list[Any]] = {}  # JSON by path; the last one stays
        self.asked: list[tuple[str, str, Any, dict[str, str]]] = []  # method, path, JSON or a file, headers
        self.queries: list[str] = []
        self.cancelled = threading.Event()
        self.address = ""

    def bodies(self, path: str) -> list[Any]:  # JSON
        return [body for _, asked, body, _ in self.asked if asked == path]

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST", "DELETE"])])

    async def _answer(self, request: Request) -> Response:
        path, body = request.url.path, await request.body()
        said = body if request.headers.get("content-type") == "application/octet-stream" else None
        said = said if said is not None else (orjson.loads(body) if body else None)
        self.asked.append((request.method, path, said, dict(request.headers)))
        self.queries.append(request.url.query)
        if path == "/v1/chat/stream":
            script = self.turns.pop(0)
            return script if isinstance(script, Response) else self._stream(script)
        if path.endswith("/events"):
            return self._stream(self.replays.pop(0))
        if path.endswith("/cancel"):
            self.cancelled.set()
        answers = self.answers.get(path, [{}])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer if isinstance(answer, Response) else JSONResponse(answer)

    def _stream(self, script: list[Step]) -> Response:
        return StreamingResponse(self._events(script), media_type="text/event-stream")

    async def _events(self, script: list[Step]) -> AsyncIterator[bytes]:
        for number, step in enumerate(script, 1):
            if callable(step):
                await asyncio.to_thread(step)
            elif step is DROP:
                raise ConnectionResetError
            else:
                event = {"run_id": "run_1", "seq": number, "agent": None} | step
                yield b"event: x\ndata: " + orjson.dumps(event) + b"\n\n"


STARTED: Event = {"type": "run.started", "thread_id": "thr_1"}
FINISHED: Event = {"type": "run.finished", "result": RESULT}


def routed(*agents: str) -> Event:
    """A route to these specialists."""
    return {"type": "route", "kind": "tasks", "tasks": [{"agent": name} for name in agents]}


def token(text: str, agent: str | None = "technical") -> Event:
    """A piece of an answer."""
    return {"type": "token", "text": text, "agent": agent}


@contextlib.contextmanager
def serving(data: Path, service: ScriptedService, *, announced: bool = True) -> Iterator[ScriptedService]:
    """The service on a free port, holding the lock of the data folder and, if asked, announcing its address there."""
    ready, end = threading.Event(), threading.Event()

    async def serve() -> None:
        server = uvicorn.Server(
            uvicorn.Config(service.app(), port=0, log_config=None, lifespan="off", access_log=False)
        )
        async with InstanceLock(data) as lock:
            serving = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0)
            port = server.servers[0].sockets[0].getsockname()[1]
            service.address = f"http://127.0.0.1:{port}"
            if announced:
                await lock.announce(service.address)
            ready.set()
            await asyncio.to_thread(end.wait)
            server.should_exit = server.force_exit = True
            await serving

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    if not ready.wait(10):
        raise TimeoutError("the scripted service did not start")
    try:
        yield service
    finally:
        end.set()
        thread.join(10)
