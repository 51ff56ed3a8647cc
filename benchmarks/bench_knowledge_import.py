"""Imports the example export and reports twice, and once more with a kill -9 in the middle; prints JSON.

Counts are compared with what the files declare. `--index` also indexes the result and says how long it took.
"""

import argparse
import asyncio
import json
import os
import resource
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

_KILL_AFTER = 5000


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
    arguments = parser.parse_args()
    if not EXPORT.is_file():
        sys.exit(
            f"The example data is not at {SHARED}; lay it out beside the repository to run this benchmark."
        )
    asyncio.run(_child(arguments.child) if arguments.child else main(index=arguments.index))
