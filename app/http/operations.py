"""Liveness, readiness and metrics."""

import asyncio
import contextlib
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from starlette.responses import RedirectResponse

from app.health import HealthReport
from app.http.chat import ERRORS, Service
from app.metrics import Metrics
from knowledge import KnowledgeUnavailable

_PATIENCE_S = 1.0
_JOBS = 200
"""As many as are kept."""
router = APIRouter(tags=["operations"], responses=ERRORS)


class Liveness(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


@router.get("/healthz", operation_id="getLiveness")
async def get_liveness() -> Liveness:
    """Whether the process answers; asks nothing it depends on."""
    return Liveness()


@router.get(
    "/readyz",
    operation_id="getReadiness",
    responses={503: {"model": HealthReport, "description": "Not ready"}},
)
async def get_readiness(freya: Service, response: Response) -> HealthReport:
    """Whether everything it depends on answers; 503 and what does not, otherwise."""
    report = await freya.health()
    if not report.ready:
        response.status_code = 503
    return report


@router.get(
    "/metrics",
    operation_id="getMetrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "Counts and times"}},
)
async def get_metrics(request: Request, freya: Service) -> Response:
    """Counts and times in Prometheus' text format."""
    metrics: Metrics = request.app.state.metrics
    with contextlib.suppress(KnowledgeUnavailable, TimeoutError):
        async with asyncio.timeout(_PATIENCE_S):
            metrics.jobs_stand(str(job.state) for job in await freya.known.jobs(limit=_JOBS))
    text = await asyncio.to_thread(metrics.render)  # reads files of /proc
    return Response(text, media_type="text/plain; version=0.0.4")


@router.get("/", include_in_schema=False)
async def root() -> RedirectResponse:
    """The description of the interface."""
    return RedirectResponse("/docs")
