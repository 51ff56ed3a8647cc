"""The AsyncAPI document of the WebSocket, made of the models that read and write its frames."""

from functools import lru_cache
from typing import Any, Final, get_args  # Any: an AsyncAPI document holds anything

from fastapi import APIRouter
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode
from starlette.responses import JSONResponse

from app.http.sockets import ClientFrame, ServiceFrame
from app.problems import Problem
from app.runs import ChatResult
from graphs import Event

PATH: Final = "/asyncapi.json"
_SCHEMAS: Final = "#/components/schemas/{model}"
router = APIRouter()


@router.get(PATH, include_in_schema=False)
async def get_asyncapi() -> JSONResponse:
    """The document."""
    return JSONResponse(describe_sockets())


@lru_cache(maxsize=1)
def describe_sockets() -> dict[str, Any]:
    """What a client may send on the WebSocket, and what it is sent."""
    sent, answered = _models(ClientFrame), [*_models(ServiceFrame), *_models(Event)]
    schemas: dict[str, Any] = {}
    _add(schemas, sent, "validation")
    _add(schemas, [*answered, ChatResult, Problem], "serialization")
    # The graphs know neither of these two, and carry them as JSON.
    schemas["RunFinished"]["properties"]["result"] = {"$ref": _SCHEMAS.format(model="ChatResult")}
    schemas["RunFailed"]["properties"]["problem"] = {"$ref": _SCHEMAS.format(model="Problem")}
    messages = {model.__name__: _message(model) for model in [*sent, *answered]}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Freya's WebSocket",
            "version": "1",
            "description": "Several turns on one socket: frames are JSON objects whose `type` says which they are.",
        },
        "defaultContentType": "application/json",
        "servers": {"local": {"host": "127.0.0.1:8700", "protocol": "ws"}},
        "channels": {
            "socket": {
                "address": "/v1/ws",
                "title": "The WebSocket",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": {
            "say": _operation("receive", "What the service takes.", sent),
            "tell": _operation("send", "What the service sends.", answered),
        },
        "components": {"messages": messages, "schemas": schemas},
    }


def _add(schemas: dict[str, Any], models: list[type[BaseModel]], mode: JsonSchemaMode) -> None:
    """Add the schemas of the models, and of what they are made of."""
    for model in models:
        schema = model.model_json_schema(ref_template=_SCHEMAS, mode=mode)
        schemas |= {**schema.pop("$defs", {}), model.__name__: schema}


def _models(union: Any) -> list[type[BaseModel]]:  # a discriminated union
    return list(get_args(get_args(union)[0]))


def _message(model: type[BaseModel]) -> dict[str, Any]:
    [kind] = get_args(model.model_fields["type"].annotation)
    summary = (model.__doc__ or "").strip().split("\n", 1)[0]
    return {"name": kind, "summary": summary, "payload": {"$ref": _SCHEMAS.format(model=model.__name__)}}


def _operation(action: str, summary: str, models: list[type[BaseModel]]) -> dict[str, Any]:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": "#/channels/socket"},
        "messages": [{"$ref": f"#/channels/socket/messages/{model.__name__}"} for model in models],
    }
