"""Values that the first pass over a JSON file passed over, and what they say of the pairs beside or below them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from knowledge.readers.fields import Role, is_slug, rank
from knowledge.readers.looks import Look
from knowledge.readers.scanner import Scalar
from knowledge.readers.text import is_placeholder

_TAG_ENDS = re.compile(r"[,;|\n]")


@dataclass(frozen=True, slots=True)
class Own:
    """What an object says itself of the pairs in it."""

    topic: str | None = None
    topic_field: str | None = None
    title: str | None = None
    title_field: str | None = None
    category: str | None = None
    session: str | None = None
    difficulty: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(slots=True)
class Node:
    """A value that was passed over."""

    kind: str
    length: int = 0
    asking: bool = False
    value: Scalar = None
    holds: bool = False
    """Pairs are in it."""
    look: Look | None = None
    fields: dict[str, "Node"] = field(default_factory=dict)
    strings: tuple[str, ...] = ()
    texts: int = 0
    items: int = 0
    deep: bool = False
    """Something in it is not read, and whatever it is has to be said."""
    couple: bool = False
    """A list of a question and another text."""
    wraps: str | None = None
    """What `kind_of` says of it where that is not its kind: `wrapped` or `void`."""
    number: int = 0
    """Of an object or list on the tape."""
    speaks: bool = False
    """What somebody says in turn."""

    def light(self) -> "Node":
        """The same without what is below it."""
        return Node("map", holds=self.holds) if self.kind == "map" else self


def own(fields: Mapping[str, Node], told: list[Node] | None = None) -> Own:
    """What an object's own fields, and those of the metadata in it, say of its pairs."""
    given = {name: node for part in reversed(told or []) for name, node in part.fields.items()}
    given |= fields
    topic = _named(given, Role.TOPIC)
    title = _named(given, Role.TITLE)
    category, session, difficulty = (
        _named(given, role) for role in (Role.CATEGORY, Role.SESSION, Role.DIFFICULTY)
    )
    tags = next((found for name, node in given.items() if (found := _tags(name, node))), ())
    return Own(
        topic=_said(topic, given),
        topic_field=topic,
        title=_said(title, given),
        title_field=title,
        category=_said(category, given),
        session=_said(session, given),
        difficulty=_said(difficulty, given),
        tags=tags,
    )


def _tags(name: str, node: Node) -> tuple[str, ...]:
    """A list of tags, or those that a text lists."""
    if rank(name, Role.TAGS) is None:
        return ()
    if isinstance(node.value, str):
        return tuple(part.strip() for part in _TAG_ENDS.split(node.value) if part.strip())
    return node.strings


def _named(fields: Mapping[str, Node], role: Role) -> str | None:
    fitting: list[tuple[int, str]] = []
    for name, node in fields.items():
        found = rank(name, role)
        if found is None or _said(name, fields) is None or (isinstance(node.value, bool)):
            continue
        if role in {Role.TOPIC, Role.TITLE, Role.CATEGORY} and not isinstance(_first(node), str):
            continue
        slug = role is Role.TOPIC and is_slug(str(_first(node)))
        fitting.append((found + 20 * slug + (10 if node.kind == "list" else 0), name))
    return min(fitting)[1] if fitting else None


def _said(name: str | None, fields: Mapping[str, Node]) -> str | None:
    value = _first(fields[name]) if name is not None else None
    if value is None or isinstance(value, bool):
        return None
    text = str(value).strip()
    return text if text and not is_placeholder(text) else None


def _first(node: Node) -> Scalar:
    """A scalar, or the only text of a list of one."""
    if node.kind == "list":
        return node.strings[0] if node.items == 1 and node.strings else None
    return node.value
