"""An OpenAPI 3.1 document for a domain: its resources, their operations and errors, the agent's own doors."""

from collections.abc import Iterator
from dataclasses import dataclass

import orjson
from pydantic import JsonValue

from agents.rebecca.model import ConstraintKind, DomainModel, Entity, EntityKind, WorkflowKind
from agents.rebecca.naming import camel, identifier, kebab, listed, pascal, with_article
from agents.rebecca.schemas import (
    attribute_schema,
    domain_schemas,
    parameters,
    problem,
    ref,
    responses,
)
from agents.tools import ToolRefused

Json = dict[str, JsonValue]

_ACTIONS: dict[EntityKind, tuple[tuple[str, str], ...]] = {
    EntityKind.BOOKING: (("confirm", "confirmed"), ("cancel", "cancelled"), ("complete", "completed")),
    EntityKind.STAY: (("confirm", "confirmed"), ("cancel", "cancelled"), ("complete", "completed")),
    EntityKind.ENROLMENT: (("cancel", "cancelled"), ("complete", "completed")),
    EntityKind.ORDER: (("confirm", "confirmed"), ("cancel", "cancelled"), ("fulfil", "fulfilled")),
    EntityKind.CASE: (("resolve", "resolved"), ("close", "closed"), ("reopen", "open")),
    EntityKind.SLOT: (("cancel", "cancelled"),),
}
_SIGNATURES = {
    "telegram": ("X-Telegram-Bot-Api-Secret-Token", "The secret that was given to Telegram's setWebhook."),
    "whatsapp": ("X-Hub-Signature-256", "HMAC-SHA256 of the body under the app secret."),
    "messenger": ("X-Hub-Signature-256", "HMAC-SHA256 of the body under the app secret."),
    "instagram": ("X-Hub-Signature-256", "HMAC-SHA256 of the body under the app secret."),
    "slack": ("X-Slack-Signature", "HMAC-SHA256 of version, timestamp and body under the signing secret."),
    "viber": ("X-Viber-Content-Signature", "HMAC-SHA256 of the body under the account's token."),
    "line": ("x-line-signature", "HMAC-SHA256 of the body under the channel secret."),
}
_STANDARD = frozenset({"create", "get", "list", "update", "delete"})
"""What each resource has anyway."""
_OTHER_SIGNATURE = ("X-Signature-256", "HMAC-SHA256 of the body under a shared secret.")


@dataclass(frozen=True)
class Operation:
    """One operation of the document. `entity` is the identifier of its resource, None for the agent's own."""

    method: str
    path: str
    operation_id: str
    summary: str
    entity: str | None


def document(domain: DomainModel) -> Json:
    """The document of a domain. Raises ToolRefused, with the place, if openapi-spec-validator finds it invalid."""
    found = composed(domain)
    validate(found)
    return found


def composed(domain: DomainModel) -> Json:
    """The same, unread by openapi-spec-validator, which takes ten times longer: for who wants its operations only."""
    channels = [identifier(name) for name in domain.values(ConstraintKind.CHANNEL)]
    paths: dict[str, Json] = {}
    for entity in domain.entities:
        _add(paths, _resource(entity))
    _add(paths, _availability(domain))
    _add(paths, _conversation())
    _add(paths, _channels(channels))
    tags: list[JsonValue] = [
        {"name": entity.table, "description": _tag(entity)} for entity in domain.entities
    ]
    tags.append({"name": "agent", "description": "The agent itself: conversation and channels."})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{domain.title[:1].upper()}{domain.title[1:]} agent API",
            "version": "1.0.0",
            "summary": f"What an agent for {with_article(domain.title)} calls, and how it is reached.",
            "description": _description(domain),
        },
        "servers": [{"url": "/v1", "description": "Relative to where the service runs."}],
        "security": [{"bearer": []}],
        "tags": tags,
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": _security(channels),
            "parameters": parameters(),
            "responses": responses(),
            "schemas": domain_schemas(domain, channels),
        },
    }


def validate(found: Json) -> None:
    """Raises ToolRefused with the first fault and its place unless the document is valid OpenAPI 3.1."""
    from openapi_spec_validator import OpenAPIV31SpecValidator

    for error in OpenAPIV31SpecValidator(found).iter_errors():
        place = "/".join(str(part) for part in error.absolute_path)
        what = error.message.partition("\n")[0]
        raise ToolRefused(f"The generated API document is not valid at {place}: {what}")


def operations(found: Json) -> tuple[Operation, ...]:
    """The operations of a document, path by path."""
    listed_operations = []
    paths = found["paths"]
    for path, item in paths.items() if isinstance(paths, dict) else ():
        for method, operation in item.items() if isinstance(item, dict) else ():
            if isinstance(operation, dict) and "operationId" in operation:
                entity = operation.get("x-entity")
                listed_operations.append(
                    Operation(
                        method=method.upper(),
                        path=path,
                        operation_id=str(operation["operationId"]),
                        summary=str(operation["summary"]),
                        entity=str(entity) if entity else None,
                    )
                )
    return tuple(listed_operations)


def dump(found: Json) -> str:
    """The document as indented JSON."""
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()


def _add(paths: dict[str, Json], more: Iterator[tuple[str, str, Json]]) -> None:
    for path, method, operation in more:
        paths.setdefault(path, {})[method] = operation


def _resource(entity: Entity) -> Iterator[tuple[str, str, Json]]:
    one, path, name = with_article(entity.name), entity.path, entity.schema_name
    item_path = f"{path}/{{{camel(entity.key)}}}"
    key = _path_parameter(entity)
    many = pascal(entity.table)
    yield path, "get", _operation(
        entity, f"list{many}", f"List {entity.plural}", "200", ref("schemas", f"{name}Page"),
        parameters=[*_filters(entity), _parameter("Cursor"), _parameter("Limit")], errors=("400",),
    )  # fmt: skip
    yield path, "post", _operation(
        entity, f"create{name}", f"Create {one}", "201", ref("schemas", name),
        parameters=[_parameter("IdempotencyKey")], body=ref("schemas", f"{name}Create"), errors=("400", "409", "422"),
    )  # fmt: skip
    yield (
        item_path,
        "get",
        _operation(
            entity, f"get{name}", f"Get {one}", "200", ref("schemas", name), parameters=[key], errors=("404",)
        ),
    )
    yield item_path, "patch", _operation(
        entity, f"update{name}", f"Change {one}", "200", ref("schemas", name), parameters=[key],
        body=ref("schemas", f"{name}Update"), errors=("400", "404", "409", "422"),
    )  # fmt: skip
    yield (
        item_path,
        "delete",
        _operation(
            entity, f"delete{name}", f"Delete {one}", "204", None, parameters=[key], errors=("404", "409")
        ),
    )
    for action, status in _ACTIONS.get(entity.kind, ()):
        yield f"{item_path}/{action}", "post", _operation(
            entity, f"{action}{name}", f"{action.capitalize()} {one} (status becomes {status})", "200",
            ref("schemas", name), parameters=[key, _parameter("IdempotencyKey")], errors=("404", "409"),
        )  # fmt: skip
    yield from _own_actions(entity, item_path, key)
    if entity.kind in {EntityKind.BOOKING, EntityKind.STAY}:
        yield f"{item_path}/reschedule", "post", _operation(
            entity, f"reschedule{name}", f"Move {one} to another time", "200", ref("schemas", name),
            parameters=[key, _parameter("IdempotencyKey")],
            body=ref("schemas", "Dates" if entity.kind is EntityKind.STAY else "Period"), errors=("404", "409", "422"),
        )  # fmt: skip


def _own_actions(entity: Entity, item_path: str, key: JsonValue) -> Iterator[tuple[str, str, Json]]:
    """The operations for what is done to the entity in the words of the description."""
    standard = {name for name, _ in _ACTIONS.get(entity.kind, ())} | _STANDARD
    if entity.kind in {EntityKind.BOOKING, EntityKind.STAY}:
        standard |= {"reschedule"}
    for action in entity.actions:
        if action.name in standard:
            continue
        what = action.name.replace("_", " ").capitalize()
        effect = f" (status becomes {action.status})" if action.status else ""
        field = next((item for item in entity.attributes if item.name == action.field), None)
        body: Json | None = None
        if field is not None:
            set_to = attribute_schema(field.model_copy(update={"required": True}))
            body = {"type": "object", "additionalProperties": False, "required": [camel(field.name)], "properties": {camel(field.name): set_to}}  # fmt: skip
        yield f"{item_path}/{kebab(action.name)}", "post", _operation(
            entity, f"{camel(action.name)}{entity.schema_name}", f"{what} {with_article(entity.name)}{effect}", "200",
            ref("schemas", entity.schema_name), parameters=[key, _parameter("IdempotencyKey")], body=body,
            errors=("404", "409", "422"),
        )  # fmt: skip


def _availability(domain: DomainModel) -> Iterator[tuple[str, str, Json]]:
    for entity in domain.entities:
        if entity.kind not in {EntityKind.BOOKING, EntityKind.STAY}:
            continue
        filters = [
            _query(camel(item.name), {"type": "integer", "format": "int64"}) for item in entity.references
        ]
        moment: JsonValue = {
            "type": "string",
            "format": "date" if entity.kind is EntityKind.STAY else "date-time",
        }
        yield f"/availability/{kebab(entity.table)}", "get", _operation(
            entity, f"find{entity.schema_name}Availability", f"Find free times for {with_article(entity.name)}", "200",
            {"type": "array", "items": ref("schemas", "Dates" if entity.kind is EntityKind.STAY else "Period")},
            parameters=[_query("from", moment, required=True), _query("until", moment, required=True), *filters],
            errors=("400", "422"),
        )  # fmt: skip


def _conversation() -> Iterator[tuple[str, str, Json]]:
    yield "/agent/conversations/{conversationId}/messages", "post", _operation(
        None, "sendMessage", "Say something to the agent and get its answer", "200", ref("schemas", "AgentReply"),
        parameters=[
            {"name": "conversationId", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
            _parameter("IdempotencyKey"),
        ],
        body=ref("schemas", "UserMessage"), errors=("400", "404", "422"),
    )  # fmt: skip


def _channels(channels: list[str]) -> Iterator[tuple[str, str, Json]]:
    for channel in channels:
        if channel == "web":
            continue
        operation = _operation(
            None, f"receive{pascal(channel)}Update", f"Receive an update from {pascal(channel)}", "204", None,
            body={"type": "object", "description": "As the channel sends it."}, errors=("400",),
        )  # fmt: skip
        operation["security"] = [{f"{channel}_signature": []}]
        yield f"/agent/channels/{kebab(channel)}/updates", "post", operation


def _operation(
    entity: Entity | None,
    operation_id: str,
    summary: str,
    status: str,
    result: JsonValue,
    *,
    parameters: list[JsonValue] | None = None,
    body: JsonValue = None,
    errors: tuple[str, ...] = (),
) -> Json:
    answer: Json = {"description": "Done." if result is None else summary}
    if result is not None:
        answer["content"] = {"application/json": {"schema": result}}
    answers: Json = {status: answer}
    for code in (*errors, "401", "429"):
        answers[code] = ref("responses", problem(code))
    found: Json = {
        "operationId": operation_id,
        "summary": summary,
        "tags": [entity.table if entity else "agent"],
        "responses": answers,
    }
    if entity:
        found["x-entity"] = entity.identifier
    if parameters:
        found["parameters"] = parameters
    if body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return found


def _filters(entity: Entity) -> list[JsonValue]:
    found: list[JsonValue] = [
        _query(camel(item.name), {"type": "integer", "format": "int64"}) for item in entity.references
    ]
    states = [item.choices for item in entity.attributes if item.name == "status"]
    found.extend(_query("status", {"type": "string", "enum": list(choices)}) for choices in states)
    return found


def _query(name: str, schema: JsonValue, *, required: bool = False) -> JsonValue:
    return {"name": name, "in": "query", "required": required, "schema": schema}


def _path_parameter(entity: Entity) -> JsonValue:
    schema: JsonValue = {"type": "integer", "format": "int64", "minimum": 1}
    return {"name": camel(entity.key), "in": "path", "required": True, "schema": schema}


def _parameter(name: str) -> JsonValue:
    return ref("parameters", name)


def _security(channels: list[str]) -> Json:
    schemes: Json = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token for the agent or for a person.",
        }
    }
    for channel in channels:
        if channel != "web":
            header, text = _SIGNATURES.get(channel, _OTHER_SIGNATURE)
            schemes[f"{channel}_signature"] = {
                "type": "apiKey",
                "in": "header",
                "name": header,
                "description": text,
            }
    return schemes


def _tag(entity: Entity) -> str:
    return f"{entity.plural.capitalize()} ({entity.kind.value})."


def _description(domain: DomainModel) -> str:
    parts = [f"Resources: {listed([entity.plural for entity in domain.entities])}."]
    parts.append(f"Channels: {listed(list(domain.values(ConstraintKind.CHANNEL)))}.")
    parts.append(f"Languages: {listed(list(domain.values(ConstraintKind.LANGUAGE)))}.")
    if any(workflow.kind is WorkflowKind.PAYMENT for workflow in domain.workflows):
        parts.append("Payments are taken by a provider; no card data pass through this API.")
    parts.append(
        "Lists are paged by cursor. Errors are problem documents (RFC 9457). Writes take an idempotency key."
    )
    return " ".join(parts)
