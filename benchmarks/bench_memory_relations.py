"""Recall of what is related to somebody named in a question, by the weight that relations have.

`python -m benchmarks.bench_memory_relations` prints JSON. Ten users (`--users`) have a long history each, and beside it
records: six people with the firm that each works at, two facts about each firm that name no person, and the same of six
firms that nobody is related to. Questions about a person in general (`around`) want the facts about the firm; questions
that one record answers (`direct`) want that record first. For each weight: the share of related facts among the first ten
items, and of those that a turn is given (from a relevance of 0.2), how many facts of other firms came along, how often the
direct answer stands first and is within 128 tokens, and what the weight does to the questions of the history, which name nobody.
"""

import argparse
import asyncio
import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any  # JSON

import numpy as np

from app.memory_vectors import ChromaVectors
from benchmarks.bench_memory import cache_folder, opened
from benchmarks.bench_memory_history import BUDGET, FIRST, KeptEmbedder, answers, plant
from benchmarks.memory_history import NOW, Planted, histories
from knowledge import Chroma
from memory import Draft, Kind, Owner, RecallFilter
from memory.recall import MemoryRecaller, RecallSettings, RecallWeights, embed_due
from memory.records import RecordStore

WEIGHTS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2)
NARROW = 128
GIVEN = 0.2
_PEOPLE = "Mara Quentin Ines Bogdan Sunniva Achille Leonor Tibor Wanda Isak Noemi Radek".split()
_FIRMS = (
    "Halden Optics|Corvo Freight|Lumen Dairy|Ostara Press|Pallas Timber|Rivet & Sons|Sable Foods|Tern Marine|"
    "Umbra Glass|Velo Parts|Wicker Homes|Yarrow Labs"
).split("|")
_FACTS = (
    "{} pays its invoices after sixty days.",
    "{} wants every offer signed on paper.",
    "{} is moving its warehouse to the harbour.",
    "{} had a recall of faulty parts in spring.",
    "{} does not accept deliveries on Fridays.",
    "{} was bought by a pension fund.",
    "{} uses a metric catalogue of its own.",
    "{} complained about the last shipment.",
)
_AROUND = (
    "What should I bear in mind before I call {}?",
    "I meet {} tomorrow, is there anything I should know?",
    "What do we know around {}?",
    "Prepare me for the talk with {}.",
    "Remind me what matters with {}'s firm.",
)
_DIRECT = ("Where does {} work?", "Which firm does {} work at?", "What is the employer of {}?")


@dataclass(frozen=True)
class Around:
    """A question about a person."""

    owner: Owner
    question: str
    related: frozenset[str]
    """Statements about the firm; none of a question that the direct record answers."""
    direct: str


async def remember(records: RecordStore, owner: Owner, rng: random.Random) -> list[Around]:
    """Keep the records of a user; gives what is asked."""
    people, firms = rng.sample(_PEOPLE, 6), rng.sample(_FIRMS, 12)
    drafts: list[Draft] = []
    asked: list[Around] = []

    def says(text: str, **more: Any) -> str:  # fields of a draft
        drafts.append(
            Draft(
                kind=Kind.FACT,
                text=text,
                confidence=0.85,
                said_at=NOW - timedelta(days=rng.uniform(1, 300)),
                sources=(f"msg_{owner.user_id}_{len(drafts)}",),
                **more,
            )
        )
        return text

    for number, firm in enumerate(firms):
        facts = frozenset(says(fact.format(firm), entities=(firm,)) for fact in rng.sample(_FACTS, 2))
        if number < len(people):
            person = people[number]
            direct = says(f"{person} works at {firm}.", relations=((person, "works at", firm),))
            asked.append(Around(owner, rng.choice(_AROUND).format(person), facts, direct))
            asked.append(Around(owner, rng.choice(_DIRECT).format(person), frozenset(), direct))
    await records.remember(owner, drafts)
    return asked


async def around(recaller: MemoryRecaller, asked: Sequence[Around]) -> dict[str, Any]:
    shares, given, strange, first, within, took, missed = [], [], [], [], [], [], []
    for each in asked:
        back = await recaller.recall(each.owner, each.question, budget=BUDGET, wanted=RecallFilter(), now=NOW)
        took.append(back.took_ms)
        texts = [item.text for item in back.items[:FIRST]]
        if each.related:
            shares.append(len(each.related & set(texts)) / len(each.related))
            told = {item.text for item in back.items[:FIRST] if item.relevance >= GIVEN}
            given.append(len(each.related & told) / len(each.related))
            firms = [firm for firm in _FIRMS if firm not in each.direct]
            strange.append(sum(any(firm in text for firm in firms) for text in texts))
            if shares[-1] < 1:
                missed.append(f"{each.question} -> {texts[:6]}")
        else:
            first.append(bool(texts) and texts[0] == each.direct)
            narrow = await recaller.recall(
                each.owner, each.question, budget=NARROW, wanted=RecallFilter(), now=NOW
            )
            within.append(any(item.text == each.direct for item in narrow.items))
    return {
        "related_at_10": round(float(np.mean(shares)), 4),
        "related_given": round(float(np.mean(given)), 4),
        "of_other_firms": round(float(np.mean(strange)), 4),
        "direct_first": round(float(np.mean(first)), 4),
        "direct_within_128": round(float(np.mean(within)), 4),
        "recall_p95_ms": round(float(np.percentile(took, 95)), 1),
        "missed": missed[:4],
    }


async def measured(users: int, weights: Sequence[float]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="freya-bench-") as folder:
        async with opened(Path(folder)) as (database, model):
            embedder = KeptEmbedder(model, cache_folder())
            vectors = ChromaVectors(Chroma(Path(folder) / "vectors"), model)
            records = RecordStore(database, vectors, embedder)
            asked: list[Around] = []
            planted: list[tuple[Owner, Planted]] = []
            for number, made in enumerate(histories(users=users, conversations=200)):
                owner = Owner(f"user{number}")
                await plant(database, owner, made)
                planted += [(owner, each) for each in made.questions]
                asked += await remember(records, owner, random.Random(number))
            while await embed_due(database, embedder, 256):
                pass
            embedder.save()
            result = {}
            for weight in weights:
                recaller = MemoryRecaller(
                    database,
                    model,
                    count=model.token_counts,
                    long=vectors,
                    settings=RecallSettings(timeout_s=30, weights=RecallWeights(related=weight)),
                )
                for number in range(users):
                    await recaller.warm(Owner(f"user{number}"))
                found = await around(recaller, asked)
                of_history = await answers(recaller, planted)
                result[str(weight)] = found | {
                    f"history_{name}": of_history[name] for name in ("recall_at_10", "newest_first")
                }
                await recaller.close()
            await vectors.close()
            return {"users": users, "questions": len(asked), "by_weight": result}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--users", type=int, default=10)
    parser.add_argument("--weights", type=float, nargs="+", default=WEIGHTS)
    wanted = parser.parse_args()
    print(json.dumps(asyncio.run(measured(wanted.users, wanted.weights)), indent=2))
