"""What becomes of runs whose process is killed at any moment: whether each ends once, with its whole answer, told without a gap.

`python -m benchmarks.bench_takeover --times 50` runs the real command and prints JSON. A client follows a run of several steps
by its events; at a random moment (seeded) of the time that such a run takes the service is killed with SIGKILL and started
again on the same folder, and the client comes back with the number of the last event that it saw. A run is counted as
`whole` where its record is finished with the answer and the tool calls of one that nobody disturbed, its events have
every number once and in order and end with the last, each tool call began and ended once, and the interaction is logged
once. `killed_in` counts by the last event that was seen before.

With `--executor celery` two `freya serve` take runs in and two `freya worker` carry them out, on the same servers. It is the
worker that has the run which is killed, and started again; the client's connection stays, or (every second time) it
leaves and comes back by the other door.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any  # JSON

import httpx
import psycopg

from app.embedded import EmbeddedServers
from tests.e2e.running import Command, running
from tests.e2e.seeding import fresh_data

_MESSAGE = (
    "Size the market for a salon booking app: 200,000 salons paying 600 a year, serviceable 25 %, obtainable 4 %, "
    "then break-even for it with fixed costs of 90,000 and variable cost of 150, then an agent that sells it"
)
_LAST = frozenset({"run.finished", "run.failed", "run.cancelled"})
Event = dict[str, Any]


@dataclass
class Reader:
    """What a client has seen of a run."""

    seen: list[Event] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)


async def followed(client: httpx.AsyncClient, method: str, path: str, reader: Reader, **how: Any) -> None:
    """Read events until the last or until the connection breaks; those with a number are seen."""
    async with client.stream(method, path, **how) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                event = json.loads(line.removeprefix("data: "))
                if event["seq"]:
                    reader.seen.append(event)
                    reader.begun.set()
                if event["type"] in _LAST:
                    return


def faults(seen: list[Event], run: Event, expected: Event) -> list[str]:
    """What is wrong with how a run was told and how it ended; nothing where it is whole."""
    found = []
    if [event["seq"] for event in seen] != list(range(1, len(seen) + 1)):
        found.append("numbers")
    if not seen or seen[-1]["type"] != "run.finished":
        found.append("last event")
    for kind in ("tool.started", "tool.finished"):
        calls = Counter(event["call_id"] for event in seen if event["type"] == kind)
        if any(count > 1 for count in calls.values()) or len(calls) != len(expected["tool_calls"]):
            found.append(kind)
    result = run.get("result") or {}
    if run["status"] != "finished":
        found.append(run["status"])
    elif result["answer"] != expected["answer"]:
        found.append("answer")
    elif [call["name"] for call in result["tool_calls"]] != [call["name"] for call in expected["tool_calls"]]:
        found.append("tool calls")
    return found


async def killed(data: Any, delay: float, expected: Event) -> tuple[str, list[str], float]:
    """One run whose service is killed after so many seconds: the last event before, what is wrong, seconds until it ended."""
    reader = Reader()
    async with running(data) as command, httpx.AsyncClient(base_url=command.url, timeout=60) as client:
        asking = asyncio.create_task(
            followed(client, "POST", "/v1/chat/stream", reader, json={"message": _MESSAGE})
        )
        await reader.begun.wait()
        await asyncio.sleep(delay)
        command.process.kill()
        await command.process.wait()
        await asyncio.gather(asking, return_exceptions=True)
    seen = reader.seen
    last, run_id = seen[-1]["type"], seen[0]["run_id"]
    async with running(data) as command, httpx.AsyncClient(base_url=command.url, timeout=60) as client:
        began = time.monotonic()
        if last not in _LAST:
            async with asyncio.timeout(60):
                await followed(client, "GET", f"/v1/runs/{run_id}/events?after={seen[-1]['seq']}", reader)
        took = time.monotonic() - began
        run = (await client.get(f"/v1/runs/{run_id}")).json()
        found = faults(seen, run, expected)
        logged = (await client.get("/v1/memory/interactions")).text.splitlines()
        if sum(json.loads(line)["run_id"] == run_id for line in logged) != 1:
            found.append("log")
    return last, found, took


async def undisturbed(data: Any) -> tuple[Event, float]:
    """The result of a run that nobody disturbs, and how long it takes, the second time."""
    async with running(data) as command, httpx.AsyncClient(base_url=command.url, timeout=120) as client:
        for _ in range(2):
            began = time.monotonic()
            reply = await client.post("/v1/chat", json={"message": _MESSAGE})
            took = time.monotonic() - began
        return reply.raise_for_status().json(), took


async def rounds(times: int, seed: int) -> AsyncIterator[tuple[str, list[str], float]]:
    """So many killed runs on one folder."""
    chance = random.Random(seed)
    async with fresh_data("freya-takeover-") as data:
        expected, seconds = await undisturbed(data)
        print(
            f"undisturbed: {seconds:.2f} s, {len(expected['tool_calls'])} tool calls",
            file=sys.stderr,
            flush=True,
        )
        for _ in range(times):
            yield await killed(data, chance.uniform(0, seconds), expected)


@dataclass
class Machine:
    """One process of the cluster: a door, or a worker."""

    data: Path
    words: tuple[str, ...]
    shared: dict[str, str]
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    command: Command = field(init=False)

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        self.command = await self.stack.enter_async_context(
            running(self.data, 240, self.words, **self.shared)
        )

    async def kill(self) -> None:
        """End it with SIGKILL."""
        self.command.process.kill()
        await self.command.process.wait()

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.command.url

    @property
    def name(self) -> str:
        """Under which its runs are recorded."""
        return (self.data / "worker").read_text(encoding="ascii").split()[0]


@asynccontextmanager
async def clustered() -> AsyncIterator[tuple[list[Machine], list[Machine], str]]:
    """Two doors and two workers, each on a folder of its own, and the database that they share."""
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(
            EmbeddedServers(
                await stack.enter_async_context(fresh_data("freya-takeover-")),
                postgres_url=None,
                redis_url=None,
            )
        )
        shared = {
            "FREYA_RUNS__EXECUTOR": "celery",
            "FREYA_POSTGRES_URL": servers.postgres_url,
            "FREYA_REDIS_URL": servers.redis_url,
        }
        machines = [
            Machine(await stack.enter_async_context(fresh_data("freya-takeover-")), words, shared)
            for words in (("serve",), ("serve",), ("worker",), ("worker",))
        ]
        for machine in machines:
            stack.push_async_callback(machine.stack.aclose)
            await machine.start()
        yield machines[:2], machines[2:], servers.postgres_url


async def killed_worker(
    doors: list[Machine],
    workers: list[Machine],
    database: str,
    delay: float,
    expected: Event,
    *,
    leaves: bool,
) -> tuple[str, list[str], float]:
    """One run whose worker is killed after so many seconds: the last event before, what is wrong, seconds until it ended."""
    reader = Reader()
    async with (
        httpx.AsyncClient(base_url=doors[0].url, timeout=90) as client,
        httpx.AsyncClient(base_url=doors[1].url, timeout=90) as other,
    ):
        asking = asyncio.create_task(
            followed(client, "POST", "/v1/chat/stream", reader, json={"message": _MESSAGE})
        )
        await reader.begun.wait()
        await asyncio.sleep(delay)
        last, run_id = reader.seen[-1]["type"], reader.seen[0]["run_id"]
        holder = await _holder(database, run_id)
        victim = next((one for one in workers if one.name == holder), None)
        began = time.monotonic()
        if victim is not None:
            await victim.kill()
        if leaves and last not in _LAST:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            path = f"/v1/runs/{run_id}/events?after={reader.seen[-1]['seq']}"
            asking = asyncio.create_task(followed(other, "GET", path, reader))
        async with asyncio.timeout(90):
            await asking
        took = time.monotonic() - began
        run = (await other.get(f"/v1/runs/{run_id}")).json()
        found = faults(reader.seen, run, expected)
        logged = (await other.get("/v1/memory/interactions")).text.splitlines()
        if sum(json.loads(line)["run_id"] == run_id for line in logged) != 1:
            found.append("log")
    if victim is not None:
        await victim.start()
    return last if victim is not None else f"{last}, held by {holder}", found, took


async def _holder(database: str, run_id: str) -> str:
    async with await psycopg.AsyncConnection.connect(database) as connection:
        cursor = await connection.execute("SELECT worker FROM runs WHERE id = %s", (run_id,))
        row = await cursor.fetchone()
    return str(row[0]) if row else ""


async def cluster_rounds(times: int, seed: int) -> AsyncIterator[tuple[str, list[str], float]]:
    """So many runs whose worker is killed."""
    chance = random.Random(seed)
    async with clustered() as (doors, workers, database):
        async with httpx.AsyncClient(base_url=doors[0].url, timeout=120) as client:
            for _ in range(3):
                began = time.monotonic()
                reply = await client.post("/v1/chat", json={"message": _MESSAGE})
                seconds = time.monotonic() - began
        expected = reply.raise_for_status().json()
        print(f"undisturbed: {seconds:.2f} s", file=sys.stderr, flush=True)
        for number in range(times):
            yield await killed_worker(
                doors[:: 1 if number % 2 else -1],
                workers,
                database,
                chance.uniform(0, seconds),
                expected,
                leaves=bool(number % 2),
            )


async def main(times: int, seed: int, executor: str) -> None:
    """Print what came of it."""
    killed_in: Counter[str] = Counter()
    wrong: list[dict[str, Any]] = []
    took: list[float] = []
    killing = cluster_rounds if executor == "celery" else rounds
    async for last, found, seconds in killing(times, seed):
        print(f"killed in {last}: {', '.join(found) or 'whole'}", file=sys.stderr, flush=True)
        killed_in[last] += 1
        took.append(seconds)
        if found:
            wrong.append({"killed_in": last, "faults": found})
    print(
        json.dumps(
            {
                "executor": executor,
                "runs": times,
                "whole": times - len(wrong),
                "wrong": wrong,
                "killed_in": dict(killed_in),
                "seconds_to_the_end": {"median": sorted(took)[len(took) // 2], "most": max(took)},
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--times", type=int, default=50, help="runs that are killed (50)")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--executor", choices=("process", "celery"), default="process")
    chosen = options.parse_args()
    asyncio.run(main(chosen.times, chosen.seed, chosen.executor))
