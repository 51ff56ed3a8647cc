"""Messages as a model's template wants them, and what its calls look like."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final  # Any: JSON

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from models.chat.resident.calling import HERMES, CallFormat, call_format
from models.chat.resident.templates import chat_template
from models.errors import RequestInvalid
from models.resident import ModelCard

_CALL_ID: Final = 9
"""Some templates refuse ids of another length."""
_TOOLS: Final = (
    "You may call functions. Their descriptions, one JSON object a line:\n{functions}\n\n"
    "To call one, write a JSON object with its name and arguments inside tags, and nothing after it:\n"
    '<tool_call>\n{{"name": "function", "arguments": {{"argument": "value"}}}}\n</tool_call>'
)


@dataclass(frozen=True)
class ModelPrompt:
    """A prompt, and how to read what follows it."""

    text: str
    form: CallFormat
    thinking: bool
    """Whether the prompt leaves the model thinking already."""


def write_prompt(
    card: ModelCard,
    messages: Sequence[BaseMessage],
    tools: Sequence[Mapping[str, Any]] = (),
    *,
    thinking: bool | None = None,
) -> ModelPrompt:
    """Messages through the model's own template; tools are in OpenAI's form.

    A template that knows no tools, or takes no system message or no two messages of one side in a row, is given
    the same in the words it takes. Names of control tokens in messages are broken up, so that no text can pretend
    to be another speaker. Raises RequestInvalid for messages that cannot be rendered either way.
    """
    template = chat_template(card.chat_template, card.start, card.end)
    known = call_format(card.chat_template or "") if template.reads_tools else None
    form = known or HERMES
    escaped = [_escaped(message, card.control_tokens) for message in messages]
    dicts = _as_dicts(escaped) if template.reads_calls else _as_texts(escaped, form)
    if tools and known is None:
        dicts = _with_system(dicts, _described(tools))
    try:
        text = template.render(dicts, tools=tools if known else (), thinking=thinking)
    except RequestInvalid:
        plain = _as_texts(escaped, form)
        plain = _in_turns(_with_system(plain, _described(tools)) if tools else plain)
        form = HERMES if tools else form
        text = template.render(plain, thinking=thinking)
    return ModelPrompt(text, form, text.rstrip().endswith("<think>"))


def _as_dicts(messages: Sequence[BaseMessage]) -> list[dict[str, Any]]:
    """With calls and results as templates read them."""
    return [_as_dict(message) for message in messages]


def _as_texts(messages: Sequence[BaseMessage], form: CallFormat) -> list[dict[str, Any]]:
    """With calls and results in the text."""
    return [
        {"role": "user" if isinstance(one, ToolMessage) else _role(one), "content": _as_text(one, form)}
        for one in messages
    ]


def _with_system(messages: Sequence[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """With something added to what the system says."""
    if messages and messages[0]["role"] == "system":
        return [{"role": "system", "content": f"{messages[0]['content']}\n\n{text}"}, *messages[1:]]
    return [{"role": "system", "content": text}, *messages]


def _in_turns(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """User and assistant by turns, and no system beside them."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        role = "user" if message["role"] == "system" else message["role"]
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += f"\n\n{message['content']}"
        else:
            turns.append({"role": role, "content": message["content"]})
    return turns


def _described(tools: Sequence[Mapping[str, Any]]) -> str:
    return _TOOLS.format(
        functions="\n".join(json.dumps(tool["function"], ensure_ascii=False) for tool in tools)
    )


def _as_dict(message: BaseMessage) -> dict[str, Any]:
    if isinstance(message, ToolMessage):
        return {
            "role": "tool",
            "name": message.name or "",
            "tool_call_id": _short_id(message.tool_call_id),
            "content": message.text,
        }
    said: dict[str, Any] = {"role": _role(message), "content": message.text}
    if isinstance(message, AIMessage):
        thought = message.additional_kwargs.get("reasoning_content")
        if thought:
            said["reasoning_content"] = thought
        if message.tool_calls:
            said["tool_calls"] = [
                {
                    "type": "function",
                    "id": _short_id(call["id"] or call["name"]),
                    "function": {"name": call["name"], "arguments": call["args"]},
                }
                for call in message.tool_calls
            ]
    return said


def _as_text(message: BaseMessage, form: CallFormat) -> str:
    if isinstance(message, ToolMessage):
        return f"<tool_response>\n{message.text}\n</tool_response>"
    calls = [(call["name"], call["args"]) for call in getattr(message, "tool_calls", None) or ()]
    return "\n".join(part for part in (message.text, form.written(calls) if calls else "") if part)


def _role(message: BaseMessage) -> str:
    roles = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool"}
    role = roles.get(message.type.removesuffix("MessageChunk").lower()) or (
        "assistant" if isinstance(message, AIMessage) else None
    )
    if role is None:
        role = getattr(message, "role", None)
    if not isinstance(role, str):
        raise RequestInvalid(f"a message of type {message.type!r} has no place in a prompt")
    return role


def _short_id(identifier: str) -> str:
    """The same nine letters and digits for the same id."""
    if len(identifier) == _CALL_ID and identifier.isalnum():
        return identifier
    return hashlib.sha256(identifier.encode()).hexdigest()[:_CALL_ID]


def _escaped(message: BaseMessage, control: tuple[str, ...]) -> BaseMessage:
    """The message without any control token in its text or in the arguments of its calls."""
    if not control:
        return message
    pattern = _control_pattern(control)
    changes: dict[str, Any] = {}
    text = message.text
    if pattern.search(text):
        changes["content"] = pattern.sub(_broken, text)
    if isinstance(message, AIMessage) and message.tool_calls:
        written = json.dumps(message.tool_calls, ensure_ascii=False)
        if pattern.search(written):
            changes["tool_calls"] = json.loads(pattern.sub(_broken, written))
    return message.model_copy(update=changes) if changes else message


@lru_cache(maxsize=16)
def _control_pattern(control: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(name) for name in sorted(control, key=len, reverse=True)))


def _broken(match: re.Match[str]) -> str:
    """A name with a zero-width space after its first character."""
    return f"{match[0][0]}\u200b{match[0][1:]}"
