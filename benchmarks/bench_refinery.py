"""The refinement of the example export from nothing: how long each step takes, what comes out, and whether duplicates are.

`python benchmarks/bench_refinery.py` imports the export into a data folder of its own, refines it, and prints JSON; then it adds the
reports, most of whose duplicates are pairs of the export again. The judged duplicates are those of `duplicates_judged.jsonl`: pairs by their ids (the texts are not ours to keep here), a random sample of what
an earlier run linked, each read by a person beside the pair that was kept. Precision is over those of them that this run links again.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any  # JSON

import psutil

from app.knowledge_checks import accuracy_checks
from benchmarks.knowledge_corpus import EXPORT, REPORTS, Corpus, opened
from knowledge.catalogue import Catalogues
from knowledge.corpus import packaged_topics
from knowledge.refinery import (
    RefineProgress,
    Refiner,
    RefineryStore,
    find_gaps,
)

JUDGED = Path(__file__).with_name("duplicates_judged.jsonl")


def refiner_of(corpus: Corpus) -> Refiner:
    """The refiner as the service joins it."""
    return Refiner(
        RefineryStore(corpus.store),
        corpus.indexer,
        corpus.dense,
        corpus.embedder,
        catalogue=Catalogues(corpus.store).current,
        checks=accuracy_checks(),
    )


async def measure(data: Path) -> dict[str, Any]:
    seconds: defaultdict[str, float] = defaultdict(float)
    last = time.perf_counter()

    def tell(state: RefineProgress) -> None:
        nonlocal last
        now = time.perf_counter()
        seconds[state.step] += now - last
        last = now
        print(f"{state.step}: {state.done} of {state.total}", file=sys.stderr)

    async with opened(data) as corpus:
        began = time.perf_counter()
        await corpus.importer.import_paths([EXPORT])
        imported = time.perf_counter() - began
        last = began = time.perf_counter()
        result = await refiner_of(corpus).run(tell)
        refined = time.perf_counter() - began
        again = time.perf_counter()
        second = await refiner_of(corpus).run()
        again = time.perf_counter() - again
        store = RefineryStore(corpus.store)
        counts = await store.by_topic()
        await corpus.importer.import_paths([REPORTS])  # which repeat some of the export's sessions
        await refiner_of(corpus).run()
        linked = await corpus.store.rows("SELECT pair_id, kept_id FROM knowledge_duplicates", {})
        return {
            "import_s": round(imported, 1),
            "refine_s": round(refined, 1),
            "refine_minutes": round(refined / 60, 2),
            "steps_s": {step: round(spent, 1) for step, spent in seconds.items()},
            "topics": {"placed": result.placed - result.unplaced, "unplaced": result.unplaced},
            "measured": result.measured,
            "linked": result.linked,
            "released": result.released,
            "tiers": [
                {
                    "tier": each.tier,
                    "pairs": each.pairs,
                    "quality": each.quality,
                    "duplicates": each.duplicates,
                }
                for each in result.tiers
            ],
            "again": {
                "seconds": round(again, 2),
                "measured": second.measured,
                "linked": second.linked,
                "released": second.released,
            },
            "coverage": {
                each.value: count for each, count in find_gaps(packaged_topics(), counts).coverage.items()
            },
            "linked_with_reports": len(linked),
            "judged": judged({(row["pair_id"], row["kept_id"]) for row in linked}),
            "peak_memory_mb": round(psutil.Process().memory_info().rss / 2**20),
        }


def judged(linked: set[tuple[str, str]]) -> dict[str, Any]:
    """How many of the judged duplicates this run links, and how many of these are right."""
    if not JUDGED.is_file():
        return {}
    rows = [json.loads(line) for line in JUDGED.read_text("utf-8").splitlines()]
    both_ways = linked | {(kept, pair) for pair, kept in linked}
    seen = [row for row in rows if (row["pair"], row["kept"]) in both_ways]
    verdicts = Counter(row["duplicate"] for row in seen)
    return {
        "sample": len(rows),
        "linked_again": len(seen),
        "right": verdicts[True],
        "precision": round(verdicts[True] / len(seen), 3) if seen else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a data folder to keep; a temporary one otherwise")
    given = parser.parse_args()
    if not EXPORT.is_file():
        sys.exit(f"The example data is not at {EXPORT.parent}; lay it out beside the repository to run this.")
    with tempfile.TemporaryDirectory(prefix="freya-refinery-") as temporary:
        print(json.dumps(asyncio.run(measure(given.data or Path(temporary))), indent=2))


if __name__ == "__main__":
    main()
