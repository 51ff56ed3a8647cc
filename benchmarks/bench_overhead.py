"""What a turn costs beside the model's own work: our service against a bare one on LangGraph; prints JSON.

Both run one trivial graph with one scripted model (`overhead_apps.py`) on the same PostgreSQL, each as one process: ours
with all that it does around a turn (a durable run, numbered events, recall with its encoding, memory, the log), the other
with LangGraph's checkpoints alone. In turn, round by round: conversations of four turns by `--clients` clients at once
(turns/s), and streams by one client (time to the first token). Ratios are ours to the peer's, of each round; the median is
what counts. `--pace-ms` is the model's time for a token, of which it says 24.

The peer's checkpointer (langgraph-checkpoint-postgres) is no dependency of ours: it is installed beside, in build/peer.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import psutil
import psycopg

from app.embedded import EmbeddedServers
from benchmarks.serving import free_port

_ROOT = Path(__file__).parents[1]
_BESIDE = _ROOT / "build" / "peer"
_PACKAGE = "langgraph-checkpoint-postgres==3.2.0"
_READY_S = 300
_TURNS = 4
"""Of a conversation."""


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=16, help="clients at once where turns/s are counted")
    parser.add_argument(
        "--conversations", type=int, default=4, help="conversations of each client in a round"
    )
    parser.add_argument("--streams", type=int, default=40, help="streams of one client in a round")
    parser.add_argument("--pace-ms", type=float, default=0.0)
    options = parser.parse_args()
    if not _BESIDE.exists():
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(_BESIDE), _PACKAGE]
        subprocess.run(pip, check=True)  # noqa: ASYNC221  # nothing else goes on yet
    async with both(options.pace_ms) as doors:
        rounds: list[dict[str, dict[str, float]]] = []
        for number in range(options.rounds + 1):
            measured = {}
            for name, door in doors.items():
                talked = await door.talk(options.clients, options.conversations)
                measured[name] = {**talked, **await door.stream(options.streams)}
            if number:  # the first warms both up
                rounds.append(measured)
            print(f"round {number}: {json.dumps(measured)}", file=sys.stderr, flush=True)
    print(json.dumps({"options": vars(options), **summary(rounds)}, indent=2))


def summary(rounds: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Medians over the rounds, and of the ratios in each round."""
    figures = rounds[0]["ours"]
    return {
        name: {
            figure: round(statistics.median(each[name][figure] for each in rounds), 2) for figure in figures
        }
        for name in ("ours", "peer")
    } | {
        "ratio": {
            figure: round(
                statistics.median(each["ours"][figure] / each["peer"][figure] for each in rounds), 3
            )
            for figure in figures
        }
    }


class Door:
    """How one of the services is spoken to."""

    def __init__(self, process: int, url: str, whole: str, stream: str) -> None:
        self._process = psutil.Process(process)
        self._url, self._whole, self._stream = url, whole, stream

    async def ready(self) -> None:
        """Wait until it answers a turn."""
        async with asyncio.timeout(_READY_S), httpx.AsyncClient(base_url=self._url, timeout=30) as client:
            while True:
                try:
                    (await client.post(self._whole, json={"message": "ready?"})).raise_for_status()
                except httpx.HTTPError:
                    await asyncio.sleep(0.2)
                else:
                    return

    async def talk(self, clients: int, conversations: int) -> dict[str, float]:
        """Turns a second of the clients, each in one conversation after the other, and what a turn takes of the processor.

        That is the service's own time, without its servers'.
        """
        turns, before, began = clients * conversations * _TURNS, self._worked_s(), time.perf_counter()
        await asyncio.gather(*(self._converse(conversations) for _ in range(clients)))
        return {
            "turns_per_s": turns / (time.perf_counter() - began),
            "cpu_ms": (self._worked_s() - before) / turns * 1000,
        }

    def _worked_s(self) -> float:
        times = self._process.cpu_times()
        return times.user + times.system

    async def _converse(self, conversations: int) -> None:
        async with httpx.AsyncClient(base_url=self._url, timeout=60) as client:
            for _ in range(conversations):
                thread = None
                for turn in range(_TURNS):
                    asked = {"message": f"Please tell me thing number {turn} of what you know."}
                    response = await client.post(
                        self._whole, json=asked | ({"thread_id": thread} if thread else {})
                    )
                    thread = response.raise_for_status().json()["thread_id"]

    async def stream(self, streams: int) -> dict[str, float]:
        """Milliseconds to the first token, at the median and the 95th percentile, and to the end of a stream."""
        first, whole = [], []
        async with httpx.AsyncClient(base_url=self._url, timeout=60) as client:
            for number in range(streams):
                began, told = time.perf_counter(), 0.0
                asked = {"message": f"Please tell me thing number {number}."}
                async with client.stream("POST", self._stream, json=asked) as response:
                    response.raise_for_status()
                    async for line in response.aiter_lines():
                        if not told and '"token"' in line and line.startswith("data:"):
                            told = time.perf_counter() - began
                first.append(told * 1000)
                whole.append((time.perf_counter() - began) * 1000)
        cuts = statistics.quantiles(first, n=20)
        return {
            "first_token_p50_ms": statistics.median(first),
            "first_token_p95_ms": cuts[-1],
            "stream_p50_ms": statistics.median(whole),
        }


@asynccontextmanager
async def both(pace_ms: float) -> AsyncIterator[dict[str, Door]]:
    """Both services on the same servers, ready."""
    async with AsyncExitStack() as stack:
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="freya-bench-", ignore_cleanup_errors=True)
            )
        )
        servers = EmbeddedServers(folder / "servers", postgres_url=None, redis_url=None)
        await stack.enter_async_context(servers)
        for name in ("ours", "peer"):
            async with await psycopg.AsyncConnection.connect(
                servers.postgres_url, autocommit=True
            ) as connection:
                await connection.execute(f"CREATE DATABASE {name}".encode())
        ports = {name: free_port() for name in ("ours", "peer")}
        apps = {
            "ours": ["ours", "serve"],
            "peer": ["peer", str(ports["peer"]), _database(servers.postgres_url, "peer")],
        }
        environment = {
            **os.environ,
            "PYTHONPATH": f"{_BESIDE}{os.pathsep}{_ROOT}",
            "BENCH_PACE_MS": str(pace_ms),
            "FREYA_DATA": str(folder / "ours"),
            "FREYA_HTTP__PORT": str(ports["ours"]),
            "FREYA_POSTGRES_URL": _database(servers.postgres_url, "ours"),
            "FREYA_REDIS_URL": servers.redis_url,
            "FREYA_KNOWLEDGE__STARTER": "false",
            "FREYA_LOG__LEVEL": "warning",
        }
        pids = {}
        for name, words in apps.items():
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "benchmarks.overhead_apps", *words, env=environment, cwd=_ROOT
            )
            stack.push_async_callback(_end, process)
            pids[name] = process.pid
        doors = {
            "ours": Door(pids["ours"], f"http://127.0.0.1:{ports['ours']}", "/v1/chat", "/v1/chat/stream"),
            "peer": Door(pids["peer"], f"http://127.0.0.1:{ports['peer']}", "/invoke", "/stream"),
        }
        for door in doors.values():
            await door.ready()
        yield doors


def _database(url: str, name: str) -> str:
    info = psycopg.conninfo.conninfo_to_dict(url)
    words = {key: value for key, value in info.items() if key in ("user", "password", "host", "port")}
    query = "&".join(f"{key}={value}" for key, value in words.items() if key != "user")
    return f"postgresql://{words['user']}@/{name}?{query}"


async def _end(process: asyncio.subprocess.Process) -> None:
    process.terminate()
    await process.wait()


if __name__ == "__main__":
    asyncio.run(main())
