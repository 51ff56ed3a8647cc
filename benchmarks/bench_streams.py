"""Many open WebSockets and more turns than a process bears; prints JSON.

`python -m benchmarks.bench_streams` starts the real command on a folder that was started once before, opens `--sockets` WebSockets,
and for `--minutes` offers `--turns` turns a second, evenly, each by the next socket, with the extractive model. A turn
is accepted where its run began; it is timed from its frame to the run's last event. Refusals are counted by their
code, and so is everything else that is not an answer. Memory is the service's own, every ten seconds.
"""

import argparse
import asyncio
import itertools
import json
import statistics
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any  # JSON

import httpx
import psutil
import websockets

from tests.e2e.running import running
from tests.e2e.seeding import fresh_data

_QUESTIONS = (
    "What is the RSI indicator?",
    "Conversions 120 of 2400 against 156 of 2380, is B better?",
    "How do I read a MACD divergence?",
    "What is the break-even with fixed costs of 90,000, a price of 50 and variable cost of 20?",
    "hello",
    "What is total value locked?",
    "Position size for an account of 10,000 at 1 % risk, entry 100, stop 95?",
    "How do Bollinger Bands behave in a squeeze?",
)
_LAST = frozenset({"run.finished", "run.failed", "run.cancelled"})


@dataclass
class Figures:
    """What was seen."""

    accepted: list[float] = field(default_factory=list)
    """Milliseconds of each accepted turn, in the order of their ends."""
    ends: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    memory_mb: list[float] = field(default_factory=list)


class Client:
    """One WebSocket, over which several turns may go on."""

    def __init__(self, socket: Any, figures: Figures) -> None:  # websockets' own type
        self._socket, self._figures = socket, figures
        self._asked: dict[str, float] = {}
        self._runs: dict[str, float] = {}
        self._ids = itertools.count(1)
        self._reading = asyncio.create_task(self._read())

    @property
    def waits(self) -> int:
        """How many turns have not ended."""
        return len(self._asked) + len(self._runs)

    async def ask(self, question: str) -> None:
        """Send a turn."""
        frame_id = f"f{next(self._ids)}"
        self._asked[frame_id] = time.perf_counter()
        try:
            await self._socket.send(json.dumps({"type": "message", "id": frame_id, "message": question}))
        except websockets.ConnectionClosed:
            self._figures.errors["the connection was closed"] += 1
            del self._asked[frame_id]

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                self._heard(json.loads(text))
        except websockets.ConnectionClosed:
            self._figures.errors["the connection was closed"] += 1

    def _heard(self, frame: dict[str, Any]) -> None:
        now, figures = time.perf_counter(), self._figures
        match frame["type"]:
            case "error":
                self._asked.pop(frame.get("id") or "", None)
                refused = frame["problem"]["code"]
                (figures.refusals if refused in ("overloaded", "rate_limited") else figures.errors)[
                    refused
                ] += 1
            case "accepted":
                self._runs[frame["run_id"]] = self._asked.pop(frame["id"])
            case kind if kind in _LAST:
                figures.ends[kind] += 1
                figures.accepted.append((now - self._runs.pop(frame["run_id"])) * 1000)

    async def close(self) -> None:
        """Leave."""
        self._reading.cancel()
        await self._socket.close()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=500)
    parser.add_argument("--turns", type=float, default=50, help="turns a second that are offered")
    parser.add_argument("--minutes", type=float, default=5)
    options = parser.parse_args()
    figures = Figures()
    # One caller stands for many: what is asked here is what the process bears, and not what one key may have.
    limits = {"STREAMS": "1000", "STREAMS_A_KEY": "1000"}
    async with AsyncExitStack() as stack:
        data = await stack.enter_async_context(fresh_data("freya-bench-"))
        variables = {f"FREYA_LIMITS__{name}": value for name, value in limits.items()}
        service = await stack.enter_async_context(running(data, **variables))
        process = psutil.Process(service.process.pid)
        url = service.url.replace("http", "ws") + "/v1/ws"
        clients = []
        for _ in range(options.sockets):
            socket = await websockets.connect(url, open_timeout=60, ping_interval=None)
            clients.append(Client(socket, figures))
            stack.push_async_callback(clients[-1].close)
        async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
            for question in _QUESTIONS:
                (await http.post("/v1/chat", json={"message": question})).raise_for_status()
            began, count = time.perf_counter(), 0
            seconds, told = options.minutes * 60, 0.0
            while (now := time.perf_counter() - began) < seconds:
                if now >= told:
                    told += 10
                    figures.memory_mb.append(round(process.memory_info().rss / 1e6, 1))
                    print(f"{now:5.0f} s: {_line(figures)}", file=sys.stderr, flush=True)
                while count < now * options.turns:
                    await clients[count % len(clients)].ask(_QUESTIONS[count % len(_QUESTIONS)])
                    count += 1
                await asyncio.sleep(max(0.0, count / options.turns - (time.perf_counter() - began)))
            async with asyncio.timeout(60):
                while any(client.waits for client in clients):  # noqa: ASYNC110  # they end one by one
                    await asyncio.sleep(0.1)
            admitted = [
                line for line in (await http.get("/metrics")).text.splitlines() if "runs_admitted " in line
            ]
    cuts = statistics.quantiles(figures.accepted, n=20)
    report = {
        "options": vars(options),
        "offered": count,
        "accepted": len(figures.accepted),
        "accepted_a_second": round(len(figures.accepted) / seconds, 1),
        "p50_ms": round(statistics.median(figures.accepted), 1),
        "p95_ms": round(cuts[-1], 1),
        "ends": figures.ends,
        "refusals": figures.refusals,
        "errors": figures.errors,
        "memory_mb": figures.memory_mb,
        "admitted_at_the_end": admitted[-1].split()[-1] if admitted else None,
    }
    print(json.dumps(report, indent=2))


def _line(figures: Figures) -> str:
    last = figures.accepted[-100:] or [0.0]
    return (
        f"{len(figures.accepted)} accepted, the last 100 in {statistics.median(last):.0f} ms, {sum(figures.refusals.values())} "
        f"refused, {sum(figures.errors.values())} errors, {figures.memory_mb[-1]} MB"
    )


if __name__ == "__main__":
    asyncio.run(main())
