"""The routes of the OpenAI-compatible door."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from starlette.responses import Response, StreamingResponse

from app.http.chat import Service
from app.http.completions.approving import Said, answer, said_to
from app.http.completions.errors import PREFIX, CompletionErrorBody
from app.http.completions.leaving import ClientLeft, unless_left
from app.http.completions.replies import ChatCompletion, CompletionModel, CompletionModels, waiting, whole
from app.http.completions.requests import OWNER, CompletionRequest, agents_of
from app.http.completions.streaming import Chunks, completion_stream
from app.http.security import Acting
from app.problems import ProblemError
from app.service import Freya
from memory import Owner

_ERRORS: Final[dict[int | str, dict[str, Any]]] = {  # FastAPI's own type
    "default": {"model": CompletionErrorBody, "description": "What went wrong, as OpenAI has it"}
}
_HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}
_GONE: Final = 499
router = APIRouter(prefix=PREFIX, tags=["openai"], responses=_ERRORS)


@router.get("/models", operation_id="listModels")
async def list_models(freya: Service) -> CompletionModels:
    """Freya, who decides herself who works on a request, and each of her specialists, designed ones among them."""
    names = [OWNER, *(f"{OWNER}/{name}" for name in freya.specialists.names)]
    return CompletionModels(data=[_model(name) for name in names])


@router.get("/models/{model:path}", operation_id="getModel")
async def get_model(model: Annotated[str, Path(max_length=128)], freya: Service) -> CompletionModel:
    """One of them."""
    agents_of(model, freya.specialists.names)
    return _model(model)


@router.post(
    "/chat/completions",
    operation_id="createCompletion",
    response_model=ChatCompletion,
    responses={200: {"content": {"text/event-stream": {}}, "description": "The completion, or its chunks"}},
)
async def create_completion(
    body: CompletionRequest, request: Request, freya: Service, owner: Acting
) -> Response:
    """Answer the last message of a conversation. Who leaves before the end stops the run.

    A run that waits for a person says so in its reply, and the next message of the conversation answers it.
    """
    agents = agents_of(body.model, freya.specialists.names)
    said = said_to(body.messages)
    if said is not None and not await answer(freya, owner, said):
        said = None
    run_id = said.run_id if said else await _begin(freya, owner, body, agents)
    created, base_url = datetime.now(UTC), str(request.base_url)
    if body.stream:
        chunks = Chunks(
            run_id, body.model, int(created.timestamp()), base_url,
            with_usage=body.with_usage, unclear=said.unclear if said else "",
        )  # fmt: skip
        stream = completion_stream(request, freya, owner, run_id, chunks)
        return StreamingResponse(stream, media_type="text/event-stream", headers=_HEADERS)
    try:
        completion = await unless_left(
            request, _whole(freya, owner, run_id, said, body.model, created, base_url)
        )
    except ClientLeft:
        freya.leave(owner, run_id)
        return Response(status_code=_GONE)
    return Response(completion.model_dump_json(), media_type="application/json")


async def _begin(freya: Freya, owner: Owner, body: CompletionRequest, agents: list[str]) -> str:
    turn, brought = body.turn(agents)
    await _supersede(freya, owner, body.answered_calls)
    run_id, _ = await freya.start(owner, turn, brought=brought)
    return run_id


async def _whole(
    freya: Freya, owner: Owner, run_id: str, said: Said | None, model: str, created: datetime, base_url: str
) -> ChatCompletion:
    while True:
        try:
            return whole(await freya.result(owner, run_id), model, created, base_url)
        except ProblemError as error:
            if error.problem.code != "approval_required":
                raise
        run = await freya.run(owner, run_id)
        if run.approvals:
            return waiting(run, model, created, said.unclear if said else "")


async def _supersede(freya: Freya, owner: Owner, call_ids: list[str]) -> None:
    """Delete the turn that ended with these calls: the one that begins now, with their results, takes its place."""
    for run_id in {call_id.removeprefix("call_").rpartition("_")[0] for call_id in call_ids}:
        try:
            run = await freya.run(owner, run_id)
            if run.result and run.result.client_calls:
                await freya.delete_thread(owner, run.thread_id, records=True)
        except ProblemError:
            continue  # another service's call, or it was deleted already


def _model(name: str) -> CompletionModel:
    return CompletionModel(id=name, created=0)
