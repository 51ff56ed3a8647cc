"""What users add to the catalogue: topics of their own, aliases of topics that ship, and where names belong; as TOML, too."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from knowledge.corpus import Line, Session, Slug, Topic
from knowledge.errors import KnowledgeError
from knowledge.readers.text import plain

MOST_TOPICS: Final = 5_000
MOST_MAPPINGS: Final = 50_000
LONGEST_FILE: Final = 16 * 1024 * 1024
"""The most bytes of a catalogue as TOML."""
_MOST_ALIASES: Final = 100
_SHORTEST: Final = 2
_MOST_TOLD: Final = 5


class CatalogueInvalid(KnowledgeError):
    """What is to be added to the catalogue is not as it should be; the message says where and why."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def _says_something(name: str) -> str:
    if not name.isprintable():
        raise ValueError("holds characters that cannot be printed; write a space for them")
    return name


SourceName = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_says_something)]
"""What sources call a topic."""


class TopicFields(_Part):
    """What a user adds under a slug: a topic; or, without a name, further aliases of a topic that ships."""

    collection: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$")] | None = Field(
        default=None, description="The collection that the topic belongs to."
    )
    name: Line | None = None
    aliases: Annotated[tuple[Line, ...], Field(max_length=_MOST_ALIASES)] = Field(
        default=(), description="Other names, each of which means this topic and no other."
    )
    category: Line | None = None
    subcategory: Line | None = None
    session: Session | None = Field(
        default=None, description="The research session that the topic belongs to."
    )

    @model_validator(mode="after")
    def _is_one_of_the_two(self) -> Self:
        rest = (self.collection, self.category, self.subcategory, self.session)
        if self.name is None and any(each is not None for each in rest):
            raise ValueError(
                "a topic of one's own needs a name; one that ships takes aliases only, and no other field"
            )
        if self.name is not None and (self.collection is None or self.category is None):
            raise ValueError("a topic of one's own needs a category and a collection")
        if self.name is None and not self.aliases:
            raise ValueError("nothing is added: give a name and a category, or aliases of a topic that ships")
        return self

    @model_validator(mode="after")
    def _is_called_something(self) -> Self:
        for name in (*((self.name,) if self.name is not None else ()), *self.aliases):
            if len(name) < _SHORTEST or not plain(name):
                raise ValueError(
                    f"{name!r} cannot be looked for in a text: give at least 2 characters, and a letter or digit"
                )
        return self


class OwnTopic(TopicFields):
    """The same with its slug."""

    slug: Slug

    @property
    def topic(self) -> Topic | None:
        """As the catalogue has topics; None for aliases of one that ships."""
        if self.name is None or self.category is None:
            return None
        return Topic(
            slug=self.slug,
            name=self.name,
            aliases=self.aliases,
            category=self.category,
            subcategory=self.subcategory,
            session=self.session,
        )


class Mapped(_Part):
    """Where a topic that sources call so belongs, said by hand."""

    name: SourceName
    slug: Slug | None = None
    """None: nowhere in the catalogue."""


Entry = TypeVar("Entry", OwnTopic, Mapped)


class OwnCatalogue(BaseModel):
    """All that users added."""

    model_config = ConfigDict(frozen=True)

    topics: tuple[OwnTopic, ...] = ()
    mappings: tuple[Mapped, ...] = ()


class _Written(_Part):
    topics: Annotated[tuple[OwnTopic, ...], Field(max_length=MOST_TOPICS)] = ()
    mappings: Annotated[tuple[Mapped, ...], Field(max_length=MOST_MAPPINGS)] = ()


def read_catalogue(content: bytes, name: str, *, collection: str) -> OwnCatalogue:
    """What a TOML file adds: `[[topics]]` as the packaged ones are written but without pairs, and `[[mappings]]`.

    A topic that says no `collection` belongs to the given one. Raises CatalogueInvalid, which names the file, the place and what is wrong.
    """
    if len(content) > LONGEST_FILE:
        raise CatalogueInvalid(f"{name} has more than {LONGEST_FILE >> 20} MiB: no catalogue is so long")
    try:
        table = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise CatalogueInvalid(
            f"{name} is not in UTF-8 (byte {error.start + 1}), as TOML must be; save it as UTF-8"
        ) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise CatalogueInvalid(f"{name} is not TOML: {error}") from error
    topics = table.get("topics")
    for topic in topics if isinstance(topics, list) else ():
        if isinstance(topic, dict) and "name" in topic:
            topic.setdefault("collection", collection)
        if isinstance(topic, dict) and "pairs" in topic:
            raise CatalogueInvalid(
                f"{name}: topic {topic.get('slug')} has pairs; a catalogue has none: `freya knowledge import` reads "
                "them from JSON, tables and lists"
            )
    try:
        written = _Written.model_validate(table)
    except ValidationError as error:
        raise CatalogueInvalid(f"{name}: {_told(error)}") from error
    if not written.topics and not written.mappings:
        raise CatalogueInvalid(f"{name} holds no [[topics]] and no [[mappings]]")
    return OwnCatalogue(topics=written.topics, mappings=written.mappings)


def write_catalogue(own: OwnCatalogue) -> str:
    """The same as TOML, which `read_catalogue` reads again; by slug and name, so that two can be compared."""
    topics = [_table("topics", each) for each in sorted(own.topics, key=lambda each: each.slug)]
    mappings = [_table("mappings", each) for each in sorted(own.mappings, key=lambda each: each.name)]
    return "\n".join([*topics, *mappings])


def checked_entry(model: type[Entry], fields: Mapping[str, object]) -> Entry:
    """What is to be added, of its fields. Raises CatalogueInvalid."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise CatalogueInvalid(_told(error)) from error


def _told(error: ValidationError) -> str:
    """What does not fit, in a line."""
    wrong = error.errors()
    said = [
        ": ".join(
            part
            for part in (".".join(map(str, each["loc"])), each["msg"].removeprefix("Value error, "))
            if part
        )
        for each in wrong[:_MOST_TOLD]
    ]
    more = len(wrong) - len(said)
    return "; ".join([*said, f"and {more} more"] if more else said)


def _table(name: str, entry: OwnTopic | Mapped) -> str:
    fields = entry.model_dump(exclude_none=True)
    first = {"slug": fields["slug"]} if name == "topics" else {}
    return "\n".join([f"[[{name}]]", *_lines({**first, **fields}), ""])


def _lines(fields: Mapping[str, object]) -> Iterator[str]:
    for key, value in fields.items():
        if value != ():
            # JSON's strings, numbers and lists are TOML's where all is printable.
            yield f"{key} = {json.dumps(value, ensure_ascii=False)}"
