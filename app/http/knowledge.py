"""What is known over HTTP: found, read, counted, and worked on by jobs."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.http.chat import ERRORS, Key, Service, Storable
from app.http.conversations import Cursor, Limit, Page
from app.jobs import JobOrder
from app.knowledge_service import FoundPair
from knowledge import IndexVersion, VersionState
from knowledge.jobs import Job
from knowledge.refinery import Targets
from knowledge.refinery.gaps import Coverage
from knowledge.topics import CataloguedTopic

router = APIRouter(prefix="/v1/knowledge", tags=["knowledge"], responses=ERRORS)
_SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
Collection = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$")]
Slug = Annotated[str, Field(pattern=_SLUG, max_length=80)]
PairId = Annotated[str, Path(max_length=64), Storable]
JobId = Annotated[str, Path(max_length=64), Storable]


class _View(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class PairView(_View):
    """A question-answer pair that was found."""

    pair_id: str
    collection: str
    topic: str = Field(description="The topic as its source names it.")
    slug: str | None = Field(description="Where the topic stands in the catalogue; null: nowhere.")
    question: str
    answer: str
    passage: str = Field(description="The part of the answer that matched best.")
    source: str
    score: float = Field(description="What it is ranked by; comparable within one search only.")
    similarity: float = Field(description="Cosine similarity to the query, -1 to 1.")
    relevance: float = Field(description="The probability that it has to do with the query, 0 to 1.")
    quality: float | None = Field(description="0 to 100; null before it was refined.")
    tier: str | None = Field(
        description="`premium`, `standard`, `review` or `low`; null before it was refined."
    )


class CollectionView(_View):
    """How much a collection holds."""

    name: str
    stored: int
    indexable: int = Field(description="Pairs that an index is to hold: duplicates are not among them.")
    indexed: dict[str, int] = Field(description="Pairs in each index.")


class QualityPartView(_View):
    """One measure of a pair's quality."""

    measure: str
    score: float = Field(description="0 to 100.")
    because: str = Field(description="What it was made from.")


class LinkedPairView(_View):
    """Another pair that says the same, nearly word for word."""

    id: str
    question: str
    source: str
    question_similarity: float
    answer_similarity: float


class PairDetailView(_View):
    """A pair with everything that is known of it."""

    id: str
    collection: str
    topic: str
    slug: str | None
    category: str | None
    question: str
    answer: str
    difficulty: str | None
    tags: list[str]
    attributes: dict[str, JsonValue] = Field(description="What else the source says of it.")
    source: str
    source_kind: str
    session: int = Field(description="The research session's place in the source, from 1.")
    session_name: str | None
    ordinal: int = Field(description="The pair's place in the session, from 1.")
    created_at: datetime
    updated_at: datetime
    quality: float | None
    tier: str | None
    parts: list[QualityPartView] = Field(
        description="What the quality is made of; none before it was refined."
    )
    dated: date | None = Field(description="The latest date named in the answer.")
    kept_id: str | None = Field(
        description="The better pair that it is a duplicate of; it is not found then."
    )
    duplicates: list[LinkedPairView] = Field(
        description="The pairs that give way to it, or the one that it gives way to."
    )


class TopicView(_View):
    """A topic of the catalogue, and what there is on it."""

    collection: str
    slug: str
    name: str
    aliases: list[str]
    category: str
    subcategory: str | None
    session: int | None = Field(description="The research session that the topic belongs to.")
    pairs: int = Field(description="Distinct ones; duplicates are not counted.")
    good: int = Field(description="Of these, of standard quality and better.")


class GapView(_View):
    """A topic of the catalogue against its target."""

    collection: str
    slug: str
    name: str
    category: str
    subcategory: str | None
    session: int | None
    pairs: int = Field(description="Distinct ones; duplicates are not counted.")
    good: int = Field(description="Of these, of standard quality and better.")
    missing: int = Field(description="How many are missing from the full target.")
    coverage: Coverage
    weak: bool = Field(description="Whether too few of its pairs are good.")


class UnplacedView(_View):
    """A topic of a source that is nowhere in the catalogue."""

    collection: str
    topic: str
    pairs: int


class TargetsView(_View):
    """What a topic should have."""

    full: int
    acceptable: int
    least_success: float = Field(description="The least share of good pairs.")


class GapsView(_View):
    """What is missing."""

    targets: TargetsView
    coverage: dict[Coverage, int] = Field(description="How many topics are covered how well.")
    count: int = Field(description="Topics looked at; `topics` may list fewer.")
    topics: list[GapView] = Field(description="Worst covered first.")
    unplaced: list[UnplacedView]


class RecipeView(_View):
    """What a version is made of."""

    model: str = Field(description="The embedding model.")
    dimensions: int
    low_tier: bool = Field(description="Whether pairs of low quality are in it.")


class VersionView(_View):
    """A version of the index."""

    number: int
    state: VersionState
    recipe: RecipeView
    note: str | None
    pairs: int | None = Field(description="How many it held when it was built.")
    evaluated: bool = Field(description="Whether the report of an evaluation is kept with it.")
    created_at: datetime
    activated_at: datetime | None = Field(description="When it last became the live one.")


class JobView(Job):
    """A job: work in the background."""


class JobPage(Page[JobView]):
    """Some jobs."""


@router.get("/search", operation_id="searchKnowledge")
async def search_knowledge(
    freya: Service,
    q: Annotated[str, Query(min_length=1, max_length=2000, description="What to look for.")],
    collection: Annotated[
        list[Collection], Query(max_length=20, description="Collections to search; none given: all.")
    ] = [],  # noqa: B006  # FastAPI copies it
    topic: Annotated[
        list[Slug], Query(max_length=50, description="Slugs of catalogue topics; none given: all topics.")
    ] = [],  # noqa: B006
    min_quality: Annotated[
        float | None, Query(ge=0, le=100, allow_inf_nan=False, description="The least quality.")
    ] = None,
    since: Annotated[
        date | None, Query(description="Only pairs that name a date on or after this one.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 5,
) -> list[PairView]:
    """Pairs that are relevant to the query, by meaning and by words, best first; none when nothing is relevant."""
    found = await freya.known.search(
        q, collections=collection, topics=topic, min_quality=min_quality, since=since, limit=limit
    )
    return [_pair_view(each) for each in found]


@router.get("", operation_id="getKnowledge")
async def get_knowledge(freya: Service) -> list[CollectionView]:
    """What is known: pairs stored and indexed, by collection."""
    status = await freya.known.status()
    wanted = status.indexes[0].wanted if status.indexes else {}
    return [
        CollectionView(
            name=name,
            stored=stored,
            indexable=wanted.get(name, 0),
            indexed={state.index: state.pairs.get(name, 0) for state in status.indexes},
        )
        for name, stored in status.stored.items()
    ]


@router.get("/pairs/{pair_id}", operation_id="getPair")
async def get_pair(pair_id: PairId, freya: Service) -> PairDetailView:
    """A pair with the parts of its quality, its duplicates, its source and its place there."""
    return PairDetailView.model_validate(await freya.known.pair(pair_id))


@router.get("/topics", operation_id="listTopics")
async def list_topics(freya: Service) -> list[TopicView]:
    """The catalogue, and how many pairs there are on each of its topics."""
    return [_topic_view(each) for each in await freya.known.topics()]


@router.get("/gaps", operation_id="listGaps")
async def list_gaps(
    freya: Service,
    collection: Annotated[Collection | None, Query(description="Only topics of this collection.")] = None,
    category: Annotated[
        str | None,
        Query(min_length=1, max_length=200, description="Only topics of this category or subcategory."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many topics at most.")] = 1000,
) -> GapsView:
    """The catalogue's topics against their targets, worst covered first, and topics that are nowhere in it."""
    report = await freya.known.gaps(collection=collection, category=category)
    return GapsView(
        targets=TargetsView.model_validate(Targets()),
        coverage=dict(report.coverage),
        count=len(report.topics),
        topics=[GapView.model_validate(gap) for gap in report.topics[:limit]],
        unplaced=[UnplacedView.model_validate(each) for each in report.unplaced[:limit]],
    )


@router.get("/versions", operation_id="listVersions")
async def list_versions(freya: Service) -> list[VersionView]:
    """The versions of the index, oldest first; one of them is live."""
    return [_version_view(version) for version in await freya.known.versions()]


@router.post("/versions/{number}/activate", operation_id="activateVersion")
async def activate_version(number: Annotated[int, Path(ge=1, le=2**31 - 1)], freya: Service) -> VersionView:
    """Make a version the one that is searched, at once for all, after it has caught up with the store."""
    return _version_view(await freya.known.activate(number))


@router.post("/versions/rollback", operation_id="rollbackVersion")
async def rollback_version(freya: Service) -> VersionView:
    """Make the version live again that was so before."""
    return _version_view(await freya.known.rollback())


@router.get("/jobs", operation_id="listJobs")
async def list_jobs(freya: Service, limit: Limit = 50, cursor: Cursor = None) -> JobPage:
    """Jobs, newest first; the newest 200 are kept."""
    items = [_job_view(job) for job in await freya.known.jobs(limit=limit + 1, before=cursor)]
    return JobPage(items=items[:limit], next=items[limit - 1].id if len(items) > limit else None)


@router.post("/jobs", operation_id="startJob", status_code=202)
async def start_job(
    body: JobOrder, response: Response, freya: Service, idempotency_key: Key = None
) -> JobView:
    """Order a job. It is carried out in the background, one at a time; `Location` is where it can be watched."""
    job = await freya.known.order(body, idempotency_key=idempotency_key)
    response.headers["location"] = f"/v1/knowledge/jobs/{job.id}"
    return _job_view(job)


@router.get("/jobs/{job_id}", operation_id="getJob")
async def get_job(job_id: JobId, freya: Service) -> JobView:
    """A job as it stands, with its result or with why it failed."""
    return _job_view(await freya.known.job(job_id))


@router.post("/jobs/{job_id}/cancel", operation_id="cancelJob")
async def cancel_job(job_id: JobId, freya: Service) -> JobView:
    """Cancel a job that waits or goes on; it stops within seconds, and what it did is kept."""
    return _job_view(await freya.known.cancel(job_id))


def _pair_view(found: FoundPair) -> PairView:
    hit = found.hit
    return PairView(
        pair_id=hit.pair_id,
        collection=hit.collection,
        topic=hit.topic,
        slug=hit.slug,
        question=hit.question,
        answer=hit.answer,
        passage=hit.passage,
        source=hit.source,
        score=hit.score,
        similarity=hit.similarity,
        relevance=hit.relevance,
        quality=hit.quality,
        tier=found.tier,
    )


def _topic_view(found: CataloguedTopic) -> TopicView:
    topic, counted = found.topic, found.counted
    return TopicView(
        collection=counted.collection,
        slug=topic.slug,
        name=topic.name,
        aliases=list(topic.aliases),
        category=topic.category,
        subcategory=topic.subcategory,
        session=topic.session,
        pairs=counted.pairs,
        good=counted.good,
    )


def _version_view(version: IndexVersion) -> VersionView:
    return VersionView(
        number=version.number,
        state=version.state,
        recipe=RecipeView.model_validate(version.recipe),
        note=version.note,
        pairs=version.pairs,
        evaluated=version.evaluation is not None,
        created_at=version.created_at,
        activated_at=version.activated_at,
    )


def _job_view(job: Job) -> JobView:
    return JobView.model_validate(job, from_attributes=True)
