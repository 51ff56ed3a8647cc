"""Turns and runs over HTTP: answered whole, or as server-sent events."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from pydantic import AfterValidator
from starlette.responses import Response, StreamingResponse

from app.http.replies import event_stream, last_event_id
from app.http.security import Acting
from app.problems import Problem, ProblemError
from app.runs import ApprovalAnswer, ChatRequest, ChatResult, RunView, storable
from app.service import Freya

ERRORS: dict[int | str, dict[str, Any]] = {  # FastAPI's own type
    "default": {"model": Problem, "description": "What went wrong, as RFC 9457 has it"}
}
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `id` is the event's number, `event` its type, `data` the event as JSON",
        "content": {"text/event-stream": {}},
    }
}
router = APIRouter(prefix="/v1", tags=["chat"], responses=ERRORS)


async def service(request: Request) -> Freya:
    """The service object of the application."""
    freya: Freya = request.app.state.freya
    return freya


Service = Annotated[Freya, Depends(service)]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=128,
        description="Repeating a POST with its key repeats nothing.",
    ),
]
Storable = AfterValidator(storable)
RunId = Annotated[str, Path(max_length=64), Storable]


@router.post(
    "/chat",
    operation_id="chat",
    summary="A turn, answered whole",
    response_model=ChatResult,
    responses={202: {"model": RunView, "description": "The run waits for a person, see its approvals"}},
)
async def chat(
    body: ChatRequest, freya: Service, owner: Acting, idempotency_key: Key = None
) -> ChatResult | Response:
    """Ask, and wait for the whole answer; 202 with the run where it waits for a person first."""
    try:
        return await freya.chat(owner, body, idempotency_key=idempotency_key)
    except ProblemError as error:
        if error.problem.code != "approval_required" or error.problem.run_id is None:
            raise
        run = await freya.run(owner, error.problem.run_id)
        return Response(run.model_dump_json(), 202, media_type="application/json")


@router.post(
    "/chat/stream",
    operation_id="streamChat",
    summary="A turn, as events",
    response_class=StreamingResponse,
    responses=_STREAM,
)
async def stream_chat(
    body: ChatRequest, freya: Service, owner: Acting, idempotency_key: Key = None
) -> Response:
    """Ask, and follow the run as server-sent events. The run goes on when the connection closes."""
    run_id, _ = await freya.start(owner, body, idempotency_key=idempotency_key)
    return event_stream(await freya.events(owner, run_id))


@router.get("/runs/{run_id}", operation_id="getRun", summary="A run as it stands")
async def get_run(run_id: RunId, freya: Service, owner: Acting) -> RunView:
    """The request, the status, and the result or the problem."""
    return await freya.run(owner, run_id)


@router.get(
    "/runs/{run_id}/events",
    operation_id="streamRunEvents",
    summary="The events of a run",
    response_class=StreamingResponse,
    responses=_STREAM,
)
async def stream_run_events(
    run_id: RunId,
    request: Request,
    freya: Service,
    owner: Acting,
    after: Annotated[int, Query(ge=0, le=10**9, description="Skip events up to this number.")] = 0,
) -> Response:
    """Follow a run from its beginning, or from after the event that `Last-Event-ID` or `after` names."""
    return event_stream(await freya.events(owner, run_id, after=max(after, last_event_id(request))))


@router.post("/runs/{run_id}/cancel", operation_id="cancelRun", summary="Cancel a run")
async def cancel_run(run_id: RunId, freya: Service, owner: Acting) -> RunView:
    """Stop a run that is going on; its thread is free then."""
    return await freya.cancel(owner, run_id)


@router.post("/runs/{run_id}/resume", operation_id="resumeRun", summary="Answer an approval")
async def resume_run(run_id: RunId, body: ApprovalAnswer, freya: Service, owner: Acting) -> RunView:
    """Allow a tool call that the run waits with, with other arguments if need be, or reject it; the run goes on."""
    return await freya.resume(owner, run_id, body)


@router.get(
    "/artifacts/{artifact_id}",
    operation_id="getArtifact",
    summary="Download an artifact",
    response_class=Response,
    responses={
        200: {
            "content": {"application/octet-stream": {}},
            "description": "The artifact, under its own media type",
        }
    },
)
async def get_artifact(
    artifact_id: Annotated[str, Path(max_length=64), Storable], freya: Service, owner: Acting
) -> Response:
    """The content of something that a tool made."""
    artifact = await freya.artifact(owner, artifact_id)
    name = "".join(c for c in artifact.name if c.isascii() and (c.isalnum() or c in "._-")) or "artifact"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "x-content-type-options": "nosniff",
    }
    return Response(artifact.content.encode(), media_type=artifact.media_type, headers=headers)
