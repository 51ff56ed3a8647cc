"""Passages and citations: numbering what was found, and finding what an answer cites."""

import re
from collections.abc import Mapping, Sequence

from graphs.events import Citation
from knowledge import Hit
from models.chat import Passage

_MARK = re.compile(r"\[(\d{1,3})\](?!\()")
"""A citation; `[1](...)` is a link."""
_SPACED_MARK = re.compile(r"( ?)" + _MARK.pattern)
_CODE = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]*`)", re.DOTALL)
_LONGEST_QUOTE = 240


def as_passages(hits: Sequence[Hit]) -> list[Passage]:
    """Hits numbered from 1, as a prompt shows them."""
    return [
        Passage(number=n, title=hit.question, text=hit.answer, relevance=round(hit.similarity, 3))
        for n, hit in enumerate(hits, 1)
    ]


def as_citations(hits: Sequence[Hit]) -> list[Citation]:
    """The same hits as citations, with the same numbers."""
    return [
        Citation(
            number=n,
            pair_id=hit.pair_id,
            title=hit.question,
            source=hit.source,
            quote=_beginning(hit.answer),
            relevance=round(hit.similarity, 3),
        )
        for n, hit in enumerate(hits, 1)
    ]


def cited(text: str, citations: Sequence[Citation]) -> list[Citation]:
    """The citations whose numbers stand in the text, in the order they first do."""
    by_number = {citation.number: citation for citation in citations}
    prose = "".join(_CODE.split(text)[::2])
    numbers = dict.fromkeys(int(match[1]) for match in _MARK.finditer(prose))
    return [by_number[number] for number in numbers if number in by_number]


def renumbered(text: str, numbers: Mapping[int, int]) -> str:
    """The text with its citation numbers exchanged; a mark that stands for nothing is taken out. Code stays as it is."""

    def exchange(match: re.Match[str]) -> str:
        number = numbers.get(int(match[2]))
        return f"{match[1]}[{number}]" if number else ""

    pieces = _CODE.split(text)
    pieces[::2] = [_SPACED_MARK.sub(exchange, prose) for prose in pieces[::2]]
    return "".join(pieces)


def without_strangers(text: str, citations: Sequence[Citation]) -> str:
    """The text without marks that cite none of the citations."""
    return renumbered(text, {citation.number: citation.number for citation in citations})


def _beginning(answer: str) -> str:
    line = " ".join(answer.split())
    return line if len(line) <= _LONGEST_QUOTE else line[:_LONGEST_QUOTE].rsplit(" ", 1)[0] + "…"
