"""The clients that `make sdk` packs: their streaming against a service whose connections break, their examples, and their packages."""

import asyncio
import importlib.util
import os
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import NEEDS_A_PERSON
from tests.e2e.cutting import cutting
from tests.e2e.running import Command

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
PYTHON = ROOT / "sdk" / "python"
BUDGET = "Divide a marketing budget of 6000 over SEO, newsletter and LinkedIn equally"
NPV = {"message": "NPV of -1000, 400, 400, 400 at 8 %"}


@pytest.fixture(scope="module")
def streaming() -> ModuleType:
    spec = importlib.util.spec_from_file_location("freya_streaming", PYTHON / "freya_client" / "streaming.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def assert_whole(events: list[dict[str, Any]]) -> None:
    """Every event came once and in order, to the last."""
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert len({event["run_id"] for event in events}) == 1
    assert events[-1]["type"] == "run.finished"
    assert "30.84" in events[-1]["result"]["answer"]


async def test_stream_that_is_cut_again_and_again_comes_whole(service: Command, streaming: Any):
    async with cutting(service.url, 20, 700, 1500, 3000) as proxy:
        limits = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(base_url=proxy.url, timeout=30, limits=limits) as http:
            events = [event async for event in streaming.stream_turn(http, NPV)]
        assert proxy.cuts == 4
    assert_whole(events)


async def test_socket_that_is_cut_again_and_again_tells_all(service: Command, streaming: Any):
    async with cutting(service.url, 20, 900, 2000) as proxy:
        async with streaming.FreyaSocket(proxy.url) as socket:
            events = [event async for event in socket.turn(NPV)]
            again = [event async for event in socket.turn({**NPV, "agents": ["davina"]})]
        assert proxy.cuts == 3
    assert_whole(events)
    assert_whole(again)


async def test_refusal_is_the_services_problem(service: Command, streaming: Any):
    async with httpx.AsyncClient(base_url=service.url, timeout=30) as http:
        with pytest.raises(streaming.FreyaProblem, match="no agent nobody") as refused:
            [event async for event in streaming.stream_turn(http, {**NPV, "agents": ["nobody"]})]
    assert refused.value.problem["code"] == "unknown_agent"
    async with streaming.FreyaSocket(service.url) as socket:
        with pytest.raises(streaming.FreyaProblem, match="no agent nobody"):
            [event async for event in socket.turn({**NPV, "agents": ["nobody"]})]


async def test_service_that_is_gone_is_given_up(streaming: Any):
    async with httpx.AsyncClient(base_url="http://127.0.0.1:9", timeout=1) as http:
        with pytest.raises(streaming.FreyaLost):
            [event async for event in streaming.stream_turn(http, NPV, patience_s=0.2)]
    async with streaming.FreyaSocket("http://127.0.0.1:9", patience_s=0.2) as socket:
        with pytest.raises(streaming.FreyaLost):
            [event async for event in socket.turn(NPV)]


async def test_examples_answer(service: Command):
    environment = {**os.environ, "PYTHONPATH": str(PYTHON)}
    for name in ("stream.py", "socket_turns.py"):
        said = await output(
            sys.executable, PYTHON / "examples" / name, service.url, NPV["message"], env=environment
        )
        assert "30.84" in said, name


@pytest.fixture(scope="module")
def packed() -> tuple[Path, Path]:
    """The wheel and the tarball; skips where `make sdk` has made none."""
    wheels, tarballs = list(ROOT.glob("dist/freya_client-*.whl")), list(ROOT.glob("dist/freya-client-*.tgz"))
    if not (wheels and tarballs):
        pytest.skip("needs what `make sdk` makes, and dist/ does not hold it")
    return wheels[-1], tarballs[-1]


async def test_packed_python_client_asks(service: Command, packed: tuple[Path, Path], tmp_path: Path):
    await asyncio.to_thread(shutil.unpack_archive, packed[0], tmp_path, "zip")
    script = (
        "from freya_client import Client\n"
        "from freya_client.api.chat import chat\n"
        "from freya_client.api.knowledge import list_pairs\n"
        "from freya_client.models import ChatRequest, Token\n"
        f"client = Client(base_url={service.url!r}, timeout=60)\n"
        f"print(chat.sync(client=client, body=ChatRequest(message={NPV['message']!r})).answer)\n"
        "print(len(list_pairs.sync(client=client, limit=2).items))\n"
    )
    said = await output(sys.executable, "-c", script, env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert "30.84" in said
    assert said.rstrip().endswith("2")


@pytest.mark.usefixtures("packed")
async def test_packed_typescript_client_asks(service: Command):
    folder = ROOT / "build" / "sdk" / "typescript"
    example = folder / "examples" / "stream.mjs"
    said = await output(
        "node", "--experimental-websocket", "--no-warnings", example, service.url, NPV["message"], at=folder
    )
    assert said.count("30.84") >= 2
    assert said.count("-- davina") == 2
    assert "technical" in said


def assert_conversed(said: str) -> None:
    """Asked, allowed, answered with a file, and stopped the second time."""
    assert said.count(f"-- allowed: {NEEDS_A_PERSON}") == 1
    assert "-- answered: " in said
    assert "2,000" in said
    [size] = set(re.findall(r"-- made: budget\.csv, text/csv, (\d+) bytes", said))
    assert int(size) > 20
    assert said.rstrip().endswith("-- stopped")


async def test_packed_python_client_has_a_whole_conversation(
    service: Command, packed: tuple[Path, Path], tmp_path: Path
):
    await asyncio.to_thread(shutil.unpack_archive, packed[0], tmp_path, "zip")
    example = PYTHON / "examples" / "conversation.py"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    assert_conversed(await output(sys.executable, example, service.url, BUDGET, env=environment))


@pytest.mark.usefixtures("packed")
async def test_packed_typescript_client_has_a_whole_conversation(service: Command):
    folder = ROOT / "build" / "sdk" / "typescript"
    example = folder / "examples" / "conversation.mjs"
    assert_conversed(await output("node", "--no-warnings", example, service.url, BUDGET, at=folder))


async def output(*command: Any, env: dict[str, str] | None = None, at: Path = ROOT) -> str:
    """What a command wrote; it must end well within a minute."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        env=env,
        cwd=at,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()
