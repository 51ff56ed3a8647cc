"""Imports the example export and reports twice, and once more with a kill -9 in the middle; prints JSON.

Counts are compared with what the files declare. `--index` also indexes the result and says how long it took.
`--large` generates an export of that many MB instead, with sessions whose topics stand behind their pairs, and says
for reading it alone and for importing it, each in a process of its own: pairs a second and the peak of its memory.
"""

import argparse
import asyncio
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any  # a JSON document

from app.database import migrate, open_pool
from app.embedded import EmbeddedServers
from benchmarks.knowledge_corpus import EXPORT, REPORTS, SHARED, opened
from knowledge import Importer, ImportResult, KnowledgeStore, Outcome
from knowledge.readers import open_source

_KILL_AFTER = 5000
_SEED = 3


async def _child(url: str) -> None:
    pool = await open_pool(url)
    await Importer(KnowledgeStore(pool)).import_paths([EXPORT, REPORTS])
    await pool.close()


async def _import(url: str) -> tuple[dict[str, Any], list[ImportResult]]:
    pool = await open_pool(url)
    store = KnowledgeStore(pool)
    began = time.perf_counter()
    results = await Importer(store).import_paths([EXPORT, REPORTS])
    seconds = time.perf_counter() - began
    stored = sum((await store.counts()).values())
    latest = await store.revision()
    await pool.close()
    summary = {
        "seconds": round(seconds, 2),
        "declared": sum(result.declared or 0 for result in results),
        "read": sum(result.read for result in results),
        "added": sum(result.added for result in results),
        "changed": sum(result.changed for result in results),
        "rejected": sum(len(result.rejected) for result in results),
        "mismatched": sum(len(result.mismatched) for result in results),
        "stored": stored,
        "revision": latest,
        "without_pairs": {result.name: result.reason for result in results if result.read == 0},
        "outcomes": {outcome: sum(result.outcome is outcome for result in results) for outcome in Outcome},
    }
    return summary, results


async def _killed(url: str) -> dict[str, Any]:
    """Start an import in a process of its own and kill it once enough pairs are stored."""
    process = await asyncio.create_subprocess_exec(sys.executable, __file__, "--child", url)
    pool = await open_pool(url)
    store = KnowledgeStore(pool)
    while process.returncode is None and sum((await store.counts()).values()) < _KILL_AFTER:  # noqa: ASYNC110  # another process writes
        await asyncio.sleep(0.01)
    alive = process.returncode is None
    if alive:
        os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    stored = sum((await store.counts()).values())
    await pool.close()
    return {"killed_while_running": alive, "stored_after_kill": stored}


def _generate(path: Path, megabytes: int) -> int:
    """Write an export of that size; gives how many pairs it holds."""
    chance = random.Random(_SEED)
    words = [
        f"{first}{second}" for first in "trend price volume band".split() for second in ("", "s", "-based")
    ]
    pairs = sessions = 0
    with path.open("w", encoding="utf-8") as file:
        file.write('{"sessions": [')
        while file.tell() < megabytes << 20:
            session = [
                {"question": f"What about {words[n % 12]} {pairs + n}?", "answer": _answer(chance, words)}
                for n in range(100)
            ]
            pairs, sessions = pairs + 100, sessions + 1
            document = {"session_id": sessions, "qa_pairs": session, "topic": f"Topic {sessions}"}
            file.write(f"{',' if sessions > 1 else ''}{json.dumps(document, ensure_ascii=False)}")
        file.write(f'], "metadata": {{"total_sessions": {sessions}, "total_qa_pairs": {pairs}}}}}')
    return pairs


def _answer(chance: random.Random, words: list[str]) -> str:
    """About 3,000 characters, as the real ones have, with line breaks, quotes and a few letters beyond ASCII."""
    return "\n\n".join(f'- "{" ".join(chance.choices(words, k=40))}" – ja.' for _ in range(9))


async def _large_child(path: Path, url: str) -> None:
    """Read a file, or import it where there is a database, and print how fast and in how much memory."""
    began = time.perf_counter()
    if url:
        pool = await open_pool(url)
        result = await Importer(KnowledgeStore(pool)).import_file(path)
        await pool.close()
        read, rejected, declared = result.read, len(result.rejected), result.declared
    else:
        reader = open_source(path)
        read = sum(1 for _ in reader.pairs())
        rejected, declared = len(reader.report.rejected), reader.report.declared
    seconds = time.perf_counter() - began
    print(
        json.dumps(
            {
                "read": read,
                "rejected": rejected,
                "declared": declared,
                "seconds": round(seconds, 1),
                "pairs_per_second": round(read / seconds),
                "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
        )
    )


async def _measured(path: Path, url: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--large-child", str(path), url, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    measured: dict[str, Any] = json.loads(out)
    return measured


async def _large(megabytes: int) -> None:
    report: dict[str, Any] = {
        "benchmark": "knowledge_import_large",
        "bars": {"pairs_per_second": 120, "peak_memory_mb": 1000},
    }
    with tempfile.TemporaryDirectory(prefix="freya-bench-") as folder:
        path = Path(folder) / "export.json"
        report["generated"] = {"pairs": _generate(path, megabytes), "mb": path.stat().st_size >> 20}
        report["reading"] = await _measured(path, "")
        damaged = Path(folder) / "comma.json"
        shutil.copyfile(path, damaged)
        with damaged.open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b",}")
        report["reading_with_a_comma_too_many_at_the_end"] = await _measured(damaged, "")
        async with EmbeddedServers(Path(folder) / "data", postgres_url=None, redis_url=None) as servers:
            await migrate(servers.postgres_url)
            report["importing"] = await _measured(path, servers.postgres_url)
    print(json.dumps(report, indent=2))


async def main(*, index: bool) -> None:
    report: dict[str, Any] = {"benchmark": "knowledge_import", "export": EXPORT.name, "reports": REPORTS.name}
    with tempfile.TemporaryDirectory(prefix="freya-bench-") as first:
        async with EmbeddedServers(Path(first), postgres_url=None, redis_url=None) as servers:
            await migrate(servers.postgres_url)
            report["first"], results = await _import(servers.postgres_url)
            report["again"], _ = await _import(servers.postgres_url)
            report["pairs_by_file"] = {result.name: [result.declared, result.read] for result in results}
        if index:
            async with opened(Path(first)) as corpus:
                began = time.perf_counter()
                applied = await corpus.indexer.catch_up()
                report["indexed"] = {"applied": applied, "seconds": round(time.perf_counter() - began, 1)}
    with tempfile.TemporaryDirectory(prefix="freya-bench-") as second:
        async with EmbeddedServers(Path(second), postgres_url=None, redis_url=None) as servers:
            await migrate(servers.postgres_url)
            report["killed"] = await _killed(servers.postgres_url)
            report["after_kill"], _ = await _import(servers.postgres_url)
    report["whole"] = report["first"]["stored"] == report["again"]["stored"] == report["after_kill"]["stored"]
    report["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", metavar="URL", help=argparse.SUPPRESS)
    parser.add_argument("--index", action="store_true", help="index the result too (some minutes)")
    parser.add_argument(
        "--large", type=int, nargs="?", const=200, metavar="MB", help="an export of that size"
    )
    parser.add_argument("--large-child", nargs=2, metavar=("FILE", "URL"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.large_child or arguments.large:
        file, url = arguments.large_child or ("", "")
        asyncio.run(_large_child(Path(file), url) if file else _large(arguments.large))
        sys.exit()
    if not EXPORT.is_file():
        sys.exit(
            f"The example data is not at {SHARED}; lay it out beside the repository to run this benchmark."
        )
    asyncio.run(_child(arguments.child) if arguments.child else main(index=arguments.index))
