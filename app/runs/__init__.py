"""Runs: turns that are owned by the service and not by a connection."""

from app.runs.eventlog import EventLog, StoredEvent
from app.runs.manager import RunManager
from app.runs.records import ChatRequest, ChatResult, RunView
from app.runs.store import RunStore

__all__ = ["ChatRequest", "ChatResult", "EventLog", "RunManager", "RunStore", "RunView", "StoredEvent"]
