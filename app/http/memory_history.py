"""All that is remembered of a user, over HTTP: taken in, given out, redacted, erased, and what was done with it."""

from typing import Annotated, Any  # Any: FastAPI's own types

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, Response, StreamingResponse

from app.http.chat import ERRORS, Storable
from app.http.memory import Moment, Service
from app.http.paging import Limit, Page
from app.http.security import Acting, bound
from app.memory_privacy import RedactedText, RevealedText
from app.problems import ProblemError, problem
from memory.history import ErasureReceipt, ImportReport, Users
from memory.interactions import ExportFormat
from memory.privacy import AuditChain, AuditEntry

IMPORT_PATH = "/v1/memory/import"
router = APIRouter(prefix="/v1", responses=ERRORS)
_JSON_LINES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "JSON lines of `{user, thread, role, name?, text, time}`.",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}
_DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One JSON document, as a download",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


_MEDIA: dict[ExportFormat, str] = {
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
_LOG: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The log, as a download",
        "content": {name: {"schema": {"type": "string"}} for name in _MEDIA.values()},
    }
}


Verify = Annotated[bool, Query(description="Compute the hashes of all entries anew, and compare.")]


class AuditPage(Page[AuditEntry]):
    """Some of what was done."""

    chain: AuditChain | None = Field(
        default=None, description="Whether the whole trail is as it was noted, where that was asked for."
    )


class Confirmation(BaseModel):
    """The consent to an erasure."""

    model_config = ConfigDict(extra="forbid")

    confirm: str = Field(
        max_length=200, description="Who is erased, as `tenant/user`; `local/local` without users."
    )


class ToRedact(BaseModel):
    """A text whose personal data is to go."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Storable]
    reversible: bool = Field(
        default=False, description="Whether the user can have it back: it is kept, encrypted with his key."
    )


class ToReveal(BaseModel):
    """A text that was redacted reversibly."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Storable]


@router.get("/memory/audit", operation_id="listMemoryAudit", tags=["memory"])
async def list_memory_audit(
    memory: Service,
    owner: Acting,
    limit: Limit = 50,
    cursor: Annotated[
        int | None, Query(ge=1, le=2**63 - 1, description="The `next` of the page before.")
    ] = None,
    verify: Verify = False,  # noqa: FBT002  # a parameter by name
) -> AuditPage:
    """What was read, corrected, forgotten, exported and erased of what is remembered, newest first."""
    items = await memory.privacy.audit(owner, limit=limit + 1, before=cursor)
    page = AuditPage.of(items, limit, lambda entry: str(entry.id))
    return page.model_copy(update={"chain": await memory.privacy.verify(owner)}) if verify else page


@router.post("/memory/import", operation_id="importMemory", tags=["memory"], openapi_extra=_JSON_LINES)
async def import_memory(
    request: Request,
    memory: Service,
    owner: Acting,
    name: Annotated[
        str,
        Query(min_length=1, max_length=200, description="What to call the history, such as its file."),
        Storable,
    ] = "history",
    users: Annotated[
        Users,
        Query(
            description="`own`: only lines of the acting user; `any`: each line goes to the user it names."
        ),
    ] = "own",
) -> ImportReport:
    """Take in a history from elsewhere, read as a stream; the same lines again change nothing.

    Lines that cannot be taken in are left out and told with their numbers.
    """
    if users == "any" and await bound(request):
        raise ProblemError(
            problem("forbidden", f"This key acts for {owner} only and takes in no lines of others.")
        )
    try:
        return await memory.take_in(owner, request.stream(), name=name, users=users)
    except ClientDisconnect as error:
        raise ProblemError(
            problem("import_refused", "The connection was closed before the end; send it again to go on.")
        ) from error


@router.get(
    "/memory/export",
    operation_id="exportMemory",
    tags=["memory"],
    response_class=Response,
    responses=_DOCUMENT,
)
async def export_memory(memory: Service, owner: Acting) -> Response:
    """All that is kept of the user as one JSON document, streamed."""
    name = f"freya-memory-{owner.user_id}.json"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(await memory.give_out(owner), media_type="application/json", headers=headers)


@router.get(
    "/memory/interactions",
    operation_id="exportInteractions",
    tags=["memory"],
    response_class=Response,
    responses=_LOG,
)
async def export_interactions(
    request: Request,
    memory: Service,
    owner: Acting,
    form: Annotated[
        ExportFormat, Query(alias="format", description="An object a line, or Parquet.")
    ] = "jsonl",
    since: Annotated[Moment | None, Query(description="Only runs that ended at this time or later.")] = None,
    until: Annotated[Moment | None, Query(description="Only runs that ended before this time.")] = None,
    users: Annotated[
        Users,
        Query(
            description="`own`: the acting user's; `any`: those of all users of all tenants, who are numbered."
        ),
    ] = "own",
) -> Response:
    """The user's own entries of the interaction log with his feedback, redacted as they were logged.

    Those of `any` users are for training: they name nobody. Keys that act for one user only may not have them.
    """
    if users == "any" and await bound(request):
        raise ProblemError(
            problem("forbidden", f"This key acts for {owner} only and reads no log of others.")
        )
    file = await memory.give_out_interactions(owner, form=form, since=since, until=until, users=users)
    return FileResponse(
        file,
        media_type=_MEDIA[form],
        filename=f"freya-interactions-{owner.user_id if users == 'own' else 'all'}.{form}",
        headers={"cache-control": "no-store"},
        background=BackgroundTask(file.unlink, missing_ok=True),
    )


@router.post("/memory/erase", operation_id="eraseMemory", tags=["memory"])
async def erase_memory(body: Confirmation, memory: Service, owner: Acting) -> ErasureReceipt:
    """Erase all of the user in every store, and search them afterwards. It cannot be undone."""
    return await memory.erase(owner, confirmed=body.confirm)


@router.post("/memory/redact", operation_id="redactText", tags=["memory"])
async def redact_text(body: ToRedact, memory: Service, owner: Acting) -> RedactedText:
    """Replace personal data in a text by placeholders, for good or so that the user can have it back."""
    return await memory.privacy.redact(owner, body.text, reversible=body.reversible)


@router.post("/memory/reveal", operation_id="revealText", tags=["memory"])
async def reveal_text(body: ToReveal, memory: Service, owner: Acting) -> RevealedText:
    """Put back what was redacted reversibly for this user; placeholders of others stay. It stands in the audit trail."""
    return await memory.privacy.reveal(owner, body.text)
