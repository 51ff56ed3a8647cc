"""The index of meaning: vectors of questions and of answers in Chroma."""

import asyncio
import hashlib
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeAlias  # Any: Chroma's collections and their metadata have many optional shapes

import numpy as np
from numpy.typing import NDArray

from knowledge.abbreviations import Abbreviations, packaged_abbreviations
from knowledge.chroma import Chroma
from knowledge.errors import KnowledgeUnavailable
from knowledge.fields import Field
from knowledge.passages import PassageSettings, passages
from knowledge.resident import ResidentVectors, Rows, Vector
from knowledge.store import StoredPair
from models import Embedder, EmbeddingUnavailable, TokenCounter, estimated_tokens

QueryVectors: TypeAlias = Mapping[Field, Vector]
"""A query embedded, for each field that it can be compared with."""

_FORMAT = 3  # counted up when vectors are made otherwise: older indexes are then built anew
_PREVIOUS = (".v1", ".v2")
_PREFIX = "freya"
_STATE = "state.index"
_PAGE = 2_000
_AT_ONCE = 50_000
"""Pairs in memory that are searched sooner than a thread would take it over."""
_EMBEDDED_TWICE = 100
"""Characters of a query up to which it is embedded as it stands and written out."""


class DenseIndex:
    """Finds pairs by meaning. Each collection has a Chroma collection for questions and one for answers.

    Questions are embedded with abbreviations written out, as the model takes them for other words than what they
    stand for. A question is one vector, and so is an answer: the direction of the vector of its first passage plus half
    the mean of those of all its passages. On the example corpus that finds answers as well as the better of
    several vectors an answer do, which took five times the space. Distances are cosine. The names carry the
    index's number and a hash of embedding model and passages, so an index that is made otherwise is another one.
    """

    name = "dense"
    batch_size = 256

    def __init__(
        self,
        embedder: Embedder,
        *,
        folder: Path,
        url: str | None = None,
        number: int = 0,
        cut: PassageSettings | None = None,
        resident: int = 50_000,
    ) -> None:
        """Chroma runs in `folder`, or at `url` where one is given; nothing is opened before it is needed.

        `load` keeps the vectors of collections of up to `resident` pairs in memory, 4 KB a pair, and searches them there.
        """
        self._embedder = embedder
        self._abbreviations: Abbreviations | None = None
        self._chroma = Chroma(folder, url)
        self.cut = cut or PassageSettings()
        made = f"{embedder.name}\0{embedder.dimensions}\0{self.cut.model_dump_json()}"
        self._suffix = f"{number}.{hashlib.sha256(made.encode()).hexdigest()[:8]}.v{_FORMAT}"
        self._most_resident = resident
        self._read: dict[tuple[str, Field], ResidentVectors | None] = {}
        """What was read into memory by collection and field: by Chroma (None) or here as well."""
        self._read_at = (0, 0)
        """The revisions, as of `_place`, that those here are of."""

    @property
    def is_loading(self) -> bool:
        """Whether searches wait for `load`."""
        return self._chroma.is_loading

    async def load(self) -> None:
        """Read into memory what is searched and was not read yet: searches wait until Chroma has done so.

        Without it the first search of each collection does, which takes seconds where it is large. May be called
        again and again. Raises KnowledgeUnavailable.
        """
        with self._chroma.loading():
            fresh = await self._chroma.soon(self._unread)
            for name, field in fresh:
                await self._chroma.thread(self._warm, name, field)
        for name, field in fresh:
            await self._chroma.thread(self._keep, name, field)

    async def encode(self, query: str) -> QueryVectors:
        """The query's unit vectors. Raises KnowledgeUnavailable when the embedding model does not answer.

        Stored questions are compared with the query written out, as they are; answers, which have abbreviations
        and long forms alike, with the direction between it and the query as it stands. Of a long query one more
        word makes little difference, and embedding it twice takes long: it is compared written out with both.
        """
        (written_out,) = await self._written_out([query])
        if written_out == query or len(query) > _EMBEDDED_TWICE:
            (vector,) = await self._embed([written_out])
            return dict.fromkeys(Field, vector)
        question, literal = await self._embed([written_out, query])
        both = question + literal
        return {Field.QUESTION: question, Field.ANSWER: both / np.linalg.norm(both)}

    def is_word(self, word: str) -> bool:
        """Whether the embedding model reads it in one piece, as it does common words; computes, so call it in a thread."""
        return isinstance(self._embedder, TokenCounter) and self._embedder.token_counts([word]) == [1]

    async def search(
        self, vector: Vector, field: Field, *, collections: Sequence[str] = (), limit: int = 50
    ) -> dict[str, float]:
        """Cosine similarities by pair id, highest first. Raises KnowledgeUnavailable."""
        resident = [self._read.get((name, field)) for name in collections]
        here = [each for each in resident if each is not None]
        if here and len(here) == len(collections) and sum(map(len, here)) <= _AT_ONCE:
            return _highest(dict(ChainMap(*(each.nearest(vector, limit) for each in here))), limit)
        await self._chroma.loaded()
        return await self._chroma.soon(self._search, vector, field, tuple(collections), limit)

    async def nearest(
        self, vectors: Sequence[Vector], field: Field, *, collection: str, limit: int
    ) -> list[dict[str, float]]:
        """For each vector the nearest pairs of a collection, with their cosines, highest first."""
        return await self._chroma.thread(self._nearest, vectors, field, collection, limit) if vectors else []

    async def similarities(
        self, vector: Vector, field: Field, pairs: Mapping[str, Sequence[str]]
    ) -> dict[str, float]:
        """Cosine similarities of these pairs (ids by collection); ids that are not indexed are left out."""
        vectors = (await self.vectors({field: pairs}))[field]
        return {pair: float(own @ vector) for pair, own in vectors.items()}

    async def vectors(
        self, pairs: Mapping[Field, Mapping[str, Sequence[str]]]
    ) -> dict[Field, dict[str, Vector]]:
        """The vectors of these pairs, by field and collection; ids that are not indexed are left out."""
        found: dict[Field, dict[str, Vector]] = {}
        others: dict[Field, dict[str, Sequence[str]]] = {}
        for field, wanted in pairs.items():
            found[field] = {}
            for name, ids in wanted.items():
                resident = self._read.get((name, field))
                if resident is not None:
                    found[field] |= resident.of(ids)
                elif ids:
                    others.setdefault(field, {})[name] = ids
        if others:
            await self._chroma.loaded()
            for field, vectors in (await self._chroma.soon(self._vectors, others)).items():
                found[field] |= vectors
        return found

    async def reached(self, store: str) -> int:
        """The revision up to which it holds that store. Raises KnowledgeUnavailable."""
        return (await self._chroma.soon(self._place, store))[0]

    async def apply(self, changed: Sequence[StoredPair], *, store: str) -> None:
        """Embed these pairs and bring them in, or take them out. Raises KnowledgeUnavailable."""
        if not changed:
            return
        asked = await self.asked(store)
        kept = [pair for pair in changed if not pair.removed]
        brought = {
            Field.QUESTION: await self._questions([pair for pair in kept if pair.revision > asked]),
            Field.ANSWER: Rows(kept, await self._embed_answers([pair.answer for pair in kept])),
        }
        reached = changed[-1].revision
        await self._chroma.thread(self._bring_in, changed, brought, store, (reached, max(asked, reached)))

    async def asked(self, store: str) -> int:
        """The revision up to which it holds the questions of that store. Raises KnowledgeUnavailable."""
        return (await self._chroma.soon(self._place, store))[1]

    async def ask(self, changed: Sequence[StoredPair], *, store: str) -> None:
        """Embed the questions of these pairs, by which they are found until `apply`. Raises KnowledgeUnavailable."""
        if not changed:
            return
        reached = await self.reached(store)
        brought = {Field.QUESTION: await self._questions([pair for pair in changed if not pair.removed])}
        await self._chroma.thread(self._bring_in, changed, brought, store, (reached, changed[-1].revision))

    async def counts(self) -> dict[str, int]:
        """How many pairs it holds of each collection in both fields. Raises KnowledgeUnavailable."""
        await self._chroma.loaded()
        return await self._chroma.soon(self._counts)

    async def clear(self) -> None:
        """Empty it; indexes of other numbers and models stay. Raises KnowledgeUnavailable."""
        await self._chroma.thread(self._clear)

    async def remove_previous(self) -> None:
        """Delete what earlier formats left; nothing reads it any more. Raises KnowledgeUnavailable."""
        await self._chroma.thread(self._delete, lambda name: name.endswith(_PREVIOUS))

    async def close(self) -> None:
        """Let go of Chroma; later calls raise KnowledgeUnavailable."""
        self._read.clear()
        await self._chroma.close()

    async def _written_out(self, texts: Sequence[str]) -> list[str]:
        if self._abbreviations is None:
            self._abbreviations = await asyncio.to_thread(packaged_abbreviations)  # it reads a file
        return [self._abbreviations.written_out(text) for text in texts]

    async def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        try:
            return await self._embedder.embed(texts)
        except EmbeddingUnavailable as error:
            raise KnowledgeUnavailable(f"The embedding model does not answer: {error}") from error

    async def _questions(self, pairs: Sequence[StoredPair]) -> Rows:
        return Rows(pairs, await self._embed(await self._written_out([pair.question for pair in pairs])))

    async def _embed_answers(self, answers: Sequence[str]) -> NDArray[np.float32]:
        count = self._embedder.token_counts if isinstance(self._embedder, TokenCounter) else estimated_tokens
        cut = await asyncio.to_thread(passages, answers, count, self.cut)
        vectors = await self._embed(
            [
                answer[part.start : part.lead]
                for answer, parts in zip(answers, cut, strict=True)
                for part in parts
            ]
        )
        return _joined(vectors, [len(parts) for parts in cut], self.cut.later)

    def _unread(self) -> list[tuple[str, Field]]:
        """What is to be read; all of it where another process changed the index since."""
        with self._chroma.writing():
            place = self._place()
            if place != self._read_at:
                self._read.clear()
                self._read_at = place
            return [
                (name, field) for name in self._known() for field in Field if (name, field) not in self._read
            ]

    def _warm(self, name: str, field: Field) -> None:
        somewhere: Vector = np.full(self._embedder.dimensions, self._embedder.dimensions**-0.5, np.float32)
        with self._chroma.reading():
            self._query([somewhere], field, name, 1)

    def _keep(self, name: str, field: Field) -> None:
        with self._chroma.writing():  # what is brought in meanwhile would be missed
            chroma = self._chroma.collection(self._full_name(name, field))
            if chroma is None or chroma.count() > self._most_resident:
                self._read[name, field] = None
                return
            ids = chroma.get(include=[])["ids"]
            rows = np.empty((len(ids), self._embedder.dimensions), np.float32)
            for start in range(0, len(ids), _PAGE):
                vectors = _got(chroma, ids[start : start + _PAGE])
                for row, pair in enumerate(ids[start : start + _PAGE], start):
                    rows[row] = vectors[pair]
            self._read[name, field] = ResidentVectors(ids, rows)

    def _search(
        self, vector: Vector, field: Field, collections: tuple[str, ...], limit: int
    ) -> dict[str, float]:
        nearest: dict[str, float] = {}
        with self._chroma.reading():
            for name in collections or tuple(self._known()):
                resident = self._read.get((name, field))
                if resident is None:
                    nearest |= self._query([vector], field, name, limit)[0]
                else:
                    nearest |= resident.nearest(vector, limit)
        return _highest(nearest, limit)

    def _nearest(
        self, vectors: Sequence[Vector], field: Field, collection: str, limit: int
    ) -> list[dict[str, float]]:
        with self._chroma.reading():
            return self._query(vectors, field, collection, limit)

    def _query(
        self, vectors: Sequence[Vector], field: Field, name: str, limit: int
    ) -> list[dict[str, float]]:
        chroma = self._chroma.collection(self._full_name(name, field))
        if chroma is None:
            return [{} for _ in vectors]
        result = chroma.query(query_embeddings=list(vectors), n_results=limit, include=["distances"])
        return [
            {pair: 1.0 - float(distance) for pair, distance in zip(ids, distances, strict=True)}
            for ids, distances in zip(result["ids"], result["distances"], strict=True)
        ]

    def _vectors(self, pairs: Mapping[Field, Mapping[str, Sequence[str]]]) -> dict[Field, dict[str, Vector]]:
        found: dict[Field, dict[str, Vector]] = {}
        with self._chroma.reading():
            for field, wanted in pairs.items():
                found[field] = {}
                for name, ids in wanted.items():
                    chroma = self._chroma.collection(self._full_name(name, field)) if ids else None
                    if chroma is not None:
                        found[field] |= _got(chroma, ids)
        return found

    def _place(self, store: str | None = None) -> tuple[int, int]:
        """The revisions up to which it holds pairs, and their questions; zeros where it is of another store."""
        with self._chroma.reading():
            state = self._chroma.collection(self._state_name, fresh=True)
        held = (state.metadata or {}) if state is not None else {}
        if store is not None and held.get("store") != store:
            return 0, 0
        reached = int(held.get("revision", 0))
        return reached, int(held.get("questions", reached))

    def _bring_in(
        self,
        changed: Sequence[StoredPair],
        brought: Mapping[Field, Rows],
        store: str,
        place: tuple[int, int],
    ) -> None:
        with self._chroma.writing():
            for name in sorted({pair.collection for pair in changed}):
                gone = [pair.id for pair in changed if pair.removed and pair.collection == name]
                for field in Field:
                    self._replace(name, field, brought.get(field, Rows.none()).of(name), gone)
            alone = self._place() == self._read_at
            reached, asked = place
            state = self._chroma.made(self._state_name)
            state.modify(metadata={"store": store, "revision": reached, "questions": asked})
            if alone:
                self._read_at = place

    def _replace(self, name: str, field: Field, rows: Rows, gone: list[str]) -> None:
        ids = [pair.id for pair in rows.pairs]
        if not ids and not gone:
            return
        before = self._read.pop((name, field), None)
        chroma = self._chroma.made(self._full_name(name, field))
        if ids:
            chroma.upsert(ids=ids, embeddings=rows.vectors)
        if gone:
            chroma.delete(ids=gone)
        if before is not None and len(before) + len(ids) <= self._most_resident:
            self._read[name, field] = before.changed(ids, rows.vectors, gone)

    def _counts(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        with self._chroma.reading():
            for name in self._known():
                chromas = [self._chroma.collection(self._full_name(name, field)) for field in Field]
                both = [chroma.count() if chroma is not None else 0 for chroma in chromas]
                if max(both):
                    counts[name] = min(both)
        return counts

    def _clear(self) -> None:
        self._read.clear()
        self._delete(lambda name: name.endswith(f".{self._suffix}"))

    def _delete(self, chosen: Callable[[str], bool]) -> None:
        with self._chroma.writing():
            for name in self._chroma.names(fresh=True):
                if name.startswith(f"{_PREFIX}.") and chosen(name):
                    self._chroma.delete(name)

    def _known(self) -> list[str]:
        """The knowledge collections that are in this index."""
        end = f".{Field.QUESTION}.{self._suffix}"
        return [
            name.removeprefix(f"{_PREFIX}.").removesuffix(end)
            for name in self._chroma.names()
            if name.startswith(f"{_PREFIX}.") and name.endswith(end)
        ]

    @property
    def _state_name(self) -> str:
        return f"{_PREFIX}.{_STATE}.{self._suffix}"

    def _full_name(self, name: str, field: Field) -> str:
        return f"{_PREFIX}.{name}.{field.value}.{self._suffix}"


def _got(chroma: Any, ids: Sequence[str]) -> dict[str, Vector]:
    result = chroma.get(ids=list(ids), include=["embeddings"])
    rows = np.asarray(result["embeddings"], dtype=np.float32)
    return dict(zip(result["ids"], rows, strict=True))


def _highest(scores: Mapping[str, float], limit: int) -> dict[str, float]:
    return dict(sorted(scores.items(), key=lambda item: -item[1])[:limit])


def _joined(vectors: NDArray[np.float32], parts: Sequence[int], later: float) -> NDArray[np.float32]:
    """One unit vector for each run of so many rows: the first plus `later` times the mean of all."""
    if not parts:
        return vectors
    starts = np.array([0, *accumulate(parts)][:-1])
    means = np.add.reduceat(vectors, starts, axis=0) / np.array(parts, dtype=np.float32)[:, None]
    sums = vectors[starts] + np.float32(later) * means
    joined: NDArray[np.float32] = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return joined
