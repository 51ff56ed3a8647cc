"""The catalogue of topics behind all doors: read, and added to by users."""

from collections.abc import Callable

from pydantic import Field

from app.jobs import as_order, job_id
from knowledge import (
    CataloguedTopic,
    CatalogueEditor,
    Catalogues,
    Change,
    JobStore,
    KnowledgeStore,
    Mapped,
    OwnTopic,
    TopicDetail,
    Topics,
    read_catalogue,
    write_catalogue,
)


class Changed(Change):
    """What a change of the catalogue did, and what follows."""

    job: str | None = Field(
        default=None, description="The refinement that places topics anew; null: none is needed."
    )


class CatalogueService:
    """Raises errors that `app.errors.as_problem` knows."""

    def __init__(self, store: KnowledgeStore, jobs: JobStore, *, ordered: Callable[[], None]) -> None:
        """`ordered` is called when a job was queued."""
        self._topics = Topics(store)
        self._catalogues = Catalogues(store)
        self._editor = CatalogueEditor(store)
        self._jobs = jobs
        self._ordered = ordered

    async def topics(
        self, *, collection: str | None, category: str | None, session: int | None, own: bool
    ) -> list[CataloguedTopic]:
        """The catalogue, in its order: of a collection, category or session if given; only what users added if `own`."""
        return await self._topics.all(collection=collection, category=category, session=session, own=own)

    async def topic(self, slug: str, *, best: int) -> TopicDetail:
        """A topic of the catalogue with what is stored on it, and so many of its best pairs. Raises UnknownTopic."""
        return await self._topics.one(slug, best=best)

    async def mappings(self) -> list[Mapped]:
        """Of what names it was said by hand where they belong."""
        return await self._topics.mappings()

    async def put(self, topic: OwnTopic) -> Changed:
        """Add a topic, or aliases of one that ships. Raises CatalogueRefused, UnknownTopic."""
        return await self._followed(await self._editor.put(topic))

    async def remove(self, slug: str) -> Changed:
        """Take back what was added under a slug. Raises CatalogueRefused, UnknownTopic."""
        return await self._followed(await self._editor.remove(slug))

    async def map(self, name: str, slug: str | None) -> Changed:
        """Say where topics belong that sources call so; None: nowhere. Raises UnknownTopic."""
        return await self._followed(await self._editor.map(name, slug))

    async def unmap(self, name: str) -> Changed:
        """Take back what was said of a name. Raises CatalogueRefused."""
        return await self._followed(await self._editor.unmap(name))

    async def take_in(self, content: bytes, *, collection: str) -> Changed:
        """Add what stands in TOML. Raises CatalogueInvalid, CatalogueRefused, UnknownTopic."""
        own = read_catalogue(content, "the body", collection=collection)
        return await self._followed(await self._editor.take_in(own))

    async def export(self) -> str:
        """All that users added, as TOML."""
        return write_catalogue(await self._catalogues.own())

    async def _followed(self, change: Change) -> Changed:
        """With the refinement that follows it, one for all changes that wait."""
        if not change.places_anew:
            return Changed(**change.model_dump())
        job = await queue_refinement(self._jobs)
        self._ordered()
        return Changed(**change.model_dump(), job=job)


async def queue_refinement(jobs: JobStore) -> str:
    """A refinement that has not begun: one that waits already, or a fresh one."""
    arguments = as_order("refine", {}).arguments.model_dump(mode="json")
    job = await jobs.queued("refine", arguments) or await jobs.create(job_id(), "refine", arguments)
    return job.id
