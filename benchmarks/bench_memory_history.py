"""Recall in a long history: what was planted comes back, the newest first, in time, however much was said.

`python -m benchmarks.bench_memory_history` prints JSON: of 50 users with 200 conversations each (100,000 turns; `--users`
and `--conversations` make it smaller; `--wordings fresh` and `third` have statements and questions of other authors, on which nothing
was tuned, `matters` those written for tuning; `--consolidated` has records made of what was said first, as the service does) the share of the planted evidence among the first ten items by kind of question,
how often the newest of several statements of a preference stands above the older ones, and how long recall takes when
a user's memory is at hand. `--growth` charts the time and memory for one user of 1,000 to 100,000 turns; there vectors of
further turns are mixed from those of others. `--first` asks each question of one user of so many turns as the first since a start, and when
all is at hand. Vectors are kept in `$FREYA_BENCH_CACHE/memory` (`~/.cache/freya-bench/memory`).
"""

import argparse
import asyncio
import hashlib
import json
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any  # JSON

import numpy as np

from app.memory_vectors import ChromaVectors
from benchmarks.bench_memory import cache_folder, keep, opened
from benchmarks.memory_history import NOW, TURNS, USUAL, History, Planted, histories, history
from benchmarks.memory_wordings_fresh import FRESH
from benchmarks.memory_wordings_matters import MATTERS
from benchmarks.memory_wordings_third import THIRD
from knowledge import Chroma
from memory import Database, Owner, RecallFilter, Recollection, VectorStore
from memory.consolidation import Consolidator, RuleExtractor, SimilarExtractor
from memory.recall import IndexCache, MemoryRecaller, RecallSettings, embed_due
from memory.records import RecordStore
from models import Embedder, Vectors

BUDGET = 1000
FIRST = 10
WORDINGS = {"usual": USUAL, "fresh": FRESH, "third": THIRD, "matters": MATTERS}
SIZES = (1000, 3000, 10_000, 30_000, 100_000)


class KeptEmbedder:
    """An embedder that computes no text twice, over all runs; with `mixing` it invents vectors of unknown texts."""

    def __init__(self, model: Embedder, folder: Path, *, mixing: bool = False) -> None:
        self.name = model.name
        self.dimensions = model.dimensions
        self._model = model
        self._file = folder / "vectors.npz"
        self._mixing = mixing
        self._rows: dict[bytes, Vectors] = {}
        self._known: list[Vectors] = []
        if self._file.exists():
            with np.load(self._file) as kept:
                self._rows = dict(
                    zip(map(bytes, kept["keys"]), kept["vectors"].astype(np.float32), strict=True)
                )

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """As any embedder."""
        keys = [hashlib.sha256(text.encode()).digest()[:16] for text in texts]
        unknown = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._rows}
        if unknown and self._mixing and len(texts) > 1:
            for key in unknown:
                self._rows[key] = self._mixed(key)
        elif unknown:
            made = await self._model.embed(list(unknown.values()))
            self._rows.update(zip(unknown, made, strict=True))
        return (
            np.stack([self._rows[key] for key in keys])
            if keys
            else np.empty((0, self.dimensions), np.float32)
        )

    def save(self) -> None:
        """Keep all vectors for the next run."""
        keys = np.frombuffer(b"".join(self._rows), np.uint8).reshape(len(self._rows), 16)
        np.savez(self._file, keys=keys, vectors=np.stack(list(self._rows.values())).astype(np.float16))

    def _mixed(self, key: bytes) -> Vectors:
        rng = np.random.default_rng(int.from_bytes(key[:8], "big"))
        known = self._known = self._known or list(self._rows.values())[:2000]
        mixed = known[rng.integers(len(known))] + 0.7 * known[rng.integers(len(known))]
        return np.asarray(mixed / np.linalg.norm(mixed), np.float32)


async def plant(database: Database, owner: Owner, made: History) -> None:
    for number, talk in enumerate(made.conversations):
        await keep(database, owner, thread(owner, number), [(said.role, said.text, said.at) for said in talk])


def thread(owner: Owner, number: int) -> str:
    return f"thr_{owner.user_id}_{number:05}"


def ids(owner: Owner, planted: Planted) -> list[str]:
    return [f"{thread(owner, number)}-{place:05}" for number, place in planted.evidence]


def found(back: Recollection, wanted: Sequence[str]) -> float:
    """The share of the wanted messages among the first items."""
    first = {message for item in back.items[:FIRST] for message in item.message_ids}
    return len(first & set(wanted)) / len(wanted)


def newest_first(back: Recollection, wanted: Sequence[str]) -> bool:
    """Whether the last of the wanted messages came back, and above the others."""
    order = [message for item in back.items for message in item.message_ids if message in set(wanted)]
    return bool(order) and order[0] == wanted[-1]


async def consolidated(database: Database, embedder: Embedder, vectors: VectorStore) -> int:
    """Make records of what was said, as the service does in the background; how many there are then."""
    records = RecordStore(database, vectors, embedder)
    work = Consolidator(database, SimilarExtractor(RuleExtractor(), embedder), records)
    while (await work.consolidate_due(1000)).messages:
        pass
    await records.heal_behind()
    async with database.of_all() as connection:
        cursor = await connection.execute("SELECT count(*) AS records FROM memory_records")
        return int((await cursor.fetchall())[0]["records"])


async def measured(users: int, conversations: int, wordings: str, *, records: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="freya-bench-") as folder:
        async with opened(Path(folder)) as (database, model):
            embedder = KeptEmbedder(model, cache_folder())
            vectors = ChromaVectors(Chroma(Path(folder) / "vectors"), embedder)
            asked: list[tuple[Owner, Planted]] = []
            for number, made in enumerate(
                histories(users=users, conversations=conversations, wordings=WORDINGS[wordings])
            ):
                owner = Owner(f"user{number}")
                await plant(database, owner, made)
                asked += [(owner, planted) for planted in made.questions]
            began = time.perf_counter()
            while await embed_due(database, embedder, 256):
                pass
            took = time.perf_counter() - began
            made_of = await consolidated(database, embedder, vectors) if records else 0
            embedder.save()
            # Questions reach the model itself, as in the service.
            recaller = MemoryRecaller(
                database,
                model,
                count=model.token_counts,
                settings=RecallSettings(timeout_s=30, index_bytes=1 << 31),
                long=vectors if records else None,
            )
            for number in range(users):
                await recaller.warm(Owner(f"user{number}"))
            result = await answers(recaller, asked)
            await recaller.close()
            await vectors.close()
            return {
                "wordings": wordings,
                "users": users,
                "turns": users * conversations * TURNS,
                "embedding_s": round(took, 1),
                "records": made_of,
                "questions": len(asked),
                **result,
            }


async def answers(recaller: MemoryRecaller, asked: Sequence[tuple[Owner, Planted]]) -> dict[str, Any]:
    recalls: dict[str, list[float]] = defaultdict(list)
    newest, took, missed, foreign = [], [], [], 0
    for owner, planted in asked:
        back = await recaller.recall(owner, planted.question, budget=BUDGET, wanted=RecallFilter(), now=NOW)
        took.append(back.took_ms)
        wanted = ids(owner, planted)
        share = found(back, wanted)
        recalls[planted.kind].append(share)
        foreign += sum(
            not name.startswith(f"thr_{owner.user_id}_") for item in back.items for name in item.message_ids
        )
        if planted.kind == "preference":
            newest.append(newest_first(back, wanted))
        if share < 1 or (planted.kind == "preference" and not newest[-1]):
            missed.append(
                f"{planted.kind}: {planted.question} -> {[item.text[:60] for item in back.items[:3]]}"
            )
    return {
        "recall_at_10": round(float(np.mean([share for each in recalls.values() for share in each])), 4),
        "by_kind": {kind: round(float(np.mean(shares)), 4) for kind, shares in recalls.items()},
        "newest_first": round(float(np.mean(newest)), 4),
        "of_another_user": foreign,
        "recall_p50_ms": round(float(np.percentile(took, 50)), 1),
        "recall_p95_ms": round(float(np.percentile(took, 95)), 1),
        "missed": random.Random(1).sample(missed, min(12, len(missed))),
    }


async def growth(sizes: Sequence[int]) -> dict[str, Any]:
    """One user at several sizes: how long reading all, a new message, and recall take, and the memory that is held."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="freya-bench-") as folder:
        async with opened(Path(folder)) as (database, model):
            embedder = KeptEmbedder(model, cache_folder(), mixing=True)
            for size in sizes:
                owner = Owner(f"grown{size}")
                made = history(random.Random(size), size // TURNS)
                await plant(database, owner, made)
                while await embed_due(database, embedder, 1000):
                    pass
                rows.append({"turns": size, **await grown(database, model, owner, made)})
    return {"growth": rows}


async def grown(
    database: Database, model: Any, owner: Owner, made: History
) -> dict[str, Any]:  # OpenVinoEmbedder
    settings = RecallSettings(timeout_s=30, index_bytes=1 << 32)
    recaller = MemoryRecaller(database, model, count=model.token_counts, settings=settings)
    began = time.perf_counter()
    await recaller.warm(owner)
    cold = time.perf_counter() - began
    took, shares = [], []
    for turn in range(4):
        for planted in made.questions:
            back = await recaller.recall(
                owner, planted.question, budget=BUDGET, wanted=RecallFilter(), now=NOW
            )
            if turn:  # the first time over, the question's words are new to the processor's caches
                took.append(back.took_ms)
            else:
                shares.append(found(back, ids(owner, planted)))
    said = [("user", "My locker at the pool has the number 918.", NOW - timedelta(hours=1))]
    await keep(database, owner, thread(owner, 99_999), said)
    began = time.perf_counter()
    fresh = await recaller.recall(
        owner, "Which locker at the pool?", budget=BUDGET, wanted=RecallFilter(), now=NOW
    )
    first = time.perf_counter() - began
    await recaller.close()
    cache = IndexCache(database, model=model.name, dimensions=model.dimensions, most_bytes=1 << 32)
    await cache.current(owner)
    return {
        "read_all_s": round(cold, 2),
        "recall_p50_ms": round(float(np.percentile(took, 50)), 1),
        "recall_p95_ms": round(float(np.percentile(took, 95)), 1),
        "recall_after_a_new_message_ms": round(first * 1000, 1),
        "new_message_found": any("918" in item.text for item in fresh.items),
        "recall_at_10": round(float(np.mean(shares)), 4),
        "index_mb": round(cache.nbytes / 1e6, 1),
    }


async def first_recalls(turns: int) -> dict[str, Any]:
    """Each question of one user as the first since a start, beside the same once the whole is at hand."""
    with tempfile.TemporaryDirectory(prefix="freya-bench-") as folder:
        async with opened(Path(folder)) as (database, model):
            embedder, owner = KeptEmbedder(model, cache_folder(), mixing=True), Owner("grown")
            made = history(random.Random(turns), turns // TURNS)
            await plant(database, owner, made)
            while await embed_due(database, embedder, 1000):
                pass
            embedder.save()
            warm = MemoryRecaller(
                database, model, count=model.token_counts, settings=RecallSettings(timeout_s=30)
            )
            await warm.warm(owner)
            late, took, alike = 0, [], []
            shares: dict[str, list[float]] = {"first": [], "at_hand": []}
            for planted in made.questions:
                backs = {}
                for name, found_of in shares.items():
                    recaller = warm
                    if name == "first":
                        recaller = MemoryRecaller(database, model, count=model.token_counts)
                    back = backs[name] = await recaller.recall(
                        owner, planted.question, budget=BUDGET, wanted=RecallFilter(), now=NOW
                    )
                    found_of.append(found(back, ids(owner, planted)))
                    if name == "first":
                        await recaller.close()
                        took.append(back.took_ms)
                        late += bool(back.degraded)
                whole = {item.id for item in backs["at_hand"].items[:FIRST]}
                alike.append(
                    len(whole & {item.id for item in backs["first"].items[:FIRST]}) / max(1, len(whole))
                )
            await warm.close()
            return {
                "turns": turns,
                "questions": len(made.questions),
                **{f"recall_at_10_{name}": round(float(np.mean(each)), 4) for name, each in shares.items()},
                "of_the_first_ten_alike": round(float(np.mean(alike)), 4),
                "not_in_time": late,
                "first_p50_ms": round(float(np.percentile(took, 50)), 1),
                "first_p95_ms": round(float(np.percentile(took, 95)), 1),
            }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--wordings", choices=WORDINGS, default="usual", help="those of which author")
    parser.add_argument("--consolidated", action="store_true", help="make records of what was said first")
    parser.add_argument("--growth", action="store_true", help="chart one user from 1,000 to 100,000 turns")
    parser.add_argument("--first", type=int, metavar="TURNS", help="ask as the first since a start")
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="turns of the largest size charted")
    wanted = parser.parse_args()
    if wanted.first:
        work = first_recalls(wanted.first)
    elif wanted.growth:
        work = growth([size for size in SIZES if size <= wanted.largest])
    else:
        work = measured(wanted.users, wanted.conversations, wanted.wordings, records=wanted.consolidated)
    print(json.dumps(asyncio.run(work), indent=2))
