"""A connection to Chroma, in a folder or on a server, that mends itself."""

import asyncio
import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar  # Chroma's collections have many optional shapes
from urllib.parse import urlsplit

from knowledge.errors import KnowledgeUnavailable

if TYPE_CHECKING:
    import httpx
    from chromadb.api import ClientAPI

_Result = TypeVar("_Result")

_HTTP_SECONDS = 30.0
"""What a server may take to store a batch."""
_SEARCH_SECONDS = 5.0
"""What a search may take: somebody waits for an answer meanwhile."""
_LOADING_SECONDS = 60.0
"""How long a search waits for a collection that is being read into memory: some five seconds for each 100,000 pairs."""
_THREADS = 8
_COLLECTIONS_OPEN = 256
_NAMES_SECONDS = 5.0
"""For which the list of collections is trusted; what this connection makes or deletes is known at once."""


class Chroma:
    """Chroma's collections by name. What is no coroutine blocks: `soon` and `thread` run it in threads."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        """Chroma runs in `folder`, or at `url` where one is given; nothing is opened before it is needed."""
        self._folder = folder
        self._url = url
        self._lock = threading.Lock()  # around opening and closing
        self._writing = threading.Lock()  # around changes, so that no client is closed under one
        # Threads of its own: a server that hangs takes none from others.
        self._threads = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="chroma")
        self._client: ClientAPI | None = None
        self._closed = False
        self._collections: OrderedDict[str, Any] = OrderedDict()
        self._names: tuple[float, list[str]] | None = None
        self._loaded = asyncio.Event()
        self._loaded.set()

    @property
    def is_loading(self) -> bool:
        """Whether somebody is `loading`."""
        return not self._loaded.is_set()

    @contextlib.contextmanager
    def loading(self) -> Iterator[None]:
        """Around calls that read collections into memory, which `loaded` waits for."""
        self._loaded.clear()
        try:
            yield
        finally:
            self._loaded.set()

    async def loaded(self) -> None:
        """Wait while collections are being read into memory. Raises KnowledgeUnavailable where that takes a minute."""
        try:
            async with asyncio.timeout(_LOADING_SECONDS):
                await self._loaded.wait()
        except TimeoutError as error:
            raise KnowledgeUnavailable(
                f"The vector index (Chroma at {self._place}) is still being read into memory. Try again in a minute."
            ) from error

    def thread(self, call: Callable[..., _Result], *arguments: object) -> asyncio.Future[_Result]:
        """Run a call that changes something. Raises KnowledgeUnavailable once it is closed."""
        if self._closed:
            raise self._gone()
        return asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)

    async def soon(self, call: Callable[..., _Result], *arguments: object) -> _Result:
        """Run a call that reads. One that takes too long is left to its thread and not waited for."""
        try:
            async with asyncio.timeout(_SEARCH_SECONDS):
                return await self.thread(call, *arguments)
        except TimeoutError as error:
            raise KnowledgeUnavailable(
                f"The vector index (Chroma at {self._place}) did not answer within {_SEARCH_SECONDS:g} seconds."
            ) from error

    async def close(self) -> None:
        """Let go of Chroma for good: later calls raise KnowledgeUnavailable, and none that is under way opens it again."""
        self._closed = True
        await asyncio.to_thread(self._close)
        self._threads.shutdown(wait=False)

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Around calls of Chroma: what goes wrong becomes KnowledgeUnavailable, and it is opened anew next time."""
        import httpx
        from chromadb.errors import ChromaError

        try:
            self._opened()
            yield
        # Chroma reports a server that is not there as ValueError.
        except (ChromaError, httpx.HTTPError, OSError, ValueError, RuntimeError) as error:
            self._forget()
            if self._url is None:
                self._close()  # the folder may be another one by now; an HTTP client connects again by itself
            raise KnowledgeUnavailable(
                f"The vector index (Chroma at {self._place}) does not answer: {error}"
            ) from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """The same around changes, one after another."""
        with self.reading(), self._writing:
            yield

    def names(self, *, fresh: bool = False) -> list[str]:
        """The names of all collections, those that others made or deleted within some seconds ago perhaps not."""
        now = time.monotonic()
        if fresh or self._names is None or now - self._names[0] > _NAMES_SECONDS:
            self._names = (now, [collection.name for collection in self._opened().list_collections()])
        return self._names[1]

    def collection(self, name: str, *, fresh: bool = False) -> Any:
        """The collection, or None while there is none; `fresh`: with its metadata as they are now."""
        from chromadb.errors import NotFoundError

        found = None if fresh else self._collections.get(name)
        if found is None:
            try:
                found = self._opened().get_collection(name, embedding_function=None)
            except NotFoundError:
                return None
            self._keep(name, found)
        return found

    def made(self, name: str, space: Literal["cosine", "ip"] = "cosine") -> Any:
        """The collection, made if need be; called while writing."""
        found = self._collections.get(name)
        if found is None:
            if self._client is None:
                raise ValueError("the client was closed meanwhile")
            found = self._client.get_or_create_collection(
                name,
                configuration={
                    "hnsw": {"space": space, "ef_construction": 200, "ef_search": 100, "max_neighbors": 16}
                },
                embedding_function=None,
            )
            self._keep(name, found)
            self._names = None
        return found

    def delete(self, name: str) -> None:
        """Delete a collection that there is; called while writing."""
        self._collections.pop(name, None)
        self._names = None
        self._opened().delete_collection(name)

    def _keep(self, name: str, collection: Any) -> None:
        self._collections[name] = collection
        while len(self._collections) > _COLLECTIONS_OPEN:
            self._collections.popitem(last=False)

    def _forget(self) -> None:
        self._collections.clear()
        self._names = None

    def _opened(self) -> "ClientAPI":
        with self._lock:
            if self._closed:
                raise self._gone()
            if self._client is None:
                self._client = _client(self._folder, self._url)
            return self._client

    def _close(self) -> None:
        with self._writing, self._lock:
            client, self._client = self._client, None
            self._forget()
        if client is not None:
            for session in _sessions(client):
                session.close()
            client.close()  # type: ignore[attr-defined]  # every client has it, ClientAPI does not say so

    def _gone(self) -> KnowledgeUnavailable:
        return KnowledgeUnavailable(f"The vector index (Chroma at {self._place}) was closed.")

    @property
    def _place(self) -> str:
        return self._url or str(self._folder)


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
