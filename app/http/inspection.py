"""What happened in a run, over HTTP."""

from fastapi import APIRouter

from app.http.chat import ERRORS, RunId, Service
from app.http.security import Acting
from app.runs.inspection import RunTrace

router = APIRouter(prefix="/v1", tags=["chat"], responses=ERRORS)


@router.get("/runs/{run_id}/trace", operation_id="getRunTrace", summary="What happened in a run")
async def get_run_trace(run_id: RunId, freya: Service, owner: Acting) -> RunTrace:
    """Who worked on it, which tools and models were called, with what and how long, as a tree."""
    return await freya.trace(owner, run_id)
