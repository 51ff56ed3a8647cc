"""Retrieval over the example corpus: quality, beside single methods and rank fusion, and latency; prints JSON.

Two tasks. *answers*: 1,000 sampled stored questions against the answers field, where the pair's own answer must
be found. *paraphrases*: hand-written paraphrases (paraphrases.jsonl; paraphrases_fresh.jsonl, that no weight was
chosen with; paraphrases_held_out.jsonl, written after all else) against questions and against both fields, where the paraphrased pair must be found. Rank 1 to 5 counts
for top-5, the reciprocal of the rank (to 50) for MRR; a pair with the same question word for word, of which retrieval
returns one only, counts as found in its stead. `pooled` counts those besides that ask the same in other words:
paraphrases_pooled.jsonl, judged by hand over the first five of all methods together, unseen which found what
(pooling, as at TREC); the held-out ones were not pooled. `not_below` compares with each single method by paired bootstrap.
The latency is that of `search` with the query's encoding, without the embedding cache, whole and in its parts, one
query at a time after 200 other ones, as in a service that has been up for a minute; beside it stands the processor
time that this process took for a search, PostgreSQL's not counted. `--grow 40000 100000` measures it besides on copies
of the corpus with so many pairs (see knowledge_corpus.grown).
*relevance*: how many questions on other matters find nothing, and how many native ones are lost.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # a JSON document

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.knowledge_corpus import EXPORT, Corpus, cache_folder, fill, grown, opened
from knowledge import Field, HybridRetriever, RetrievalSettings
from knowledge.evaluation import Bootstrap
from knowledge.evaluation.cases import foreign_questions
from knowledge.readers import PairRecord, content_hash, open_source
from knowledge.readers.text import plain
from knowledge.store import pair_id, source_id

_SEED = 7
_DEPTH = 50
_TOP = 5
_MARGIN = 0.01
"""Of a difference in top-5 or MRR that is none."""
_WARMING = 200
_COLLECTION = "technical"
_PARAPHRASES = (
    Path(__file__).with_name("paraphrases.jsonl"),  # weights were chosen with these in view
    Path(__file__).with_name(
        "paraphrases_fresh.jsonl"
    ),  # abbreviations were written out for misses among these
    Path(__file__).with_name("paraphrases_held_out.jsonl"),  # nothing was chosen with these
)
_POOLED = Path(__file__).with_name("paraphrases_pooled.jsonl")
_FOREIGN_FRESH = Path(__file__).with_name("foreign_fresh.txt")
_NATIVE = (
    "What is RSI?", "how does MACD work", "explain bollinger bands", "what does a high funding rate mean",
    "is the mvrv z-score useful", "What is impermanent loss?", "stop loss placement with ATR",
    "Should I buy bitcoin now?", "what is ichimoku", "hash ribbons signal", "explain yield farming risk",
    "head and shoulders pattern", "what are gas fees", "how do I read volume", "bitcoin halving effect",
)  # fmt: skip

Ranker = Callable[[str], Awaitable[list[str]]]


@dataclass(frozen=True)
class Case:
    """A query and the pair it must find."""

    query: str
    pair: str
    also: frozenset[str] = frozenset()
    """Questions that ask the same in other words."""


class Peers:
    """The methods that retrieval is compared with, over the same indexes; each gives pair ids, best first."""

    def __init__(self, corpus: Corpus, fields: Sequence[Field]) -> None:
        self._corpus = corpus
        self._fields = fields

    async def dense(self, query: str) -> list[str]:
        """The sum of the fields' cosines."""
        return _by_sum(await self._dense(query))

    async def bm25(self, query: str) -> list[str]:
        """The sum of the fields' BM25."""
        return _by_sum(await self._bm25(query))

    async def reciprocal_ranks(self, query: str) -> list[str]:
        """Equal weights and k = 60 (Cormack, Clarke and Büttcher 2009)."""
        fused: dict[str, float] = {}
        for scores in [*await self._dense(query), *await self._bm25(query)]:
            for rank, pair in enumerate(scores, 1):
                fused[pair] = fused.get(pair, 0.0) + 1 / (60 + rank)
        return _by_sum([fused])

    async def _dense(self, query: str) -> list[dict[str, float]]:
        vectors = await self._corpus.dense.encode(query)
        found = [
            await self._corpus.dense.search(vectors[field], field, collections=[_COLLECTION], limit=_DEPTH)
            for field in self._fields
        ]
        return [{pair: max(score, 0.0) for pair, score in scores.items()} for scores in found]

    async def _bm25(self, query: str) -> list[dict[str, float]]:
        return [
            await self._corpus.lexical.search(query, field, collections=[_COLLECTION], limit=_DEPTH)
            for field in self._fields
        ]


def _by_sum(found: Sequence[dict[str, float]]) -> list[str]:
    total: dict[str, float] = {}
    for scores in found:
        for pair, score in scores.items():
            total[pair] = total.get(pair, 0.0) + score
    return sorted(total, key=lambda pair: (-total[pair], pair))


def _ours(retriever: HybridRetriever, fields: Sequence[Field], times: list[float]) -> Ranker:
    async def rank(query: str) -> list[str]:
        # Quality is judged on the ranking to depth 50; the latency is that of the call users make.
        began = time.perf_counter()
        await retriever.search(query, collections=[_COLLECTION], fields=fields)
        times.append(time.perf_counter() - began)
        hits = await retriever.search(
            query, collections=[_COLLECTION], fields=fields, limit=_DEPTH, floor=0.0
        )
        return [hit.pair_id for hit in hits]

    return rank


async def _places(
    rank: Ranker, cases: Sequence[Case], same: dict[str, str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Reciprocal ranks of the pair, and of whatever asks the same; duplicates of a question count as one thing."""
    own, pooled = [], []
    for case in cases:
        things = list(dict.fromkeys(same[pair] for pair in await rank(case.query)))[:_DEPTH]
        own.append(_reciprocal(things, {same[case.pair]}))
        pooled.append(_reciprocal(things, {same[case.pair], *case.also}))
    return np.array(own), np.array(pooled)


def _reciprocal(things: Sequence[str], wanted: set[str]) -> float:
    return next((1 / place for place, thing in enumerate(things, 1) if thing in wanted), 0.0)


def _scores(reciprocal: NDArray[np.float64]) -> dict[str, float]:
    return {
        "top5": round(float((reciprocal >= 1 / _TOP).mean()), 3),
        "mrr": round(float(reciprocal.mean()), 3),
    }


async def _same(corpus: Corpus) -> dict[str, str]:
    """A common name for pairs that ask the same; the reports repeat some sessions of the export."""
    pairs = await corpus.store.changes(0, 1_000_000)
    return {pair.id: plain(pair.question) for pair in pairs}


def _sampled(size: int, seed: int) -> list[Case]:
    """Stored questions, each with its pair."""
    source = source_id(_COLLECTION, content_hash(EXPORT))
    records = random.Random(seed).sample(list(open_source(EXPORT).pairs()), size)
    return [Case(record.question, pair_id(source, record)) for record in records]


def _paraphrased(path: Path) -> list[Case]:
    """Hand-written paraphrases, each with the pair it was written for."""
    source = source_id(_COLLECTION, content_hash(EXPORT))
    by_place: dict[tuple[str | None, int], PairRecord] = {
        (record.session.external_id, record.ordinal): record for record in open_source(EXPORT).pairs()
    }
    also = {line["paraphrase"]: frozenset(map(plain, line["same"])) for line in _lines(_POOLED)}
    return [
        Case(
            line["paraphrase"],
            pair_id(source, by_place[str(line["session_id"]), line["pair"]]),
            also.get(line["paraphrase"], frozenset()),
        )
        for line in _lines(path)
    ]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


async def _task(
    corpus: Corpus, cases: Sequence[Case], fields: Sequence[Field], same: dict[str, str]
) -> dict[str, Any]:
    peers = Peers(corpus, fields)
    retriever = HybridRetriever(corpus.store, corpus.dense, corpus.lexical)
    times: list[float] = []
    report: dict[str, Any] = {"cases": len(cases), "fields": list(fields)}
    rankers = {
        "hybrid": _ours(retriever, fields, times),
        "dense_only": peers.dense,
        "bm25_only": peers.bm25,
        "equal_rrf": peers.reciprocal_ranks,
    }
    found = {name: await _places(rank, cases, same) for name, rank in rankers.items()}
    for name, (own, pooled) in found.items():
        report[name] = _scores(own) | (
            {"pooled": _scores(pooled)} if any(case.also for case in cases) else {}
        )
    ours, _ = found["hybrid"]
    report["not_below"] = {
        name: {
            "top5": _compared((ours >= 1 / _TOP).astype(float), (theirs >= 1 / _TOP).astype(float)),
            "mrr": _compared(ours, theirs),
        }
        for name, (theirs, _) in found.items()
        if name in {"dense_only", "bm25_only"}
    }
    report["latency_ms"] = _percentiles(times)
    return report


async def _relevance(
    corpus: Corpus, sampled: Sequence[Case], paraphrased: Sequence[Case], same: dict[str, str]
) -> dict[str, Any]:
    """The relevance of the best hit, for queries inside and outside of what the corpus is about.

    Sampled questions are searched without their own pair and those that ask the same.
    """
    retriever = HybridRetriever(corpus.store, corpus.dense, corpus.lexical)
    floor = RetrievalSettings().floor
    report: dict[str, Any] = {"floor": floor}
    fresh = (await asyncio.to_thread(_FOREIGN_FRESH.read_text, encoding="utf-8")).splitlines()
    groups: dict[str, list[tuple[str, str | None]]] = {
        "sampled": [(case.query, same[case.pair]) for case in sampled],
        "paraphrases": [(case.query, None) for case in paraphrased],
        "short_native": [(query, None) for query in _NATIVE],
        "foreign": [(query, None) for query in foreign_questions()],
        "foreign_fresh": [(query, None) for query in fresh],
    }
    for name, queries in groups.items():
        best = []
        for query, without in queries:
            hits = await retriever.search(query, collections=[_COLLECTION], limit=10, floor=0.0)
            best.append(max((hit.relevance for hit in hits if same[hit.pair_id] != without), default=0.0))
        report[name] = {
            "queries": len(best),
            "lowest": round(min(best), 3),
            "median": round(float(np.median(best)), 3),
            "highest": round(max(best), 3),
            "answered": sum(relevance >= floor for relevance in best),
        }
    return report


async def main(size: int, seed: int, grow: Sequence[int], *, quality: bool) -> None:
    data = cache_folder()
    data.mkdir(parents=True, exist_ok=True)
    threadpool_limits(limits=1, user_api="blas")  # as the service does
    async with opened(data) as corpus:
        await fill(corpus)
        await corpus.dense.load()
        sampled = await asyncio.to_thread(_sampled, size, seed)
        warming = await asyncio.to_thread(_sampled, _WARMING, seed + 1)
        report: dict[str, Any] = {
            "benchmark": "retrieval",
            "pairs": (await corpus.store.counts())[_COLLECTION],
            "seed": seed,
            "settings": RetrievalSettings().model_dump(),
            "latency_ms": await _latency(corpus, sampled, warming),
        }
        if quality:
            report |= await _quality(corpus, sampled)
    grown_ms = {}
    for pairs in sorted(grow):
        async with opened(await grown(pairs)) as corpus:
            counts = await corpus.store.counts()
            grown_ms[counts[_COLLECTION]] = await _latency(corpus, sampled, warming)
    if grown_ms:
        report["grown_latency_ms"] = grown_ms
        _chart({report["pairs"]: report["latency_ms"], **grown_ms})
    print(json.dumps(report, indent=2))


def _chart(latencies: dict[int, dict[str, dict[str, float]]]) -> None:
    """Bars of p50 and p95 by the number of pairs, on the error stream."""
    longest = max(each["whole"]["p95"] for each in latencies.values())
    for pairs, each in latencies.items():
        for name in ("p50", "p95"):
            bar = "█" * max(1, round(40 * each["whole"][name] / longest))
            print(f"{pairs:>8,} {name} {bar} {each['whole'][name]} ms", file=sys.stderr)


async def _quality(corpus: Corpus, sampled: Sequence[Case]) -> dict[str, Any]:
    same = await _same(corpus)
    report: dict[str, Any] = {"answers": await _task(corpus, sampled, (Field.ANSWER,), same)}
    paraphrased = []
    for path in _PARAPHRASES:
        cases = await asyncio.to_thread(_paraphrased, path)
        paraphrased += cases
        report[path.stem] = {
            "both": await _task(corpus, cases, tuple(Field), same),
            "questions": await _task(corpus, cases, (Field.QUESTION,), same),
        }
    return {**report, "relevance": await _relevance(corpus, sampled[:200], paraphrased, same)}


async def _latency(
    corpus: Corpus, cases: Sequence[Case], warming: Sequence[Case]
) -> dict[str, dict[str, float]]:
    """Of the call that users make, with its processor time, then of its parts."""
    retriever = HybridRetriever(corpus.store, corpus.dense, corpus.lexical)
    for case in warming:
        await retriever.search(case.query, collections=[_COLLECTION])
    times: dict[str, list[float]] = {}
    for case in cases:
        began, busy = time.perf_counter(), time.process_time()
        await retriever.search(case.query, collections=[_COLLECTION])
        times.setdefault("whole", []).append(time.perf_counter() - began)
        times.setdefault("processor", []).append(time.process_time() - busy)
    with _timed(corpus, times):
        for case in cases:
            await retriever.search(case.query, collections=[_COLLECTION])
    return {name: _percentiles(taken) for name, taken in times.items()}


@contextmanager
def _timed(corpus: Corpus, times: dict[str, list[float]]) -> Iterator[None]:
    """Inside, the parts of a search are timed."""
    parts = (
        (corpus.dense, "encode"), (corpus.lexical, "words"), (corpus.dense, "search"),
        (corpus.store, "pairs"), (corpus.dense, "vectors"),
    )  # fmt: skip

    def timed(part: Callable[..., Awaitable[Any]], name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*arguments: object, **named: object) -> Any:
            began = time.perf_counter()
            try:
                return await part(*arguments, **named)
            finally:
                times.setdefault(name, []).append(time.perf_counter() - began)

        return call

    for owner, name in parts:
        setattr(owner, name, timed(getattr(owner, name), name))
    try:
        yield
    finally:
        for owner, name in parts:
            delattr(owner, name)


def _compared(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> dict[str, Any]:
    return Bootstrap().difference(ours, theirs, margin=_MARGIN).model_dump()


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    p50, p95, p99 = np.percentile(np.array(seconds) * 1e3, [50, 95, 99])
    return {"p50": round(p50, 1), "p95": round(p95, 1), "p99": round(p99, 1)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1000, help="sampled questions")
    parser.add_argument("--seed", type=int, default=_SEED, help="of the sample")
    parser.add_argument(
        "--grow", type=int, nargs="+", default=[], help="pairs of larger copies on which latency is measured"
    )
    parser.add_argument("--latency", action="store_true", help="measure latency only")
    arguments = parser.parse_args()
    asyncio.run(main(arguments.size, arguments.seed, arguments.grow, quality=not arguments.latency))
