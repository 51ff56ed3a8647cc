"""An object that is a pair: which of its fields is what."""

from collections.abc import Mapping

from pydantic import JsonValue

from knowledge.readers.fields import Role, rank, words
from knowledge.readers.intake import About
from knowledge.readers.looks import Look, look
from knowledge.readers.nodes import Node, Own, own
from knowledge.readers.text import is_placeholder
from knowledge.readers.wrapped import kind_of


def choose(value: Mapping[str, JsonValue], choice: Look | None) -> Look | None:
    """The fields that are question and answer: by name, and where names do not say, as its siblings have it."""
    found = look({name: kind_of(part) for name, part in value.items()})
    if choice is None:
        return found
    question = found.question if found is not None and found.question is not None else choice.question
    answer = found.answer if found is not None and found.answer is not None else choice.answer
    return Look(
        question if question is not None and question in value else None,
        answer if answer is not None and answer in value else None,
    )


def input_of(value: Mapping[str, JsonValue], question: str | None) -> str | None:
    """The field with what an `instruction` is to be carried out on, and is part of the question; None: there is none."""
    if question is None or words(question) != ("instruction",):
        return None
    name = next((name for name in value if words(name) == ("input",)), None)
    said = value[name] if name is not None else None
    if not isinstance(said, str) or not said.strip() or is_placeholder(said.strip()):
        return None
    return None if "".join(words(said)) == "noinput" else name


def own_of(value: Mapping[str, JsonValue], found: Look) -> Own:
    """What a pair says of itself."""
    fields = {name: _node(part) for name, part in value.items() if name not in (found.question, found.answer)}
    return own(fields)


def _node(value: JsonValue) -> Node:
    if isinstance(value, str | int | float | bool):
        return Node("text" if isinstance(value, str) else "number", value=value)
    if isinstance(value, list):
        strings = tuple(part for part in value if isinstance(part, str))
        return Node("list", items=len(value), strings=strings)
    return Node("map" if value is not None else "empty")


def used(value: Mapping[str, JsonValue], about: About, said: Own) -> set[str]:
    """The names of the fields that the pair's topic, category, session, difficulty and tags came from."""
    names = {said.topic_field} if said.topic else set()
    for role, kept in (
        (Role.CATEGORY, about.category),
        (Role.SESSION, about.session),
        (Role.DIFFICULTY, about.difficulty),
    ):
        names |= {
            name for name, part in value.items() if rank(name, role) is not None and str(part).strip() == kept
        }
    names |= {
        name
        for name, part in value.items()
        if rank(name, Role.TAGS) is not None and isinstance(part, list | str)
    }
    return {name for name in names if name is not None}
