"""The corpus that the knowledge benchmarks share: the example export and reports in a data folder, indexed once.

The folder is `$FREYA_BENCH_CACHE/knowledge` (`~/.cache/freya-bench/knowledge` by default), laid out like any
data folder of Freya. Filling it embeds about 35,000 texts, some minutes on two cores; later runs use it as it is.
"""

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.database import migrate, open_pool
from app.embedded import EmbeddedServers
from knowledge import (
    DenseIndex,
    Field,
    Importer,
    Indexer,
    IndexProgress,
    KnowledgeStore,
    LexicalIndex,
    StoredPair,
)
from knowledge.abbreviations import packaged_abbreviations
from models import Embedder, Vectors
from models.embeddings import OpenVinoEmbedder

SHARED = Path(__file__).parents[2] / "shared" / "data" / "knowledge"
EXPORT = SHARED / "rag_export.json.gz"
REPORTS = SHARED / "reports"
_SYNTHETIC = "Synthetic"
_AT_ONCE = 20_000


@dataclass(frozen=True)
class Corpus:
    """Everything the benchmarks measure, on one data folder."""

    store: KnowledgeStore
    embedder: Embedder
    dense: DenseIndex
    lexical: LexicalIndex
    indexer: Indexer
    importer: Importer


def cache_folder() -> Path:
    """The data folder that is kept between runs."""
    return Path(os.environ.get("FREYA_BENCH_CACHE", "~/.cache/freya-bench")).expanduser() / "knowledge"


@asynccontextmanager
async def opened(data: Path, embedder: Embedder | None = None) -> AsyncIterator[Corpus]:
    """A data folder with its servers running, its schema in place and its index of meaning in memory."""
    async with EmbeddedServers(data, postgres_url=None, redis_url=None) as servers:
        await migrate(servers.postgres_url)
        pool = await open_pool(servers.postgres_url)
        model = embedder or await OpenVinoEmbedder.load(data)
        store = KnowledgeStore(pool)
        dense, lexical = DenseIndex(model, folder=data / "chroma"), LexicalIndex(data / "lexical")
        indexer = Indexer(store, [lexical, dense])
        try:
            await dense.load()
            yield Corpus(store, model, dense, lexical, indexer, Importer(store, indexer))
        finally:
            await dense.close()
            await pool.close()


async def fill(corpus: Corpus) -> None:
    """Import and index the example data; what is there already is left alone."""
    if not EXPORT.is_file():
        sys.exit(
            f"The example data is not at {SHARED}; lay it out beside the repository to run this benchmark."
        )
    await corpus.importer.import_paths([EXPORT, REPORTS])
    await corpus.indexer.catch_up(_say)


def _say(progress: IndexProgress) -> None:
    if progress.index == "dense":
        print(f"indexing: {progress.revision} of {progress.latest}", file=sys.stderr)


async def grown(pairs: int) -> Path:
    """A copy of the filled data folder with so many pairs in it, made once, a minute or two for each 20,000.

    The further ones are recombined: the question of a pair with a number behind it, and the first half of its
    answer with the second half of another's. Their vectors are not computed but mixed of those of both pairs, so
    they are as near to real ones as other pairs on the same matter are; only latency is measured on them.
    A larger copy is made out of the next smaller one that there is; one that was broken off is gone on with.
    """
    folder = cache_folder().with_name(f"knowledge-{pairs}")
    if (folder / "grown").exists():
        async with opened(folder) as corpus:  # the index of words may be of an earlier format
            await Indexer(corpus.store, [corpus.lexical]).catch_up(_say)
        return folder
    if not folder.exists():
        smaller = [size for size in _grown_sizes() if size < pairs]
        source = cache_folder().with_name(f"knowledge-{max(smaller)}") if smaller else cache_folder()
        await asyncio.to_thread(_copied, source, folder)
    async with opened(folder) as corpus:
        stored = await corpus.store.changes(0, 10_000_000)
        real = [pair for pair in stored if not pair.removed and pair.topic != _SYNTHETIC]
        there = sum(not pair.removed for pair in stored) - len(real)
        mixer = _Mixer(corpus.embedder, await _vectors(corpus.dense, real))
        dense = DenseIndex(mixer, folder=folder / "chroma")
        try:
            await dense.load()
            for start in range(there, pairs - len(real), _AT_ONCE):
                path = folder / "synthetic.json"
                made = mixer.recombined(real, start, min(start + _AT_ONCE, pairs - len(real)))
                path.write_text(json.dumps(made), encoding="utf-8")
                await corpus.importer.import_file(path)
                await Indexer(corpus.store, [corpus.lexical, dense]).catch_up(_say)
        finally:
            await dense.close()
    (folder / "grown").touch()
    return folder


def _grown_sizes() -> list[int]:
    """Of the copies that were made to their end."""
    folders = cache_folder().parent.glob("knowledge-*/grown")
    return [int(folder.parent.name.removeprefix("knowledge-")) for folder in folders]


class _Mixer:
    """An embedder that knows the vectors of the texts it made, and asks the model for no other."""

    def __init__(self, model: Embedder, vectors: dict[Field, dict[str, Vectors]]) -> None:
        self.name = model.name
        self.dimensions = model.dimensions
        self._vectors = vectors
        self._known: dict[str, Vectors] = {}

    def recombined(self, real: Sequence[StoredPair], start: int, stop: int) -> dict[str, object]:
        """The pairs with these numbers, as an export; each number always makes the same one."""
        self._known.clear()
        made = []
        for number in range(start, stop):
            rng = random.Random(number)
            one, other = rng.choice(real), rng.choice(real)
            question = f"{one.question} ({number})"
            answer = (
                f"{number}. {one.answer[: len(one.answer) // 2]} {other.answer[len(other.answer) // 2 :]}"
            )
            written_out = packaged_abbreviations().written_out(question)  # as the index embeds it
            for field, text in ((Field.QUESTION, written_out), (Field.ANSWER, str(number))):
                mixed = self._vectors[field][one.id] + 0.5 * self._vectors[field][other.id]
                self._known[text] = mixed / np.linalg.norm(mixed)
            made.append({"question": question, "answer": answer})
        return {
            "metadata": {"total_qa_pairs": len(made)},
            "sessions": [{"topic": _SYNTHETIC, "qa_pairs": made}],
        }

    async def embed(self, texts: Sequence[str]) -> Vectors:
        rows = np.empty((len(texts), self.dimensions), dtype=np.float32)
        last = np.ones(self.dimensions, dtype=np.float32)
        for row, text in enumerate(texts):
            # Later passages of an answer get the vector of its first, which begins with its number.
            last = self._known.get(text, self._known.get(text.split(".", 1)[0], last))
            rows[row] = last
        return rows


async def _vectors(dense: DenseIndex, pairs: Sequence[StoredPair]) -> dict[Field, dict[str, Vectors]]:
    found: dict[Field, dict[str, Vectors]] = {field: {} for field in Field}
    for start in range(0, len(pairs), 1000):
        wanted: dict[str, list[str]] = {}
        for pair in pairs[start : start + 1000]:
            wanted.setdefault(pair.collection, []).append(pair.id)
        for field, vectors in (await dense.vectors(dict.fromkeys(Field, wanted))).items():
            found[field].update(vectors)
    return found


def _copied(source: Path, target: Path) -> None:
    copying = target.with_name(f".{target.name}")
    shutil.rmtree(copying, ignore_errors=True)
    # cp keeps the owner, which is not ours when PostgreSQL may not run as root.
    subprocess.run(["/bin/cp", "-a", str(source), str(copying)], check=True)
    (copying / "grown").unlink(missing_ok=True)
    copying.rename(target)
