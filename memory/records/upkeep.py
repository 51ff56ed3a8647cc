"""What is done to records in the background: vectors made good, the unused faded, the expired deleted."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from memory.database import Database
from memory.errors import MemoryUnavailable
from memory.interfaces import Tier, VectorStore
from memory.owner import Owner
from memory.records.deletions import note_deletion, note_for_members
from memory.records.entities import forget_unmentioned
from memory.records.formulas import HALF_LIFE_SQL, LASTING, UNUSED_SQL
from memory.records.rows import COLUMNS, RecordRows, vector_text
from memory.records.settings import RecordSettings
from models import Embedder, EmbeddingUnavailable

_BATCH = 256


@dataclass(frozen=True, kw_only=True)
class Healed:
    """What `heal` made good."""

    put: int = 0
    """Vectors that were missing, or of another model."""
    removed: int = 0
    """Vectors of records that there are no longer, or that hold no longer."""


@dataclass(frozen=True, kw_only=True)
class Expired:
    """What `expire` deleted."""

    records: int = 0
    threads: int = 0


class Upkeep:
    """Keeps records in order. An outage raises MemoryUnavailable; everything can be done again."""

    def __init__(
        self,
        database: Database,
        vectors: VectorStore,
        embedder: Embedder,
        rows: RecordRows,
        settings: RecordSettings,
    ) -> None:
        self._database = database
        self._vectors = vectors
        self._embedder = embedder
        self._rows = rows
        self._settings = settings
        self._behind: set[Owner] = set()
        """Whose vectors may not be what the database says."""

    async def heal(self, owner: Owner) -> Healed:
        """Put the vectors that this owner's records lack, and remove those that nothing needs."""
        held = set(await self._vectors.ids(owner))
        async with self._database.of(owner) as connection:
            cursor = await connection.execute(
                "SELECT id, tier FROM memory_records WHERE tenant_id = %s AND user_id = %s AND state <> 'superseded'"
                " AND (tier = 'long' OR model IS DISTINCT FROM %s) ORDER BY id",
                (owner.tenant_id, owner.user_id, self._embedder.name),
            )
            rows = await cursor.fetchall()
        needed = {row["id"] for row in rows if row["tier"] == Tier.LONG}
        missing = [row["id"] for row in rows if row["id"] not in held or row["tier"] == Tier.MEDIUM]
        for start in range(0, len(missing), _BATCH):
            await self._put(owner, missing[start : start + _BATCH])
        extra = sorted(held - needed)
        if extra:
            await self._vectors.remove(owner, extra)
        return Healed(put=len(missing), removed=len(extra))

    async def heal_all(self) -> Healed:
        """The same for all who have records."""
        async with self._database.of_all() as connection:
            cursor = await connection.execute(
                "SELECT DISTINCT tenant_id, user_id FROM memory_records ORDER BY 1, 2"
            )
            owners = [Owner(row["user_id"], row["tenant_id"]) for row in await cursor.fetchall()]
        healed = [await self.heal(owner) for owner in owners]
        return Healed(put=sum(one.put for one in healed), removed=sum(one.removed for one in healed))

    async def heal_behind(self) -> Healed:
        """The same for those whose vectors an outage kept back since this process began; it looks once more after that."""
        put = removed = 0
        for owner in sorted(self._behind, key=str):
            self._behind.discard(owner)
            with self._behind_if_broken_off(owner):
                healed = await self.heal(owner)
            if healed.put or healed.removed:
                self._behind.add(owner)  # what was remembered meanwhile may have crossed it
            put, removed = put + healed.put, removed + healed.removed
        return Healed(put=put, removed=removed)

    @contextlib.contextmanager
    def _behind_if_broken_off(self, owner: Owner) -> Iterator[None]:
        """Around what changes rows and vectors: broken off between the two, the vectors are behind."""
        try:
            yield
        except (MemoryUnavailable, asyncio.CancelledError):
            self._behind.add(owner)
            raise

    async def fade(self, now: datetime) -> int:
        """Let records fade that were unused for their half-life, and say how many; pinned ones never do.

        See `formulas.half_life_days`. Nothing is deleted: a faded record awakens when it is used or said again.
        """
        async with self._database.of_all() as connection:
            cursor = await connection.execute(
                f"""
                UPDATE memory_records SET faded = true, revision = nextval('memory_revision')
                FROM unnest(%(kinds)s::text[], %(lasting)s::float8[]) AS rule (kind, lasting)
                WHERE rule.kind = memory_records.kind AND NOT faded AND NOT pinned AND state <> 'superseded'
                    AND extract(epoch FROM %(now)s - {UNUSED_SQL}) / 86400 > {HALF_LIFE_SQL}
                RETURNING id
                """,  # noqa: S608  # texts of this package
                {
                    "now": now,
                    "days": self._settings.fade_after_days,
                    "kinds": [kind.value for kind in LASTING],
                    "lasting": list(LASTING.values()),
                },
            )
            return len(await cursor.fetchall())

    async def promote(self) -> int:
        """Keep for good what was meant for weeks and was said or cited often: it goes to the long tier; says how many."""
        async with self._database.of_all() as connection:
            cursor = await connection.execute(
                "UPDATE memory_records SET tier = 'long', vector = NULL, model = NULL, revision = nextval('memory_revision')"
                " WHERE tier = 'medium' AND kind <> 'artifact' AND state = 'active' AND greatest(evidence, cited) >= %s"
                " RETURNING tenant_id, user_id",
                (self._settings.promoted_from,),
            )
            rows = await cursor.fetchall()
        self._behind.update(Owner(row["user_id"], row["tenant_id"]) for row in rows)
        return len(rows)

    async def expire(self, now: datetime) -> Expired:
        """Delete unused records, and threads, that are older than the settings keep them."""
        kept = self._settings.retention_days
        records = 0
        for tier, days in ((Tier.MEDIUM, kept.medium), (Tier.LONG, kept.long)):
            if days is not None:
                records += await self._expire_records(tier, now - timedelta(days=days))
        threads = (
            0 if kept.threads is None else await self._expire_threads(now - timedelta(days=kept.threads))
        )
        return Expired(records=records, threads=threads)

    async def _put(self, owner: Owner, ids: Sequence[str]) -> None:
        async with self._database.of(owner) as connection:
            cursor = await connection.execute(
                f"SELECT {COLUMNS} FROM memory_records WHERE id = ANY(%s) AND tenant_id = %s AND user_id = %s",  # noqa: S608  # names of columns
                (list(ids), owner.tenant_id, owner.user_id),
            )
            rows = await cursor.fetchall()
        records = await self._rows.records(rows)
        try:
            vectors = await self._embedder.embed([record.text for record in records])
        except EmbeddingUnavailable as error:
            raise MemoryUnavailable(f"the embedding model does not answer: {error}") from error
        long = [row for row, record in enumerate(records) if record.tier is Tier.LONG]
        medium = [row for row, record in enumerate(records) if record.tier is Tier.MEDIUM]
        if long:
            await self._vectors.put(owner, [records[row].id for row in long], vectors[long])
        if medium:
            async with self._database.of(owner) as connection:
                await connection.execute(
                    "UPDATE memory_records SET vector = new.vector::vector, model = %s,"
                    " revision = nextval('memory_revision')"
                    " FROM unnest(%s::text[], %s::text[]) AS new (id, vector) WHERE memory_records.id = new.id",
                    (
                        self._embedder.name,
                        [records[row].id for row in medium],
                        [vector_text(vectors[row]) for row in medium],
                    ),
                )

    async def _expire_records(self, tier: Tier, before: datetime) -> int:
        async with self._database.of_all() as connection:
            cursor = await connection.execute(
                f"DELETE FROM memory_records WHERE tier = %s AND NOT pinned AND {UNUSED_SQL} < %s"  # noqa: S608  # a text of this package
                " RETURNING id, tenant_id, user_id, project_id",
                (tier.value, before),
            )
            gone: dict[Owner, list[str]] = defaultdict(list)
            projects = set()
            for row in await cursor.fetchall():
                gone[Owner(row["user_id"], row["tenant_id"])].append(row["id"])
                projects.add(row["project_id"])
            for owner in sorted(gone, key=str):
                await forget_unmentioned(connection, owner)
                await note_deletion(connection, owner)
        await self._tell_members(projects)
        if tier is Tier.LONG:
            for owner, ids in gone.items():
                with self._behind_if_broken_off(owner):
                    await self._vectors.remove(owner, ids)
        return sum(len(ids) for ids in gone.values())

    async def _expire_threads(self, before: datetime) -> int:
        async with self._database.of_all() as connection:
            cursor = await connection.execute(
                "DELETE FROM threads WHERE updated_at < %s"
                " AND NOT EXISTS (SELECT FROM runs WHERE runs.thread_id = threads.id AND runs.status IN ('running', 'waiting'))"
                " RETURNING tenant_id, user_id",
                (before,),
            )
            owners = [Owner(row["user_id"], row["tenant_id"]) for row in await cursor.fetchall()]
            for owner in sorted(set(owners), key=str):
                await note_deletion(connection, owner)
        return len(owners)

    async def _tell_members(self, projects: Iterable[str | None]) -> None:
        """Others see the records of a project too."""
        shared = sorted({project for project in projects if project is not None})
        if shared:
            async with self._database.of_all() as connection:
                await note_for_members(connection, shared)
