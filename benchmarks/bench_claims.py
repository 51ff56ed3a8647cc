"""What the example data state that can be computed again: how many pairs and claims by kind, and whether the verdicts are right.

`python benchmarks/bench_claims.py` reads the export, the reports and the parsed files, checks every answer, and prints JSON. The
judged verdicts are those of `claims_judged.jsonl`: pairs by their ids and claims by a hash of what they state (the texts are not
ours to keep here), every "wrong" of the run that was judged and 100 of its "right" drawn at random, each read in its answer by one
reader. Precision is over those that this run gives again; a verdict that changed counts as one that is not given again.
"""

import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # JSON

from app.knowledge_checks import accuracy_checks
from benchmarks.knowledge_corpus import EXPORT, SHARED
from knowledge.importer import DEFAULT_COLLECTION
from knowledge.readers import open_source
from knowledge.readers.files import content_hash
from knowledge.refinery import Claim
from knowledge.store import pair_id, source_id

JUDGED = Path(__file__).with_name("claims_judged.jsonl")


def stated(claim: Claim) -> str:
    """What stands for the statement of a claim in the judged sample."""
    return hashlib.sha256(claim.statement.encode()).hexdigest()[:16]


def answers(shared: Path = SHARED) -> Iterator[tuple[str, str]]:
    """The pairs of the example data: the ids that importing them gives, and their answers."""
    for path in [
        shared / EXPORT.name,
        *sorted((shared / "reports").iterdir()),
        *sorted((shared / "parsed").iterdir()),
    ]:
        source = source_id(DEFAULT_COLLECTION, content_hash(path))
        yield from ((pair_id(source, record), record.answer) for record in open_source(path).pairs())


def verdicts(pairs: Iterator[tuple[str, str]]) -> tuple[dict[tuple[str, str], bool], dict[str, Any]]:
    """Whether each claim holds, by pair and statement, and the counts."""
    checks = accuracy_checks()
    found: dict[tuple[str, str], bool] = {}
    counts: Counter[str] = Counter()
    kinds: dict[str, Counter[str]] = {}
    spent = 0.0
    for pair, answer in pairs:
        began = time.process_time()
        claims = [claim for check in checks for claim in check(answer)]
        spent += time.process_time() - began
        counts.update(pairs=1, pairs_with_claims=int(bool(claims)))
        for claim in claims:
            found[pair, stated(claim)] = claim.holds
            kinds.setdefault(claim.kind.value, Counter()).update(
                right=int(claim.holds), wrong=int(not claim.holds)
            )
        for kind in {claim.kind.value for claim in claims}:
            kinds[kind]["pairs"] += 1
    return found, {
        **counts,
        "processor_s": round(spent, 1),
        "kinds": {kind: dict(each) for kind, each in kinds.items()},
    }


def judged(found: dict[tuple[str, str], bool]) -> dict[str, Any]:
    """Of the judged verdicts, how many this run gives again, and how many of these are right."""
    rows = [json.loads(line) for line in JUDGED.read_text("utf-8").splitlines()]
    told = {}
    for name, holds in (("wrong", False), ("right", True)):
        sample = [row for row in rows if row["holds"] is holds]
        again = [row for row in sample if found.get((row["pair"], row["statement_sha256"])) is holds]
        right = sum(row["right"] for row in again)
        told[name] = {
            "sample": len(sample),
            "given_again": len(again),
            "right": right,
            "precision": round(right / len(again), 3) if again else None,
        }
    return told


def main() -> None:
    if not EXPORT.is_file():
        sys.exit(f"The example data is not at {EXPORT.parent}; lay it out beside the repository to run this.")
    found, counts = verdicts(answers())
    print(json.dumps({**counts, "judged": judged(found)}, indent=2))


if __name__ == "__main__":
    main()
