"""Long work on what is known, in the background: asked for as orders, kept as jobs, carried out one at a time."""

from app.jobs.automatic import REFINING_S, AutomaticRefining
from app.jobs.evaluation import Evaluation
from app.jobs.orders import (
    AnyOrder,
    ImportArguments,
    ImportOrder,
    JobOrder,
    as_order,
    encoding_name,
    job_id,
)
from app.jobs.runner import JOBS_S, JobRunner, Tell, Work
from app.jobs.uploads import Uploads, file_name
from app.jobs.work import Works

__all__ = [
    "JOBS_S",
    "REFINING_S",
    "AnyOrder",
    "AutomaticRefining",
    "Evaluation",
    "ImportArguments",
    "ImportOrder",
    "JobOrder",
    "JobRunner",
    "Tell",
    "Uploads",
    "Work",
    "Works",
    "as_order",
    "encoding_name",
    "file_name",
    "job_id",
]
