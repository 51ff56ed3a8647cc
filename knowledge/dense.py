"""The index of meaning: vectors of questions and of answers in Chroma."""

import asyncio
import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar  # Chroma's clients and collections have many optional shapes
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import KnowledgeUnavailable
from knowledge.fields import Field
from knowledge.store import StoredPair
from models import Embedder, EmbeddingUnavailable

if TYPE_CHECKING:
    import httpx
    from chromadb.api import ClientAPI
    from chromadb.api.collection_configuration import CreateHNSWConfiguration

Vector = NDArray[np.float32]
_Result = TypeVar("_Result")

_FORMAT = 1
_HTTP_SECONDS = 30.0
"""What a server may take to store a batch."""
_SEARCH_SECONDS = 5.0
"""What a search may take: somebody waits for an answer meanwhile."""
_THREADS = 8
_PREFIX = "freya"


class DenseIndex:
    """Finds pairs by meaning. Each collection has a Chroma collection for questions and one for answers.

    The names carry the embedding model, so a new model gets an index of its own. Distances are cosine.
    """

    name = "dense"
    batch_size = 256

    def __init__(self, embedder: Embedder, *, folder: Path, url: str | None = None) -> None:
        """Chroma runs in `folder`, or at `url` where one is given; nothing is opened before it is needed."""
        self._embedder = embedder
        self._folder = folder
        self._url = url
        self._lock = threading.Lock()  # around opening and closing
        self._writing = threading.Lock()  # around changes, so that no client is closed under one
        # Threads of its own: a server that hangs takes none from others.
        self._threads = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="chroma")
        self._client: ClientAPI | None = None
        self._collections: dict[str, Any] = {}
        model = hashlib.sha256(f"{embedder.name}\0{embedder.dimensions}".encode()).hexdigest()[:8]
        self._suffix = f"{model}.v{_FORMAT}"

    async def encode(self, query: str) -> Vector:
        """The query's vector. Raises KnowledgeUnavailable when the embedding model does not answer."""
        vectors = await self._embed([query])
        vector: Vector = vectors[0]
        return vector

    async def search(
        self, vector: Vector, field: Field, *, collections: Sequence[str] = (), limit: int = 50
    ) -> dict[str, float]:
        """Cosine similarities by pair id, highest first. Raises KnowledgeUnavailable."""
        return await self._soon(self._search, vector, field, tuple(collections), limit)

    async def similarities(
        self, vector: Vector, field: Field, pairs: Mapping[str, Sequence[str]]
    ) -> dict[str, float]:
        """Cosine similarities of these pairs (ids by collection); ids that are not indexed are left out."""
        return await self._soon(self._similarities, vector, field, pairs)

    async def reached(self, store: str) -> int:
        """The revision up to which it holds that store. Raises KnowledgeUnavailable."""
        return await self._soon(self._reached, store)

    async def apply(self, changed: Sequence[StoredPair], *, store: str) -> None:
        """Embed these pairs and bring them in, or take them out. Raises KnowledgeUnavailable."""
        if not changed:
            return
        kept = [pair for pair in changed if not pair.removed]
        questions = await self._embed([pair.question for pair in kept])
        answers = await self._embed([pair.answer for pair in kept])
        vectors = {Field.QUESTION: questions, Field.ANSWER: answers}
        await self._thread(self._apply, changed, kept, vectors, store)

    async def counts(self) -> dict[str, int]:
        """How many pairs it holds of each collection in both fields. Raises KnowledgeUnavailable."""
        return await self._soon(self._counts)

    async def clear(self) -> None:
        """Empty it; indexes of other embedding models stay. Raises KnowledgeUnavailable."""
        await self._thread(self._clear)

    async def close(self) -> None:
        """Let go of Chroma; the next call opens it again."""
        await asyncio.to_thread(self._close)

    def _thread(self, call: Callable[..., _Result], *arguments: object) -> asyncio.Future[_Result]:
        return asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)

    async def _soon(self, call: Callable[..., _Result], *arguments: object) -> _Result:
        """Wait for a call that reads. One that takes too long is left to its thread and not waited for."""
        try:
            async with asyncio.timeout(_SEARCH_SECONDS):
                return await self._thread(call, *arguments)
        except TimeoutError as error:
            raise KnowledgeUnavailable(
                f"The vector index (Chroma at {self._place}) did not answer within {_SEARCH_SECONDS:g} seconds."
            ) from error

    async def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        try:
            return await self._embedder.embed(texts)
        except EmbeddingUnavailable as error:
            raise KnowledgeUnavailable(f"The embedding model does not answer: {error}") from error

    def _search(
        self, vector: Vector, field: Field, collections: tuple[str, ...], limit: int
    ) -> dict[str, float]:
        found: dict[str, float] = {}
        with self._chroma():
            for name in collections or self._known():
                chroma = self._collection(name, field)
                if chroma is None:
                    continue
                result = chroma.query(query_embeddings=[vector], n_results=limit, include=["distances"])
                for pair, distance in zip(result["ids"][0], result["distances"][0], strict=True):
                    found[pair] = 1.0 - float(distance)
        best = sorted(found.items(), key=lambda item: -item[1])
        return dict(best[:limit])

    def _similarities(
        self, vector: Vector, field: Field, pairs: Mapping[str, Sequence[str]]
    ) -> dict[str, float]:
        found: dict[str, float] = {}
        with self._chroma():
            for name, ids in pairs.items():
                chroma = self._collection(name, field)
                if chroma is None or not ids:
                    continue
                result = chroma.get(ids=list(ids), include=["embeddings"])
                cosines = np.asarray(result["embeddings"], dtype=np.float32) @ vector if result["ids"] else ()
                found.update(zip(result["ids"], (float(cosine) for cosine in cosines), strict=True))
        return found

    def _reached(self, store: str) -> int:
        with self._chroma():
            self._collections.pop(self._full_name("state", None), None)  # it holds its metadata as last read
            state = self._collection("state", None)
            held = (state.metadata or {}) if state is not None else {}
        return int(held.get("revision", 0)) if held.get("store") == store else 0

    def _apply(
        self,
        changed: Sequence[StoredPair],
        kept: Sequence[StoredPair],
        vectors: Mapping[Field, NDArray[np.float32]],
        store: str,
    ) -> None:
        with self._chroma(), self._writing:
            for name in sorted({pair.collection for pair in changed}):
                rows = [row for row, pair in enumerate(kept) if pair.collection == name]
                gone = [pair.id for pair in changed if pair.removed and pair.collection == name]
                for field in Field:
                    chroma = self._made(name, field)
                    if rows:
                        chroma.upsert(ids=[kept[row].id for row in rows], embeddings=vectors[field][rows])
                    if gone:
                        chroma.delete(ids=gone)
            state = self._made("state", None)
            state.modify(metadata={"store": store, "revision": changed[-1].revision})

    def _counts(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        with self._chroma():
            for name in self._known():
                both = [
                    chroma.count() if (chroma := self._collection(name, field)) is not None else 0
                    for field in Field
                ]
                if max(both):
                    counts[name] = min(both)
        return counts

    def _clear(self) -> None:
        with self._chroma() as client, self._writing:
            for name in [collection.name for collection in client.list_collections()]:
                if name.startswith(f"{_PREFIX}.") and name.endswith(f".{self._suffix}"):
                    client.delete_collection(name)
            self._collections.clear()

    def _close(self) -> None:
        with self._writing, self._lock:
            client, self._client = self._client, None
            self._collections.clear()
        if client is not None:
            for session in _sessions(client):
                session.close()
            client.close()  # type: ignore[attr-defined]  # every client has it, ClientAPI does not say so

    @contextlib.contextmanager
    def _chroma(self) -> Iterator["ClientAPI"]:
        """The client; what goes wrong with it becomes KnowledgeUnavailable and it is opened anew next time."""
        import httpx
        from chromadb.errors import ChromaError

        try:
            yield self._opened()
        # Chroma reports a server that is not there as ValueError.
        except (ChromaError, httpx.HTTPError, OSError, ValueError, RuntimeError) as error:
            self._collections.clear()
            if self._url is None:
                self._close()  # the folder may be another one by now; an HTTP client connects again by itself
            raise KnowledgeUnavailable(
                f"The vector index (Chroma at {self._place}) does not answer: {error}"
            ) from error

    @property
    def _place(self) -> str:
        return self._url or str(self._folder)

    def _opened(self) -> "ClientAPI":
        with self._lock:
            if self._client is None:
                self._client = _client(self._folder, self._url)
            return self._client

    def _known(self) -> list[str]:
        """The knowledge collections that are indexed with this embedding model."""
        end = f".{Field.QUESTION}.{self._suffix}"
        names = [collection.name for collection in self._opened().list_collections()]
        return [
            name.removeprefix(f"{_PREFIX}.").removesuffix(end)
            for name in names
            if name.startswith(f"{_PREFIX}.") and name.endswith(end)
        ]

    def _collection(self, name: str, field: Field | None) -> Any:
        """The Chroma collection, or None while nothing was indexed in it."""
        from chromadb.errors import NotFoundError

        full = self._full_name(name, field)
        if full not in self._collections:
            try:
                self._collections[full] = self._opened().get_collection(full, embedding_function=None)
            except NotFoundError:
                return None
        return self._collections[full]

    def _made(self, name: str, field: Field | None) -> Any:
        """The Chroma collection, made if need be; called while writing, with the client open."""
        full = self._full_name(name, field)
        if full not in self._collections:
            if self._client is None:
                raise ValueError("the client was closed meanwhile")
            self._collections[full] = self._client.get_or_create_collection(
                full, configuration={"hnsw": _hnsw()}, embedding_function=None
            )
        return self._collections[full]

    def _full_name(self, name: str, field: Field | None) -> str:
        part = "index" if field is None else field.value
        return f"{_PREFIX}.{name}.{part}.{self._suffix}"


def _hnsw() -> "CreateHNSWConfiguration":
    return {"space": "cosine", "ef_construction": 200, "ef_search": 100, "max_neighbors": 16}


def _client(folder: Path, url: str | None) -> "ClientAPI":
    import chromadb
    import httpx
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    if url is None:
        folder.mkdir(parents=True, exist_ok=True)
        return chromadb.PersistentClient(str(folder), settings=settings)
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url!r} is no address of a Chroma server; write it like http://chroma:8000")
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 8000)
    # Chroma's client keeps what a failed construction made for ever, so the server is asked first.
    heartbeat = f"{parts.scheme}://{parts.hostname}:{port}/api/v2/heartbeat"
    httpx.get(heartbeat, timeout=_SEARCH_SECONDS).raise_for_status()
    client = chromadb.HttpClient(host=parts.hostname, port=port, ssl=secure, settings=settings)
    for session in _sessions(client):
        session.timeout = httpx.Timeout(_HTTP_SECONDS)  # Chroma sets none and would wait for ever
    return client


def _sessions(client: "ClientAPI") -> list["httpx.Client"]:
    """The connections of an HTTP client, which its `close` leaves open (chromadb 1.5); none of a persistent one."""
    import httpx

    owners = (client, getattr(client, "_admin_client", None))
    sessions = [getattr(getattr(owner, "_server", None), "_session", None) for owner in owners]
    return [session for session in sessions if isinstance(session, httpx.Client)]
