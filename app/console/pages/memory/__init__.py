"""Memory: what is remembered of the visitor, where it comes from, and what he makes of it."""

from app.console.pages.memory import privacy, projects, recall, record, records

__all__ = ["privacy", "projects", "recall", "record", "records"]
