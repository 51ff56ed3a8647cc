"""Imports files and the starter pairs into the store; indexing is the indexer's."""

import asyncio
import glob
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources.abc import Traversable
from pathlib import Path

from knowledge.corpus import packaged_folder, parts_of, read_folder
from knowledge.errors import InvalidCollection, SourceUnreadable
from knowledge.indexer import FollowsStore, IndexState
from knowledge.readers import (
    SUFFIXES,
    PairRecord,
    Reader,
    ReadReport,
    Remark,
    SourceKind,
    content_hash,
    encoding_named,
    open_source,
)
from knowledge.starting import CorpusReader, corpus_hash
from knowledge.store import KnowledgeStore, SourceStatus, StoredSource, TopicCount, pair_id, source_id

DEFAULT_COLLECTION = "technical"
COLLECTION_NAME = r"^[a-z0-9_-]{1,64}$"
"""What a collection can be called: every index takes such a name."""
STARTER = "starter"
_BATCH = 500


class Outcome(StrEnum):
    """What became of one file."""

    IMPORTED = "imported"
    ALREADY = "already"
    """Its content was imported before; nothing was done."""
    EMPTY = "empty"
    """It was read and holds no pairs."""
    DAMAGED = "damaged"
    """What stands before the damage was imported."""
    REFUSED = "refused"
    """It cannot be read at all."""


@dataclass(frozen=True, kw_only=True)
class ImportProgress:
    """How far the import of one file is."""

    name: str
    read: int
    declared: int | None


@dataclass(frozen=True, kw_only=True)
class ImportResult:
    """What was done with one file."""

    name: str
    outcome: Outcome
    collection: str
    source: str | None = None
    """The id of what is stored of it; None: nothing is."""
    kind: SourceKind | None = None
    shape: str | None = None
    """How it was read: where its pairs and topics stand; None: as its kind says."""
    encoding: str | None = None
    """What its text was read in, where that was guessed or told; None: UTF-8, or what a mark in it says."""
    declared: int | None = None
    read: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    rejected: tuple[Remark, ...] = ()
    mismatched: tuple[Remark, ...] = ()
    reason: str | None = None
    """Why it was refused, is damaged or empty, or under what name it was imported before."""


@dataclass(frozen=True, kw_only=True)
class KnowledgeStatus:
    """What is stored and how much of it is indexed."""

    stored: dict[str, int]
    """Pairs by collection."""
    indexes: list[IndexState]
    topics: list[TopicCount]
    sources: list[StoredSource]


@dataclass
class _Run:
    """One file on its way into the store."""

    source: str
    collection: str
    name: str
    sha256: str
    progress: Callable[[ImportProgress], None] | None
    path: Path | None = None
    state: tuple[int, int] | None = None
    """Its size and time of change when its reading began."""
    added: int = 0
    changed: int = 0
    ids: list[str] = field(default_factory=list)


class Importer:
    """Brings files into the store, a transaction a batch; an import that was broken off is taken up again.

    Methods raise KnowledgeUnavailable when the store does not answer; files that cannot be read are results,
    and InvalidCollection and UnknownEncoding are raised for names that there are not, before anything is read.
    """

    def __init__(self, store: KnowledgeStore, indexer: FollowsStore | None = None) -> None:
        """`indexer` lets `status` say what is indexed; the import itself never touches an index."""
        self._store = store
        self._indexer = indexer

    async def import_paths(
        self,
        paths: Sequence[Path | str],
        *,
        collection: str = DEFAULT_COLLECTION,
        encoding: str | None = None,
        progress: Callable[[ImportProgress], None] | None = None,
    ) -> list[ImportResult]:
        """Import files, folders (everything in them whose name ends like a source) and glob patterns."""
        return [
            await self.import_file(path, collection=collection, encoding=encoding, progress=progress)
            for path in await asyncio.to_thread(_expand, paths)
        ]

    async def import_file(
        self,
        path: Path,
        *,
        collection: str = DEFAULT_COLLECTION,
        encoding: str | None = None,
        progress: Callable[[ImportProgress], None] | None = None,
    ) -> ImportResult:
        """Import one file; a content that was imported completely before is not read again.

        `encoding` is what its text is in, where what is found by itself is wrong: it is read again then, and replaces
        what it was read as before.
        """
        if re.fullmatch(COLLECTION_NAME, collection) is None:
            raise InvalidCollection(
                f"No collection can be called {collection!r}: use 1 to 64 small letters, digits, _ and -."
            )
        if encoding is not None:
            encoding_named(encoding)
        try:
            state = await asyncio.to_thread(_state, path)
            sha256 = await asyncio.to_thread(content_hash, path)
            source = source_id(collection, sha256)
            known = await self._store.source(source)
            done = known is not None and known.status in {SourceStatus.COMPLETE, SourceStatus.EMPTY}
            if known is not None and done and encoding is None:
                return _already(known, path.name)
            reader = await asyncio.to_thread(open_source, path, encoding)
        except SourceUnreadable as error:
            return ImportResult(
                name=path.name, outcome=Outcome.REFUSED, collection=collection, reason=str(error)
            )
        run = _Run(source, collection, path.name, sha256, progress, path, state)
        return await self._import(run, reader, only=encoding is not None)

    async def load_starter(self, folder: Path | None = None) -> list[ImportResult]:
        """Import the pairs that ship in the package, source by collection; of a changed collection only the changes.

        `folder` stands for the packaged one. Raises CorpusInvalid.
        """
        place = packaged_folder() if folder is None else folder
        parts = await asyncio.to_thread(parts_of, place)
        return [await self._load_collection(place, name, files) for name, files in parts.items()]

    async def status(self) -> KnowledgeStatus:
        """What is stored, by collection, topic and source, and how far the indexes are."""
        return KnowledgeStatus(
            stored=await self._store.counts(),
            indexes=await self._indexer.state() if self._indexer is not None else [],
            topics=await self._store.topics(),
            sources=await self._store.sources(),
        )

    async def _load_collection(
        self, folder: Traversable, collection: str, files: Sequence[Traversable]
    ) -> ImportResult:
        sha256 = await asyncio.to_thread(corpus_hash, files)
        source = source_id(collection, STARTER)
        known = await self._store.source(source)
        if known is not None and known.sha256 == sha256 and known.status is SourceStatus.COMPLETE:
            return _already(known, STARTER)
        topics = await asyncio.to_thread(read_folder, folder)
        run = _Run(source, collection, STARTER, sha256, None)
        return await self._import(run, CorpusReader(topics[collection]), only=True)

    async def _import(self, run: _Run, reader: Reader, *, only: bool = False) -> ImportResult:
        """Store what the reader gives; `only`: pairs of the source that it does not give are removed."""
        await self._store.begin(
            run.source,
            collection=run.collection,
            name=run.name,
            kind=reader.report.kind,
            sha256=run.sha256,
        )
        damage = await self._save_all(run, reader)
        if damage is None and run.path is not None and await asyncio.to_thread(_state, run.path) != run.state:
            damage = f"{run.name} changed while it was read. Import it again when nothing writes to it."
        report = reader.report
        removed = await self._store.keep_only(run.source, run.ids) if only and damage is None else 0
        status, outcome = _end(report, damage)
        reason = damage or report.nothing
        await self._store.finish(run.source, report, status, sha256=run.sha256, reason=reason)
        return ImportResult(
            name=run.name,
            outcome=outcome,
            collection=run.collection,
            source=run.source,
            kind=report.kind,
            shape=report.shape,
            encoding=report.encoding,
            declared=report.declared,
            read=report.read,
            added=run.added,
            changed=run.changed,
            removed=removed,
            rejected=tuple(report.rejected),
            mismatched=tuple(report.mismatched),
            reason=reason,
        )

    async def _save_all(self, run: _Run, reader: Reader) -> str | None:
        """Save batch by batch; gives what the reader said when it came upon damage."""
        pairs = reader.pairs()
        while True:
            batch, damage = await asyncio.to_thread(_next_batch, pairs)
            saved = await self._store.save(run.source, run.collection, batch)
            run.added += saved.added
            run.changed += saved.changed
            run.ids += [pair_id(run.source, record) for record in batch]
            if run.progress is not None and batch:
                run.progress(
                    ImportProgress(name=run.name, read=reader.report.read, declared=reader.report.declared)
                )
            if damage is not None or len(batch) < _BATCH:
                return damage


def _state(path: Path) -> tuple[int, int] | None:
    """The size of a file and when it was changed; None: it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _next_batch(pairs: Iterator[PairRecord]) -> tuple[list[PairRecord], str | None]:
    batch: list[PairRecord] = []
    try:
        for record in itertools.islice(pairs, _BATCH):
            batch.append(record)  # noqa: PERF402  # what was read before a damage is kept
    except SourceUnreadable as error:
        return batch, str(error)
    return batch, None


def _end(report: ReadReport, damage: str | None) -> tuple[SourceStatus, Outcome]:
    if damage is not None and not report.read:
        return SourceStatus.DAMAGED, Outcome.REFUSED
    if damage is not None:
        return SourceStatus.DAMAGED, Outcome.DAMAGED
    if report.nothing is not None:
        return SourceStatus.EMPTY, Outcome.EMPTY
    return SourceStatus.COMPLETE, Outcome.IMPORTED


def _already(known: StoredSource, name: str) -> ImportResult:
    reason = "was imported before" if known.name == name else f"was imported before as {known.name}"
    if known.status is SourceStatus.EMPTY:
        reason = f"{reason}; it is {known.reason}"
    return ImportResult(
        name=name,
        outcome=Outcome.ALREADY,
        collection=known.collection,
        source=known.id,
        kind=known.kind,
        shape=known.shape,
        declared=known.declared,
        read=known.read,
        reason=reason,
    )


def _expand(paths: Sequence[Path | str]) -> list[Path]:
    """The files meant, in order and once each; a path that names nothing stays, to be refused by name."""
    found: dict[Path, None] = {}
    for given in paths:
        path = Path(given).expanduser()
        if path.is_dir():
            inside = sorted(entry for entry in path.rglob("*") if entry.is_file())
            sources = [entry for entry in inside if entry.name.lower().endswith(SUFFIXES)]
            found.update(dict.fromkeys(sources or [path]))
        elif path.exists() or not glob.has_magic(str(path)):
            found[path] = None
        else:
            matched = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207 - an absolute pattern is fine here
            found.update(dict.fromkeys([entry for entry in matched if entry.is_file()] or [path]))
    return list(found)
