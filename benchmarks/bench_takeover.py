"""What becomes of runs whose process is killed at any moment: whether each ends once, with its whole answer, told without a gap.

`python -m benchmarks.bench_takeover --times 50` runs the real command and prints JSON. A client follows a run of several steps
by its events; at a random moment (seeded) of the time that such a run takes the service is killed with SIGKILL and started
again on the same folder, and the client comes back with the number of the last event that it saw. A run is counted as
`whole` where its record is finished with the answer and the tool calls of one that nobody disturbed, its events have
every number once and in order and end with the last, each tool call began and ended once, and the interaction is logged
once. `killed_in` counts by the last event that was seen before.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any  # JSON

import httpx

from tests.e2e.running import running
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


async def main(times: int, seed: int) -> None:
    """Print what came of it."""
    killed_in: Counter[str] = Counter()
    wrong: list[dict[str, Any]] = []
    took: list[float] = []
    async for last, found, seconds in rounds(times, seed):
        print(f"killed in {last}: {', '.join(found) or 'whole'}", file=sys.stderr, flush=True)
        killed_in[last] += 1
        took.append(seconds)
        if found:
            wrong.append({"killed_in": last, "faults": found})
    print(
        json.dumps(
            {
                "runs": times,
                "whole": times - len(wrong),
                "wrong": wrong,
                "killed_in": dict(killed_in),
                "seconds_after_start": {"median": sorted(took)[len(took) // 2], "most": max(took)},
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--times", type=int, default=50, help="runs that are killed (50)")
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    asyncio.run(main(chosen.times, chosen.seed))
