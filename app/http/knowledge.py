"""What is known over HTTP: found, read, counted, and worked on by jobs."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, ValidationError
from starlette.requests import ClientDisconnect

from app.http.catalogue import Collection, Slug
from app.http.chat import ERRORS, Key, Service, Storable
from app.http.knowledge_views import (
    CollectionPage,
    CollectionView,
    GapsView,
    GapView,
    JobPage,
    JobView,
    PairPage,
    SourceDetailView,
    SourcePage,
    SourceView,
    StatusView,
    TargetsView,
    UnplacedView,
    VersionPage,
    VersionView,
    job_view,
    pair_view,
    version_view,
)
from app.http.paging import Cursor, Limit, Place
from app.jobs import JobOrder, encoding_name, file_name
from app.problems import ProblemError, problem
from knowledge import KnowledgeProgress, PairDetail
from knowledge.evaluation import Report
from knowledge.refinery import MOST_WANTED, Targets

router = APIRouter(prefix="/v1/knowledge", tags=["knowledge"], responses=ERRORS)
UPLOAD_PATH = "/v1/knowledge/import"
_FILE: dict[str, Any] = {  # FastAPI's own type
    "requestBody": {
        "required": True,
        "description": "The file as it is, packed with gzip or not.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_DEEPEST = 50
Encoding = Annotated[str, AfterValidator(encoding_name)]
PairId = Annotated[str, Path(max_length=64), Storable]
SourceId = Annotated[str, Path(max_length=64), Storable]
JobId = Annotated[str, Path(max_length=64), Storable]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


def wanted_targets(
    freya: Service,
    target: Annotated[
        int | None, Query(ge=1, le=MOST_WANTED, description="Pairs of full coverage; left out: as is set.")
    ] = None,
    acceptable: Annotated[
        int | None,
        Query(
            ge=1,
            le=MOST_WANTED,
            description="Pairs of acceptable coverage; left out: the same part of the target as is set.",
        ),
    ] = None,
    share: Annotated[
        float | None,
        Query(
            ge=0, le=1, allow_inf_nan=False, description="The least share of good pairs; left out: as is set."
        ),
    ] = None,
) -> Targets:
    """The targets that are set, with those of the request in their places."""
    try:
        return freya.known.targets.but(full=target, acceptable=acceptable, least_success=share)
    except ValidationError as error:  # each is in its range, so it is the two together
        wrong = {"loc": ("query", "acceptable"), "msg": error.errors()[0]["msg"], "type": "value_error"}
        raise RequestValidationError([wrong]) from error


Wanted = Annotated[Targets, Depends(wanted_targets)]


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
    limit: Annotated[int, Query(ge=1, le=_DEEPEST, description="How many at most.")] = 5,
    cursor: Place = None,
) -> PairPage:
    """The 50 best pairs at most that are relevant to the query, by meaning and by words; none: nothing is relevant."""
    # Ranked to the same depth for every page: what stands where does not depend on how many are looked at.
    found = await freya.known.search(
        q, collections=collection, topics=topic, min_quality=min_quality, since=since, limit=_DEEPEST
    )
    return PairPage.within([pair_view(each) for each in found], limit, cursor, lambda pair: pair.pair_id)


@router.get("", operation_id="getKnowledge")
async def get_knowledge(freya: Service, limit: Limit = 50, cursor: Place = None) -> CollectionPage:
    """What is known: pairs stored and indexed, by collection."""
    status = await freya.known.status()
    wanted = status.indexes[0].wanted if status.indexes else {}
    collections = [
        CollectionView(
            name=name,
            stored=stored,
            indexable=wanted.get(name, 0),
            indexed={state.index: state.pairs.get(name, 0) for state in status.indexes},
        )
        for name, stored in status.stored.items()
    ]
    return CollectionPage.within(collections, limit, cursor, lambda collection: collection.name)


@router.get("/status", operation_id="getKnowledgeStatus")
async def get_status(freya: Service) -> StatusView:
    """Everything that is counted: collections, tiers of quality, sources with how they were read, and their topics."""
    return StatusView.model_validate(await freya.known.inventory())


@router.get("/sources", operation_id="listSources")
async def list_sources(
    freya: Service,
    collection: Annotated[Collection | None, Query(description="Only sources of this collection.")] = None,
    limit: Limit = 50,
    cursor: Place = None,
) -> SourcePage:
    """The sources, by collection and name: how each was read, and how many pairs were taken."""
    sources = [SourceView.model_validate(each) for each in await freya.known.sources(collection)]
    return SourcePage.within(sources, limit, cursor, lambda source: source.id)


@router.get("/sources/{source_id}", operation_id="getSource")
async def get_source(source_id: SourceId, freya: Service) -> SourceDetailView:
    """A source: how it was read, and with place and reason what could not be taken as it stands."""
    return SourceDetailView.model_validate(await freya.known.source(source_id))


@router.get("/pairs/{pair_id}", operation_id="getPair")
async def get_pair(pair_id: PairId, freya: Service) -> PairDetail:
    """A pair with the parts of its quality, its duplicates, its source and its place there."""
    return await freya.known.pair(pair_id)


@router.get("/gaps", operation_id="listGaps")
async def list_gaps(
    freya: Service,
    targets: Wanted,
    collection: Annotated[Collection | None, Query(description="Only topics of this collection.")] = None,
    category: Annotated[
        str | None,
        Query(min_length=1, max_length=200, description="Only topics of this category or subcategory."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many topics at most.")] = 1000,
) -> GapsView:
    """The catalogue's topics against their targets, worst covered first, and topics that are nowhere in it."""
    report = await freya.known.gaps(targets, collection=collection, category=category)
    return GapsView(
        targets=TargetsView.model_validate(report.targets),
        coverage=dict(report.coverage),
        count=len(report.topics),
        topics=[GapView.model_validate(gap) for gap in report.topics[:limit]],
        unplaced=[UnplacedView.model_validate(each) for each in report.unplaced[:limit]],
    )


@router.get("/progress", operation_id="getProgress")
async def get_progress(
    freya: Service,
    targets: Wanted,
    collection: Annotated[
        Collection | None, Query(description="Only topics and sources of this collection.")
    ] = None,
    days: Annotated[int, Query(ge=1, le=366, description="How many days with imports, latest first.")] = 30,
) -> KnowledgeProgress:
    """How far the catalogue is covered, by collection, session and category, and what imports brought by day."""
    return await freya.known.progress(targets, collection=collection, days=days)


@router.get("/versions", operation_id="listVersions")
async def list_versions(freya: Service, limit: Limit = 50, cursor: Place = None) -> VersionPage:
    """The versions of the index, oldest first; one of them is live."""
    versions = [version_view(version) for version in await freya.known.versions()]
    return VersionPage.within(versions, limit, cursor, lambda version: str(version.number))


@router.get("/versions/{number}", operation_id="getVersion")
async def get_version(number: Number, freya: Service) -> VersionView:
    """A version of the index."""
    return version_view(await freya.known.version(number))


@router.get("/versions/{number}/evaluation", operation_id="getEvaluation")
async def get_evaluation(number: Number, freya: Service) -> Report:
    """The report of a version's latest evaluation, without its single cases."""
    return await freya.known.evaluation(number)


@router.post("/versions/{number}/activate", operation_id="activateVersion")
async def activate_version(
    number: Number,
    freya: Service,
    anyway: Annotated[  # noqa: FBT002  # a parameter of the request
        bool, Query(description="Though it was not evaluated, or was found to be below the live one.")
    ] = False,
) -> VersionView:
    """Make a version the one that is searched, at once for all, after it has caught up with the store.

    Of one that was never live the evaluation is asked for: `version_unproven` says what speaks against it.
    """
    return version_view(await freya.known.activate(number, anyway=anyway))


@router.post("/versions/rollback", operation_id="rollbackVersion")
async def rollback_version(freya: Service) -> VersionView:
    """Make the version live again that was so before."""
    return version_view(await freya.known.rollback())


@router.get("/jobs", operation_id="listJobs")
async def list_jobs(freya: Service, limit: Limit = 50, cursor: Cursor = None) -> JobPage:
    """Jobs, newest first; the newest 200 are kept."""
    items = [job_view(job) for job in await freya.known.jobs(limit=limit + 1, before=cursor)]
    return JobPage.of(items, limit)


@router.post("/jobs", operation_id="startJob", status_code=202)
async def start_job(
    body: JobOrder, response: Response, freya: Service, idempotency_key: Key = None
) -> JobView:
    """Order a job. It is carried out in the background, one at a time; `Location` is where it can be watched."""
    job = await freya.known.order(body, idempotency_key=idempotency_key)
    response.headers["location"] = f"/v1/knowledge/jobs/{job.id}"
    return job_view(job)


@router.post("/import", operation_id="importKnowledge", status_code=202, openapi_extra=_FILE)
async def import_knowledge(
    request: Request,
    response: Response,
    freya: Service,
    name: Annotated[
        str,
        Query(min_length=1, max_length=255, description="What the file is called; without a folder."),
        Storable,
        AfterValidator(file_name),
    ],
    collection: Annotated[
        Collection, Query(description="The collection that the pairs go to.")
    ] = "technical",
    encoding: Annotated[
        Encoding | None,
        Query(max_length=40, description="What its text is encoded in; none given: it is found."),
    ] = None,
    idempotency_key: Key = None,
) -> JobView:
    """Import a file: the body is the file, whatever kind it is. It is kept, and read and indexed by a job.

    `Location` is where the job can be watched. The same content again changes nothing.
    """
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise ProblemError(
            problem("request_refused", "Send the file as the body itself (`curl -T FILE`), not as a form.")
        )
    try:
        job = await freya.known.take_in(
            request.stream(),
            name=name,
            collection=collection,
            encoding=encoding,
            idempotency_key=idempotency_key,
        )
    except ClientDisconnect as error:
        raise ProblemError(
            problem("import_refused", "The connection was closed before the end; send the file again.")
        ) from error
    response.headers["location"] = f"/v1/knowledge/jobs/{job.id}"
    return job_view(job)


@router.get("/jobs/{job_id}", operation_id="getJob")
async def get_job(job_id: JobId, freya: Service) -> JobView:
    """A job as it stands, with its result or with why it failed."""
    return job_view(await freya.known.job(job_id))


@router.post("/jobs/{job_id}/cancel", operation_id="cancelJob")
async def cancel_job(job_id: JobId, freya: Service) -> JobView:
    """Cancel a job that waits or goes on; it stops within seconds, and what it did is kept."""
    return job_view(await freya.known.cancel(job_id))
