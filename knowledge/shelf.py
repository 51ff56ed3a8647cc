"""Where the indexes of all versions stand, and what a version is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
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
from models import Embedder, ModelsError


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


OpenEmbedder = Callable[[str], Awaitable[Embedder]]
"""Loads an embedding model by its name. Raises EmbeddingUnavailable or WeightsInvalid."""


@dataclass(eq=False)
class OpenVersion:
    """A version with its indexes, and what searches and fills them."""

    version: IndexVersion
    dense: DenseIndex
    lexical: LexicalIndex
    indexer: Indexer
    retriever: HybridRetriever
    own: Embedder | None
    """The embedding model, when nobody else uses it."""
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
        """Let go of the indexes once nobody uses them."""
        if self._used:
            await self._idle.wait()
        await self.dense.close()
        await self.lexical.close()
        close = getattr(self.own, "close", None)
        if close is not None:
            await close()

    async def remove(self) -> None:
        """Delete the indexes. Raises KnowledgeUnavailable."""
        await self.dense.clear()
        await self.lexical.remove()


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
        open_embedder: OpenEmbedder | None = None,
    ) -> None:
        """`embedder` is the one that new versions are made with; `open_embedder` gives those of older ones."""
        self._store = store
        self._catalogues = Catalogues(store)
        self._embedder = embedder
        self._data = data
        self._chroma_url = chroma_url
        self._settings = settings or RetrievalSettings()
        self._reranker = reranker
        self._open_embedder = open_embedder

    @property
    def recipe(self) -> Recipe:
        """What a new version is made of, unless one says otherwise."""
        return Recipe(model=self._embedder.name, dimensions=self._embedder.dimensions)

    async def open(self, version: IndexVersion) -> OpenVersion:
        """Its indexes; they are read and written only when used. Raises KnowledgeUnavailable without its model."""
        embedder = await self._embedder_of(version)
        dense = DenseIndex(
            embedder,
            folder=self._data / "chroma",
            url=self._chroma_url,
            number=version.number,
            cut=version.recipe.passages,
            resident=self._settings.resident,
        )
        lexical = LexicalIndex(self._lexical / str(version.number))
        return OpenVersion(
            version=version,
            dense=dense,
            lexical=lexical,
            indexer=Indexer(self._store, [dense, lexical], low_tier=version.recipe.low_tier),
            retriever=HybridRetriever(
                self._store,
                dense,
                lexical,
                self._settings,
                catalogue=self._catalogues.recent,
                reranker=self._reranker,
            ),
            own=None if embedder is self._embedder else embedder,
        )

    @contextlib.asynccontextmanager
    async def opened(self, version: IndexVersion) -> AsyncIterator[OpenVersion]:
        """The same, closed at the end."""
        opened = await self.open(version)
        try:
            yield opened
        finally:
            await opened.close()

    async def remove_previous(self, opened: OpenVersion) -> None:
        """Delete what was indexed before there were versions."""
        await opened.dense.remove_previous()
        await asyncio.to_thread(_remove_files, self._lexical)

    @property
    def _lexical(self) -> Path:
        return self._data / "lexical"

    async def _embedder_of(self, version: IndexVersion) -> Embedder:
        recipe = version.recipe
        if (self._embedder.name, self._embedder.dimensions) == (recipe.model, recipe.dimensions):
            return self._embedder
        if self._open_embedder is None:
            raise KnowledgeUnavailable(
                f"Version {version.number} was made with the embedding model {recipe.model}, which is not loaded."
            )
        try:
            return await self._open_embedder(recipe.model)
        except ModelsError as error:
            raise KnowledgeUnavailable(
                f"The embedding model of version {version.number} cannot be loaded: {error}"
            ) from error


def _remove_files(folder: Path) -> None:
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.is_file():
            entry.unlink()
