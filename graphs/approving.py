"""Tool calls that a person must allow: what he is asked, what he answers, and how a run stops until then."""

import asyncio
from collections.abc import Awaitable, Iterable
from datetime import datetime
from typing import Literal, Protocol, TypeVar, runtime_checkable

from langgraph.errors import GraphInterrupt
from pydantic import BaseModel, ConfigDict, Field, JsonValue

Value = TypeVar("Value")


class Approval(BaseModel):
    """A tool call that waits for a person."""

    model_config = ConfigDict(frozen=True)

    id: str
    agent: str = Field(description="The specialist that wants the call.")
    tool: str
    call_id: str = Field(description="As `tool.started` will name the call.")
    arguments: dict[str, JsonValue]
    why: str = Field(description="Why a person is asked.")
    requested_at: datetime
    expires_at: datetime = Field(description="From then on it counts as rejected.")


class Decision(BaseModel):
    """What a person answered."""

    model_config = ConfigDict(frozen=True)

    decision: Literal["approve", "edit", "reject"]
    arguments: dict[str, JsonValue] | None = None
    """Those to call the tool with; of an edit alone."""
    reason: str = ""
    """Why not; the model reads it."""


@runtime_checkable
class Approvals(Protocol):
    """Where a run's approvals are asked for. An outage raises MemoryUnavailable."""

    async def answer_to(self, approval: Approval) -> Decision | None:
        """What a person said to it; None while nobody has, and then somebody is asked. May be asked again."""
        ...


class _NobodyToAsk:
    """For graphs that nobody watches: what needs a person is not done."""

    async def answer_to(self, approval: Approval) -> Decision | None:  # noqa: ARG002  # the Protocol's
        """No."""
        return Decision(decision="reject", reason="Nobody can be asked here.")


NOBODY_TO_ASK: Approvals = _NobodyToAsk()


class WaitsForPerson(GraphInterrupt):
    """The step cannot go on before a person has answered; others of its wave go on to their end."""

    def __init__(self) -> None:
        super().__init__(())


async def all_of(works: Iterable[Awaitable[Value]]) -> list[Value]:
    """What they give, side by side. All come to their end, whichever fails or waits.

    Raises the first failure, else WaitsForPerson where any of them waits.
    """
    given: list[Value] = []
    waiting: GraphInterrupt | None = None
    failed: BaseException | None = None
    for ended in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(ended, GraphInterrupt):
            waiting = waiting or ended
        elif isinstance(ended, BaseException):
            failed = failed or ended
        else:
            given.append(ended)
    if stopped := failed or waiting:
        raise stopped
    return given
