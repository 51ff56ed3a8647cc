"""The web console: pages in the browser over the same service object as every door."""

from app.console.mounting import open_console

__all__ = ["open_console"]
