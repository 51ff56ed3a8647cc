"""The stored pairs over HTTP: listed part by part, taken away as a file, and beside what is like them."""

from datetime import date
from typing import Annotated, Any  # Any: FastAPI's own types

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response, StreamingResponse

from app.http.catalogue import Collection, Slug
from app.http.chat import ERRORS, Service, Storable
from app.http.knowledge_views import AlikePage, AlikeView, ListedPairPage, ListedPairView
from app.http.paging import Limit, Place, refused_cursor
from knowledge import Alike, Duplicates, ExportFormat, PairSelection, UnknownPair
from knowledge.refinery import Tier

router = APIRouter(prefix="/v1/knowledge", tags=["knowledge"], responses=ERRORS)
_MEDIA = {
    ExportFormat.JSONL: "application/x-ndjson",
    ExportFormat.JSON: "application/json",
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The pairs, as a download",
        "content": {
            name.partition(";")[0]: {"schema": {} if kind is ExportFormat.JSON else {"type": "string"}}
            for kind, name in _MEDIA.items()
        },
    }
}
_MOST = 20
Name = Annotated[str, Query(min_length=1, max_length=300), Storable]
Collections = Annotated[
    list[Collection], Query(max_length=_MOST, description="Only these collections; none given: all.")
]
Topics = Annotated[
    list[Slug],
    Query(max_length=50, description="Only these topics of the catalogue, by slug; none given: all."),
]


async def selection(
    *,
    collection: Collections = [],  # noqa: B006  # FastAPI copies it
    topic: Topics = [],  # noqa: B006
    category: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=300,
            description="Only this category or subcategory, as the catalogue or the source has it, in any case.",
        ),
        Storable,
    ] = None,
    source: Annotated[
        list[Name], Query(max_length=_MOST, description="Only these sources, by name or id.")
    ] = [],  # noqa: B006
    tier: Annotated[list[Tier], Query(max_length=4, description="Only these tiers of quality.")] = [],  # noqa: B006
    min_quality: Annotated[
        float | None, Query(ge=0, le=100, allow_inf_nan=False, description="The least quality.")
    ] = None,
    since: Annotated[
        date | None, Query(description="Only pairs that name a date on or after this one.")
    ] = None,
    difficulty: Annotated[
        list[Name], Query(max_length=_MOST, description="Only these difficulties, in any case.")
    ] = [],  # noqa: B006
    tag: Annotated[
        list[Name], Query(max_length=_MOST, description="Only pairs that have one of these tags.")
    ] = [],  # noqa: B006
    q: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=500,
            description='Words of the question, as they stand there: words, `"a phrase"`, `or`, `-not`.',
        ),
        Storable,
    ] = None,
    duplicates: Annotated[
        Duplicates,
        Query(description="Pairs that give way to a better one: without them, with them, or only them."),
    ] = "without",
) -> PairSelection:
    """Which pairs are wanted."""
    return PairSelection(
        collections=tuple(collection),
        topics=tuple(topic),
        category=category,
        sources=tuple(source),
        tiers=tuple(tier),
        min_quality=min_quality,
        since=since,
        difficulties=tuple(difficulty),
        tags=tuple(tag),
        words=q,
        duplicates=duplicates,
    )


Selection = Annotated[PairSelection, Depends(selection)]


@router.get("/pairs", operation_id="listPairs")
async def list_pairs(
    freya: Service, wanted: Selection, limit: Limit = 50, cursor: Place = None
) -> ListedPairPage:
    """The stored pairs by collection and topic, and within a topic as their sources have them."""
    try:
        found = await freya.known.pairs(wanted, limit=limit + 1, after=cursor)
    except UnknownPair as error:
        raise refused_cursor() from error
    return ListedPairPage.of([ListedPairView.model_validate(pair) for pair in found], limit)


@router.get("/export", operation_id="exportKnowledge", response_class=Response, responses=_FILE)
async def export_knowledge(
    freya: Service,
    wanted: Selection,
    kind: Annotated[ExportFormat, Query(alias="format", description="What to write.")] = ExportFormat.JSONL,
) -> Response:
    """The stored pairs as a file, streamed; `POST /v1/knowledge/import` reads it again.

    A connection that ends before the file does means that it is not whole.
    """
    content = await freya.known.export(wanted, kind)
    headers = {
        "content-disposition": f'attachment; filename="freya-knowledge.{kind}"',
        "cache-control": "no-store",
    }
    return StreamingResponse(content, headers=headers, media_type=_MEDIA[kind])


@router.get("/duplicates", operation_id="listDuplicates")
async def list_duplicates(
    *,
    freya: Service,
    collection: Collections = [],  # noqa: B006  # FastAPI copies it
    topic: Topics = [],  # noqa: B006
    variants: Annotated[
        bool,
        Query(description="Instead: pairs that ask the same and have answers of their own, which stay."),
    ] = False,
    limit: Limit = 50,
    cursor: Place = None,
) -> AlikePage:
    """Pairs that were kept with those that gave way to them, and how alike they are.

    Of variants each two stand at one of them.
    """
    kind: Alike = "variants" if variants else "duplicates"
    try:
        found = await freya.known.alike(
            kind, collections=collection, topics=topic, limit=limit + 1, after=cursor
        )
    except UnknownPair as error:
        raise refused_cursor() from error
    items = [AlikeView.model_validate(each) for each in found]
    return AlikePage.of(items, limit, lambda item: item.pair.id)
