"""How passages and drafts stand in a prompt: written here, read by any model, parsed by the extractive one.

What others wrote is escaped, so that a text which imitates the tags of a prompt is read back as text.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape, unescape

from pydantic import JsonValue

_OPENING = "<request>"
_PASSAGE = re.compile(
    r'<passage id="(?P<id>-?\d{1,9})" relevance="(?P<relevance>-?\d{1,3}(?:\.\d{1,6})?)" title="(?P<title>[^"<>]*)">\n'
    r"(?P<text>[^<>]*)\n</passage>"
)
_NOTE = re.compile(r'<note from="(?P<author>[^"<>]*)">\n(?P<text>[^<>]*)\n</note>')
_REQUEST = re.compile(r"\A<request>\n(?P<text>[^<>]*)\n</request>")
_FOCUS = re.compile(r"<focus>\n(?P<text>[^<>]*)\n</focus>")
_KNOWN = re.compile(r"<known>\n(?P<text>[^<>]*)\n</known>")
_WORKING = re.compile(r"<working>\n(?P<text>[^<>]*)\n</working>")
_READ_AS = re.compile(r"<read_as>\n(?P<text>[^<>]*)\n</read_as>")
_DRAFT = re.compile(r"<draft>\n(?P<text>[^<>]*)\n</draft>")


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
class Call:
    """A tool call that was made for an earlier request."""

    tool: str
    arguments: Mapping[str, JsonValue]
    result: str = ""
    """The beginning of what it gave."""


@dataclass(frozen=True, kw_only=True)
class Working:
    """What an agent was at earlier in a conversation, as far as the messages before do not show it."""

    task: str = ""
    """What it was asked."""
    calls: tuple[Call, ...] = ()
    """The last call of each tool, newest first."""
    values: Mapping[str, JsonValue] = field(default_factory=dict)
    """By an argument's name what it was last, where no call says it."""


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What stands in one human message: the request and what was laid beside it."""

    request: str
    passages: tuple[Passage, ...] = ()
    notes: tuple[Note, ...] = ()
    known: tuple[str, ...] = ()
    """What is remembered of the user and earlier work, a line each; no source to cite."""
    working: Working | None = None
    """What the agent was at before; one that says nothing is none."""
    focus: str | None = None
    """The side of the request that this answer is to be about; an empty one is none."""
    read_as: str | None = None
    """The request in the words of the passages, where it is put in others; an empty one is none."""
    draft: str | None = None
    """A reply that is already decided; the model says it in its own words or as it stands. An empty one is none."""


def render_prompt(prompt: Prompt) -> str:
    """The text of a human message; a request with nothing beside it stands alone.

    `read_prompt` gives the same prompt back, whatever the texts hold; relevances keep three decimals, and what
    is known its words.
    """
    working = _render_working(prompt.working) if prompt.working else ""
    beside = (
        prompt.passages
        or prompt.notes
        or prompt.known
        or working
        or prompt.focus
        or prompt.read_as
        or prompt.draft
    )
    if not beside and not prompt.request.startswith(_OPENING):
        return prompt.request
    parts = [f"<request>\n{_text(prompt.request)}\n</request>"]
    if prompt.passages:
        parts.append("Passages you may cite as [id]:\n" + _render_passages(prompt.passages))
    if prompt.known:
        lines = "\n".join(" ".join(_text(line).split()) for line in prompt.known)
        parts.append(f"Remembered from before; it may be out of date:\n<known>\n{lines}\n</known>")
    parts += [f'<note from="{escape(note.author)}">\n{_text(note.text)}\n</note>' for note in prompt.notes]
    if working:
        parts.append(
            "What you were at earlier in this conversation; what the request leaves out may be taken from it:\n"
            f"<working>\n{working}\n</working>"
        )
    if prompt.focus:
        parts.append(f"Answer with this in view:\n<focus>\n{_text(prompt.focus)}\n</focus>")
    if prompt.read_as:
        parts.append(
            f"The request in the words of the passages:\n<read_as>\n{_text(prompt.read_as)}\n</read_as>"
        )
    if prompt.draft:
        parts.append(f"Reply with what this says:\n<draft>\n{_text(prompt.draft)}\n</draft>")
    return "\n\n".join(parts)


def read_prompt(text: str) -> Prompt:
    """The inverse of `render_prompt`; text that was not rendered by it is a request alone."""
    request = _REQUEST.match(text)
    if request is None:
        return Prompt(request=text)
    beside = text[request.end() :]
    known = _KNOWN.search(beside)
    working = _WORKING.search(beside)
    focus = _FOCUS.search(beside)
    read_as = _READ_AS.search(beside)
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
        known=tuple(unescape(line) for line in known["text"].split("\n")) if known else (),
        working=_read_working(unescape(working["text"])) if working else None,
        focus=unescape(focus["text"]) if focus else None,
        read_as=unescape(read_as["text"]) if read_as else None,
        draft=unescape(draft["text"]) if draft else None,
    )


def _render_working(working: Working) -> str:
    """A JSON object a line."""
    lines: list[dict[str, JsonValue]] = [{"task": working.task}] if working.task else []
    lines += [
        {"tool": call.tool, "arguments": dict(call.arguments), "result": call.result}
        for call in working.calls
    ]
    lines += [{"values": dict(working.values)}] if working.values else []
    return "\n".join(_text(json.dumps(line, ensure_ascii=False)) for line in lines)


def _read_working(text: str) -> Working:
    task = ""
    calls: list[Call] = []
    values: dict[str, JsonValue] = {}
    for line in map(json.loads, text.split("\n")):
        task = line.get("task", task)
        values = line.get("values", values)
        if "tool" in line:
            calls.append(Call(tool=line["tool"], arguments=line["arguments"], result=line["result"]))
    return Working(task=task, calls=tuple(calls), values=values)


def _text(text: str) -> str:
    return escape(text, quote=False)


def _render_passages(passages: Sequence[Passage]) -> str:
    return "\n".join(
        f'<passage id="{passage.number}" relevance="{_relevance(passage.relevance)}" title="{escape(passage.title)}">\n'
        f"{_text(passage.text)}\n</passage>"
        for passage in passages
    )


def _relevance(value: float) -> str:
    """Three decimals; what is no similarity at all counts as none."""
    return f"{max(-1.0, min(1.0, value)):.3f}" if math.isfinite(value) else "0.000"
