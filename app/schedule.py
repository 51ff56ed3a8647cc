"""What is due again and again, by name: the same work, whether this process keeps the time or another does."""

from collections.abc import Callable
from typing import Final

from app.cluster import Scheduled
from app.jobs import JOBS_S, REFINING_S
from app.knowledge_wiring import Pipeline
from memory.consolidation import ConsolidationWorker

JOBS: Final = "jobs"
"""To carry out jobs that wait."""
_REFINING: Final = "refining"


def scheduled_work(consolidation: ConsolidationWorker, pipeline: Pipeline) -> Scheduled:
    """The steps of consolidation, jobs that wait, and a look at what was imported."""
    others: dict[str, Callable[[], None]] = {JOBS: pipeline.runner.look, _REFINING: pipeline.refining.due}

    def do(name: str) -> None:
        if name in others:
            others[name]()
        else:
            consolidation.due(name)

    return Scheduled({**consolidation.every_s, JOBS: JOBS_S, _REFINING: REFINING_S}, do)
