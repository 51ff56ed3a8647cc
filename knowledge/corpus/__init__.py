"""The knowledge that ships in the package: a catalogue of topics, and pairs on each of them.

A folder holds a collection, a file a part of it, in TOML: `[[topics]]`, and under each its `[[topics.pairs]]`.
"""

import tomllib
from collections import Counter
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from knowledge.errors import KnowledgeError

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
LONGEST_SLUG = 80


class CorpusInvalid(KnowledgeError):
    """A file of the packaged knowledge is not as it should be."""


def _printable(line: str) -> str:
    if not line.isprintable():
        raise ValueError("holds characters that cannot be printed; leave them out")
    return line


Line = Annotated[
    str, Field(min_length=1, max_length=400, pattern=r"^\S.*\S$|^\S$"), AfterValidator(_printable)
]
"""A line of text, without space around it."""
Slug = Annotated[str, Field(pattern=SLUG, max_length=LONGEST_SLUG)]
"""A topic's name for programs."""
Session = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""The number of a research session."""


class Difficulty(StrEnum):
    """What a reader must know already."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class Worked(BaseModel):
    """A figure that an answer states, and the expression that gives it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    figure: Annotated[str, Field(pattern=r"^-?\d[\d,]*(\.\d+)?$")]
    """As it stands in the answer."""
    expression: Annotated[str, Field(min_length=1, max_length=2000)]
    """What `knowledge.worked.evaluate` computes to it, to the figure's decimals."""


class Pair(BaseModel):
    """A question and its answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    question: Annotated[str, Field(min_length=10, max_length=300, pattern=r"\?$")]
    answer: Annotated[str, Field(min_length=200, max_length=3000)]
    difficulty: Difficulty
    tags: Annotated[tuple[Annotated[str, Field(pattern=SLUG)], ...], Field(min_length=1, max_length=8)]
    sources: Annotated[tuple[Line, ...], Field(min_length=1, max_length=6)]
    """Where the formula or fact comes from: author, year, title."""
    worked: tuple[Worked, ...] = ()

    @model_validator(mode="after")
    def _figures_stand_in_the_answer(self) -> "Pair":
        missing = [each.figure for each in self.worked if each.figure not in self.answer]
        if missing:
            raise ValueError(f"the worked figures {missing} do not stand in the answer")
        return self


class Topic(BaseModel):
    """A topic of the catalogue, with what is known of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    slug: Slug
    name: Line
    aliases: tuple[Line, ...] = ()
    """Other names, abbreviations and spellings that mean this topic and no other."""
    category: Line
    subcategory: Line | None = None
    session: Session | None = None
    """The research session that the topic belongs to."""
    pairs: tuple[Pair, ...] = ()
    """What ships has some on each topic."""


class _PackagedTopic(Topic):
    pairs: Annotated[tuple[Pair, ...], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    topics: Annotated[tuple[_PackagedTopic, ...], Field(min_length=1)]


def read_part(text: str, name: str) -> tuple[Topic, ...]:
    """The topics of one file. Raises CorpusInvalid, which names the file, the place and what is wrong."""
    try:
        return _Part.model_validate(tomllib.loads(text)).topics
    except tomllib.TOMLDecodeError as error:
        raise CorpusInvalid(f"{name}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CorpusInvalid(
            f"{name}: {place}: {first['msg']}; {error.error_count()} problem(s) in all"
        ) from error


def read_folder(folder: Traversable) -> dict[str, tuple[Topic, ...]]:
    """The topics of each collection of a folder, in the order of the files. Raises CorpusInvalid."""
    found = {
        name: tuple(topic for part in parts for topic in read_part(part.read_text("utf-8"), part.name))
        for name, parts in parts_of(folder).items()
    }
    counted = Counter(topic.slug for topics in found.values() for topic in topics)
    twice = [slug for slug, count in counted.items() if count > 1]
    if twice:
        raise CorpusInvalid(f"The slugs {', '.join(twice)} stand for two topics each.")
    return found


def parts_of(folder: Traversable) -> dict[str, list[Traversable]]:
    """The files of each collection of a folder, by name."""
    inside = {
        entry.name: [part for part in _sorted(entry) if part.name.endswith(".toml")]
        for entry in _sorted(folder)
        if entry.is_dir()
    }
    return {name: parts for name, parts in inside.items() if parts}


def packaged_folder() -> Traversable:
    """Where the files of the package are."""
    return files(__name__)


@lru_cache(maxsize=1)
def packaged_topics() -> dict[str, tuple[Topic, ...]]:
    """The topics of each collection that ship in the package. Raises CorpusInvalid."""
    return read_folder(packaged_folder())


def _sorted(folder: Traversable) -> list[Traversable]:
    return sorted(folder.iterdir(), key=lambda entry: entry.name)
