"""Chat training data for an agent: one JSON line a conversation, checked line by line."""

from collections.abc import Iterator
from itertools import chain, islice, zip_longest
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.rebecca.dialogues import Exchange, exchanges
from agents.rebecca.model import ConstraintKind, DomainModel
from agents.rebecca.prompting import short_prompt
from agents.tools import ToolRefused

_TRIES = 40
_TWO_TURNS_EVERY = 4


class Message(BaseModel):
    """One message of a conversation."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["system", "user", "assistant"]
    content: str = Field(min_length=1)


class Conversation(BaseModel):
    """One line: a system message, then user and assistant in turn, the assistant last."""

    model_config = ConfigDict(extra="forbid")

    messages: list[Message] = Field(min_length=3)


def conversations(domain: DomainModel, wanted: int) -> tuple[Conversation, ...]:
    """`wanted` different conversations, the agent's languages taking turns.

    As long as there are new exchanges each conversation begins with one, and every fourth goes on with another;
    after that they are joined in pairs that did not occur yet.
    """
    system = Message(role="system", content=short_prompt(domain))
    pools = [
        list(islice(exchanges(domain, language, _TRIES), wanted))
        for language in domain.values(ConstraintKind.LANGUAGE)
    ]
    found: dict[str, Conversation] = {}
    for first, second in chain(_singles(pools), _pairs(pools)):
        if len(found) == wanted:
            break
        conversation = _conversation(system, first, second)
        found.setdefault(conversation.model_dump_json(), conversation)
    return tuple(found.values())


def _singles(pools: list[list[Exchange]]) -> Iterator[tuple[Exchange, Exchange | None]]:
    for number, turn in enumerate(zip_longest(*pools)):
        for exchange, pool in zip(turn, pools, strict=True):
            if exchange is not None:
                goes_on = number % _TWO_TURNS_EVERY == _TWO_TURNS_EVERY - 1
                yield exchange, pool[(number + 1) % len(pool)] if goes_on else None


def _pairs(pools: list[list[Exchange]]) -> Iterator[tuple[Exchange, Exchange]]:
    for pool in pools:
        for shift in range(2, len(pool)):
            for number, exchange in enumerate(pool):
                other = pool[(number + shift) % len(pool)]
                if other.situation != exchange.situation:
                    yield exchange, other


def jsonl(found: tuple[Conversation, ...]) -> str:
    """The conversations as JSON lines, after they were read back and checked."""
    text = "".join(f"{item.model_dump_json()}\n" for item in found)
    validate(text)
    return text


def validate(text: str) -> int:
    """The number of lines. Raises ToolRefused with the line's number for one that is no proper conversation."""
    seen: dict[str, int] = {}
    number = 0
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            messages = Conversation.model_validate_json(line).messages
        except ValidationError as error:
            raise ToolRefused(f"Line {number} is not a conversation: {error.errors()[0]['msg']}.") from error
        roles = [message.role for message in messages]
        proper = ["system", *(["user", "assistant"] * (len(roles) // 2))]
        if roles != proper:
            raise ToolRefused(
                f"Line {number} has the roles {roles}; system, then user and assistant in turn."
            )
        if line in seen:
            raise ToolRefused(f"Line {number} repeats line {seen[line]}.")
        seen[line] = number
    return number


def _conversation(system: Message, first: Exchange, second: Exchange | None) -> Conversation:
    messages = [system]
    for exchange in (first, second):
        if exchange is not None:
            messages.append(Message(role="user", content=exchange.user))
            messages.append(Message(role="assistant", content=exchange.assistant))
    return Conversation(messages=messages)
