"""The description of the WebSocket: whole, and true of what is sent on it."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from tests.app.doors import SocketClient


@pytest.fixture(scope="module")
async def document(client) -> dict[str, Any]:
    response = await client.get("/asyncapi.json")
    assert response.status_code == 200
    described: dict[str, Any] = response.json()
    return described


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def fits(document: dict[str, Any], operation: str, frame: dict[str, Any]) -> None:
    """Fail unless the frame fits the message of its type in the operation."""
    messages = document["components"]["messages"]
    names = [each["$ref"].rsplit("/", 1)[-1] for each in document["operations"][operation]["messages"]]
    [message] = [messages[name] for name in names if messages[name]["name"] == frame["type"]]
    Draft202012Validator({**message["payload"], "components": document["components"]}).validate(frame)


def test_every_reference_leads_somewhere(document):
    found = list(references(document))
    assert found
    for reference in found:
        at: Any = document
        for step in reference.removeprefix("#/").split("/"):
            at = at[step]
    assert document["asyncapi"] == "3.0.0"


async def test_frames_fit_their_description(document, app):
    sent = [
        {"type": "ping", "id": "p"},
        {"type": "cancel", "run_id": "run_none"},
        {"type": "message", "id": "m", "message": "NPV of -1000, 400, 400, 400 at 8 %"},
    ]
    told = []
    async with SocketClient(app) as socket:
        for frame in sent:
            fits(document, "say", frame)
            socket.send(**frame)
        told = await socket.until("run.finished")
    assert {"pong", "accepted", "error", "run.started", "token"} <= {frame["type"] for frame in told}
    for frame in told:
        fits(document, "tell", frame)
    with pytest.raises(ValidationError):
        fits(document, "say", {"type": "message", "message": 5})
