"""How passages and drafts stand in a prompt: written here, read by any model, parsed by the extractive one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape, unescape

_PASSAGE = re.compile(
    r'<passage id="(?P<id>\d+)" relevance="(?P<relevance>-?[\d.]+)" title="(?P<title>[^"]*)">\n'
    r"(?P<text>.*?)\n</passage>",
    re.DOTALL,
)
_NOTE = re.compile(r'<note from="(?P<author>[^"]*)">\n(?P<text>.*?)\n</note>', re.DOTALL)
_REQUEST = re.compile(r"\A<request>\n(?P<text>.*?)\n</request>", re.DOTALL)
_FOCUS = re.compile(r"<focus>\n(?P<text>.*?)\n</focus>", re.DOTALL)
_DRAFT = re.compile(r"<draft>\n(?P<text>.*?)\n</draft>", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A numbered text that an answer may cite as `[number]`."""

    number: int
    title: str
    """What the text is about; for a question-answer pair, its question."""
    text: str
    relevance: float
    """Cosine similarity to the request, -1 to 1."""


@dataclass(frozen=True, kw_only=True)
class Note:
    """What a sub-agent wrote for the agent that asked it."""

    author: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What stands in one human message: the request and what was laid beside it."""

    request: str
    passages: tuple[Passage, ...] = ()
    notes: tuple[Note, ...] = ()
    focus: str | None = None
    """The side of the request that this answer is to be about."""
    draft: str | None = None
    """A reply that is already decided; the model says it in its own words or as it stands."""


def render_prompt(prompt: Prompt) -> str:
    """The text of a human message; a request with nothing beside it stands alone."""
    if not (prompt.passages or prompt.notes or prompt.focus or prompt.draft):
        return prompt.request
    parts = [f"<request>\n{escape(prompt.request, quote=False)}\n</request>"]
    if prompt.passages:
        parts.append("Passages you may cite as [id]:\n" + _render_passages(prompt.passages))
    parts += [
        f'<note from="{escape(note.author)}">\n{escape(note.text, quote=False)}\n</note>'
        for note in prompt.notes
    ]
    if prompt.focus:
        parts.append(f"Answer with this in view:\n<focus>\n{escape(prompt.focus, quote=False)}\n</focus>")
    if prompt.draft:
        parts.append(f"Reply with what this says:\n<draft>\n{escape(prompt.draft, quote=False)}\n</draft>")
    return "\n\n".join(parts)


def read_prompt(text: str) -> Prompt:
    """The inverse of `render_prompt`; text that was not rendered by it is a request alone."""
    request = _REQUEST.match(text)
    if request is None:
        return Prompt(request=text)
    beside = text[request.end() :]
    focus = _FOCUS.search(beside)
    draft = _DRAFT.search(beside)
    return Prompt(
        request=unescape(request["text"]),
        passages=tuple(
            Passage(
                number=int(match["id"]),
                title=unescape(match["title"]),
                text=unescape(match["text"]),
                relevance=float(match["relevance"]),
            )
            for match in _PASSAGE.finditer(beside)
        ),
        notes=tuple(
            Note(author=unescape(match["author"]), text=unescape(match["text"]))
            for match in _NOTE.finditer(beside)
        ),
        focus=unescape(focus["text"]) if focus else None,
        draft=unescape(draft["text"]) if draft else None,
    )


def _render_passages(passages: Sequence[Passage]) -> str:
    return "\n".join(
        f'<passage id="{passage.number}" relevance="{passage.relevance:.3f}" title="{escape(passage.title)}">\n'
        f"{escape(passage.text, quote=False)}\n</passage>"
        for passage in passages
    )
