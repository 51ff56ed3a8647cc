"""Where the indexes of all versions stand, and what a version is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from knowledge.catalogue import Catalogues
from knowledge.dense import DenseIndex
from knowledge.errors import KnowledgeUnavailable
from knowledge.indexer import Indexer
from knowledge.interfaces import Reranker
from knowledge.lexical import LexicalIndex
from knowledge.passages import PassageSettings
from knowledge.retrieval import HybridRetriever
from knowledge.settings import RetrievalSettings
from knowledge.store import KnowledgeStore
from models import Embedder, EmbeddingUnavailable, ModelsError, Vectors


class Recipe(BaseModel):
    """What an index is made of; with another recipe it is another version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(min_length=1, description="The embedding model's name.")
    dimensions: int = Field(ge=1, description="The length of its vectors.")
    passages: PassageSettings = PassageSettings()
    low_tier: bool = Field(default=True, description="Whether pairs of low quality are in it.")


class VersionState(StrEnum):
    """What can be done with a version."""

    BUILDING = "building"
    """It was created, and is built or is to be built."""
    READY = "ready"
    """It was built, and can become the live one, perhaps again."""
    LIVE = "live"
    """It is searched, and follows the store."""
    RETIRED = "retired"
    """Its indexes were deleted."""


@dataclass(frozen=True, kw_only=True)
class IndexVersion:
    """A version as the store knows it."""

    number: int
    state: VersionState
    recipe: Recipe
    note: str | None
    pairs: int | None
    """How many it held when it was built."""
    evaluation: JsonValue
    """The report of its evaluation, where there was one."""
    created_at: datetime
    activated_at: datetime | None
    """When it last became the live one."""


Lend = Callable[[str], AbstractAsyncContextManager[Embedder]]
"""Gives an embedding model by its name, loaded, for as long. Raises EmbeddingUnavailable or WeightsInvalid."""


@dataclass(eq=False)
class OpenVersion:
    """A version with its indexes, and what searches and fills them."""

    version: IndexVersion
    dense: DenseIndex
    lexical: LexicalIndex
    indexer: Indexer
    retriever: HybridRetriever
    lent: AsyncExitStack
    """Gives the embedding model back."""
    _used: int = 0
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    @contextlib.contextmanager
    def used(self) -> Iterator[None]:
        """While it is searched it is not closed."""
        self._used += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._used -= 1
            if not self._used:
                self._idle.set()

    async def close(self) -> None:
        """Let go of the indexes and the embedding model once nobody uses them."""
        if self._used:
            await self._idle.wait()
        async with self.lent:
            await self.dense.close()
            await self.lexical.close()


class Shelf:
    """Where the indexes of all versions stand: in Chroma, and in numbered folders beside it."""

    def __init__(
        self,
        store: KnowledgeStore,
        embedder: Embedder,
        *,
        data: Path,
        chroma_url: str | None = None,
        settings: RetrievalSettings | None = None,
        reranker: Reranker | None = None,
        lend: Lend | None = None,
    ) -> None:
        """`embedder` is the one that new versions are made with unless they say otherwise; `lend` gives all others."""
        self._store = store
        self._catalogues = Catalogues(store)
        self._embedder = embedder
        self._data = data
        self._chroma_url = chroma_url
        self._settings = settings or RetrievalSettings()
        self._reranker = reranker
        self._lend = lend

    @property
    def recipe(self) -> Recipe:
        """What a new version is made of, unless one says otherwise."""
        return Recipe(model=self._embedder.name, dimensions=self._embedder.dimensions)

    @contextlib.asynccontextmanager
    async def lent(self, model: str) -> AsyncIterator[Embedder]:
        """The embedding model of that name or folder, loaded, for as long. Raises EmbeddingUnavailable or WeightsInvalid."""
        if model == self._embedder.name:
            yield self._embedder
        elif self._lend is None:
            raise EmbeddingUnavailable(f"the embedding model {model} is not loaded")
        else:
            async with self._lend(model) as embedder:
                yield embedder

    async def open(self, version: IndexVersion) -> OpenVersion:
        """Its indexes; they are read and written only when used. Raises KnowledgeUnavailable without its model."""
        async with AsyncExitStack() as stack:
            try:
                embedder = await stack.enter_async_context(self.lent(version.recipe.model))
            except ModelsError as error:
                raise KnowledgeUnavailable(
                    f"The embedding model of version {version.number} cannot be loaded: {error}"
                ) from error
            if embedder.dimensions != version.recipe.dimensions:
                raise KnowledgeUnavailable(
                    f"Version {version.number} was made with vectors of length {version.recipe.dimensions}, and those of "
                    f"{embedder.name} are {embedder.dimensions} long now: another model lies there. Put the former one "
                    "back, or build a fresh version."
                )
            dense, lexical = self._dense(version, embedder), self._lexical_of(version)
            return OpenVersion(
                version=version,
                dense=dense,
                lexical=lexical,
                indexer=Indexer(self._store, [lexical, dense], low_tier=version.recipe.low_tier),
                retriever=HybridRetriever(
                    self._store,
                    dense,
                    lexical,
                    self._settings,
                    catalogue=self._catalogues.recent,
                    reranker=self._reranker,
                ),
                lent=stack.pop_all(),
            )

    @contextlib.asynccontextmanager
    async def opened(self, version: IndexVersion) -> AsyncIterator[OpenVersion]:
        """The same, closed at the end."""
        opened = await self.open(version)
        try:
            yield opened
        finally:
            await opened.close()

    async def remove(self, version: IndexVersion) -> None:
        """Delete its indexes, which needs no embedding model. Raises KnowledgeUnavailable."""
        dense = self._dense(version, _Unloaded(version.recipe.model, version.recipe.dimensions))
        try:
            await dense.clear()
        finally:
            await dense.close()
        await self._lexical_of(version).remove()

    async def remove_previous(self, opened: OpenVersion) -> None:
        """Delete what was indexed before there were versions."""
        await opened.dense.remove_previous()
        await asyncio.to_thread(_remove_files, self._lexical)

    @property
    def _lexical(self) -> Path:
        return self._data / "lexical"

    def _lexical_of(self, version: IndexVersion) -> LexicalIndex:
        return LexicalIndex(self._lexical / str(version.number))

    def _dense(self, version: IndexVersion, embedder: Embedder) -> DenseIndex:
        return DenseIndex(
            embedder,
            folder=self._data / "chroma",
            url=self._chroma_url,
            number=version.number,
            cut=version.recipe.passages,
            resident=self._settings.resident,
        )


@dataclass(frozen=True)
class _Unloaded:
    """A model of which only what the names of an index are made of is known."""

    name: str
    dimensions: int

    async def embed(self, texts: Sequence[str]) -> Vectors:
        raise EmbeddingUnavailable(f"{self.name} was not loaded, to embed {len(texts)} texts")


def _remove_files(folder: Path) -> None:
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.is_file():
            entry.unlink()
