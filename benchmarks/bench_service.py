"""The service as a whole: start, memory at rest, and chat turns over the example corpus; prints JSON.

Starts the real command: on a fresh folder and again (first and second start, memory at rest), and on the indexed
corpus (`knowledge_corpus.py`). A turn is timed from request to last byte, persisted, over one connection, with
the extractive model: questions sampled from the corpus (half as stored, half as a user would ask), then 16 clients at once.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import httpx

from app.settings import Settings
from app.wiring import open_freya
from benchmarks.knowledge_corpus import EXPORT, cache_folder, fill, opened
from benchmarks.serving import Service, free_port, serving
from knowledge import KnowledgeSettings
from knowledge.readers import open_source

_SEED = 11
_CLIENTS = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=200, help="turns of the single client")
    parser.add_argument("--each", type=int, default=15, help="turns of each of the 16 clients")
    options = parser.parse_args()
    report = {"start": start()}
    os.environ["FREYA_KNOWLEDGE__REFINE_AFTER_IMPORT"] = "false"  # it would begin beside the turns
    asyncio.run(_prepare())
    data = Path(tempfile.mkdtemp(prefix="freya-bench-")) / "data"
    # cp keeps owners: as root, PostgreSQL's files belong to another account.
    subprocess.run(["cp", "-a", str(cache_folder()), str(data)], check=True)  # noqa: S607
    questions = sample(options.turns + _CLIENTS * options.each)
    with serving(data, free_port()):
        pass  # brings schema, starter pairs and router up to date, which is not what is measured
    with serving(data, free_port()) as service:
        report["corpus"] = {"seconds_to_ready": service.seconds_to_ready, "memory_mb": service.memory_mb()}
        report["one_client"] = asyncio.run(one_client(service, questions[: options.turns]))
        report["sixteen_clients"] = asyncio.run(many_clients(service, questions[options.turns :]))
        report["corpus"]["memory_after_mb"] = service.memory_mb()
    shutil.rmtree(data.parent)
    print(json.dumps(report, indent=2))


def start() -> dict[str, object]:
    """First and second start on a fresh folder, and memory at rest after the second.

    Between them the first is left to index all that ships, which it goes on with after it is ready.
    """
    folder = Path(tempfile.mkdtemp(prefix="freya-bench-"))
    with serving(folder / "data", free_port()) as first:
        first_seconds = first.seconds_to_ready
        indexed_seconds = first_seconds + _until_indexed(first)
    with serving(folder / "data", free_port()) as second:
        time.sleep(3)
        found = {
            "first_s": first_seconds,
            "indexed_s": round(indexed_seconds, 2),
            "second_s": second.seconds_to_ready,
            "memory_mb": second.memory_mb(),
        }
    shutil.rmtree(folder)
    return found


def _until_indexed(service: Service) -> float:
    """Wait until every index holds what it is to hold; gives the seconds."""
    began = time.perf_counter()
    with httpx.Client(base_url=service.url, timeout=60) as client:
        while not all(
            held >= each["indexable"]
            for each in client.get("/v1/knowledge").raise_for_status().json()["items"]
            for held in each["indexed"].values()
        ):
            time.sleep(0.5)
    return time.perf_counter() - began


def sample(count: int) -> list[str]:
    """Stored questions, every other one in a user's wording, none twice."""
    stored = [record.question for record in open_source(EXPORT).pairs()]
    chosen = random.Random(_SEED).sample(sorted({question.strip('"') for question in stored}), count)
    return [f"Can you explain {text.rstrip('?.')}?" if n % 2 else text for n, text in enumerate(chosen)]


async def one_client(service: Service, questions: list[str]) -> dict[str, object]:
    """One turn after the other over one connection."""
    async with httpx.AsyncClient(base_url=service.url, timeout=60) as client:
        for question in questions[:10]:
            await _turn(client, question)
        times = [await _turn(client, question) for question in questions[10:]]
    return _summary([took for took, _ in times], [outcome for _, outcome in times])


async def many_clients(service: Service, questions: list[str]) -> dict[str, object]:
    """Sixteen clients at once, each with its own connection and threads."""
    shares = [questions[n::_CLIENTS] for n in range(_CLIENTS)]

    async def client(own: list[str]) -> list[tuple[float, str]]:
        async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
            return [await _turn(http, question) for question in own]

    began = time.perf_counter()
    answered = [turn for turns in await asyncio.gather(*map(client, shares)) for turn in turns]
    seconds = time.perf_counter() - began
    found = _summary([took for took, _ in answered], [outcome for _, outcome in answered])
    return {**found, "turns_per_s": round(len(answered) / seconds, 1)}


async def _turn(client: httpx.AsyncClient, question: str) -> tuple[float, str]:
    began = time.perf_counter()
    response = await client.post("/v1/chat", json={"message": question})
    took = (time.perf_counter() - began) * 1000
    return took, response.json()["outcome"] if response.is_success else f"error {response.status_code}"


def _summary(times: list[float], outcomes: list[str]) -> dict[str, object]:
    cuts = statistics.quantiles(times, n=20)
    return {
        "turns": len(times),
        "p50_ms": round(statistics.median(times), 1),
        "p95_ms": round(cuts[-1], 1),
        "outcomes": {name: outcomes.count(name) for name in sorted(set(outcomes))},
    }


async def _prepare() -> None:
    """The corpus as a service has it that has been running: also in the version of the index that it searches.

    That embeds the corpus once more, the first time, since the folder's own indexes are no version of a service's.
    """
    async with opened(cache_folder()) as corpus:
        await fill(corpus)
    whole = KnowledgeSettings(start_indexing_s=7200, refine_after_import=False)
    async with open_freya(Settings(data=cache_folder(), knowledge=whole)):
        pass


if __name__ == "__main__":
    main()
