"""How many of the drafts that consolidation takes from conversations are right, by a reader's verdicts; prints JSON.

    python -m benchmarks.bench_consolidation [SHARED_DATA]

The texts are those of shared/data: the conversations of memory/conversations.jsonl, where the rules were developed,
and the lines of privacy/pii_labelled.jsonl, which they were not. Each verdict of consolidation_judged.jsonl is of one
draft: by the key of its origin, and a digest of what it says, so that a draft that says something else is a new one
without a verdict. There is no peer whose rules run without a model.
"""

import asyncio
import hashlib
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from memory.consolidation import Excerpt, RuleExtractor, Said, SimilarExtractor
from models.embeddings import OpenVinoEmbedder

_HERE = Path(__file__).parent
_AT = datetime(2026, 1, 1, tzinfo=UTC)


def texts(data: Path) -> Iterator[tuple[str, str, str]]:
    """The set, the id and the text of each message."""
    for line in (data / "memory" / "conversations.jsonl").read_text().splitlines():
        talk = json.loads(line)
        for place, message in enumerate(talk["messages"]):
            yield "developed on", f"{talk['id']}/{place}", message["content"]
    for place, line in enumerate((data / "privacy" / "pii_labelled.jsonl").read_text().splitlines()):
        yield "held out", f"pii/{place}", json.loads(line)["text"]


async def drafts(data: Path) -> tuple[list[dict[str, str]], int, float]:
    """Each draft with the key of its verdict; the messages read, and the seconds that took."""
    found: list[dict[str, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        extractor = SimilarExtractor(RuleExtractor(), await OpenVinoEmbedder.load(Path(folder)))
        began, messages = time.perf_counter(), 0
        for of, name, text in texts(data):
            messages += 1
            excerpt = Excerpt(said=Said(id=name, role="user", text=text, said_at=_AT))
            for draft in await extractor.extract(excerpt):
                key = hashlib.sha256(f"{draft.origin_key}|{draft.text}".encode()).hexdigest()[:24]
                found.append({"set": of, "message": name, "key": key, "text": draft.text})
        return found, messages, time.perf_counter() - began


def main() -> None:
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else _HERE.parents[1] / "shared" / "data"
    lines = (_HERE / "consolidation_judged.jsonl").read_text().splitlines()
    verdicts = {row["key"]: row["verdict"] for row in map(json.loads, lines)}
    found, messages, seconds = asyncio.run(drafts(data))
    report: dict[str, object] = {
        "messages": messages,
        "drafts": len(found),
        "ms_a_message": 1000 * seconds / messages,
    }
    for of in ("developed on", "held out"):
        counts = Counter(verdicts.get(draft["key"], "unjudged") for draft in found if draft["set"] == of)
        judged = counts["right"] + counts["wrong"]
        report[of] = {**counts, "precision": counts["right"] / judged if judged else None}
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
