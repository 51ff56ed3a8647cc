"""The service behind its door: where it listens, whom it lets in, and how it ends."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from typer.testing import CliRunner, Result
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from app import logs
from app.cli import finding, server, waiting
from app.cli.client import Client
from app.cli.commands import application
from app.cli.finding import open_client
from app.cli.server import open_momentary_service, open_service
from app.embedded import InstanceLock, running_instance
from app.settings import HttpSettings, Settings

_HASH = "a" * 64


class Hall:
    """Stands for everything behind the door: opens at once, or keeps one waiting, or breaks."""

    def __init__(self) -> None:
        self.opening: Callable[[], object] = lambda: None
        self.settings: list[Settings] = []
        self.closed = 0
        self.drained: list[float] = []
        self.streaming = threading.Event()
        self.book = SimpleNamespace(has_keys=False, trust=lambda *_: None)

    @contextlib.asynccontextmanager
    async def open(
        self,
        _: Settings,
        *,
        progress: Callable[[str], None],
        works: bool = False,  # noqa: ARG002  # the service's signature
    ) -> AsyncIterator[object]:
        try:
            progress("opening")
            opening = self.opening()
            if asyncio.iscoroutine(opening):
                await opening
            yield SimpleNamespace(freya=self, keys=SimpleNamespace(book=self.book))
        finally:
            self.closed += 1

    async def drain(self, seconds: float) -> None:
        self.drained.append(seconds)

    def app(self, settings: Settings, _: object, *, doors: bool) -> Starlette:
        assert doors
        self.settings.append(settings)

        async def hello(request: Request) -> PlainTextResponse:
            return PlainTextResponse(request.headers.get("authorization", "nobody"))

        async def endless(_: Request) -> StreamingResponse:
            return StreamingResponse(self._stream())

        async def listen(listened: WebSocket) -> None:
            await listened.accept()
            await listened.receive()

        routes = [Route("/", hello), Route("/endless", endless), WebSocketRoute("/listening", listen)]
        return Starlette(routes=routes)

    async def _stream(self) -> AsyncIterator[bytes]:
        yield b"begun"
        self.streaming.set()
        await asyncio.Event().wait()


@pytest.fixture
def hall(monkeypatch: pytest.MonkeyPatch) -> Hall:
    made = Hall()
    monkeypatch.setattr(server, "open_freya", made.open)
    monkeypatch.setattr(server, "create_app", made.app)
    return made


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


@pytest.fixture(autouse=True)
def _logs_go_to_the_error_stream_of_the_command(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure = logs.configure_logs
    monkeypatch.setattr(logs, "configure_logs", lambda settings: configure(settings, stream=sys.stderr))
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def freya(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(application, ["--data", str(data), *arguments])


def settings(data: Path, **http: object) -> Settings:
    return Settings(data=data, http=HttpSettings.model_validate({"port": 0, **http}))


async def until_true(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.005)


class Watcher(threading.Thread):
    """Acts once the service on a data folder has announced itself; runs beside a command in the main thread."""

    def __init__(self, data: Path, act: Callable[[str], None]) -> None:
        super().__init__()
        self._data = data
        self._act = act
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self._act(asyncio.run(self._address()))
        except BaseException as error:
            self.error = error
            os.kill(os.getpid(), signal.SIGTERM)
            raise

    async def _address(self) -> str:
        async with asyncio.timeout(60):
            while True:
                instance = await running_instance(self._data)
                if instance and instance.address:
                    return instance.address
                await asyncio.sleep(0.01)


def serve(data: Path, act: Callable[[str], None], *arguments: str) -> Result:
    watcher = Watcher(data, act)
    watcher.start()
    result = freya(data, "serve", "--port", "0", *arguments)
    watcher.join(10)
    assert watcher.error is None
    return result


def end(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_service_answers_until_a_signal_and_closes_what_it_opened(
    data: Path, hall: Hall, number: signal.Signals
):
    def act(address: str) -> None:
        assert httpx.get(address).text == "nobody"
        end(number)

    result = serve(data, act)
    assert result.exit_code == 0
    assert hall.closed == 1
    events = [json.loads(line)["event"] for line in result.stderr.splitlines()]
    assert events[0] == "opening"
    assert events[1].startswith("ready at http://127.0.0.1:")
    assert events[2:] == ["stopping; open requests have ten seconds", "stopped"]
    assert (data / "service.lock").read_bytes() == b""


def test_on_a_terminal_its_progress_is_told_in_plain_lines(
    data: Path, hall: Hall, monkeypatch: pytest.MonkeyPatch
):
    told: list[str] = []
    monkeypatch.setattr("app.cli.serving.note", told.append)
    monkeypatch.setattr("app.cli.serving.sys", SimpleNamespace(stderr=SimpleNamespace(isatty=lambda: True)))
    monkeypatch.setenv("FREYA_HTPP__PORT", "1")
    monkeypatch.setenv("FREYA_HTTP__KEY_HASHES", json.dumps([_HASH]))
    serve(data, lambda _: end(signal.SIGINT))
    assert told[0] == "FREYA_HTPP__PORT is no setting and is ignored; did you mean FREYA_HTTP__PORT?"
    assert told[3] == "requests need an API key"
    assert hall.closed == 1


def test_a_second_signal_breaks_off_open_requests(data: Path, hall: Hall):
    def act(address: str) -> None:
        with (
            contextlib.suppress(httpx.HTTPError),
            httpx.stream("GET", f"{address}/endless", timeout=10) as answer,
        ):
            hall.streaming.wait(5)
            end(signal.SIGINT)
            end(signal.SIGTERM)
            answer.read()

    result = serve(data, act)
    assert result.exit_code == 0
    assert "stopping; open requests have ten seconds" in result.stderr
    assert "stopping; open requests are broken off" in result.stderr
    assert 0 in hall.drained
    assert "Traceback" not in result.stderr
    assert hall.closed == 1


@pytest.mark.usefixtures("hall")
def test_a_frame_that_is_not_utf8_ends_its_socket_and_is_a_line_in_the_log(data: Path):
    codes = []

    def send(address: str) -> None:
        with connect(f"{address.replace('http', 'ws', 1)}/listening") as socket_:
            socket_.send(b"\xc3\x28", text=True)
            with pytest.raises(ConnectionClosedError) as closed:
                socket_.recv(timeout=5)
        codes.append(closed.value.rcvd and closed.value.rcvd.code)
        end(signal.SIGTERM)

    result = serve(data, send)
    assert (result.exit_code, codes) == (0, [1007])
    assert "Invalid UTF-8" in result.output
    assert "Traceback" not in result.output


def test_a_signal_while_it_starts_ends_it_in_order(data: Path, hall: Hall):
    async def forever() -> None:
        end(signal.SIGINT)
        await asyncio.Event().wait()

    hall.opening = forever
    result = freya(data, "serve", "--port", "0")
    assert (result.exit_code, hall.closed) == (130, 1)
    assert asyncio.run(running_instance(data)) is None


def test_a_service_that_cannot_open_says_why(data: Path, hall: Hall):
    def fail() -> None:
        raise PermissionError(13, "Permission denied", str(data))

    hall.opening = fail
    result = freya(data, "serve", "--port", "0")
    assert result.exit_code == 1
    assert "freya: not allowed: [Errno 13] Permission denied" in result.stderr


def test_a_door_that_does_not_open_is_told(data: Path, hall: Hall, monkeypatch: pytest.MonkeyPatch):
    class Broken(server.Server):
        async def serve(self, sockets: list[socket.socket] | None = None) -> None:
            del sockets

    monkeypatch.setattr(server, "Server", Broken)
    result = freya(data, "serve", "--port", "0")
    assert result.exit_code == 1
    assert "the service did not start" in result.stderr
    assert hall.closed == 1


def test_a_second_service_on_a_data_folder_is_refused_with_the_first_ones_address(data: Path, hall: Hall):
    said: list[str] = []

    def act(address: str) -> None:
        second = subprocess.run(
            [sys.executable, "-m", "app", "--data", str(data), "serve", "--port", "0"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=Path(server.__file__).parents[2],
        )
        said.extend([str(second.returncode), second.stderr, address])
        end(signal.SIGTERM)

    serve(data, act)
    code, stderr, address = said
    assert code == "1"
    assert f"Freya already runs on the data folder {data} (process {os.getpid()}, at {address})" in stderr
    assert hall.closed == 1


def test_a_port_in_use_is_told_before_anything_is_started(data: Path, hall: Hall, taken_port: int):
    result = freya(data, "serve", "--port", str(taken_port))
    assert result.exit_code == 1
    assert f"cannot listen on 127.0.0.1:{taken_port}: Address already in use" in result.stderr
    assert "--port or FREYA_HTTP__PORT" in result.stderr
    assert hall.closed == 0


@pytest.mark.parametrize(
    ("host", "address"),
    [("0.0.0.0", "http://127.0.0.1:"), ("::1", "http://[::1]:"), ("127.0.0.1", "http://127.0.0.1:")],  # noqa: S104
)
async def test_the_address_is_one_that_programs_here_can_reach(
    data: Path, hall: Hall, host: str, address: str
):
    chosen = settings(data, host=host, key_hashes=[_HASH])
    async with open_service(chosen, progress=lambda _: None) as service, httpx.AsyncClient() as http:
        assert service.address.startswith(address)
        assert (await http.get(service.address)).text == "nobody"
        assert (await running_instance(data)).address == service.address  # type: ignore[union-attr]  # it runs
    assert hall.closed == 1


async def test_a_service_for_the_moment_asks_for_keys_where_the_settings_do(data: Path, hall: Hall):
    beyond = settings(data, host="0.0.0.0", port=1, key_hashes=[_HASH])  # noqa: S104
    async with open_momentary_service(beyond, progress=lambda _: None) as service:
        assert service.address.startswith("http://127.0.0.1:")
        assert service.key
    [opened] = hall.settings
    assert (opened.http.host, opened.http.port, opened.http.key_hashes) == ("127.0.0.1", 0, [_HASH])
    async with open_momentary_service(settings(data), progress=lambda _: None) as service:
        assert service.key is None
    hall.book.has_keys = True
    async with open_momentary_service(settings(data), progress=lambda _: None) as service:
        assert service.key


async def test_a_command_starts_a_service_where_none_runs_and_tells_of_it_when_that_takes_long(
    data: Path, hall: Hall, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    told = asyncio.Event()

    def noted(line: str) -> None:
        lines.append(line)
        if len(lines) == 2:
            told.set()

    lines: list[str] = []
    monkeypatch.setattr(waiting, "_QUIET_S", 0.01)
    monkeypatch.setattr(waiting, "note", noted)
    hall.opening = told.wait
    async with open_client(settings(data)) as client:
        assert isinstance(client, Client)
    assert lines[0].startswith(f"no service runs on {data}; starting one for this command")
    assert lines[1] == "  opening"
    assert hall.closed == 1
    assert capsys.readouterr().out == ""


async def test_a_command_uses_the_service_that_another_one_started_first(
    data: Path, hall: Hall, monkeypatch: pytest.MonkeyPatch
):
    answers = [None]  # it seemed free when it was looked at

    async def looked(folder: Path) -> object:
        return answers.pop() if answers else await running_instance(folder)

    async with open_momentary_service(settings(data), progress=lambda _: None) as first:
        monkeypatch.setattr(finding, "running_instance", looked)
        async with open_client(settings(data)) as client:
            assert client.address == first.address
    assert hall.closed == 1


async def test_a_command_waits_for_a_service_that_is_starting(data: Path, monkeypatch: pytest.MonkeyPatch):
    lines: list[str] = []
    monkeypatch.setattr(waiting, "_QUIET_S", 0.0)
    monkeypatch.setattr(waiting, "note", lines.append)
    async with InstanceLock(data) as lock:
        opening = asyncio.create_task(_address(data))
        await until_true(lambda: lines)
        await lock.announce("http://127.0.0.1:9")
        assert await opening == "http://127.0.0.1:9"
    assert lines[0].startswith(f"waiting for process {os.getpid()} (")


async def _address(data: Path) -> str:
    async with open_client(settings(data)) as client:
        return client.address
