"""Finds pairs by meaning and by words at once, and judges whether they are relevant."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from itertools import islice

import numpy as np
import structlog
from numpy.typing import NDArray

from knowledge.asking import Asking
from knowledge.catalogue import Catalogue, Catalogues
from knowledge.dense import DenseIndex, QueryVectors
from knowledge.fields import Field
from knowledge.fusion import Evidence, Found, Fusion, agreement
from knowledge.interfaces import Hit, Reranker
from knowledge.lexical import LexicalIndex
from knowledge.passages import PassageSettings, best_passage
from knowledge.readers.text import plain
from knowledge.settings import RetrievalSettings
from knowledge.store import KnowledgeStore, PairFilter, StoredPair
from models import ModelsError

Vector = NDArray[np.float32]

_log = structlog.get_logger(__name__)

BOTH = (Field.QUESTION, Field.ANSWER)
_SPARE = 8  # candidates looked at beyond the limit: duplicates and irrelevant ones fall away
_PLAIN = 400  # of a question, for telling duplicates apart
_NARROW = 2000  # pairs that pass a filter; up to so many are all compared
_WIDER = 4
_MOST_CANDIDATES = 12_800
_QUESTIONS_KNOWN = 20_000


@dataclass(frozen=True)
class _Query:
    text: str
    vectors: QueryVectors | None
    fields: tuple[Field, ...]
    collections: tuple[str, ...]


@dataclass(frozen=True)
class _Search:
    asked: _Query
    vectors: QueryVectors
    found: Found
    fusion: Fusion
    topics: frozenset[str]


@dataclass(frozen=True)
class _Candidate:
    pair: StoredPair
    similarity: float
    score: float
    relevance: float
    answer: Vector | None

    @property
    def stands_for(self) -> str:
        """The pair that is kept of those it is a duplicate of: itself for most."""
        return self.pair.kept_id or self.pair.id

    @cached_property
    def asks(self) -> str:
        """The question, for telling duplicates apart."""
        return plain(self.pair.question)[:_PLAIN]


class HybridRetriever:
    """Fuses four searches: meaning and words, each against questions and against answers; see `Fusion`.

    A query in another language, or misspelled, is read in the words of the pairs first; see `Asking`. A pair whose question names the very indicators that the query names gets a bonus. Of several pairs that ask
    or answer the same the best one is returned.
    """

    def __init__(
        self,
        store: KnowledgeStore,
        dense: DenseIndex,
        lexical: LexicalIndex,
        settings: RetrievalSettings | None = None,
        *,
        catalogue: Callable[[], Awaitable[Catalogue]] | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        """`catalogue` gives it as it stands, or stood seconds ago; left out, it is read from the store."""
        self._store = store
        self._dense = dense
        self._lexical = lexical
        self._asking = Asking(lexical, dense)
        self._settings = settings or RetrievalSettings()
        self._catalogue = catalogue or Catalogues(store).recent
        self._reranker = reranker
        self._known: Catalogue | None = None
        self._named: Callable[[str], frozenset[str]] | None = None

    async def search(
        self,
        query: str,
        *,
        collections: Sequence[str] = (),
        topics: Sequence[str] = (),
        min_quality: float | None = None,
        since: date | None = None,
        limit: int = 5,
        fields: Sequence[Field] = BOTH,
        vectors: QueryVectors | None = None,
        floor: float | None = None,
    ) -> list[Hit]:
        """The best pairs, best first, out of these collections (none given: all of them).

        No hits: nothing is relevant. `topics` (slugs of the catalogue), `min_quality` (0 to 100) and `since` are
        what a pair must be like; one that was not refined is like none of them. `fields` restricts what the query
        is compared with; `vectors` are the query already embedded; `floor` is the lowest relevance that counts,
        when not that of the settings.
        Raises KnowledgeUnavailable when the store, an index or the embedding model does not answer, and
        ValueError for a limit below 1 or no fields.
        """
        if limit < 1 or not fields:
            raise ValueError(
                f"A search needs a limit of at least 1 and a field, not {limit} and {list(fields)}."
            )
        if not query.strip():
            return []
        wanted = PairFilter(topics=tuple(topics), min_quality=min_quality, since=since)
        read = await self._asking.read(query) if vectors is None else query
        asked = _Query(read, vectors, tuple(fields), tuple(collections))
        meant, found = await self._found(asked, wanted, limit)
        least = self._settings.floor if floor is None else floor
        depth = limit if self._reranker is None else max(limit, self._settings.rerank)
        hits = await self._chosen(asked, meant, found, wanted, least, depth)
        if self._reranker is not None and len(hits) > 1:
            judged = hits[: self._settings.rerank]
            hits = await self._reranked(self._reranker, query, judged) + hits[len(judged) :]
        return [replace(hit, read_as=read) for hit in hits[:limit]] if read != query else hits[:limit]

    async def _found(self, asked: _Query, wanted: PairFilter, limit: int) -> tuple[QueryVectors, Found]:
        """The query's vectors, and what the searches find of the pairs that are as wanted."""
        if not wanted:
            return await self._searched(asked, self._settings.candidates)
        few = await self._store.matching(wanted, collections=asked.collections, limit=_NARROW + 1)
        if sum(map(len, few.values())) <= _NARROW:
            return await self._among(asked, few)
        return await self._widening(asked, wanted, limit)

    async def _searched(self, asked: _Query, candidates: int) -> tuple[QueryVectors, Found]:
        # The query is embedded first, by itself: the model computes on every core that there is.
        vectors = await self._vectors(asked)
        words, meanings = await asyncio.gather(
            self._lexical.words(asked.text, asked.fields, collections=asked.collections, limit=candidates),
            self._meanings(vectors, asked, candidates),
        )
        return vectors, Found(meanings, words)

    async def _meanings(
        self, vectors: QueryVectors, asked: _Query, candidates: int
    ) -> dict[Field, dict[str, float]]:
        searches = (
            self._dense.search(vectors[field], field, collections=asked.collections, limit=candidates)
            for field in asked.fields
        )
        return dict(zip(asked.fields, await asyncio.gather(*searches), strict=True))

    async def _vectors(self, asked: _Query) -> QueryVectors:
        return await self._dense.encode(asked.text) if asked.vectors is None else asked.vectors

    async def _among(self, asked: _Query, pairs: Mapping[str, Sequence[str]]) -> tuple[QueryVectors, Found]:
        """Compare with each of these pairs (ids by collection)."""
        ids = [pair for each in pairs.values() for pair in each]
        asked_by, vectors, words = await asyncio.gather(
            self._vectors(asked),
            self._dense.vectors(dict.fromkeys(asked.fields, pairs)),
            self._lexical.words(asked.text, asked.fields, among=ids, limit=max(1, len(ids))),
        )
        meanings = {
            field: {pair: float(own @ asked_by[field]) for pair, own in each.items()}
            for field, each in vectors.items()
        }
        return asked_by, Found(meanings, words)

    async def _widening(self, asked: _Query, wanted: PairFilter, limit: int) -> tuple[QueryVectors, Found]:
        """Search for more and more candidates, until enough of them are as wanted or there are no more."""
        candidates = self._settings.candidates
        while True:
            vectors, found = await self._searched(asked, candidates)
            ids = sorted(found.pairs)
            passing = await self._store.matching(wanted, among=ids, limit=max(1, len(ids)))
            kept = found.only({pair for each in passing.values() for pair in each})
            enough = all(
                len(kept.meanings[field]) >= limit + _SPARE or len(found.meanings[field]) < candidates
                for field in asked.fields
            )
            if enough or candidates >= _MOST_CANDIDATES:
                return vectors, kept
            asked = replace(asked, vectors=vectors)
            candidates *= _WIDER

    async def _chosen(
        self, asked: _Query, vectors: QueryVectors, found: Found, wanted: PairFilter, least: float, limit: int
    ) -> list[Hit]:
        """The first `limit` hits that are relevant, and unlike those before them."""
        fusion = Fusion(found, self._settings)
        topics = await self._topics(asked.text) if fusion.openness else frozenset()
        search = _Search(asked, vectors, found, fusion, topics)
        open_ = (pair for pair, _ in fusion.ranked() if fusion.most_relevance(pair) >= least)
        shown: list[_Candidate] = []
        while len(shown) < limit and (page := list(islice(open_, limit + _SPARE))):
            for candidate in await self._judged(page, search):
                if len(shown) < limit and self._fits(candidate, shown, wanted, least):
                    shown.append(candidate)
        weights = next((words.weights for words in found.words.values() if words.weights), {})
        return [_hit(each, weights, self._dense.cut) for each in shown[:limit]]

    def _fits(
        self, candidate: _Candidate, shown: Sequence[_Candidate], wanted: PairFilter, least: float
    ) -> bool:
        """Whether it is relevant, as wanted, and unlike those that are shown already."""
        return (
            candidate.relevance >= least
            and wanted.passes(candidate.pair)
            and not any(self._alike(candidate, other) for other in shown)
        )

    async def _judged(self, ids: Sequence[str], search: _Search) -> list[_Candidate]:
        """These pairs with all that speaks for them, cosines exact, best first."""
        if len(search.asked.collections) == 1:
            homes = dict.fromkeys(ids, search.asked.collections[0])
            pairs, vectors, words = await asyncio.gather(
                self._store.pairs(ids), self._missing(homes, search.found), self._said(ids, search)
            )
        else:
            pairs, words = await asyncio.gather(self._store.pairs(ids), self._said(ids, search))
            homes = {pair.id: pair.collection for pair in pairs.values()}
            vectors = await self._missing(homes, search.found)
        candidates = [self._weighed(pair, search, vectors, words) for pair in pairs.values()]
        return sorted(candidates, key=lambda candidate: (-candidate.score, candidate.pair.id))

    async def _said(self, ids: Sequence[str], search: _Search) -> Mapping[Field, Mapping[str, float]]:
        """The BM25 of these pairs: those found by meaning say some of the words too, if not among the most."""
        known = search.found.words
        open_ = [
            pair for pair in ids if any(words.rest and pair not in words.scores for words in known.values())
        ]
        if not open_:
            return {field: words.scores for field, words in known.items()}
        asked = search.asked
        said = await self._lexical.words(asked.text, asked.fields, among=open_, limit=len(open_))
        return {field: {**said[field].scores, **words.scores} for field, words in known.items()}

    async def _missing(self, homes: Mapping[str, str], found: Found) -> Mapping[Field, Mapping[str, Vector]]:
        """The vectors of the pairs whose cosines the searches leave open, and of all answers, to compare them.

        `homes` gives the collection of each pair.
        """
        asked: dict[Field, defaultdict[str, list[str]]] = {field: defaultdict(list) for field in Field}
        for pair, name in homes.items():
            for field in Field:
                unknown = field in found.meanings and pair not in found.meanings[field]
                if unknown or (field is Field.ANSWER and self._settings.distinct < 1):
                    asked[field][name].append(pair)
        return await self._dense.vectors(asked)

    def _weighed(
        self,
        pair: StoredPair,
        search: _Search,
        vectors: Mapping[Field, Mapping[str, Vector]],
        words: Mapping[Field, Mapping[str, float]],
    ) -> _Candidate:
        cosines = {
            field: known[pair.id]
            if pair.id in known
            else float(vectors[field][pair.id] @ search.vectors[field])
            for field, known in search.found.meanings.items()
            if pair.id in known or pair.id in vectors[field]
        }
        # A field that is still to be embedded counts as much as the other; a pair that left the index, for nothing.
        nearest = max(cosines.values(), default=-1.0)
        cosines = {field: cosines.get(field, nearest) for field in search.found.meanings}
        evidence = Evidence(cosines, {field: scores.get(pair.id, 0.0) for field, scores in words.items()})
        score = search.fusion.score(evidence)
        if search.topics:
            alike = agreement(search.topics, self._told(pair))
            score += search.fusion.openness * self._settings.topic_bonus * alike
        return _Candidate(
            pair,
            evidence.similarity,
            score,
            search.fusion.relevance(evidence),
            vectors[Field.ANSWER].get(pair.id),
        )

    def _alike(self, one: _Candidate, other: _Candidate) -> bool:
        """Whether two pairs ask the same, or answer nearly the same."""
        if one.asks == other.asks or one.stands_for == other.stands_for:
            return True
        if one.answer is None or other.answer is None or self._settings.distinct >= 1:
            return False
        return float(one.answer @ other.answer) > self._settings.distinct

    async def _topics(self, query: str) -> frozenset[str]:
        """The slugs of the indicators that the query names."""
        if not self._settings.topic_bonus:
            return frozenset()
        catalogue = await self._catalogue()
        if self._named is None or catalogue is not self._known:
            self._known = catalogue
            self._named = lru_cache(maxsize=_QUESTIONS_KNOWN)(
                lambda text: frozenset(catalogue.named_in(text))
            )
        return self._named(query)

    def _told(self, pair: StoredPair) -> frozenset[str]:
        """The slugs of what a pair is on: what its question names, else its topic."""
        named = self._named(pair.question) if self._named is not None else frozenset()
        return named or frozenset({pair.slug} if pair.slug else ())

    async def _reranked(self, reranker: Reranker, query: str, hits: list[Hit]) -> list[Hit]:
        """In the reranker's order; in their own when it does not answer, as an order is not worth an outage."""
        try:
            scores = await reranker.scores(query, [f"{hit.question}\n{hit.passage}" for hit in hits])
        except ModelsError as error:
            _log.warning("knowledge.reranker_away", error=str(error))
            return hits
        order = sorted(range(len(hits)), key=lambda place: (-scores[place], place))
        return [hits[place] for place in order]


def _hit(candidate: _Candidate, weights: Mapping[str, float], cut: PassageSettings) -> Hit:
    pair = candidate.pair
    return Hit(
        pair_id=pair.id,
        collection=pair.collection,
        topic=pair.topic,
        question=pair.question,
        answer=pair.answer,
        source=pair.source,
        score=candidate.score,
        similarity=candidate.similarity,
        relevance=candidate.relevance,
        passage=best_passage(pair.answer, weights, cut),
        slug=pair.slug,
        quality=pair.quality,
        dated=pair.dated,
    )
