"""The tools bound to a model, prepared once: signatures, example requests and their vectors."""

import re
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import Any  # OpenAI tool descriptions are JSON of any shape

import numpy as np
import orjson
from pydantic import JsonValue

from models.chat.extractive.lexicon import OPERATIONS
from models.chat.extractive.schema import Signature, mapping, resolve, sequence
from models.chat.extractive.words import content_stems, stem
from models.interfaces import Embedder, Vectors

_EXAMPLE = re.compile(r"^[ \t]{0,12}- (.+)$", re.MULTILINE)
_GENERIC = frozenset(
    content_stems(
        "analyze build calculate check compute convert create design draft estimate find generate get list make measure "
        "plan prepare read run score test write"
    )
)
"""Words of tool names that say what every tool does."""
_CAPITALS = re.compile(r"\b[A-Z][A-Z0-9]{1,6}\b")
_NO_NAMES = frozenset({"CSV", "HTML", "TA", "JSON", "A", "B", "AB"})
_LONGEST_INITIALS = 4
_MOST_SETS = 64
_SHORTEST_PART = 3


@dataclass(frozen=True, eq=False)
class ToolSpec:
    """A tool as it is bound to a model: an OpenAI function description, taken apart."""

    name: str
    examples: tuple[str, ...]
    """Requests that call for the tool, out of its description; its name in words where it gives none."""
    signature: Signature
    words: frozenset[str]
    """Stems of the words of its name."""
    naming: frozenset[str]
    """Those that say what it is about."""
    abbreviations: frozenset[str]
    """What its description writes in capitals, in lower case: "npv", "roas"."""
    vocabulary: frozenset[str]
    """Stems of all the words that speak of it: of its name, description, examples, arguments, cues and choices."""
    initials: str
    """Of the words of its name, as "fdv" of fully_diluted_valuation."""

    @classmethod
    def of(cls, function: Mapping[str, Any]) -> "ToolSpec":  # an OpenAI function description
        """The tool that an OpenAI function description describes."""
        name, description = str(function["name"]), str(function.get("description") or "")
        spoken = name.replace("_", " ")
        named = frozenset(content_stems(spoken))
        return cls(
            name=name,
            examples=tuple(_EXAMPLE.findall(description)) or (f"{spoken}. {description}",),
            signature=Signature.of(mapping(function.get("parameters"))),
            words=named,
            naming=(named - _GENERIC) or named,
            abbreviations=frozenset(
                word.lower()
                for word in _CAPITALS.findall(_EXAMPLE.sub("", description))
                if word not in _NO_NAMES
            ),
            vocabulary=_vocabulary(f"{spoken} {description}", mapping(function.get("parameters"))),
            initials="".join(word[0] for word in name.split("_") if word),
        )

    @property
    def title(self) -> str:
        """What it gives, in words: "the position size", "the NPV and IRR"."""
        said = [word for word in self.name.split("_") if stem(word) not in _GENERIC] or self.name.split("_")
        shown = [
            word.upper() if len(word) <= _LONGEST_INITIALS and word in self.abbreviations else word
            for word in said
        ]
        return f"the {' '.join(shown)}"

    def named_by(self, stems: AbstractSet[str]) -> float:
        """The share of its name that a request with these stems says, 0 to 1; its initials are the whole name."""
        if len(self.initials) > 1 and self.initials in stems:
            return 1.0
        said = sum(1 for part in self.naming if part in stems or _is_part(part, stems))
        return said / len(self.naming)

    def is_called(self, stems: AbstractSet[str], toolset: "Toolset") -> bool:
        """Whether the request says its whole name, or an abbreviation or choice that no other of the tools has."""
        if self.named_by(stems) == 1.0:
            return True
        own = (self.abbreviations | self.choices) & stems
        return any(
            not any(word in t.abbreviations | t.choices for t in toolset.tools if t is not self)
            for word in own
        )

    @cached_property
    def choices(self) -> frozenset[str]:
        """The required choices of one word that may be made, in lower case: "rsi", "bbands"."""
        return frozenset(
            str(name).lower()
            for a in self.signature.arguments
            if a.required
            for value in sequence(a.prop.get("enum"))
            for name in (value, *sequence(mapping(a.prop.get("x-aliases")).get(str(value), [])))
            if len(str(name)) > 2 and str(name).isalpha()  # noqa: PLR2004  # "ad" is a word
        )

    def lacks_operation(self, said: Sequence[str]) -> str | None:
        """The first of the words that names an operation which nothing of the tool speaks of; None where there is none."""
        return next((word for word in said if stem(word) in OPERATIONS - self.vocabulary), None)

    def does_operation(self, said: Sequence[str]) -> bool:
        """Whether one of the words names an operation that the tool speaks of."""
        return any(stem(word) in OPERATIONS & self.vocabulary for word in said)

    def is_called_by(self, stems: AbstractSet[str]) -> bool:
        """Whether a request with these stems says most words of its name, what it does among them."""
        return 2 * len(self.words & stems) > len(self.words)

    def lacks_request(self, missing: Sequence[str]) -> bool:
        """Whether what it works on as a whole is among the arguments that a request does not give."""
        return any(argument.is_request and argument.name in missing for argument in self.signature.arguments)

    def holds_request(self, values: Mapping[str, object]) -> bool:
        """Whether a request that is taken as a whole had to hold something, and does."""
        return any(
            a.is_request and "x-holds" in a.prop and a.name in values for a in self.signature.arguments
        )

    def choices_in(self, values: Mapping[str, object]) -> int:
        """How many of its required choices, such as which indicator, are made."""
        return sum(
            1 for a in self.signature.arguments if a.required and "enum" in a.prop and a.name in values
        )

    @property
    def takes_text_only(self) -> bool:
        """Whether it works on the request as a whole: nothing else is required, and that is."""
        required = [argument for argument in self.signature.arguments if argument.required]
        return bool(required) and all(argument.is_request for argument in required)

    @property
    def tells_its_text(self) -> bool:
        """Whether a request must hold more than a word to be its text, so that one which does tells as much as figures do."""
        return any(a.is_request and not a.may_be_in("x") for a in self.signature.arguments)

    @property
    def reads(self) -> tuple[str, ...]:
        """The names of what it requires."""
        return tuple(argument.name for argument in self.signature.arguments if argument.required)

    @property
    def works_on_rows(self) -> bool:
        """Whether it takes a row of numbers."""
        return any(argument.is_number_list for argument in self.signature.arguments)


def _vocabulary(text: str, parameters: Mapping[str, JsonValue]) -> frozenset[str]:
    said = [text]
    for name, raw in mapping(parameters.get("properties")).items():
        prop = mapping(raw)
        said += [
            name.replace("_", " "),
            str(prop.get("description", "")),
            *map(str, sequence(prop.get("x-cues"))),
        ]
        said += [str(each) for names in mapping(prop.get("x-aliases")).values() for each in sequence(names)]
        said += [
            str(value).replace("_", " ")
            for value in sequence(resolve(prop, mapping(parameters.get("$defs"))).get("enum"))
        ]
    return frozenset(content_stems(" ".join(said)))


def _is_part(part: str, stems: AbstractSet[str]) -> bool:
    """Whether a stem begins or ends with the part, as "openapi" does with "api"."""
    return len(part) >= _SHORTEST_PART and any(stem.startswith(part) or stem.endswith(part) for stem in stems)


@dataclass(frozen=True)
class Toolset:
    """Tools with the vectors of their examples."""

    tools: tuple[ToolSpec, ...]
    vectors: Vectors
    """One row an example, tool by tool in order."""

    def beside_names(self, stems: Sequence[str]) -> int:
        """How many of the stems are in no tool's name."""
        named = frozenset[str]().union(*(tool.naming for tool in self.tools)) | _GENERIC
        return sum(
            1
            for stem in set(stems)
            if stem not in named and not any(_is_part(part, {stem}) for part in named)
        )

    def unique_words(self, stems: AbstractSet[str]) -> list[int]:
        """For each tool how many of the stems speak of it and of no other."""
        owners = [tool.vocabulary & stems for tool in self.tools]
        often = Counter(word for words in owners for word in words)
        return [sum(often[word] == 1 for word in words) for words in owners]

    def nearest(self, request: Vectors) -> list[tuple[float, str]]:
        """For each tool the cosine of its nearest example to the request's vector, and that example."""
        cosines = self.vectors @ request
        found, start = [], 0
        for tool in self.tools:
            own = cosines[start : start + len(tool.examples)]
            best = int(np.argmax(own))
            found.append((float(own[best]), tool.examples[best]))
            start += len(tool.examples)
        return found


class Toolsets:
    """Prepares sets of tools and remembers the last 64."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: OrderedDict[bytes, Toolset] = OrderedDict()

    async def prepare(
        self, functions: Sequence[Mapping[str, Any]]
    ) -> Toolset:  # OpenAI function descriptions
        """The toolset of these functions. Raises EmbeddingUnavailable."""
        key = orjson.dumps(list(functions), option=orjson.OPT_NON_STR_KEYS)
        known = self._known.get(key)
        if known is None:
            tools = tuple(ToolSpec.of(function) for function in functions)
            examples = [example for tool in tools for example in tool.examples]
            known = Toolset(tools, await self._embedder.embed(examples))
            self._known[key] = known
            while len(self._known) > _MOST_SETS:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return known
