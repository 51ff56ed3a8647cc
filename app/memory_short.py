"""What of a conversation a turn is given beside its last messages: the summary of those before, and what agents are at."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import orjson

from memory import CarriedTurns, ConversationMemory, Kind, Recalled, Scope, Tier, WorkingState

Counter = Callable[[Sequence[str]], list[int]]
"""Gives the tokens of each text; computes."""


async def short_items(
    conversation: ConversationMemory, scope: Scope, carried: CarriedTurns, count: Counter
) -> list[Recalled]:
    """The short tier of a thread as its next turn is given it beside the turns that are `carried` along."""
    told: list[tuple[str, Kind, str, str, datetime]] = []
    if carried.summary:
        at, text = carried.turns[0].at, carried.summary.text
        told.append(("summary", Kind.MESSAGE, text, "sums up what was said before the last turns", at))
    told += [
        (state.agent, Kind.PROGRESS, _lines(state), f"what {state.agent} is at", state.updated_at)
        for state in await conversation.states(scope)
    ]
    sizes = await asyncio.to_thread(count, [text for _, _, text, _, _ in told]) if told else []
    return [
        Recalled(
            id=f"{scope.thread_id}/{name}",
            tier=Tier.SHORT,
            kind=kind,
            text=text,
            tokens=size,
            score=1.0,
            relevance=1.0,
            reasons=(why, "given to every turn of the thread"),
            message_ids=(),
            thread_id=scope.thread_id,
            said_at=at,
        )
        for (name, kind, text, why, at), size in zip(told, sizes, strict=True)
    ]


def _lines(state: WorkingState) -> str:
    """The state in lines: the task, the last calls of tools with the newest first, and the values they were given."""
    lines = [f"Task: {state.task}"] if state.task else []
    calls = [(name, held) for name, held in state.tools.items() if isinstance(held, dict)]
    for name, held in sorted(calls, key=lambda pair: str(pair[1].get("run")), reverse=True):
        arguments = orjson.dumps(held.get("arguments", {})).decode()
        lines.append(f"{name} {arguments} gave: {held.get('result', '')}")
    if state.variables:
        lines.append(f"Values: {orjson.dumps(state.variables).decode()}")
    return "\n".join(lines)
