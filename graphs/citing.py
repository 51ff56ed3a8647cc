"""Passages and citations: what was found, as a prompt shows it and as an answer cites it."""

from collections.abc import Sequence

from graphs.events import Citation
from knowledge import Hit
from models.chat import Passage

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


def _beginning(answer: str) -> str:
    line = " ".join(answer.split())
    return line if len(line) <= _LONGEST_QUOTE else line[:_LONGEST_QUOTE].rsplit(" ", 1)[0] + "…"
