"""Answers as OpenAI sends them: whole, and in chunks."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, Literal
from urllib.parse import quote

from pydantic import BaseModel, Field

from app.http.completions.approving import asking
from app.runs import ChatResult, RunView
from graphs import Approval, ArtifactReference, ClientCall

FinishReason = Literal["stop", "length", "tool_calls"]
_MARK: Final = re.compile(r"\[(\d{1,3})\](?!\()")


class UrlCitation(BaseModel):
    """Where a citation or a link to a file stands in the answer, and what it leads to."""

    start_index: int
    end_index: int
    title: str
    url: str


class Annotation(BaseModel):
    """A citation of a pair, or something that a tool made, to be downloaded with the same key."""

    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation
    artifact: ArtifactReference | None = Field(
        default=None, exclude_if=lambda made: made is None, description="What was made; OpenAI has none."
    )


class CalledFunction(BaseModel):
    """The function to call."""

    name: str
    arguments: str


class ToolCallMade(BaseModel):
    """A call of one of the client's tools."""

    id: str
    type: Literal["function"] = "function"
    function: CalledFunction

    @classmethod
    def of(cls, call: ClientCall) -> "ToolCallMade":
        """The call as OpenAI has it."""
        return cls(id=call.id, function=CalledFunction(name=call.name, arguments=call.arguments))


class AnswerMessage(BaseModel):
    """The answer."""

    role: Literal["assistant"] = "assistant"
    content: str | None
    refusal: str | None = None
    annotations: list[Annotation] = []
    tool_calls: list[ToolCallMade] | None = None
    approvals: list[Approval] | None = Field(
        default=None,
        exclude_if=lambda waiting: waiting is None,
        description="What the run waits for, as the text says; OpenAI has none.",
    )


class CompletionChoice(BaseModel):
    """The one answer."""

    index: int = 0
    message: AnswerMessage
    logprobs: None = None
    finish_reason: FinishReason


class CompletionUsage(BaseModel):
    """Tokens over all model calls of the run."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int

    @classmethod
    def of(cls, result: ChatResult) -> "CompletionUsage":
        """What the run used."""
        used = result.usage
        return cls(
            prompt_tokens=used.input_tokens,
            completion_tokens=used.output_tokens,
            total_tokens=used.input_tokens + used.output_tokens,
        )


class ChatCompletion(BaseModel):
    """A chat completion."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: CompletionUsage | None = Field(description="Null while the run waits for a person.")
    system_fingerprint: str = Field(description="The model that wrote it.")


class ToolCallPart(ToolCallMade):
    """A call within a chunk."""

    index: int


class Delta(BaseModel):
    """What a chunk adds to the answer."""

    role: Literal["assistant"] | None = None
    content: str | None = None
    annotations: list[Annotation] | None = None
    tool_calls: list[ToolCallPart] | None = None
    approvals: list[Approval] | None = None


class ChunkChoice(BaseModel):
    """The one answer."""

    index: int = 0
    delta: Delta
    logprobs: None = None
    finish_reason: FinishReason | None = None


class ChatCompletionChunk(BaseModel):
    """A piece of a completion, as a stream sends it."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: CompletionUsage | None = None


class CompletionModel(BaseModel):
    """A model: Freya, who decides herself, or one of her specialists."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "freya"


class CompletionModels(BaseModel):
    """All of them."""

    object: Literal["list"] = "list"
    data: list[CompletionModel]


def completion_id(run_id: str) -> str:
    """The id of a completion, by its run."""
    return f"chatcmpl-{run_id}"


def whole(result: ChatResult, model: str, created: datetime, base_url: str) -> ChatCompletion:
    """The completion that a run made. `base_url` is where the service is reached, for the links of citations and files."""
    calls = [ToolCallMade.of(call) for call in result.client_calls]
    text = with_files(result, base_url)
    message = AnswerMessage(
        content=text or None, annotations=annotations(text, result, base_url), tool_calls=calls or None
    )
    return ChatCompletion(
        id=completion_id(result.run_id),
        created=int(created.timestamp()),
        model=model,
        choices=[CompletionChoice(message=message, finish_reason=finish_reason(result))],
        usage=CompletionUsage.of(result),
        system_fingerprint=result.model or "freya",
    )


def waiting(run: RunView, model: str, created: datetime, unclear: str = "") -> ChatCompletion:
    """The completion that asks the user for what the run waits for. `unclear` is what was wrong with an answer to it."""
    message = AnswerMessage(content=asking(run, unclear), approvals=run.approvals)
    return ChatCompletion(
        id=completion_id(run.id),
        created=int(created.timestamp()),
        model=model,
        choices=[CompletionChoice(message=message, finish_reason="stop")],
        usage=None,
        system_fingerprint="freya",
    )


def finish_reason(result: ChatResult) -> FinishReason:
    """Why the answer ends."""
    if result.client_calls:
        return "tool_calls"
    return "length" if result.cut else "stop"


def with_files(result: ChatResult, base_url: str) -> str:
    """The answer, and below it a link to each thing that was made."""
    links = [
        f"{_link(made, base_url)} ({made.media_type}, {made.bytes:,} bytes)" for made in result.artifacts
    ]
    return "\n\n".join(part for part in (result.answer, "\n".join(links)) if part)


def annotations(text: str, result: ChatResult, base_url: str) -> list[Annotation]:
    """A citation for each `[number]` in the text, and for each link to what was made, at its place in characters."""
    by_number = {citation.number: citation for citation in result.citations}
    found: list[Annotation] = []
    for mark in _MARK.finditer(text):
        citation = by_number.get(int(mark[1]))
        if citation is not None:
            url = f"{base_url.rstrip('/')}/v1/knowledge/pairs/{quote(citation.pair_id, safe='')}"
            place = UrlCitation(start_index=mark.start(), end_index=mark.end(), title=citation.title, url=url)
            found.append(Annotation(url_citation=place))
    for made in result.artifacts:
        link = _link(made, base_url)
        start = text.rfind(link)
        if start >= 0:
            place = UrlCitation(
                start_index=start, end_index=start + len(link), title=made.name, url=_url(made, base_url)
            )
            found.append(Annotation(url_citation=place, artifact=made))
    return found


def _link(made: ArtifactReference, base_url: str) -> str:
    return f"[{made.name}]({_url(made, base_url)})"


def _url(made: ArtifactReference, base_url: str) -> str:
    return f"{base_url.rstrip('/')}/v1/artifacts/{quote(made.id, safe='')}"


def rest_of(written: str, answer: str) -> str:
    """What is to be sent yet, when so much was: the rest, or the checked answer below a line where it begins otherwise."""
    if answer.startswith(written):
        return answer.removeprefix(written)
    return f"\n\n---\n\n{answer}"


def call_parts(calls: Sequence[ClientCall]) -> Iterator[ToolCallPart]:
    """The calls as chunks have them."""
    for index, call in enumerate(calls):
        yield ToolCallPart(index=index, **ToolCallMade.of(call).model_dump())
