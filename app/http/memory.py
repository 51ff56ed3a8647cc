"""What is remembered, over HTTP: recalled, read, corrected and forgotten."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Literal, Self  # Any: FastAPI's own types

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.http.chat import ERRORS, Storable
from app.http.paging import Cursor, Limit, Page, Place
from app.http.security import Acting
from app.memory_service import MemoryService, Thumb
from app.memory_status import MemoryStatus
from app.runs.records import ArtifactView
from app.service import Freya
from memory import Kind, RecallFilter, Recollection, Record, RecordState, Tier
from memory.history import ForgottenMessage
from memory.interactions import Feedback

router = APIRouter(prefix="/v1", responses=ERRORS)
_LEAST, _USUAL, _MOST = 16, 1000, 8000


async def service(request: Request) -> MemoryService:
    """What is remembered, of the application."""
    freya: Freya = request.app.state.freya
    return freya.memory


def _no_number(given: object) -> object:
    """A year would be read as so many seconds after 1970."""
    if isinstance(given, str) and given.strip().replace(".", "", 1).lstrip("+-").isdigit():
        raise ValueError("a time as RFC 3339 has it is needed, such as 2026-03-01T09:30:00Z")
    return given


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


Service = Annotated[MemoryService, Depends(service)]
RecordId = Annotated[str, Path(max_length=64), Storable]
ProjectId = Annotated[str | None, Query(max_length=64, description="Only of this project."), Storable]
Moment = Annotated[datetime, BeforeValidator(_no_number), AfterValidator(_in_utc)]


Since = Annotated[Moment | None, Query(description="Only what was said at this time or later.")]
Until = Annotated[Moment | None, Query(description="Only what was said before this time.")]
RecordTier = Literal["medium", "long"]
"""The short tier is the conversation that is going on: it has no records."""
RecallTier = Literal["short", "medium", "long"]


class RecordPage(Page[Record]):
    """Some records."""


class ArtifactPage(Page[ArtifactView]):
    """Some artifacts."""


class Correction(BaseModel):
    """What a record is to be; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str | None, Field(min_length=1, max_length=4000), Storable] = Field(
        default=None, description="What it is to say, in one statement that can be read by itself."
    )
    pinned: bool | None = Field(default=None, description="Whether it is kept from fading.")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.text is None and self.pinned is None:
            raise ValueError("nothing is changed: give a text, or whether it is pinned")
        return self


class Forgotten(BaseModel):
    """What was forgotten."""

    ids: list[str] = Field(description="The record and its earlier versions.")


class NewFeedback(BaseModel):
    """What a user says of a run."""

    model_config = ConfigDict(extra="forbid")

    run_id: Annotated[str, Field(max_length=64), Storable]
    rating: Annotated[int | None, Field(ge=1, le=5)] = None
    thumb: Thumb | None = Field(
        default=None, description="Counts as a rating of 5 or of 1 where there is none."
    )
    comment: Annotated[str | None, Field(max_length=4000), Storable] = None
    correction: Annotated[
        str | None, Field(max_length=32_000, description="What the answer should have been."), Storable
    ] = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.rating is None and self.thumb is None and not self.comment and not self.correction:
            raise ValueError("feedback says something: give a rating, a thumb, a comment or a correction")
        return self


@router.get("/artifacts", operation_id="listArtifacts", tags=["memory"])
async def list_artifacts(
    memory: Service, owner: Acting, project_id: ProjectId = None, limit: Limit = 50, cursor: Cursor = None
) -> ArtifactPage:
    """What tools made for the user, newest first, each version by itself; with a project, for all who work on it."""
    items = await memory.artifacts(owner, project_id=project_id, limit=limit + 1, before=cursor)
    return ArtifactPage.of(items, limit)


@router.get("/memory/recall", operation_id="recallMemory", tags=["memory"])
async def recall_memory(
    *,
    memory: Service,
    owner: Acting,
    q: Annotated[str, Query(min_length=1, max_length=2000, description="The question or message."), Storable],
    budget: Annotated[
        int, Query(ge=_LEAST, le=_MOST, description="The most tokens of all items together.")
    ] = _USUAL,
    tiers: Annotated[
        list[RecallTier],
        Query(max_length=3, description="Only of these tiers; may be given several times."),
    ] = [],  # noqa: B006  # FastAPI copies it
    project_id: ProjectId = None,
    thread_id: Annotated[
        str | None,
        Query(
            max_length=64,
            description="A thread that the message would continue: the turns that it carries along are left out, and what it is "
            "given of the others stands first, as the short tier.",
        ),
        Storable,
    ] = None,
    since: Since = None,
    until: Until = None,
) -> Recollection:
    """What a turn with this message would be given of all that is remembered, best first, within the budget."""
    wanted = RecallFilter(tiers=frozenset(Tier), project_id=project_id, since=since, until=until)
    if tiers:
        wanted = replace(wanted, tiers=frozenset(map(Tier, tiers)))
    return await memory.recall(owner, q, budget=budget, wanted=wanted, thread_id=thread_id)


@router.get("/memory/status", operation_id="getMemoryStatus", tags=["memory"])
async def get_memory_status(memory: Service, owner: Acting) -> MemoryStatus:
    """How much is remembered, by tier and kind, and how many messages wait to be embedded and learned from."""
    return await memory.status(owner)


@router.get("/memory", operation_id="listMemory", tags=["memory"])
async def list_memory(
    *,
    memory: Service,
    owner: Acting,
    tier: Annotated[RecordTier | None, Query(description="Only of this tier.")] = None,
    kind: Annotated[
        list[Kind], Query(max_length=10, description="Only of these kinds; may be given several times.")
    ] = [],  # noqa: B006  # FastAPI copies it
    state: Annotated[RecordState | None, Query(description="Only in this state.")] = None,
    project_id: ProjectId = None,
    agent: Annotated[str | None, Query(max_length=64, description="Only of this agent."), Storable] = None,
    faded: Annotated[
        bool | None, Query(description="Only what has faded, or only what has not; left out, both.")
    ] = None,
    since: Since = None,
    until: Until = None,
    q: Annotated[
        str | None,
        Query(min_length=1, max_length=2000, description='Words, "a phrase", or, -not, as for a web search.'),
        Storable,
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> RecordPage:
    """Facts, preferences, decisions and the like that are remembered, newest first; with a project, all of it."""
    items = await memory.records(
        owner,
        tier=Tier(tier) if tier else None,
        kinds=kind,
        state=state,
        project_id=project_id,
        agent=agent,
        faded=faded,
        since=since,
        until=until,
        query=q,
        limit=limit + 1,
        before=cursor,
    )
    return RecordPage.of(items, limit)


@router.get("/memory/{record_id}", operation_id="getMemory", tags=["memory"])
async def get_memory(record_id: RecordId, memory: Service, owner: Acting) -> Record:
    """One record, with the messages it comes from."""
    return await memory.record(owner, record_id)


@router.patch("/memory/{record_id}", operation_id="correctMemory", tags=["memory"])
async def correct_memory(record_id: RecordId, body: Correction, memory: Service, owner: Acting) -> Record:
    """Correct what a record says, which makes a new version with an id of its own; or pin or unpin it."""
    found: Record | None = None
    if body.text is not None:
        found = await memory.correct(owner, record_id, body.text)
    if body.pinned is not None and (found is None or found.pinned is not body.pinned):
        found = await memory.pin(owner, found.id if found else record_id, pinned=body.pinned)
    return found or await memory.record(owner, record_id)


@router.delete("/memory/{record_id}", operation_id="forgetMemory", tags=["memory"])
async def forget_memory(record_id: RecordId, memory: Service, owner: Acting) -> Forgotten:
    """Forget a record with its earlier versions, in every store."""
    return Forgotten(ids=await memory.forget(owner, record_id))


@router.delete("/memory/messages/{message_id}", operation_id="forgetMessage", tags=["memory"])
async def forget_message(
    message_id: Annotated[str, Path(max_length=64), Storable], memory: Service, owner: Acting
) -> ForgottenMessage:
    """Forget what a message said, in every store: its whole turn, with the records that came from it alone.

    It cannot be undone. While a run of the user goes on it is refused.
    """
    return await memory.forget_message(owner, message_id)


@router.get("/memory/{record_id}/history", operation_id="getMemoryHistory", tags=["memory"])
async def get_memory_history(
    record_id: RecordId, memory: Service, owner: Acting, limit: Limit = 50, cursor: Place = None
) -> RecordPage:
    """The versions of what a record says, newest first."""
    versions = await memory.history(owner, record_id)
    return RecordPage.within(versions, limit, cursor, lambda version: version.id)


@router.post("/feedback", operation_id="giveFeedback", status_code=201, tags=["chat"])
async def give_feedback(body: NewFeedback, memory: Service, owner: Acting) -> Feedback:
    """Rate a run; what it recalled is recalled sooner or later from then on. Earlier feedback stays, the latest counts."""
    return await memory.rate(
        owner,
        body.run_id,
        rating=body.rating,
        thumb=body.thumb,
        comment=body.comment,
        correction=body.correction,
    )
