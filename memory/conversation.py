"""The conversation over its tiers: Redis for speed, PostgreSQL for keeps, a token limit on what is carried along."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from memory.errors import MemoryUnavailable
from memory.interfaces import AtHand, Degraded, MemoryTier, Scope, Tier, Turn, WorkingState
from memory.own import NoRecords, OwnRecords
from memory.settings import MemorySettings
from memory.short import (
    Held,
    ShortTermTier,
    StateConflict,
    StateInvalid,
    Summary,
    count_tokens,
    within_budget,
)
from memory.short.condensing import short_settings
from memory.short.state import change_of, changed

__all__ = ["Carried", "TieredConversation", "at_hand", "count_tokens", "within_budget"]

logger = logging.getLogger(__name__)
Found = TypeVar("Found")
_COMPARED = 3
"""Newest turns that Redis must know to count as whole: one that an outage kept from it is missed once Redis is back."""


@dataclass(frozen=True)
class Carried:
    """What a turn carries along of the conversation before it; turns and summary together are under the token limit."""

    turns: tuple[Turn, ...]
    """The newest turns, oldest first."""
    summary: Summary | None
    """Of the turns before them; None where there are none."""
    degraded: tuple[Degraded, ...] = ()
    """The tier that did not answer: what it holds of the thread may be missing."""


def at_hand(thread_id: str, turns: Sequence[Turn]) -> AtHand:
    """What a turn of the thread that carries these along, oldest first, needs not recall."""
    return AtHand(thread_id=thread_id, since=turns[0].at if turns else None)


class TieredConversation:
    """Recalls what Redis holds, once the permanent tier agrees that it is all; otherwise rebuilds it from there.

    An outage of Redis costs speed and the variables of working states. During one of the database what Redis holds is
    carried along, and nothing new can be remembered.
    """

    def __init__(
        self,
        short: ShortTermTier,
        permanent: MemoryTier,
        settings: MemorySettings,
        *,
        own: OwnRecords | None = None,
    ) -> None:
        self.own: OwnRecords = own or NoRecords()
        self._short = short
        self._permanent = permanent
        self._token_limit = settings.token_limit
        self._farthest = max(settings.short_turns, short_settings(settings).summarised_turns)

    async def recall(self, scope: Scope) -> list[Turn]:
        """Earlier turns of the thread under the token limit, oldest first."""
        return list((await self.carried(scope)).turns)

    async def summary(self, scope: Scope) -> Summary | None:
        """What stands for the turns before those that are recalled; None where there are none."""
        return (await self.carried(scope)).summary

    async def carried(self, scope: Scope) -> Carried:
        """Turns and summary, read once. Raises MemoryUnavailable where neither tier knows the thread for an outage."""
        held, newest = await asyncio.gather(
            _or_outage(lambda: self._short.held(scope)),
            _or_outage(lambda: self._permanent.recall(scope, limit=_COMPARED)),
        )
        if isinstance(newest, MemoryUnavailable):
            if isinstance(held, MemoryUnavailable) or not (held.whole or held.turns):
                raise newest
            logger.warning(
                "the permanent record is out; reading short-term memory", extra={"error": str(newest)}
            )
            return await self._under_limit(held.turns, held.summary, _degraded(Tier.MEDIUM, newest))
        if isinstance(held, MemoryUnavailable):
            _warn("short-term memory is out; reading the permanent record", held)
            turns = await self._permanent.recall(scope, limit=self._farthest)
            condensed = await self._short.condenser.condense(None, turns, quick=True)
            return Carried(condensed.turns, condensed.summary, _degraded(Tier.SHORT, held))
        if _is_all(held, newest):
            return await self._under_limit(held.turns, held.summary)
        turns = await self._permanent.recall(scope, limit=self._farthest) if newest else []
        condensed = await self._short.restore(scope, turns, held.mark)
        return Carried(condensed.turns, condensed.summary)

    async def remember(self, scope: Scope, turn: Turn, *, first: bool = False) -> None:
        """Keep the turn permanently, then in the short tier with what its agents are at now.

        `first` says that nothing was said in the thread before, so that what the short tier holds is all. An
        outage of the short tier loses nothing.
        """
        await self._permanent.remember(scope, turn)
        try:
            await self._short.remember(scope, turn, first=first)
            for agent in turn.agents:
                if change := change_of(agent, [turn]):
                    change = change.model_copy(update={"only_known": not first})
                    await self._short.update(scope, agent, change)
        except MemoryUnavailable as error:
            _warn("short-term memory is out; the turn is in the permanent record", error)
        except StateInvalid as error:
            _warn("what an agent is at is not kept", error)

    async def state(
        self, scope: Scope, agent: str, turns: Sequence[Turn] | None = None, *, whole: bool = False
    ) -> WorkingState:
        """What the agent is at; of version 0 where it has not begun.

        `turns` are those that are carried along, `whole` says that there are no others; they are read where they are
        not given. What Redis has lost is made anew of the permanent record. Raises StateInvalid for what cannot be the
        name of an agent, MemoryUnavailable where neither tier knows the thread for an outage.
        """
        if turns is None:
            carried = await self.carried(scope)
            turns, whole = carried.turns, carried.summary is None
        turns = [turn for turn in turns if not turn.withheld]
        try:
            state = await self._short.state(scope, agent)
        except MemoryUnavailable as error:
            _warn("short-term memory is out; the working state is that of the last turns", error)
            state = WorkingState(agent=agent)
        last = next((turn.run_id for turn in reversed(turns) if agent in turn.agents), None)
        if state.version and last in {None, state.run_id}:
            return state
        if not state.version and not whole:
            turns = await self._all_turns(scope, turns)
        return await self._resumed(scope, state, turns)

    async def states(self, scope: Scope) -> list[WorkingState]:
        """The same of each agent that took part in the thread, by their names."""
        carried = await self.carried(scope)
        turns: Sequence[Turn] = carried.turns
        if carried.summary is not None:
            turns = await self._all_turns(scope, turns)
        agents = sorted({agent for turn in turns for agent in turn.agents})
        return [await self.state(scope, agent, turns, whole=True) for agent in agents]

    async def _resumed(self, scope: Scope, state: WorkingState, turns: Sequence[Turn]) -> WorkingState:
        """The state brought up to the agent's turns among these, and kept unless somebody else was first."""
        change = change_of(state.agent, turns)
        if change is None:
            return state
        change = change.model_copy(update={"version": state.version})
        try:
            return await self._short.update(scope, state.agent, change)
        except StateConflict:
            return await self._short.state(scope, state.agent)
        except (MemoryUnavailable, StateInvalid) as error:
            _warn("the working state is not kept", error)
            return changed(state, change)

    async def _all_turns(self, scope: Scope, carried: Sequence[Turn]) -> Sequence[Turn]:
        """The turns that are carried along with those before them, while the permanent record answers."""
        try:
            return await self._permanent.recall(scope, limit=self._farthest)
        except MemoryUnavailable as error:
            _warn("the permanent record is out; the working state is that of the last turns", error)
            return carried

    async def _under_limit(
        self, turns: Sequence[Turn], summary: Summary | None, degraded: tuple[Degraded, ...] = ()
    ) -> Carried:
        count = self._short.condenser.count

        def fitting() -> list[Turn]:
            return within_budget(turns, self._token_limit - (count(summary.text) if summary else 0), count)

        return Carried(tuple(await asyncio.to_thread(fitting)), summary, degraded)


def _degraded(tier: Tier, outage: MemoryUnavailable) -> tuple[Degraded, ...]:
    return (Degraded(tier=tier, reason=str(outage)),)


def _is_all(held: Held, newest: Sequence[Turn]) -> bool:
    """Whether what is held is the thread as the permanent record has it, to its newest turns."""
    if not newest:
        return held.whole and not held.turns and held.summary is None
    ends_alike = held.mark.last in {"", newest[-1].run_id}  # else a turn at its end was taken back
    return held.whole and ends_alike and all(held.knows(turn.run_id) for turn in newest)


async def _or_outage(ask: Callable[[], Awaitable[Found]]) -> Found | MemoryUnavailable:
    """The answer, or the outage. Asks when it is its turn, so that who is cancelled before has begun nothing."""
    try:
        return await ask()
    except MemoryUnavailable as error:
        return error


def _warn(what: str, error: Exception) -> None:
    logger.warning(what, extra={"error": str(error)})
