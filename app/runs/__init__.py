"""Runs: turns that are owned by the service and not by a connection."""

from app.runs.approvals import ApprovalAnswer
from app.runs.copies import RunCopies
from app.runs.eventlog import EventLog, StoredEvent
from app.runs.manager import RunManager
from app.runs.records import ChatRequest, ChatResult, RunView, storable
from app.runs.store import RunStore
from app.runs.worker import worker_name

__all__ = [
    "ApprovalAnswer",
    "ChatRequest",
    "ChatResult",
    "EventLog",
    "RunCopies",
    "RunManager",
    "RunStore",
    "RunView",
    "StoredEvent",
    "storable",
    "worker_name",
]
