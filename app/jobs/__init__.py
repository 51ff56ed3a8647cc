"""Long work on what is known, in the background: asked for as orders, kept as jobs, carried out one at a time."""

from app.jobs.automatic import AutomaticRefining
from app.jobs.evaluation import Evaluation
from app.jobs.orders import (
    AnyOrder,
    JobOrder,
    as_order,
    job_id,
)
from app.jobs.runner import JobRunner, Tell, Work
from app.jobs.work import Works

__all__ = [
    "AnyOrder",
    "AutomaticRefining",
    "Evaluation",
    "JobOrder",
    "JobRunner",
    "Tell",
    "Work",
    "Works",
    "as_order",
    "job_id",
]
