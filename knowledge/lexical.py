"""The index of words: BM25 over questions and over answers, in a folder (tantivy)."""

import asyncio
import dataclasses
import json
import math
import shutil
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any  # tantivy's types are not checked

from knowledge.errors import KnowledgeUnavailable
from knowledge.fields import Field
from knowledge.store import StoredPair

_FORMAT = 2  # counted up when the schema or the analysis below changes: older indexes are then built anew
_HEAP_BYTES = 64_000_000
_ANALYSIS = "pairs"
_LONGEST_WORD = 60
_FEW = 300  # values up to which as many term queries are faster than a set of terms
_KNOWN = 20_000  # of what was read of the index and is kept
_MOSTLY = 0.5  # of all pairs in the wanted collections; from it on the others are left out after the search
_SATURATION = 2.2  # k1 + 1, with tantivy's k1


@dataclass(frozen=True)
class _Place:
    pair: str
    collection: str


@dataclass(frozen=True)
class Words:
    """What a search for words in one field found."""

    scores: dict[str, float]
    """BM25 by pair id, best first."""
    most: float
    """What BM25 tends to for a pair that says every word of the query often."""
    rest: float = 0.0
    """What a pair that is not among them has at most: less than the last of as many as were asked for."""
    weights: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """The inverse document frequency of each word stem of the query; rare and unknown ones weigh most."""


class _View:
    """The index as it stood at one time.

    What was read of it is kept: for each reading tantivy lets go of the interpreter's lock, and waits for it again.
    """

    def __init__(self, searcher: Any) -> None:
        self.searcher = searcher
        self.pairs: int = searcher.num_docs
        self.place = lru_cache(_KNOWN)(self._place)
        """The pair of a document of a segment."""
        self.holding = lru_cache(_KNOWN)(self._holding)
        """In how many pairs a term occurs in a field of the index."""

    def _place(self, segment: int, document: int) -> _Place:
        from tantivy import DocAddress

        stored = self.searcher.doc(DocAddress(segment, document))
        return _Place(str(stored["id"][0]), str(stored["collection"][0]))

    def _holding(self, field: str, term: str) -> int:
        return min(int(self.searcher.doc_freq(field, term)), self.pairs)

    def best(self, query: Any, limit: int) -> list[tuple[_Place, float]]:
        """The best pairs for a query of tantivy's, with their scores."""
        hits = self.searcher.search(query, limit, count=False).hits
        return [(self.place(at.segment_ord, at.doc), score) for score, at in hits]


@dataclass(frozen=True)
class _Open:
    index: Any
    schema: Any
    analyzer: Any
    view: _View


class LexicalIndex:
    """Finds pairs by their words. Words are folded to lower case without accents, and stemmed as English."""

    name = "lexical"
    batch_size = 2000
    is_loading = False

    def __init__(self, folder: Path) -> None:
        """`folder` is this index's own; it is made when first needed."""
        self._folder = folder
        self._lock = threading.Lock()  # one writer; a cancelled caller's thread may still be writing
        self._opened: _Open | None = None
        self._closed = False

    async def search(
        self, query: str, field: Field, *, collections: Sequence[str] = (), limit: int = 50
    ) -> dict[str, float]:
        """BM25 scores by pair id, best first, of pairs that share a word with the query in that field.

        The query is taken as words only, never as query syntax. Raises KnowledgeUnavailable.
        """
        return (await self.words(query, (field,), collections=collections, limit=limit))[field].scores

    async def words(
        self,
        query: str,
        fields: Sequence[Field],
        *,
        collections: Sequence[str] = (),
        among: Sequence[str] | None = None,
        limit: int = 50,
    ) -> dict[Field, Words]:
        """The same in several fields at once, when given only `among` the pairs of these ids."""
        return await asyncio.to_thread(self._words, query, tuple(fields), tuple(collections), among, limit)

    async def holding(self, words: Iterable[str]) -> dict[str, int]:
        """In how many pairs each word occurs, in any of its forms; those that say nothing ("the") are left out.

        Raises KnowledgeUnavailable.
        """
        return await asyncio.to_thread(self._holding, tuple(words))

    async def reached(self, store: str) -> int:
        """The revision up to which it holds that store."""
        return await asyncio.to_thread(self._reached, store)

    async def apply(self, changed: Sequence[StoredPair], *, store: str) -> None:
        """Bring these pairs in, or take them out. Raises KnowledgeUnavailable."""
        await asyncio.to_thread(self._apply, changed, store)

    async def counts(self) -> dict[str, int]:
        """How many pairs it holds of each collection. Raises KnowledgeUnavailable."""
        return await asyncio.to_thread(self._counts)

    async def clear(self) -> None:
        """Empty it. Raises KnowledgeUnavailable when its folder cannot be written."""
        await asyncio.to_thread(self._clear)

    async def close(self) -> None:
        """Let go of the folder for good: later calls raise KnowledgeUnavailable, and none under way makes it again."""
        self._closed = True
        self._opened = None

    async def remove(self) -> None:
        """Delete the folder. Raises KnowledgeUnavailable when it cannot be."""
        await asyncio.to_thread(self._remove)

    def _words(
        self,
        query: str,
        fields: tuple[Field, ...],
        collections: tuple[str, ...],
        among: Sequence[str] | None,
        limit: int,
    ) -> dict[Field, Words]:
        opened = self._open()
        words = list(dict.fromkeys(opened.analyzer.analyze(query)))
        if not words or (among is not None and not among):
            return dict.fromkeys(fields, Words({}, 0.0))
        try:
            view = opened.view
            found: dict[Field, Words] = {}
            for field in fields:
                best = _best(opened, _union(opened.schema, field, words), collections, among, limit)
                scores = {place.pair: score for place, score in best}
                weights = _weights(view, field, words)
                rest = min(scores.values()) if len(scores) == limit else 0.0
                found[field] = Words(scores, _SATURATION * sum(weights.values()), rest, weights)
        except (ValueError, OSError) as error:
            raise self._unavailable(error) from error
        return found

    def _holding(self, words: tuple[str, ...]) -> dict[str, int]:
        opened = self._open()
        stems = {word: opened.analyzer.analyze(word) for word in words}
        try:
            return {
                word: max(opened.view.holding(field.value, stem) for field in Field for stem in parts)
                for word, parts in stems.items()
                if parts
            }
        except (ValueError, OSError) as error:
            raise self._unavailable(error) from error

    def _reached(self, store: str) -> int:
        try:
            state = json.loads(self._state_file.read_text(encoding="utf-8"))
            if state["format"] == _FORMAT and state["store"] == store:
                self._open()
                return int(state["revision"])
        except (OSError, ValueError, KeyError, TypeError, KnowledgeUnavailable):
            return 0  # no state, or none that can be trusted: it is built anew
        return 0

    def _apply(self, changed: Sequence[StoredPair], store: str) -> None:
        from tantivy import Document

        if not changed:
            return
        with self._lock:
            opened = self._open_locked()
            try:
                writer = opened.index.writer(_HEAP_BYTES, 1)
                for pair in changed:
                    writer.delete_documents_by_term("id", pair.id)
                    if not pair.removed:
                        writer.add_document(
                            Document(
                                id=pair.id,
                                collection=pair.collection,
                                question=pair.question,
                                answer=pair.answer,
                            )
                        )
                writer.commit()
                writer.wait_merging_threads()
                opened.index.reload()
                self._opened = dataclasses.replace(opened, view=_View(opened.index.searcher()))
                self._write_state(store, changed[-1].revision)
            except (ValueError, OSError) as error:
                self._opened = None
                raise self._unavailable(error) from error

    def _counts(self) -> dict[str, int]:
        from tantivy import Query

        opened = self._open()
        try:
            buckets = opened.view.searcher.aggregate(
                Query.all_query(), {"by": {"terms": {"field": "collection", "size": 10_000}}}
            )
        except (ValueError, OSError) as error:
            raise self._unavailable(error) from error
        return {bucket["key"]: int(bucket["doc_count"]) for bucket in buckets["by"]["buckets"]}

    def _clear(self) -> None:
        with self._lock:
            self._remove_locked()
            self._open_locked()

    def _remove(self) -> None:
        with self._lock:
            self._remove_locked()

    def _remove_locked(self) -> None:
        self._opened = None
        try:
            if self._folder.exists():
                shutil.rmtree(self._folder)
        except OSError as error:
            raise self._unavailable(error) from error

    def _open(self) -> _Open:
        if self._opened is not None:
            return self._opened
        with self._lock:
            return self._open_locked()

    def _open_locked(self) -> _Open:
        if self._closed:
            raise KnowledgeUnavailable(f"The word index in {self._folder} was closed.")
        if self._opened is None:
            from tantivy import Index

            schema, analyzer = _schema(), _analyzer()
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                index = Index(schema, path=str(self._folder))
            except (ValueError, OSError) as error:
                raise self._unavailable(error) from error
            index.register_tokenizer(_ANALYSIS, analyzer)
            self._opened = _Open(index, schema, analyzer, _View(index.searcher()))
        return self._opened

    @property
    def _state_file(self) -> Path:
        return self._folder / "freya-state.json"

    def _write_state(self, store: str, revision: int) -> None:
        fresh = self._state_file.with_suffix(".new")
        state = {"format": _FORMAT, "store": store, "revision": revision}
        fresh.write_text(json.dumps(state), encoding="utf-8")
        fresh.replace(self._state_file)

    def _unavailable(self, error: Exception) -> KnowledgeUnavailable:
        return KnowledgeUnavailable(
            f"The word index in {self._folder} cannot be used: {error}. "
            "Check the disk; the folder may be deleted while Freya is stopped and is then built anew."
        )


def _union(schema: Any, field: Field, words: list[str]) -> Any:
    from tantivy import Occur, Query

    return Query.boolean_query(
        [(Occur.Should, Query.term_query(schema, field.value, word, "freq")) for word in words]
    )


def _best(
    opened: _Open, wanted: Any, collections: Sequence[str], among: Sequence[str] | None, limit: int
) -> list[tuple[_Place, float]]:
    """The best `limit` pairs out of these collections and among these ids.

    Of a mere union of words tantivy passes over what cannot be among the best (block-max WAND, Ding and Suel 2011);
    with a filter it scores every pair that has one of them. So where most pairs pass, more are asked for without it.
    """
    if among is None and collections:
        held = sum(opened.view.holding("collection", name) for name in set(collections))
        if held and held >= _MOSTLY * opened.view.pairs:
            more = math.ceil(limit * opened.view.pairs / held)
            found = opened.view.best(wanted, more)
            passing = [(place, score) for place, score in found if place.collection in collections]
            if len(passing) >= limit or len(found) < more:
                return passing[:limit]
    return opened.view.best(_filtered(opened.schema, wanted, collections, among), limit)


def _filtered(schema: Any, wanted: Any, collections: Sequence[str], among: Sequence[str] | None) -> Any:
    from tantivy import Occur, Query

    parts = [
        (Occur.Must, Query.const_score_query(_one_of(schema, name, values), 0.0))
        for name, values in (("collection", collections or None), ("id", among))
        if values is not None
    ]
    return Query.boolean_query([(Occur.Must, wanted), *parts]) if parts else wanted


def _one_of(schema: Any, name: str, values: Sequence[str]) -> Any:
    from tantivy import Occur, Query

    if len(values) > _FEW:
        return Query.term_set_query(schema, name, list(values))
    return Query.boolean_query(
        [(Occur.Should, Query.term_query(schema, name, value, "basic")) for value in values]
    )


def _weights(view: _View, field: Field, words: list[str]) -> dict[str, float]:
    """Robertson and Zaragoza 2009, section 3.1, as tantivy computes it."""
    held = {word: view.holding(field.value, word) for word in words}
    return {word: math.log1p((view.pairs - among + 0.5) / (among + 0.5)) for word, among in held.items()}


def _schema() -> Any:
    from tantivy import SchemaBuilder

    builder = SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("collection", stored=True, fast=True, tokenizer_name="raw", index_option="basic")
    for field in Field:
        builder.add_text_field(field.value, tokenizer_name=_ANALYSIS, index_option="freq")
    return builder.build()


def _analyzer() -> Any:
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    builder = TextAnalyzerBuilder(Tokenizer.simple())
    for step in (
        Filter.remove_long(_LONGEST_WORD),
        Filter.lowercase(),
        Filter.ascii_fold(),
        Filter.stopword("english"),
        Filter.stemmer("english"),
    ):
        builder = builder.filter(step)
    return builder.build()
