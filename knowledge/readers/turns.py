"""What people and a model say in turn: `{"role": "user", "content": ...}`, `{"from": "gpt", "value": ...}`."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import JsonValue

from knowledge.readers.wrapped import texts_in

_SPEAKER_FIELDS = ("role", "from", "speaker", "author")
_SPOKEN_FIELDS = ("content", "value", "text", "message", "parts")


class Speaker(StrEnum):
    """Who says something."""

    PERSON = "person"
    MODEL = "model"
    OTHER = "other"
    """The system, or a tool: neither asks nor answers."""


_SPEAKERS = {
    **dict.fromkeys(("user", "human", "prompter"), Speaker.PERSON),
    **dict.fromkeys(("assistant", "gpt", "bot", "model", "ai"), Speaker.MODEL),
    **dict.fromkeys(("system", "tool"), Speaker.OTHER),
}


def speaker_of(fields: Mapping[str, object]) -> Speaker | None:
    """Who says what an object holds; None: it is nothing that is said."""
    if not any(name in fields for name in _SPOKEN_FIELDS):
        return None
    name = next((fields[name] for name in _SPEAKER_FIELDS if name in fields), None)
    return _SPEAKERS.get(name.lower()) if isinstance(name, str) else None


def spoken(turn: Mapping[str, JsonValue]) -> JsonValue:
    """What is said; of several parts of text all of them."""
    said = next((turn[name] for name in _SPOKEN_FIELDS if name in turn), None)
    parts = texts_in(said) if isinstance(said, dict | list) else None
    return said if parts is None else "\n\n".join(part.text for part in parts)
