"""Choosing the tools that a request calls for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import JsonValue

from models.chat.extractive.arguments import Reading, read_arguments
from models.chat.extractive.schema import is_free_text, mapping, sequence
from models.chat.extractive.words import content_stems, words
from models.interfaces import Embedder

_SURE = 0.52
_SURE_WITH_DATA = 0.33
_ALONGSIDE = 0.12
_LONGEST_COMPARED = 400
_ASKS_TO_KNOW = re.compile(
    r"^(?:(?:hi|hello|hey|please|so|ok|and)[\s,]+)*(?:what|why|how|when|where|which|who|is|are|does|do|should|explain|tell me about|describe|compare)\b",
    re.IGNORECASE,
)
_ASKS_TO_DO = re.compile(
    r"\b(?:analy[sz]e|audit|balance|build|calculate|check|compute|convert|create|design|draft|estimate|find|forecast|"
    r"generate|make|model|plan|prepare|project|score|size|split|suggest|test|turn|work out|write|need|want)\b",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(r"^- (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as it is bound to a model: an OpenAI function description."""

    name: str
    description: str
    schema: Mapping[str, JsonValue]

    @property
    def examples(self) -> tuple[str, ...]:
        """Requests that call for the tool, out of its description; its name in words where it gives none."""
        return tuple(_EXAMPLE.findall(self.description)) or (
            f"{self.name.replace('_', ' ')}. {self.description}",
        )

    @property
    def takes_text_only(self) -> bool:
        """Whether all that it requires is the request itself."""
        properties = mapping(self.schema.get("properties"))
        required = [str(name) for name in sequence(self.schema.get("required"))]
        return all(is_free_text(mapping(properties.get(name))) for name in required)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tool with how well it fits the request (cosine and shared words, 0 to about 1.3) and what could be read."""

    tool: ToolSpec
    fit: float
    reading: Reading


async def choose_tools(
    request: str, tools: Sequence[ToolSpec], embedder: Embedder, *, forced: bool = False
) -> tuple[list[Candidate], Candidate | None]:
    """The tools to call with their arguments, and the tool that would be called if its missing arguments were given.

    Several tools are called only where each works on the request as a whole. `forced` calls the best-fitting
    readable tool however weakly it fits.
    """
    if not tools or not request.strip():
        return [], None
    ranked = await _rank(request, tools, embedder)
    wants_action = _ASKS_TO_DO.search(request) is not None
    only_asks = _ASKS_TO_KNOW.match(request.strip()) is not None
    ready = [
        c for c in ranked if not c.reading.missing and (forced or _is_called_for(c, wants_action, only_asks))
    ]
    best = ranked[0]
    if ready and (forced or ready[0].fit >= best.fit - _ALONGSIDE):
        first = ready[0]
        if not first.tool.takes_text_only:
            return [first], None
        others = [c for c in ready[1:] if c.tool.takes_text_only and c.fit >= first.fit - _ALONGSIDE]
        return ([first] if forced else [first, *others]), None
    begun = best.reading.literal > 0 or (wants_action and not only_asks)
    if best.reading.missing and best.fit >= _SURE and begun:
        return [], best
    return [], None


def _is_called_for(candidate: Candidate, wants_action: bool, only_asks: bool) -> bool:  # noqa: FBT001  # two readings of one text
    if candidate.tool.takes_text_only:
        return candidate.fit >= _SURE and wants_action and not only_asks
    return candidate.fit >= (_SURE_WITH_DATA if candidate.reading.literal else _SURE)


async def _rank(request: str, tools: Sequence[ToolSpec], embedder: Embedder) -> list[Candidate]:
    """Every tool, best fit first: cosine to its nearest example, plus the share of its name's words in the request."""
    examples = [example for tool in tools for example in tool.examples]
    vectors = await embedder.embed([request[:_LONGEST_COMPARED], *examples])
    cosines = vectors[1:] @ vectors[0]
    stems = set(content_stems(request))
    ranked = []
    start = 0
    for tool in tools:
        count = len(tool.examples)
        nearest = float(np.max(cosines[start : start + count]))
        start += count
        named = {stem for word in words(tool.name.replace("_", " ")) for stem in content_stems(word)}
        share = len(named & stems) / len(named) if named else 0.0
        ranked.append(Candidate(tool, nearest + 0.3 * share, read_arguments(tool.schema, request)))
    return sorted(ranked, key=lambda candidate: -candidate.fit)
