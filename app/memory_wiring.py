"""Memory, joined: its tiers, what consolidates them in the background, and the object behind its doors."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import psycopg
import structlog
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage

from app.memory_service import MemoryService
from app.memory_vectors import ChromaVectors
from app.runs import ChatResult, EventLog, RunCopies, RunStore
from app.runs.records import RecalledItem
from app.runs.stamping import Stamp
from knowledge import Chroma
from memory import (
    Kind,
    MemoryUnavailable,
    Owner,
    ProjectStore,
    RecordsInCommand,
    Retention,
    ShortTermTier,
    ThreadFinder,
    ThreadStore,
    TieredConversation,
    withhold_due,
)
from memory.consolidation import (
    ArtifactRecorder,
    ConsolidationWorker,
    Consolidator,
    Excerpt,
    Extractor,
    ModelExtractor,
    OutcomeRecorder,
    RuleExtractor,
    Said,
    SimilarExtractor,
    Step,
)
from memory.consolidation.extraction import extracted
from memory.history import (
    Eraser,
    HistoryExporter,
    HistoryImporter,
    MessageForgetter,
    RedisKeys,
    Rows,
    StopRuns,
    VectorRows,
)
from memory.interactions import InteractionStore, ensure_partitions
from memory.privacy import AuditTrail, DataKeys, DataKind, Redactor, Sealer, Vault
from memory.recall import MemoryRecaller, embed_due
from memory.records import RecordStore, repeated
from memory.short import ModelSummariser
from models.chat import ConfiguredChatModels, Role
from models.embeddings import CachedEmbedder

if TYPE_CHECKING:
    from app.backends import Backends

_log = structlog.get_logger(__name__)
_VECTORS = "memory-vectors"
_EMBEDDED_AT_ONCE = 64
_NEVER_REMEMBERED = frozenset(
    {DataKind.SECRET, DataKind.SEED_PHRASE, DataKind.CARD, DataKind.IBAN, DataKind.SSN}
)
_LEAST_CONFIDENCE = 0.6  # of a statement that is confirmed to the user as soon as he made it


@dataclass(frozen=True, kw_only=True)
class MemoryParts:
    """The memory package, joined."""

    threads: ThreadStore
    finder: ThreadFinder
    short_term: ShortTermTier
    conversation: TieredConversation
    recaller: MemoryRecaller
    records: RecordStore
    vectors: ChromaVectors
    sealer: Sealer
    worker: ConsolidationWorker
    runs: RunStore
    events: EventLog
    service: MemoryService
    noting: set[asyncio.Task[None]] = field(default_factory=set)
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    """What is noted waits for its user's turn with a connection in hand: never more than one of the pool's."""

    def notice(self, message: str) -> Sequence[str]:
        """The statements about its writer that a message makes, as they will be remembered."""
        said = Said(id="", role="user", text=message, said_at=datetime.now(UTC))
        drafts = extracted(Excerpt(said=said))
        return [draft.text for draft in drafts if draft.confidence >= _LEAST_CONFIDENCE]

    def answered(self, owner: Owner, result: ChatResult) -> None:
        """A turn has ended: what it left is taken up, and the records it was given count as used."""
        self.worker.wake()
        used = [item for item in result.recalled if item.kind is not Kind.MESSAGE]
        if used:
            noting = asyncio.create_task(self._note_used(owner, used, result.answer), name="used records")
            self.noting.add(noting)
            noting.add_done_callback(self.noting.discard)

    async def _note_used(self, owner: Owner, records: Sequence[RecalledItem], answer: str) -> None:
        told = repeated([item.text for item in records], answer)
        cited = [item.id for item, again in zip(records, told, strict=True) if again]
        try:
            async with self.one_at_a_time:
                await self.records.used(owner, [item.id for item in records], cited)
        except MemoryUnavailable as error:
            _log.warning("the use of records could not be noted", error=str(error))


def join_memory(
    backends: "Backends",
    embedder: CachedEmbedder,
    chat: ConfiguredChatModels,
    redactor: Redactor,
    *,
    stamp: Stamp,
    stop_runs: StopRuns,
    scheduled: bool = False,
) -> MemoryParts:
    """The tiers over the open stores; nothing is consolidated yet. `stop_runs` ends the runs of a user.

    `scheduled`: somebody else keeps the times of consolidation.
    """
    settings, database = backends.settings.memory, backends.database
    keys = DataKeys(database, settings.privacy)
    sealer = Sealer(keys)
    vault = Vault(database, keys, names=redactor.names)
    vectors = ChromaVectors(
        Chroma(backends.settings.data / _VECTORS, backends.settings.knowledge.chroma_url), embedder
    )
    threads = ThreadStore(database, sealer)
    runs = RunStore(database, sealer, redact=redactor.redact_json, stamp=stamp)
    writes = bool(backends.settings.models.roles.get(Role.AGENTIC))
    summariser = (
        ModelSummariser(_completing(chat.of(Role.AGENTIC)), tokens=settings.short.summary_tokens)
        if writes
        else None
    )
    short_term = ShortTermTier(backends.redis, settings, sealing=sealer, summariser=summariser)
    records = RecordStore(database, vectors, embedder, sealer, settings=settings.records)
    count = _counting(chat, embedder)
    recaller = MemoryRecaller(
        database, embedder, count=count, settings=settings.recall, long=vectors, opener=sealer
    )
    extractor: Extractor = SimilarExtractor(RuleExtractor(), embedder)
    if writes and settings.consolidation.by_model:
        extractor = ModelExtractor(chat.of(Role.AGENTIC), extractor)
    consolidator = _consolidator(backends, extractor, records, sealer)
    worker = _worker(backends, embedder, consolidator, records, sealer, scheduled=scheduled)
    audit = AuditTrail(database)

    def forget(owner: Owner) -> None:
        keys.forget(owner)
        recaller.forget(owner)

    eraser = Eraser(
        Rows(database),
        [RedisKeys(backends.redis, short_term), VectorRows(vectors)],
        stop_runs=stop_runs,
        forget_key=forget,
    )
    events = EventLog(
        backends.redis, backends.readers, ttl_s=backends.settings.runs.events_ttl_s, sealer=sealer
    )
    copies = RunCopies(short_term, events, sealer)
    conversation = TieredConversation(
        short_term,
        threads,
        settings,
        own=RecordsInCommand(
            records, audit, lambda owner: consolidator.consolidate_due(of=owner), copies.drop_at_hand
        ),
    )
    service = MemoryService(
        database=database,
        threads=threads,
        conversation=conversation,
        recaller=recaller,
        records=records,
        projects=ProjectStore(database, sealer),
        importer=HistoryImporter(database, sealer),
        exporter=HistoryExporter(database, sealer, vault=vault),
        eraser=eraser,
        forgetter=MessageForgetter(database, records, copies=copies, sealer=sealer),
        interactions=InteractionStore(database, redactor.redact_json),
        audit=audit,
        runs=runs,
        vault=vault,
        count=count,
        redactor=redactor,
        arrived=worker.wake,
    )
    return MemoryParts(
        threads=threads,
        finder=ThreadFinder(database, threads, sealer),
        short_term=short_term,
        conversation=conversation,
        recaller=recaller,
        records=records,
        vectors=vectors,
        sealer=sealer,
        worker=worker,
        runs=runs,
        events=events,
        service=service,
    )


def _counting(chat: ConfiguredChatModels, embedder: CachedEmbedder) -> Callable[[Sequence[str]], list[int]]:
    """Tokens by the tokenizer of the model that answers, while that is in memory, else by the embedding model's."""

    def count(texts: Sequence[str]) -> list[int]:
        exact = chat.token_counts(Role.REASONING, texts)
        return embedder.token_counts(texts) if exact is None else exact

    return count


def _completing(model: BaseChatModel) -> Callable[[str, str], Awaitable[str]]:
    async def complete(system: str, text: str) -> str:
        return (await model.ainvoke([SystemMessage(system), HumanMessage(text)])).text

    return complete


def _consolidator(
    backends: "Backends", extractor: Extractor, records: RecordStore, sealer: Sealer
) -> Consolidator:
    redactor = Redactor(kinds=_NEVER_REMEMBERED)
    return Consolidator(
        backends.database,
        extractor,
        records,
        settings=backends.settings.memory.consolidation,
        redact=lambda text: redactor.redact(text).text,
        unseal=sealer.open,
    )


def _worker(
    backends: "Backends",
    embedder: CachedEmbedder,
    consolidator: Consolidator,
    records: RecordStore,
    sealer: Sealer,
    *,
    scheduled: bool,
) -> ConsolidationWorker:
    settings, database = backends.settings.memory.consolidation, backends.database
    redactor = Redactor(kinds=_NEVER_REMEMBERED)

    async def consolidate() -> int:
        return (await consolidator.consolidate_due()).messages

    recorder = ArtifactRecorder(
        database, records, unseal=sealer.open, redact=lambda text: redactor.redact(text).text
    )

    outcomes = OutcomeRecorder(database, records)

    async def fade() -> int:
        return await records.fade(datetime.now(UTC))

    async def expire() -> int:
        gone = await records.expire(datetime.now(UTC))
        return gone.records + gone.threads

    async def heal() -> int:
        healed = await records.heal_all()
        return healed.put + healed.removed

    async def follow() -> int:
        healed = await records.heal_behind()
        return healed.put + healed.removed

    async def rotate() -> int:
        return (await sealer.rotate()).resealed if sealer.configured else 0

    async def partition() -> int:
        async with _owner_connection(backends.postgres_url) as connection:
            return len(await ensure_partitions(connection))

    return ConsolidationWorker(
        [
            Step(
                name="embed",
                run=partial(embed_due, database, embedder, _EMBEDDED_AT_ONCE, sealer),
                every_s=settings.every_s,
                at_wake=True,
                settle_s=settings.settle_s,
                behind_s=settings.behind_s,
            ),
            Step(
                name="withhold",
                run=partial(withhold_due, database, sealer),
                every_s=settings.every_s,
                at_wake=True,
                settle_s=settings.settle_s,
                behind_s=settings.behind_s,
            ),
            Step(
                name="consolidate",
                run=consolidate,
                every_s=settings.every_s,
                at_wake=True,
                settle_s=settings.settle_s,
                behind_s=settings.behind_s,
            ),
            Step(
                name="artifacts",
                run=recorder.record_due,
                every_s=settings.every_s,
                at_wake=True,
                settle_s=settings.settle_s,
                behind_s=settings.behind_s,
            ),
            Step(name="follow", run=follow, every_s=settings.every_s),
            Step(
                name="outcomes",
                run=outcomes.record_due,
                every_s=settings.every_s,
                settle_s=settings.settle_s,
                behind_s=settings.behind_s,
            ),
            Step(name="promote", run=records.promote, every_s=settings.daily_s),
            Step(name="fade", run=fade, every_s=settings.daily_s),
            Step(name="expire", run=expire, every_s=settings.daily_s),
            Step(name="heal", run=heal, every_s=settings.daily_s),
            Step(name="rotate", run=rotate, every_s=settings.daily_s),
            Step(name="partition", run=partition, every_s=settings.daily_s),
            Step(name="retain", run=_retaining(backends), every_s=settings.daily_s),
        ],
        retry_s=settings.retry_s,
        scheduled=scheduled,
    )


def _retaining(backends: "Backends") -> Callable[[], Awaitable[int]]:
    retention = Retention(
        backends.database,
        partial(_owner_connection, backends.postgres_url),
        backends.settings.memory.kept_days,
    )

    async def retain() -> int:
        gone = await retention.carry_out(datetime.now(UTC))
        if gone.rows or gone.months:
            _log.info("deleted what was past its time", **asdict(gone))
        return gone.rows

    return retain


@asynccontextmanager
async def _owner_connection(url: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """A connection of the tables' owner, which the service's own are not."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        yield connection


@asynccontextmanager
async def consolidating(parts: MemoryParts, *, here: bool = True) -> AsyncIterator[None]:
    """Inside, what was said is embedded and consolidated in the background; not `here`: by other processes."""
    try:
        async with parts.worker if here else contextlib.nullcontext():
            yield
    finally:
        await asyncio.gather(*parts.noting, return_exceptions=True)
        await asyncio.shield(asyncio.gather(parts.recaller.close(), parts.vectors.close()))
