"""Vectors of what is remembered for good, in Chroma: each belongs to one user, and no query goes without him."""

import hashlib
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar  # Chroma's collections have many optional shapes

import numpy as np

from knowledge import Chroma, KnowledgeUnavailable
from memory import MemoryUnavailable, Owner, Vectors
from models import Embedder

_Result = TypeVar("_Result")
_PREFIX = "freya.memory."
_BATCH = 1000


class ChromaVectors:
    """A `memory.VectorStore`: one collection a model, `freya.memory.<hash of the model>`.

    An id in Chroma begins with its owner, so that nobody's write meets another's vector, and tenant and user stand
    in its metadata, which every read and deletion is limited to; what comes back is checked for both once more.
    """

    def __init__(self, chroma: Chroma, embedder: Embedder) -> None:
        """Vectors of this model; those of others are erased with a user, and else left alone."""
        made = f"{embedder.name}\0{embedder.dimensions}"
        self._chroma = chroma
        self._name = _PREFIX + hashlib.sha256(made.encode()).hexdigest()[:8]

    async def put(self, owner: Owner, ids: Sequence[str], vectors: Vectors) -> None:
        """Keep these vectors (rows of unit length), in place of earlier ones of the same ids."""
        if len(ids):
            await _reported(self._chroma.thread(self._put, owner, list(ids), np.asarray(vectors, np.float32)))

    async def nearest(self, owner: Owner, vector: Vectors, *, limit: int) -> dict[str, float]:
        """The ids of this owner's nearest vectors with their cosines, highest first."""
        return await _reported(self._chroma.soon(self._nearest, owner, np.asarray(vector, np.float32), limit))

    async def remove(self, owner: Owner, ids: Sequence[str]) -> None:
        """Forget these; ids of others are left alone."""
        if len(ids):
            await _reported(self._chroma.thread(self._remove, owner, list(ids)))

    async def erase(self, owner: Owner) -> int:
        """Forget all of this owner, of every model; gives how many there were."""
        return await _reported(self._chroma.thread(self._erase, owner))

    async def ids(self, owner: Owner) -> list[str]:
        """The ids of this owner's vectors."""
        return await _reported(self._chroma.soon(self._ids, owner))

    async def found(self, owner: Owner) -> int:
        """How many vectors of this owner there are, of every model."""
        return await _reported(self._chroma.soon(self._found, owner))

    async def close(self) -> None:
        """Let go of Chroma; later calls raise MemoryUnavailable."""
        await self._chroma.close()

    def _put(self, owner: Owner, ids: list[str], vectors: Vectors) -> None:
        metadata = {"tenant": owner.tenant_id, "user": owner.user_id}
        with self._chroma.writing():
            collection = self._chroma.made(self._name)
            for start in range(0, len(ids), _BATCH):
                some = ids[start : start + _BATCH]
                collection.upsert(
                    ids=[_stored(owner, name) for name in some],
                    embeddings=vectors[start : start + _BATCH],
                    metadatas=[metadata] * len(some),
                )

    def _nearest(self, owner: Owner, vector: Vectors, limit: int) -> dict[str, float]:
        with self._chroma.reading():
            collection = self._chroma.collection(self._name)
            if collection is None or limit < 1:
                return {}
            result = collection.query(
                query_embeddings=[vector.reshape(-1)],
                n_results=limit,
                where=_only(owner),
                include=["distances", "metadatas"],
            )
        found = zip(result["ids"][0], result["distances"][0], result["metadatas"][0], strict=True)
        return {
            own: 1.0 - float(distance)
            for stored, distance, metadata in found
            if (own := _own(owner, stored, metadata)) is not None
        }

    def _remove(self, owner: Owner, ids: list[str]) -> None:
        with self._chroma.writing():
            collection = self._chroma.collection(self._name)
            for start in range(0, len(ids) if collection is not None else 0, _BATCH):
                some = [_stored(owner, name) for name in ids[start : start + _BATCH]]
                collection.delete(ids=some, where=_only(owner))

    def _erase(self, owner: Owner) -> int:
        erased = 0
        with self._chroma.writing():
            for collection in self._all():
                stored = collection.get(where=_only(owner), include=[])["ids"]
                for start in range(0, len(stored), _BATCH):
                    collection.delete(ids=stored[start : start + _BATCH], where=_only(owner))
                erased += len(stored)
        return erased

    def _ids(self, owner: Owner) -> list[str]:
        with self._chroma.reading():
            collection = self._chroma.collection(self._name)
            if collection is None:
                return []
            result = collection.get(where=_only(owner), include=["metadatas"])
        found = zip(result["ids"], result["metadatas"], strict=True)
        return [own for stored, metadata in found if (own := _own(owner, stored, metadata)) is not None]

    def _found(self, owner: Owner) -> int:
        with self._chroma.reading():
            return sum(len(each.get(where=_only(owner), include=[])["ids"]) for each in self._all())

    def _all(self) -> list[Any]:
        names = [name for name in self._chroma.names(fresh=True) if name.startswith(_PREFIX)]
        return [found for name in names if (found := self._chroma.collection(name)) is not None]


def _only(owner: Owner) -> dict[str, Any]:
    """The filter that no read or deletion goes without."""
    return {"$and": [{"tenant": {"$eq": owner.tenant_id}}, {"user": {"$eq": owner.user_id}}]}


def _stored(owner: Owner, name: str) -> str:
    return f"{owner}/{name}"


def _own(owner: Owner, stored: str, metadata: Any) -> str | None:
    """The id that the owner gave, or None for what is not his."""
    start = f"{owner}/"
    his = stored.startswith(start) and metadata == {"tenant": owner.tenant_id, "user": owner.user_id}
    return stored.removeprefix(start) if his else None


async def _reported(call: Awaitable[_Result]) -> _Result:
    try:
        return await call
    except KnowledgeUnavailable as error:
        raise MemoryUnavailable(str(error)) from error
