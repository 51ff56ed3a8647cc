"""The OpenAI-compatible door: a model for each specialist, and chat completions."""

from app.http.completions.errors import CompletionErrors
from app.http.completions.routes import router

__all__ = ["CompletionErrors", "router"]
