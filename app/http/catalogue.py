"""The catalogue of topics over HTTP: read, added to, and carried over."""

from typing import Annotated, Any  # Any: FastAPI's own types

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field
from starlette.requests import ClientDisconnect

from app.catalogue_service import Changed
from app.http.chat import ERRORS, Service, Storable
from app.http.knowledge_views import TopicDetailView, TopicPage, topic_view
from app.http.paging import Limit, Page, Place
from app.problems import ProblemError, problem
from knowledge import COLLECTION_NAME, Mapped, OwnTopic, TopicFields

router = APIRouter(prefix="/v1/knowledge", tags=["knowledge"], responses=ERRORS)
_TOML = "application/toml"
_SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
Collection = Annotated[str, Field(pattern=COLLECTION_NAME)]
Slug = Annotated[str, Field(pattern=_SLUG, max_length=80)]
SlugInPath = Annotated[str, Path(pattern=_SLUG, max_length=80)]
_WRITTEN: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "TOML in UTF-8: `[[topics]]` and `[[mappings]]`.",
        "content": {_TOML: {"schema": {"type": "string"}}},
    }
}
_DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "TOML, as a download", "content": {_TOML: {"schema": {"type": "string"}}}}
}


class MappingPage(Page[Mapped]):
    """Some of the names of which it was said by hand where they belong."""


class Mapping(Mapped):
    """Where topics belong that sources call so."""

    slug: Slug | None = Field(description="The topic of the catalogue; null: none of them.")


@router.get("/topics", operation_id="listTopics")
async def list_topics(
    freya: Service,
    collection: Annotated[Collection | None, Query(description="Only topics of this collection.")] = None,
    category: Annotated[
        str | None,
        Query(min_length=1, max_length=200, description="Only topics of this category or subcategory."),
    ] = None,
    session: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="Only topics of this research session.")
    ] = None,
    own: Annotated[bool, Query(description="Only topics to which users added something.")] = False,  # noqa: FBT002  # a parameter of the route
    limit: Limit = 50,
    cursor: Place = None,
) -> TopicPage:
    """The catalogue, and how many pairs there are on each of its topics."""
    found = await freya.known.catalogue.topics(
        collection=collection, category=category, session=session, own=own
    )
    return TopicPage.within([topic_view(each) for each in found], limit, cursor, lambda topic: topic.slug)


@router.get("/topics/{slug}", operation_id="getTopic")
async def get_topic(
    slug: SlugInPath,
    freya: Service,
    best: Annotated[int, Query(ge=0, le=100, description="How many of its best pairs.")] = 10,
) -> TopicDetailView:
    """A topic of the catalogue: what sources call it, its pairs by tier of quality, and the best of them."""
    return TopicDetailView.model_validate(await freya.known.catalogue.topic(slug, best=best))


@router.put("/topics/{slug}", operation_id="putTopic")
async def put_topic(slug: SlugInPath, body: TopicFields, freya: Service) -> Changed:
    """Add a topic, or aliases of one that ships, in the place of what users added under the slug before."""
    topic = OwnTopic(slug=slug, **body.model_dump())
    return await freya.known.catalogue.put(topic)


@router.delete("/topics/{slug}", operation_id="removeTopic")
async def remove_topic(slug: SlugInPath, freya: Service) -> Changed:
    """Take back what users added under a slug: their topic with all that was mapped to it, or their aliases."""
    return await freya.known.catalogue.remove(slug)


@router.get("/mappings", operation_id="listMappings")
async def list_mappings(
    freya: Service,
    limit: Limit = 50,
    cursor: Annotated[
        str | None,
        Query(min_length=1, max_length=1000, description="The `next` of the page before."),
        Storable,
    ] = None,
) -> MappingPage:
    """Of what names it was said by hand where they belong, by name."""
    mappings = await freya.known.catalogue.mappings()
    return MappingPage.within(mappings, limit, cursor, lambda mapping: mapping.name)


@router.put("/mappings", operation_id="mapName")
async def map_name(body: Mapping, freya: Service) -> Changed:
    """Say where topics belong that sources call so, in any spelling and collection; at once, and from then on."""
    return await freya.known.catalogue.map(body.name, body.slug)


@router.delete("/mappings", operation_id="unmapName")
async def unmap_name(
    freya: Service,
    name: Annotated[
        str, Query(min_length=1, max_length=1000, description="What sources call the topic."), Storable
    ],
) -> Changed:
    """Take back what was said of a name: it is placed by rules and meaning again."""
    return await freya.known.catalogue.unmap(name)


@router.get("/catalogue", operation_id="exportCatalogue", response_class=Response, responses=_DOCUMENT)
async def export_catalogue(freya: Service) -> Response:
    """All that users added, as TOML, which can be sent again anywhere."""
    return Response(
        await freya.known.catalogue.export(),
        media_type=_TOML,
        headers={"content-disposition": 'attachment; filename="catalogue.toml"'},
    )


@router.post("/catalogue", operation_id="importCatalogue", openapi_extra=_WRITTEN)
async def import_catalogue(
    request: Request,
    freya: Service,
    collection: Annotated[
        Collection, Query(description="Where topics belong that say no collection.")
    ] = "technical",
) -> Changed:
    """Add topics and mappings, in the place of those of the same slugs and names: all of them, or none."""
    try:
        content = await request.body()
    except ClientDisconnect as error:
        raise ProblemError(
            problem("import_refused", "The connection was closed before the end; send it again.")
        ) from error
    return await freya.known.catalogue.take_in(content, collection=collection)
