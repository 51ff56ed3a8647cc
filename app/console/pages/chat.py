"""Chat: a new thread, or one that goes on."""

from app.console.chat.conversation import Conversation
from app.console.registry import page
from app.console.visit import Visit


@page("/", title="Chat", icon="chat_bubble_outline", place=0, wide=True)
async def new_chat(visit: Visit) -> None:
    """A thread that begins with its first message."""
    await Conversation(visit, None, visit.threads).open()


@page("/threads/{thread_id}", title="Chat", wide=True)
async def thread(visit: Visit, thread_id: str) -> None:
    """A thread that goes on."""
    found = await visit.asked(lambda: visit.freya.thread(visit.owner, thread_id))
    visit.client.title = f"{found.title} · Freya"
    await Conversation(visit, thread_id, visit.threads).open()
