"""The reusable components of an API document: JSON schemas of the entities, parameters and error responses."""

from pydantic import JsonValue

from agents.rebecca.model import Attribute, DomainModel, Entity, FieldType
from agents.rebecca.naming import camel

Json = dict[str, JsonValue]

_TYPES: dict[FieldType, Json] = {
    FieldType.TEXT: {"type": "string", "minLength": 1, "maxLength": 200},
    FieldType.LONG_TEXT: {"type": "string", "maxLength": 4000},
    FieldType.INTEGER: {"type": "integer"},
    FieldType.COUNT: {"type": "integer", "minimum": 0},
    FieldType.MINUTES: {"type": "integer", "minimum": 1, "description": "In minutes."},
    FieldType.MONEY: {
        "type": "string",
        "pattern": r"^\d{1,10}(\.\d{1,2})?$",
        "description": "A decimal amount.",
    },
    FieldType.NUMBER: {"type": "number"},
    FieldType.PERCENT: {"type": "number", "minimum": 0, "maximum": 100},
    FieldType.RATING: {"type": "integer", "minimum": 1, "maximum": 5},
    FieldType.BOOLEAN: {"type": "boolean"},
    FieldType.DATE: {"type": "string", "format": "date"},
    FieldType.TIME: {"type": "string", "format": "time"},
    FieldType.DATETIME: {"type": "string", "format": "date-time"},
    FieldType.EMAIL: {"type": "string", "format": "email"},
    FieldType.PHONE: {"type": "string", "pattern": r"^\+[1-9]\d{6,14}$", "description": "E.164."},
    FieldType.URL: {"type": "string", "format": "uri", "pattern": "^https?://"},
    FieldType.CHOICE: {"type": "string"},
    FieldType.CURRENCY: {"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217."},
    FieldType.LANGUAGE: {
        "type": "string",
        "pattern": "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        "description": "BCP 47.",
    },
    FieldType.REFERENCE: {"type": "integer", "format": "int64", "minimum": 1},
}
_ERRORS = {
    "400": ("BadRequest", "The request cannot be read."),
    "401": ("Unauthorised", "No valid token or signature."),
    "404": ("NotFound", "There is no such thing, or it is not yours."),
    "409": (
        "Conflict",
        "It contradicts what is stored: the time is taken, the place is full, the status forbids it.",
    ),
    "422": ("Invalid", "The values are readable but not valid; `errors` says which."),
    "429": ("TooManyRequests", "Too many requests; see Retry-After."),
}
_SET_BY_SERVICE = frozenset({"status", "total"})
"""What a new record does not need: the service starts the status and adds up the total."""


def ref(section: str, name: str) -> Json:
    """A reference to a component."""
    return {"$ref": f"#/components/{section}/{name}"}


def problem(code: str) -> str:
    """The name of the error response for an HTTP status code."""
    return _ERRORS[code][0]


def responses() -> Json:
    """The error responses, each a problem document."""
    found: Json = {}
    for code, (name, text) in _ERRORS.items():
        answer: Json = {
            "description": text,
            "content": {"application/problem+json": {"schema": ref("schemas", "Problem")}},
        }
        if code == "429":
            answer["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
        found[name] = answer
    return found


def parameters() -> Json:
    """The shared parameters: paging and idempotency."""
    return {
        "Cursor": {
            "name": "cursor",
            "in": "query",
            "description": "`nextCursor` of the page before.",
            "schema": {"type": "string"},
        },
        "Limit": {
            "name": "limit",
            "in": "query",
            "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "A repeated request with the same key is carried out once.",
            "schema": {"type": "string", "minLength": 8, "maxLength": 128},
        },
    }


def domain_schemas(domain: DomainModel, channels: list[str]) -> Json:
    """All schemas: four for each entity, and the common ones."""
    found: Json = {}
    for entity in domain.entities:
        found |= entity_schemas(entity)
    found |= _common(channels)
    return dict(sorted(found.items()))


def entity_schemas(entity: Entity) -> Json:
    """An entity as it is read, created, changed and listed."""
    properties: Json = {camel(item.name): attribute_schema(item) for item in entity.attributes}
    needed: list[JsonValue] = [camel(item.name) for item in entity.attributes if item.required]
    creating: list[JsonValue] = [
        camel(item.name) for item in entity.attributes if item.required and not _has_default(item)
    ]
    name = entity.schema_name
    stored: Json = {
        "id": {"type": "integer", "format": "int64", "readOnly": True},
        **properties,
        "createdAt": {"type": "string", "format": "date-time", "readOnly": True},
        "updatedAt": {"type": "string", "format": "date-time", "readOnly": True},
    }
    return {
        name: {"type": "object", "required": ["id", *needed, "createdAt", "updatedAt"], "properties": stored},
        f"{name}Create": {
            "type": "object",
            "additionalProperties": False,
            "required": creating,
            "properties": {key: value for key, value in properties.items() if key not in _SET_BY_SERVICE},
        },
        f"{name}Update": {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {key: value for key, value in properties.items() if key not in _SET_BY_SERVICE},
        },
        f"{name}Page": {
            "type": "object",
            "required": ["items"],
            "properties": {
                "items": {"type": "array", "items": ref("schemas", name)},
                "nextCursor": {"type": ["string", "null"]},
            },
        },
    }


def attribute_schema(item: Attribute) -> Json:
    """The JSON schema of an attribute; an optional one may be null."""
    found = dict(_TYPES[item.type])
    if item.refers_to:
        found["description"] = f"The {item.refers_to.replace('_', ' ')}'s id."
    if item.choices:
        choices: list[JsonValue] = list(item.choices)
        found["enum"] = choices if item.required else [*choices, None]
    if not item.required:
        found["type"] = [found["type"], "null"]
    return found


def _has_default(item: Attribute) -> bool:
    return (
        item.name in _SET_BY_SERVICE
        or item.name == "priority"
        or item.type in {FieldType.BOOLEAN, FieldType.CURRENCY}
    )


def _common(channels: list[str]) -> Json:
    moment: Json = {"type": "string", "format": "date-time"}
    day: Json = {"type": "string", "format": "date"}
    text: Json = {"type": "string", "minLength": 1, "maxLength": 8000}
    names: list[JsonValue] = list(channels)
    return {
        "Problem": {
            "type": "object",
            "description": "RFC 9457.",
            "required": ["type", "title", "status"],
            "properties": {
                "type": {"type": "string", "format": "uri-reference"},
                "title": {"type": "string"},
                "status": {"type": "integer", "minimum": 400, "maximum": 599},
                "detail": {"type": "string"},
                "instance": {"type": "string", "format": "uri-reference"},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
                    },
                },
            },
        },
        "Period": {
            "type": "object",
            "required": ["startsAt", "endsAt"],
            "properties": {"startsAt": moment, "endsAt": moment},
        },
        "Dates": {
            "type": "object",
            "required": ["arrivesOn", "leavesOn"],
            "properties": {"arrivesOn": day, "leavesOn": day},
        },
        "UserMessage": {
            "type": "object",
            "additionalProperties": False,
            "required": ["text"],
            "properties": {
                "text": text,
                "channel": {"type": "string", "enum": names},
                "language": {"type": "string"},
            },
        },
        "AgentReply": {
            "type": "object",
            "required": ["text", "calls"],
            "properties": {
                "text": {"type": "string"},
                "calls": {
                    "type": "array",
                    "description": "The operations the agent called for this answer.",
                    "items": {"type": "string"},
                },
                "handedOver": {"type": "boolean", "default": False},
            },
        },
    }
