"""The OpenAPI document, put right where FastAPI cannot say what a response is."""

from typing import Any  # an OpenAPI document holds anything

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, TypeAdapter

from app.http.completions.replies import ChatCompletionChunk
from app.http.replies import PROBLEM_TYPE
from graphs import Event

_SCHEMAS = "#/components/schemas/{model}"
_PROBLEM = {"$ref": _SCHEMAS.format(model="Problem")}
_NAMES = {
    "Tier-Input": "QualityTier",
    "Tier-Output": "MemoryTier",
    "agents__definitions__Verdict": "CaseVerdict",
    "knowledge__evaluation__verdicts__Verdict": "MethodVerdict",
}
"""What schemas are called whose classes share a name; by what they were told apart."""
_SECURITY = {
    "ApiKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key; needed where the service has keys, which it must beyond loopback.",
    }
}


def describe(app: FastAPI) -> dict[str, Any]:
    """The document: problems under their own media type, the events as one named union, and the way keys are given."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        schemas = document["components"]["schemas"]
        event = TypeAdapter[Any](Event).json_schema(ref_template=_SCHEMAS, mode="serialization")
        schemas |= event.pop("$defs")
        schemas |= _defined(ChatCompletionChunk)
        # The graphs know neither of these two, and carry them as JSON.
        schemas["RunFinished"]["properties"]["result"] = {"$ref": _SCHEMAS.format(model="ChatResult")}
        schemas["RunFailed"]["properties"]["problem"] = {"$ref": _SCHEMAS.format(model="Problem")}
        schemas["Event"] = {
            "title": "Event",
            "description": "What happens in a run; `type` says which it is.",
            **event,
        }
        for methods in document["paths"].values():
            for operation in methods.values():
                _put_right(operation["responses"])
        document["components"]["securitySchemes"] = _SECURITY
        document["security"] = [{"ApiKey": []}, {}]
        app.openapi_schema = _renamed(document)
    return app.openapi_schema


def _renamed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the names of `_NAMES`."""
    schemas = document["components"]["schemas"]
    for old, new in _NAMES.items():
        schemas[old]["title"] = new  # generators name code by it
    document["components"]["schemas"] = {_NAMES.get(name, name): each for name, each in schemas.items()}
    references = {_SCHEMAS.format(model=old): _SCHEMAS.format(model=new) for old, new in _NAMES.items()}
    waiting: list[Any] = [document]
    while waiting:
        match waiting.pop():
            case dict() as found:
                if found.get("$ref") in references:
                    found["$ref"] = references[found["$ref"]]
                waiting += found.values()
            case list() as items:
                waiting += items
    return document


def _defined(model: type[BaseModel]) -> dict[str, Any]:
    """The schemas of a model and of what it is made of, by name."""
    schema = model.model_json_schema(ref_template=_SCHEMAS, mode="serialization")
    return {**schema.pop("$defs", {}), model.__name__: schema}


def _put_right(responses: dict[str, Any]) -> None:
    default = responses["default"]["content"]
    if default["application/json"]["schema"] == _PROBLEM:
        default[PROBLEM_TYPE] = default.pop("application/json")
    content = responses.get("200", {}).get("content", {})
    if "text/event-stream" in content and "application/json" in content:
        content["text/event-stream"] = {"schema": {"$ref": _SCHEMAS.format(model="ChatCompletionChunk")}}
    elif "text/event-stream" in content:
        content["text/event-stream"] = {"schema": {"$ref": _SCHEMAS.format(model="Event")}}
