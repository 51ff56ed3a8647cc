"""Routing: which specialists work on a message, and what each is asked."""

from graphs.routing.interfaces import Kind, Route, Router, Task
from graphs.routing.router import CalibratedRouter

__all__ = ["CalibratedRouter", "Kind", "Route", "Router", "Task"]
