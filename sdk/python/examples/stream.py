"""Ask over server-sent events, and print the answer as it is written: stream.py URL QUESTION."""

import asyncio
import sys

import httpx
from freya_client.streaming import stream_turn


async def main(url: str, question: str) -> None:
    """Print tokens as they come, and who worked on it."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        async for event in stream_turn(http, {"message": question}):
            if event["type"] == "token":
                print(event["text"], end="", flush=True)
            elif event["type"] == "run.finished":
                print(f"\n-- {', '.join(event['result']['agents'])}, run {event['run_id']}")


asyncio.run(main(sys.argv[1], sys.argv[2]))
