"""What a call of the model is about: the request, what was laid beside it, and what was said before."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolCall, ToolMessage
from pydantic import JsonValue

from models.chat.extractive.arguments import mentions_of
from models.chat.extractive.choice import Manner
from models.chat.prompt import Prompt, read_prompt
from models.errors import ModelsError

ASKED = "but your message does not say:"
"""Stands in every question of the model for missing arguments, by which it knows its own question again."""

_FOLLOW_UP = re.compile(
    r"^(?:and|or|but|now|then|also|so|ok(?:ay)?|what about|how about|what if|instead|same|again|make (?:it|that)|use|with|for|at|try|"
    r"no,?|i meant?|rather)\b",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"\b(?:for|of|from|to|with|about) (?:(?:it|them)\b|(?:this|that|the same)\b(?! \w))|\b(?:its|their)\b",
    re.IGNORECASE,
)
_NAMES_ANOTHER = re.compile(r"\b(?:for|of|at|in) (?:an?|my|our)\b", re.IGNORECASE)
_LEAVES_OUT = re.compile(
    r"(?:(?:please|just|you can|ok(?:ay)?|no)\W+){0,3}(?:leave (?:it|that|them|this) out|ignore|skip|drop|forget|without|nothing|never ?mind)\b",
    re.IGNORECASE,
)
_LONGEST_FOLLOW_UP = 12
_LONGEST_BARE = 4
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Turn:
    """The messages of a call, taken apart."""

    prompt: Prompt
    results: tuple[ToolMessage, ...]
    """What the tools of this turn gave."""
    begun: str
    """What the user said before and the model asked for the rest of, else the request before this one."""
    asked: bool
    """Whether the model's last message asked for missing arguments."""
    earlier_calls: tuple[ToolCall, ...]
    """The last tool calls of the turn before this one."""
    older_calls: tuple[ToolCall, ...] = ()
    """Those before them that worked, the newest first, to what the agent was at when it was asked long ago."""

    @property
    def request(self) -> str:
        """The request of this turn."""
        return self.prompt.request

    @property
    def failed(self) -> bool:
        """Whether tools were called and none of them could work."""
        return bool(self.results) and all(message.status == "error" for message in self.results)

    @property
    def follows_up(self) -> bool:
        """Whether the request is short and leans on the one before."""
        words = self.request.split()
        return len(words) <= _LONGEST_FOLLOW_UP and _FOLLOW_UP.match(self.request.strip()) is not None

    @property
    def points_back(self) -> bool:
        """Whether the request is short, connects to the one before or speaks of it as "it", and names no other."""
        if len(self.request.split()) > _LONGEST_FOLLOW_UP or _NAMES_ANOTHER.search(self.request):
            return False
        return self.follows_up or _POINTS_BACK.search(self.request) is not None

    @property
    def is_bare(self) -> bool:
        """Whether the request is hardly more than a value: "10x", "entry 60000", a row of numbers."""
        manner = Manner.of(self.request)
        if manner.asks or manner.defines:
            return False
        length = len(self.request.split())
        if length <= _LONGEST_BARE:
            return True
        return mentions_of(self.request).quantities * 2 >= length or (self.asked and self.brings_data)

    @property
    def leaves_out(self) -> bool:
        """Whether the request says to do without what was asked for."""
        return _LEAVES_OUT.match(self.request.strip()) is not None

    @property
    def brings_data(self) -> bool:
        """Whether there is a number, date, quotation or markup in the request."""
        found = mentions_of(self.request)
        texts = found.texts
        return bool(found.quantities or texts.dates or texts.quotes or texts.markup or texts.fenced)

    @property
    def values(self) -> dict[str, JsonValue]:
        """By an argument's name what it was in the newest call that had it."""
        working = self.prompt.working
        known = dict(working.values) if working else {}
        for call in (*reversed(self.older_calls), *self.earlier_calls):
            known |= call["args"]
        return known

    @property
    def completed(self) -> str:
        """What was begun, with this request behind it."""
        return f"{self.begun.rstrip('?.!,:; ')}: {self.request}"


def read_turn(messages: Sequence[BaseMessage]) -> Turn:
    """Take the messages apart. Raises ModelsError without a human message."""
    at = max((n for n, message in enumerate(messages) if isinstance(message, HumanMessage)), default=-1)
    if at < 0:
        raise ModelsError("a chat model needs at least one human message")
    before = messages[:at]
    last_human = max((n for n, message in enumerate(before) if isinstance(message, HumanMessage)), default=0)
    replies = [message for message in before[last_human:] if isinstance(message, AIMessage)]
    prompt = read_prompt(messages[at].text)
    return Turn(
        prompt=replace(prompt, request=printable(prompt.request)),
        results=tuple(m for m in messages[at + 1 :] if isinstance(m, ToolMessage)),
        begun=_begun(before),
        asked=bool(replies) and ASKED in replies[-1].text,
        earlier_calls=next((tuple(m.tool_calls) for m in reversed(replies) if m.tool_calls), ()),
        older_calls=(*_older(before[:last_human]), *_working(prompt)),
    )


def _older(messages: Sequence[BaseMessage]) -> list[ToolCall]:
    failed = {m.tool_call_id for m in messages if isinstance(m, ToolMessage) and m.status == "error"}
    calls = [call for m in messages if isinstance(m, AIMessage) for call in m.tool_calls]
    return [call for call in reversed(calls) if call["id"] not in failed]


def _working(prompt: Prompt) -> list[ToolCall]:
    calls = prompt.working.calls if prompt.working else ()
    return [ToolCall(name=call.tool, args=dict(call.arguments), id=None, type="tool_call") for call in calls]


def printable(text: str) -> str:
    """The text without control and format characters, lone surrogates replaced, in composed form."""
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", _UNPRINTABLE.sub("", _SURROGATE.sub("\ufffd", text)))


def _begun(before: Sequence[BaseMessage]) -> str:
    """The earlier request; where the model asked for more, all that was said since it first did."""
    said: list[str] = []
    for message in reversed(before):
        if isinstance(message, HumanMessage):
            said.append(printable(read_prompt(message.text).request))
        elif isinstance(message, AIMessage) and said and ASKED not in message.text:
            break
    return ": ".join(text.rstrip("?.!,:; ") for text in reversed(said))
