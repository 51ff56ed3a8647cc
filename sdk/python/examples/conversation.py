"""A whole conversation: what it asks for is allowed, what is made is downloaded, and the question asked again is stopped.

conversation.py URL QUESTION, where the question needs a person, such as one whose tool FREYA_GRAPHS__APPROVALS__TOOLS names.
"""

import asyncio
import sys

import httpx
from freya_client import Client
from freya_client.api.chat import cancel_run, get_artifact, resume_run
from freya_client.models import ApprovalAnswer
from freya_client.streaming import stream_turn


async def main(url: str, question: str) -> None:
    """Print what happens."""
    client = Client(base_url=url, timeout=60)
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        async for event in stream_turn(http, {"message": question}):
            match event["type"]:
                case "token":
                    print(event["text"], end="", flush=True)
                case "approval.required":
                    print(f"-- allowed: {event['tool']}")
                    answer = {"approval_id": event["approval_id"], "decision": "approve"}
                    body = ApprovalAnswer.from_dict(answer)
                    await resume_run.asyncio(event["run_id"], client=client, body=body)
                case "run.finished":
                    print(f"\n-- answered: {event['result']['answer']}")
                    for made in event["result"]["artifacts"]:
                        file = await get_artifact.asyncio_detailed(made["id"], client=client)
                        print(f"-- made: {made['name']}, {made['media_type']}, {len(file.content)} bytes")
        async for event in stream_turn(http, {"message": question}):
            if event["type"] == "approval.required":
                await cancel_run.asyncio(event["run_id"], client=client)
            elif event["type"] == "run.cancelled":
                print("-- stopped")


asyncio.run(main(sys.argv[1], sys.argv[2]))
