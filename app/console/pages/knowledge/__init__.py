"""Knowledge: what is known, found, counted, brought in and worked on."""

from app.console.pages.knowledge import duplicates, imports, jobs, pair, pipeline, search, sources, versions

__all__ = ["duplicates", "imports", "jobs", "pair", "pipeline", "search", "sources", "versions"]
