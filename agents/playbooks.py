"""Playbooks: how a sub-agent's work is laid out, and what fills it where no language model writes it.

A playbook is a TOML file of its specialist's package; docs/agents.md says what stands in it.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Self

from jinja2 import StrictUndefined, TemplateError, UndefinedError
from jinja2.sandbox import SandboxedEnvironment
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from agents.errors import CharterInvalid

_TEMPLATES = SandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
)  # Markdown
_VALUE = "value"
_LONGEST_FACT = 2_000
Template = Annotated[str, Field(min_length=1)]
"""A Jinja2 template over the facts by name, `request` (the user's words) and `figures` (what tools computed, by name)."""


class Fact(BaseModel):
    """Something that a request may say and that the work needs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str
    """What the user is asked where neither the request nor a default says it."""
    patterns: tuple[str, ...] = ()
    """Regular expressions, tried in this order without regard to case; the group `value`, or all that matched, is the fact."""
    default: str | None = None
    """What is taken where the request does not say it; told as an assumption."""

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        _check_patterns(self.patterns)
        return self


class Section(BaseModel):
    """A part of the work, filled by exactly one of a tool, a template or a quotation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    needs: tuple[str, ...] = ()
    """Facts without which the section is left out and their questions are asked."""
    tool: str | None = None
    """A tool of the sub-agent; what it says is the section."""
    request: Template = "{{ request }}"
    """What the tool's arguments are read from."""
    question: str = ""
    """What is asked where the tool's arguments cannot be read."""
    text: Template | None = None
    """A template; the section is left out where it uses a figure that was not computed."""
    quote: Template | None = None
    """What is looked up in the passages that were found; the section is left out where none answers it."""

    @model_validator(mode="after")
    def _has_one_filling(self) -> Self:
        if sum(each is not None for each in (self.tool, self.text, self.quote)) != 1:
            raise ValueError(f"section {self.title!r} needs exactly one of tool, text and quote")
        if self.tool and not self.question:
            raise ValueError(
                f"section {self.title!r} has a tool and needs a question for what it cannot read"
            )
        for template in (self.request, self.text, self.quote):
            try:
                _TEMPLATES.from_string(template or "")
            except TemplateError as error:
                raise ValueError(
                    f"section {self.title!r} has a template that cannot be read: {error}"
                ) from error
        return self


class Playbook(BaseModel):
    """The layout of a kind of work."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    works: tuple[str, ...] = ()
    """Regular expressions of the works that its sub-agent makes as a whole, "marketing plan": a request for one goes to it alone."""
    facts: dict[str, Fact] = {}
    sections: Annotated[tuple[Section, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _needs_what_it_knows(self) -> Self:
        _check_patterns(self.works)
        unknown = {need for section in self.sections for need in section.needs} - set(self.facts)
        if unknown:
            raise ValueError(f"sections need facts that are not there: {', '.join(sorted(unknown))}")
        return self

    @property
    def tools(self) -> frozenset[str]:
        """The names of the tools that fill its sections."""
        return frozenset(section.tool for section in self.sections if section.tool)

    @property
    def outline(self) -> str:
        """Its sections by title, for a language model that writes the work itself."""
        return "\n".join(f"- {section.title}" for section in self.sections)


@dataclass(frozen=True)
class Facts:
    """What a request says of a playbook's facts."""

    given: Mapping[str, str]
    assumed: Mapping[str, str]
    """Those taken by default."""
    missing: tuple[str, ...]

    @property
    def values(self) -> dict[str, str]:
        """All that are known."""
        return {**self.assumed, **self.given}


@dataclass(frozen=True)
class Filled:
    """A section with what became of it: a text, or questions back, or neither where it is left out."""

    title: str
    text: str = ""
    questions: tuple[str, ...] = ()


@lru_cache(maxsize=256)
def read_playbook(package: str, name: str) -> Playbook:
    """The playbook of a file within a package. Raises CharterInvalid, saying what is wrong with it."""
    try:
        return parse_playbook(files(package).joinpath(name).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise CharterInvalid(f"{package}: playbook {name}: {error}") from error


def parse_playbook(text: str) -> Playbook:
    """The playbook that a TOML text describes. Raises ValueError, saying what is wrong with it."""
    try:
        return Playbook.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise ValueError(
            "; ".join(f"{'.'.join(map(str, e['loc'])) or 'playbook'}: {e['msg']}" for e in error.errors())
        ) from error


def read_facts(playbook: Playbook, request: str) -> Facts:
    """What the request says of the playbook's facts."""
    given = {name: value for name, fact in playbook.facts.items() if (value := _found(fact, request))}
    assumed = {
        name: fact.default
        for name, fact in playbook.facts.items()
        if name not in given and fact.default is not None
    }
    missing = tuple(name for name in playbook.facts if name not in given and name not in assumed)
    return Facts(given, assumed, missing)


def fill_template(template: str, request: str, facts: Facts, figures: Mapping[str, str]) -> str:
    """The template filled; empty where it uses what is not known."""
    known = {**facts.values, "request": request, "figures": _Figures(figures)}
    try:
        return _TEMPLATES.from_string(template).render(known).strip()
    except UndefinedError:
        return ""


def lay_out(playbook: Playbook, facts: Facts, sections: Sequence[Filled], *, of_model: str) -> str:
    """The work as Markdown; empty where no section was filled.

    It begins by saying that `of_model`, which writes nothing of its own, put it together, and ends with what was assumed and asked.
    """
    filled = [section for section in sections if section.text]
    if not filled:
        return ""
    asked = dict.fromkeys(question for section in sections for question in section.questions)
    said = f"assembled from a playbook, computed parts and quoted passages by the {of_model} model; no language model wrote it"
    parts = [f"*{playbook.title}: {said}.*"]
    parts += [f"#### {section.title}\n\n{section.text}" for section in filled]
    if facts.assumed:
        lines = "\n".join(f"- {name.replace('_', ' ')}: {value}" for name, value in facts.assumed.items())
        parts.append(f"#### Assumed\n\n{lines}")
    if asked:
        parts.append("#### To go further, tell me\n\n" + "\n".join(f"- {question}" for question in asked))
    return "\n\n".join(parts)


def _check_patterns(patterns: Sequence[str]) -> None:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"the pattern {pattern!r} is no regular expression: {error}") from error


class _Figures(dict[str, str]):
    """Figures by name; one that was not computed is undefined, so that its section is left out."""

    def __missing__(self, name: str) -> str:
        raise UndefinedError(f"no figure {name!r} was computed")


def _found(fact: Fact, request: str) -> str:
    for pattern in fact.patterns:
        match = re.search(pattern, request[:_LONGEST_FACT], re.IGNORECASE)
        if match:
            value = match[_VALUE] if _VALUE in match.groupdict() else match[0]
            return " ".join((value or "").split()).strip(" .,;:")
    return ""
