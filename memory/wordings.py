"""Wordings of sentences by language: patterns of named pieces that are read from wishes.toml, which says how they are written."""

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from memory.errors import WordingInvalid
from memory.sentence_templates import BEHIND, BUILT_IN, WHAT, expression

_FILE: Final = "wishes.toml"
_TEXT: Final = files("memory").joinpath(_FILE).read_text(encoding="utf-8")
"""Read with the module, as code is: no message must wait for files in the event loop."""
_MARKED: Final = r"[.!:]*(?: ,)*(?: |$)"
"""Behind a word of courtesy, which may have marks."""


class _Answers(BaseModel):
    """To the question which of the offered records is meant."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    all: str
    none: str
    yes: str
    pick: str
    nth: tuple[str, ...] = Field(min_length=1)
    last: str


class _Language(BaseModel):
    """One language's table of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lead: str
    tail: str
    me: str
    pointing: str
    forget: tuple[str, ...]
    aside: tuple[str, ...] = ()
    everything: tuple[str, ...]
    records: tuple[str, ...]
    unclear: tuple[str, ...] = ()
    know: tuple[str, ...]
    pieces: dict[str, str] = {}
    answers: _Answers


@dataclass(frozen=True, kw_only=True)
class Wordings:
    """One language's wordings, compiled: each matches a whole sentence that was prepared (`AllWordings.prepared`)."""

    language: str
    """Its BCP 47 code."""
    forget: tuple[re.Pattern[str], ...]
    aside: tuple[re.Pattern[str], ...]
    everything: tuple[re.Pattern[str], ...]
    records: tuple[re.Pattern[str], ...]
    unclear: tuple[re.Pattern[str], ...]
    know: tuple[re.Pattern[str], ...]
    me: re.Pattern[str]
    pointing: re.Pattern[str]
    all: re.Pattern[str]
    none: re.Pattern[str]
    yes: re.Pattern[str]
    nth: tuple[re.Pattern[str], ...]
    last: re.Pattern[str]


@dataclass(frozen=True, kw_only=True)
class AllWordings:
    """Those of all languages, and the words of courtesy around them."""

    languages: tuple[Wordings, ...]
    lead: re.Pattern[str]
    tail: re.Pattern[str]

    def prepared(self, sentence: str) -> str:
        """The sentence without courtesies and marks around it, with single blanks, and commas between words by themselves.

        Empty for one of courtesies alone.
        """
        plain = (
            " ".join(sentence.replace("’", "'").split()).lstrip(" ¿¡").rstrip(" .!?…").replace(", ", " , ")
        )
        return self.tail.sub("", self.lead.sub("", plain))


@functools.cache
def wordings() -> AllWordings:
    """What the file has, compiled when it is first asked for. Raises WordingInvalid."""
    return read_wordings(_TEXT, _FILE)


def prepare_wordings() -> None:
    """Compile them now, so that no message waits for it. Raises WordingInvalid."""
    wordings()


def read_wordings(text: str, name: str) -> AllWordings:
    """The wordings of a TOML text. Raises WordingInvalid, with the name of the file, the key and what is wrong there."""
    try:
        return _compiled(TypeAdapter(dict[str, _Language]).validate_python(tomllib.loads(text)))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise WordingInvalid(f"{name}: {faults}") from error
    except ValueError as error:  # TOMLDecodeError is one
        raise WordingInvalid(f"{name}: {error}") from error


def restored(part: str) -> str:
    """A part of a prepared sentence as the user wrote it, without marks at its ends."""
    return part.replace(" , ", ", ").strip(" ,.;:!?")


def _compiled(tables: Mapping[str, _Language]) -> AllWordings:
    made = {code: _Compiler(code, table.pieces) for code, table in tables.items()}
    leads = (made[code].source("lead", table.lead, behind=_MARKED) for code, table in tables.items())
    tails = (made[code].source("tail", table.tail) for code, table in tables.items())
    return AllWordings(
        languages=tuple(_of_language(made[code], table) for code, table in tables.items()),
        lead=re.compile(f"^(?:{'|'.join(leads)})+", re.IGNORECASE),
        tail=re.compile(f"(?: ,| )+(?:{'|'.join(tails)})+$", re.IGNORECASE),
    )


def _of_language(made: "_Compiler", table: _Language) -> Wordings:
    answers = table.answers
    return Wordings(
        language=made.language,
        forget=made.sentences("forget", table.forget, about=True),
        aside=made.sentences("aside", table.aside, about=True),
        everything=made.sentences("everything", table.everything),
        records=made.sentences("records", table.records),
        unclear=made.sentences("unclear", table.unclear, about=True),
        know=made.sentences("know", table.know),
        me=made.sentence("me", table.me),
        pointing=made.sentence("pointing", table.pointing),
        all=made.sentence("answers.all", answers.all),
        none=made.sentence("answers.none", answers.none),
        yes=made.sentence("answers.yes", answers.yes),
        nth=tuple(
            made.with_piece("nth", words).sentence("answers.pick", answers.pick) for words in answers.nth
        ),
        last=made.with_piece("nth", answers.last).sentence("answers.pick", answers.pick),
    )


class _Compiler:
    """Makes patterns of one language's texts. Its methods raise ValueError, with the key and what is wrong there."""

    def __init__(self, language: str, pieces: Mapping[str, str]) -> None:
        self.language = language
        self._pieces = pieces
        for name, text in pieces.items():
            if name in BUILT_IN:
                raise ValueError(f"{language}.pieces.{name}: the name has a meaning of its own; take another")
            self.source(f"pieces.{name}", text)

    def with_piece(self, name: str, text: str) -> "_Compiler":
        """One that knows a further piece."""
        return _Compiler(self.language, {**self._pieces, name: text})

    def source(self, key: str, text: str, *, behind: str = BEHIND) -> str:
        """The regular expression of a text; see `expression`."""
        try:
            return expression(text, self._pieces, behind=behind)
        except ValueError as error:
            raise ValueError(f"{self.language}.{key}: {error}") from error

    def sentence(self, key: str, text: str, *, about: bool = False) -> re.Pattern[str]:
        """What matches a whole sentence of the text; `about`: it needs {what}."""
        source = self.source(key, text)
        times = source.count(WHAT)
        if times > 1 or (about and not times):
            fault = "stands in it more than once: make a wording of each" if times else "does not stand in it"
            raise ValueError(f"{self.language}.{key}: {{what}} {fault}")
        pattern = re.compile(f"(?:{source})$", re.IGNORECASE)
        if pattern.match(""):
            raise ValueError(f"{self.language}.{key}: nothing in it must be said")
        return pattern

    def sentences(
        self, key: str, texts: Sequence[str], *, about: bool = False
    ) -> tuple[re.Pattern[str], ...]:
        """One for each of the texts."""
        return tuple(self.sentence(f"{key}[{place}]", text, about=about) for place, text in enumerate(texts))
