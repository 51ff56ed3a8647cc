"""Ask several questions on one WebSocket, in one conversation: socket_turns.py URL QUESTION..."""

import asyncio
import sys

from freya_client.streaming import FreyaSocket


async def main(url: str, questions: list[str]) -> None:
    """Print each answer."""
    thread: dict[str, str] = {}
    async with FreyaSocket(url) as socket:
        for question in questions:
            async for event in socket.turn({"message": question, **thread}):
                if event["type"] == "run.finished":
                    thread = {"thread_id": event["result"]["thread_id"]}
                    print(event["result"]["answer"])


asyncio.run(main(sys.argv[1], sys.argv[2:]))
