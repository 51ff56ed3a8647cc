"""Everything that remembers, over one restricted database, one Redis and one Chroma."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis

from app.database import Pool, open_pool
from app.memory_service import MemoryService
from app.memory_vectors import ChromaVectors
from app.runs import EventLog, RunCopies, RunStore
from knowledge import Chroma
from memory import (
    Database,
    MemorySettings,
    Owner,
    OwnRecords,
    RecordsInCommand,
    ShortTermTier,
    ThreadStore,
    TieredConversation,
)
from memory.consolidation import Consolidator, RuleExtractor
from memory.history import (
    Eraser,
    HistoryExporter,
    HistoryImporter,
    MessageForgetter,
    RedisKeys,
    Rows,
    VectorRows,
)
from memory.interactions import InteractionStore
from memory.privacy import AuditTrail, DataKeys, PrivacySettings, Sealer, Vault
from memory.projects import ProjectStore
from memory.recall import MemoryRecaller, RecallSettings
from memory.records import RecordStore
from models import Embedder, estimated_tokens
from tests.memory.privacy.conftest import key
from tests.memory.recall.conftest import WordEmbedder


@dataclass(frozen=True, kw_only=True)
class Stores:
    """The parts that tests speak to."""

    pool: Pool
    redis: Redis
    database: Database
    embedder: Embedder
    threads: ThreadStore
    runs: RunStore
    short: ShortTermTier
    records: RecordStore
    own: OwnRecords
    vectors: ChromaVectors
    recaller: MemoryRecaller
    projects: ProjectStore
    consolidator: Consolidator
    interactions: InteractionStore
    sealer: Sealer
    vault: Vault
    service: MemoryService


@asynccontextmanager
async def open_stores(database_url: str, redis_url: str, folder: Path) -> AsyncIterator[Stores]:
    """All of them; the sealer and the vault have a key, and the others store texts as they are."""
    pool = await open_pool(database_url, min_size=1, max_size=4, restricted=True)
    redis = Redis.from_url(redis_url, driver_info=None)
    database, embedder = Database(pool), WordEmbedder()
    vectors = ChromaVectors(Chroma(folder), embedder)
    keys = DataKeys(database, PrivacySettings(keys=(key(1),)))
    short, runs = ShortTermTier(redis, MemorySettings(short_turns=50)), RunStore(database)
    records, projects = RecordStore(database, vectors, embedder), ProjectStore(database)
    vault = Vault(database, keys)
    interactions, recall = InteractionStore(database), RecallSettings(timeout_s=30)
    recaller = MemoryRecaller(database, embedder, count=estimated_tokens, settings=recall, long=vectors)

    def forget(owner: Owner) -> None:
        keys.forget(owner)
        recaller.forget(owner)

    threads, audit = ThreadStore(database), AuditTrail(database)
    copies = RunCopies(short, EventLog(redis, redis, ttl_s=600))
    own = RecordsInCommand(records, audit, let_go=copies.drop_at_hand)
    service = MemoryService(
        database=database,
        threads=threads,
        conversation=TieredConversation(short, threads, MemorySettings(), own=own),
        recaller=recaller,
        records=records,
        projects=projects,
        importer=HistoryImporter(database),
        exporter=HistoryExporter(database),
        eraser=Eraser(
            Rows(database),
            [RedisKeys(redis, short), VectorRows(vectors)],
            stop_runs=_nothing_runs,
            forget_key=forget,
        ),
        forgetter=MessageForgetter(database, records, copies=copies),
        interactions=interactions,
        audit=audit,
        runs=runs,
        vault=vault,
        count=estimated_tokens,
    )
    yield Stores(
        pool=pool,
        redis=redis,
        database=database,
        embedder=embedder,
        threads=threads,
        runs=runs,
        short=short,
        records=records,
        own=own,
        vectors=vectors,
        recaller=recaller,
        projects=projects,
        consolidator=Consolidator(database, RuleExtractor(), records),
        interactions=interactions,
        sealer=Sealer(keys),
        vault=vault,
        service=service,
    )
    await recaller.close()
    await vectors.close()
    await redis.aclose()
    await pool.close()


async def _nothing_runs(_: Owner) -> int:
    return 0
