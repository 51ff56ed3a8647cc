"""Jobs of real processes that are killed, and of two services on one database."""

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any  # JSON

import httpx
import psycopg
import pytest

from tests.app import cli_data
from tests.app.cli_data import data, seed, surroundings
from tests.e2e.running import Command, running

__all__ = ["data", "seed", "surroundings"]

_PAIRS = 1000
pytestmark = [pytest.mark.slow, pytest.mark.e2e]


@pytest.fixture
def many(tmp_path: Path) -> Path:
    file = tmp_path / "many.jsonl"
    lines = [
        json.dumps(
            {"topic": "RSI", "question": f"What is rule {n}?", "answer": f"Rule {n} says: wait {n} days."}
        )
        for n in range(_PAIRS)
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


@pytest.fixture
def taught(data: Path, seed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder whose service need not learn to route first, and carries out only the jobs that a test orders."""
    shutil.copytree(seed / "router", data / "router")
    # Not in an autouse fixture: `surroundings` unsets what was set before it.
    monkeypatch.setenv("FREYA_KNOWLEDGE__STARTER", "false")
    # On a slow machine the minute after which an import is refined passes within a test.
    monkeypatch.setenv("FREYA_KNOWLEDGE__REFINE_AFTER_IMPORT", "false")
    return data


@pytest.fixture
async def rows(database_url: str) -> AsyncIterator["Rows"]:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute(
            "TRUNCATE knowledge_sources, knowledge_topics, knowledge_jobs, knowledge_versions RESTART IDENTITY CASCADE"
        )
        yield Rows(connection)


@pytest.fixture
def stocked(taught: Path, many: Path, rows: "Rows") -> Path:  # noqa: ARG001  # it empties the database
    """The same with the many pairs, imported and indexed by a command of this process: to start another takes long."""
    in_process(taught, "import", many)
    return taught


@pytest.fixture
def stored(taught: Path, many: Path, rows: "Rows") -> Path:  # noqa: ARG001  # likewise
    """The same, not indexed yet."""
    in_process(taught, "import", "--no-wait", many)
    return taught


def in_process(data: Path, *arguments: str | Path) -> None:
    result = cli_data.freya(data, "knowledge", *arguments)
    assert result.exit_code == 0, result.output


class Rows:
    """What stands in the database."""

    def __init__(self, connection: "psycopg.AsyncConnection[Any]") -> None:
        self._connection = connection

    async def one(self, statement: str) -> Any:
        row = await (await self._connection.execute(statement.encode())).fetchone()
        assert row is not None
        return row[0]

    async def until(self, statement: str) -> None:
        """Wait until a condition holds, ninety seconds at most."""
        async with asyncio.timeout(90):
            while not await self.one(statement):
                await asyncio.sleep(0.02)


async def freya(data: Path, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app",
        "--data",
        str(data),
        "knowledge",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )


async def done(data: Path, *arguments: str) -> bytes:
    process = await freya(data, *arguments)
    told, _ = await process.communicate()
    assert process.returncode == 0
    return told


_ENDED = "SELECT bool_and(state NOT IN ('queued', 'running')) FROM knowledge_jobs"
_MEASURED = "SELECT count(*) FROM knowledge_refinements"


async def whole(rows: Rows) -> None:
    """Every pair is measured and compared."""
    assert await rows.one(_MEASURED) == _PAIRS
    assert await rows.one(f"{_MEASURED} WHERE NOT compared") == 0


async def test_killed_refinement_is_taken_up_by_the_next_command_without_doing_anything_twice(
    stocked: Path, rows: Rows
):
    killed = await freya(stocked, "refine")
    await rows.until(f"SELECT EXISTS ({_MEASURED.replace('count(*)', '*')})")
    killed.kill()
    await killed.communicate()
    before = await rows.one(_MEASURED)
    assert 0 < before < _PAIRS
    again = json.loads(await done(stocked, "refine", "--json"))
    assert (again["state"], again["result"]["measured"]) == ("finished", _PAIRS - before)
    await whole(rows)


async def test_job_of_a_killed_service_is_gone_on_with_when_it_starts_again(stocked: Path, rows: Rows):
    async with running(stocked) as service:
        job = await ordered(service)
        await rows.until(f"SELECT EXISTS ({_MEASURED.replace('count(*)', '*')})")
        service.process.kill()
        await service.process.wait()
    before = await rows.one(_MEASURED)
    assert 0 < before < _PAIRS
    assert await rows.one("SELECT state FROM knowledge_jobs") == "running"
    async with running(stocked):
        await rows.until(_ENDED)
    assert await rows.one("SELECT state FROM knowledge_jobs") == "finished"
    assert await rows.one("SELECT id FROM knowledge_jobs") == job
    assert await rows.one("SELECT (result ->> 'measured')::int FROM knowledge_jobs") == _PAIRS - before
    await whole(rows)


async def test_two_services_on_one_database_carry_a_job_out_once(
    stored: Path, seed: Path, tmp_path: Path, rows: Rows
):
    other = tmp_path / "other"
    other.mkdir()
    (other / "models").symlink_to(seed / "models")
    shutil.copytree(seed / "router", other / "router")
    async with AsyncExitStack() as stack:
        services = [await stack.enter_async_context(running(folder)) for folder in (stored, other)]
        for _ in range(3):
            await ordered(services[0])
        await rows.until(_ENDED)
    said = [line for service in services for line in service.log]
    assert sum('"a job began"' in line for line in said) == 3
    assert await rows.one("SELECT sum((result ->> 'measured')::int) FROM knowledge_jobs") == _PAIRS
    await whole(rows)


async def ordered(service: Command) -> str:
    async with httpx.AsyncClient(base_url=service.url) as client:
        job: dict[str, Any] = (await client.post("/v1/knowledge/jobs", json={"kind": "refine"})).json()
    return str(job["id"])
