"""The corpus that the knowledge benchmarks share: the example export and reports in a data folder, indexed once.

The folder is `$FREYA_BENCH_CACHE/knowledge` (`~/.cache/freya-bench/knowledge` by default), laid out like any
data folder of Freya. Filling it embeds about 35,000 texts, some minutes on two cores; later runs use it as it is.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.database import migrate, open_pool
from app.embedded import EmbeddedServers
from knowledge import DenseIndex, Importer, Indexer, IndexProgress, KnowledgeStore, LexicalIndex
from models import Embedder
from models.embeddings import OnnxEmbedder

SHARED = Path(__file__).parents[2] / "shared" / "data" / "knowledge"
EXPORT = SHARED / "rag_export.json.gz"
REPORTS = SHARED / "reports"


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
    """A data folder with its servers running and its schema in place."""
    async with EmbeddedServers(data, postgres_url=None, redis_url=None) as servers:
        await migrate(servers.postgres_url)
        pool = await open_pool(servers.postgres_url)
        model = embedder or await OnnxEmbedder.load(data)
        store = KnowledgeStore(pool)
        dense, lexical = DenseIndex(model, folder=data / "chroma"), LexicalIndex(data / "lexical")
        indexer = Indexer(store, [lexical, dense])
        try:
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
