"""One transaction in which an owner's drafts become records."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from memory.database import Connection
from memory.identifiers import new_id
from memory.interfaces import Draft, Record, RecordState, Tier, Vectors
from memory.owner import Owner
from memory.records.chains import take_turn
from memory.records.entities import keep_entities
from memory.records.formulas import confirmed
from memory.records.merging import Outcome, details_of, joined_details, merge, said_before
from memory.records.rows import SHOWN, RecordRows, tier_of, vector_text
from memory.records.words import statement
from models import Embedder, EmbeddingUnavailable

_SAME_MEANING = 0.95
_AT_ONCE = 100


@dataclass(frozen=True)
class Remembered:
    """What became of a draft."""

    record: Record
    """The record that says it now."""
    outcome: Outcome


@dataclass
class Remembering:
    """Remembers within a transaction of `Database.of(owner)`; until it ends nobody else remembers for this owner."""

    connection: Connection
    owner: Owner
    rows: RecordRows
    embedder: Embedder
    known: dict[str, Record] = field(default_factory=dict)
    """The records that drafts are compared with, by id."""
    by_origin: dict[str, str] = field(default_factory=dict)
    projects: set[str] = field(default_factory=set)
    inserted: dict[str, Vectors | None] = field(default_factory=dict)
    """Vectors of the new records by id."""
    replaced: set[str] = field(default_factory=set)
    """Ids of records that hold no longer."""

    async def load(self, drafts: Sequence[Draft]) -> None:
        """Take the owner's lock and read what the drafts have to be compared with."""
        await take_turn(self.connection, self.owner)
        slotless = [draft for draft in drafts if draft.slot is None]
        patterns = [_pattern(draft.text) for draft in slotless] if self.rows.searchable else ["%"]
        slots = {
            stored
            for slot in {draft.slot for draft in drafts if draft.slot is not None}
            for stored in await self.rows.stored_names(self.owner, slot)
        }
        cursor = await self.connection.execute(
            f"""
            SELECT origin_key, {SHOWN} FROM memory_records
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND (
                slot = ANY(%(slots)s) OR origin_key = ANY(%(origins)s)
                OR (slot IS NULL AND kind = ANY(%(kinds)s) AND lower(text) LIKE ANY(%(patterns)s)))
            """,  # noqa: S608  # names of columns
            {
                "tenant": self.owner.tenant_id,
                "user": self.owner.user_id,
                "slots": sorted(slots),
                "origins": [draft.origin_key for draft in drafts if draft.origin_key is not None],
                "kinds": [draft.kind.value for draft in slotless],
                "patterns": patterns,
            },
        )
        for number, row in enumerate(await cursor.fetchall(), 1):
            self.known[row["id"]] = await self.rows.record(row)
            if number % _AT_ONCE == 0:  # they may be thousands where texts are sealed and cannot be searched
                await asyncio.sleep(0)
            if row["origin_key"]:
                self.by_origin[row["origin_key"]] = row["id"]
        cursor = await self.connection.execute(
            "SELECT id FROM projects WHERE id = ANY(%s)",
            ([draft.project_id for draft in drafts if draft.project_id is not None],),
        )
        self.projects = {row["id"] for row in await cursor.fetchall()}

    async def remember(self, draft: Draft, vector: Vectors | None) -> Remembered:
        """Bring one draft in; a project that the owner does not see is left out."""
        if draft.origin_key in self.by_origin:
            return Remembered(self.known[self.by_origin[draft.origin_key]], Outcome.CONFIRMED)
        if draft.project_id not in self.projects:
            draft = draft.model_copy(update={"project_id": None})
        versions = await self._versions(draft)
        merged = merge(draft, versions)
        if merged.same is not None:
            return Remembered(await self._confirm(draft, merged.same), Outcome.CONFIRMED)
        if merged.rival is not None:
            return Remembered(await self._contest(draft, merged.rival, vector), Outcome.CONTESTED)
        if merged.late:
            return Remembered(await self._late(draft, versions, vector), Outcome.SUPERSEDED)
        return Remembered(await self.replace(draft, versions, merged.replaced, vector), merged.outcome)

    async def keep_figures(self, draft: Draft, vector: Vectors | None) -> Record:
        """The one record of the draft's slot, with what the draft says in place of what stood there.

        One that the user corrected stays as he wants it.
        """
        held = [one for one in await self._versions(draft) if one.state is not RecordState.SUPERSEDED]
        if not held:
            return await self._insert(draft, vector, version=1)
        record = max(held, key=lambda one: one.version)
        same = (record.text, record.details) == (draft.text, details_of(draft))
        if same or record.details.get("corrected"):
            return record
        text, details = await self.rows.columns(self.owner, text=draft.text, details=details_of(draft))
        self.inserted[record.id] = vector
        return await self._change(
            record,
            "text = %(text)s, details = %(details)s, confidence = %(confidence)s, said_at = %(said_at)s, faded = false",
            text=text,
            details=details,
            confidence=draft.confidence,
            said_at=draft.said_at,
        )

    async def replace(
        self, draft: Draft, versions: Sequence[Record], replaced: Sequence[Record], vector: Vectors | None
    ) -> Record:
        """A new version in place of others, pinned or kept for good where one of them was."""
        before = max(replaced, key=lambda record: (record.said_at, record.version), default=None)
        for record in replaced:
            if record.state is not RecordState.SUPERSEDED:
                await self._change(record, "state = 'superseded'")
            self.replaced.add(record.id)
        return await self._insert(
            draft,
            vector,
            version=max((record.version for record in versions), default=0) + 1,
            supersedes=before.id if before else None,
            pinned=any(record.pinned for record in replaced),
            lasting=any(record.tier is Tier.LONG for record in replaced),
        )

    async def _confirm(self, draft: Draft, record: Record) -> Record:
        """The same again: more evidence, unless this very saying counts already."""
        await self._keep_entities(record, draft)
        if said_before(draft, record):
            return record
        text, details = await self.rows.columns(
            self.owner, text=record.text, details=joined_details(record, draft)
        )
        return await self._change(
            record,
            "text = %(text)s, details = %(details)s, confidence = %(confidence)s, evidence = evidence + 1,"
            " sources = %(sources)s, said_at = greatest(said_at, %(said_at)s), faded = false",
            text=text,
            details=details,
            confidence=confirmed(record.confidence, draft.confidence),
            sources=list(dict.fromkeys((*record.sources, *draft.sources))),
            said_at=draft.said_at,
        )

    async def _contest(self, draft: Draft, rival: Record, vector: Vectors | None) -> Record:
        """Both stay and name each other."""
        new = await self._insert(
            draft, vector, version=rival.version, state=RecordState.CONTESTED, contests=rival.id
        )
        await self._change(rival, "state = 'contested', contests = %(other)s", other=new.id)
        return new

    async def _late(self, draft: Draft, versions: Sequence[Record], vector: Vectors | None) -> Record:
        """A version between those before it and those after it."""
        earlier = [record for record in versions if record.said_at <= draft.said_at]
        later = [record for record in versions if record.said_at > draft.said_at]
        before = max(earlier, key=lambda record: (record.said_at, record.version), default=None)
        after = min(later, key=lambda record: (record.said_at, record.version))
        version = before.version + 1 if before else min(record.version for record in later)
        new = await self._insert(
            draft,
            vector,
            version=version,
            state=RecordState.SUPERSEDED,
            supersedes=before.id if before else None,
        )
        self.replaced.add(new.id)
        for record in later:
            link = new.id if record is after else record.supersedes
            await self._change(
                record,
                "version = %(version)s, supersedes = %(link)s",
                version=record.version + 1 if record.version >= version else record.version,
                link=link,
            )
        return new

    async def _insert(
        self,
        draft: Draft,
        vector: Vectors | None,
        *,
        version: int,
        state: RecordState = RecordState.ACTIVE,
        supersedes: str | None = None,
        contests: str | None = None,
        pinned: bool = False,
        lasting: bool = False,
    ) -> Record:
        tier = Tier.LONG if lasting else tier_of(draft.kind)
        text, details = await self.rows.columns(self.owner, text=draft.text, details=details_of(draft))
        beside = vector is not None and tier is Tier.MEDIUM
        values = {
            "id": new_id("rec"),
            "tenant_id": self.owner.tenant_id,
            "user_id": self.owner.user_id,
            **draft.model_dump(
                include={
                    "project_id",
                    "thread_id",
                    "agent",
                    "confidence",
                    "said_at",
                    "origin_key",
                }
            ),
            "tier": tier.value,
            "kind": draft.kind.value,
            "slot": draft.slot and await self.rows.name(self.owner, draft.slot),
            "text": text,
            "details": details,
            "state": state.value,
            "version": version,
            "supersedes": supersedes,
            "contests": contests,
            "sources": list(dict.fromkeys(draft.sources)),
            "pinned": pinned,
            "model": self.embedder.name if beside else None,
            "vector": vector_text(vector) if beside else None,
        }
        places = ", ".join(f"%({name})s" for name in values)
        cursor = await self.connection.execute(
            f"INSERT INTO memory_records ({', '.join(values)}) VALUES ({places}) RETURNING {SHOWN}".encode(),  # noqa: S608  # names of columns
            values,
        )
        record = await self.rows.record((await cursor.fetchall())[0])
        await self._keep_entities(record, draft)
        self.known[record.id] = record
        self.inserted[record.id] = vector
        if draft.origin_key:
            self.by_origin[draft.origin_key] = record.id
        return record

    async def _keep_entities(self, record: Record, draft: Draft) -> None:
        await keep_entities(
            self.connection, self.owner, record.id, draft.entities, draft.relations, self.rows
        )

    async def _change(self, record: Record, changes: str, **parameters: object) -> Record:
        changed = await self.rows.change(self.connection, record.id, changes, parameters)
        self.known[record.id] = changed
        return changed

    async def _versions(self, draft: Draft) -> list[Record]:
        """What is known of the same thing: of its slot, or in the same words apart from a negation."""
        same_place = [
            record
            for record in self.known.values()
            if tier_of(record.kind) is tier_of(draft.kind)
            and record.slot == draft.slot
            and (tier_of(record.kind) is Tier.LONG or record.project_id == draft.project_id)
        ]
        if draft.slot is not None:
            return same_place
        said = statement(draft.text)
        found = []
        for record in same_place:
            other = statement(record.text)
            if record.kind is not draft.kind or other.core != said.core:
                continue
            reordered = sorted(other.words) == sorted(said.words) and other.words != said.words
            if not reordered or await self._mean_the_same(draft.text, record.text):
                found.append(record)
        return found

    async def _mean_the_same(self, text: str, other: str) -> bool:
        """Whether two orders of the same words are one statement; without the model they are kept apart."""
        try:
            vectors = await self.embedder.embed([text, other])
        except EmbeddingUnavailable:
            return False
        return float(vectors[0] @ vectors[1]) >= _SAME_MEANING


def _pattern(text: str) -> str:
    """What the text of every record with the same words has in it."""
    words = [word for word in statement(text).core if word.isascii()]
    return f"%{max(words, key=len)}%" if words else "%"
