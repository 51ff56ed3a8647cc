"""The HTTP and WebSocket doors."""

from app.http.application import create_app

__all__ = ["create_app"]
