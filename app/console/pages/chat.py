"""Chat: a new thread, or one that goes on."""

from app.console.notices import empty
from app.console.registry import page
from app.console.visit import Visit


@page("/", title="Chat", icon="chat_bubble_outline", place=0, wide=True)
async def new_chat(visit: Visit) -> None:
    """A thread that begins with its first message."""
    empty("Ask Freya", "She answers with what she can cite or compute.", icon="forum")
