"""The conversation over its tiers: Redis for speed, PostgreSQL for keeps, a token limit on what is carried along."""

import logging
import re

from memory.errors import MemoryUnavailable
from memory.interfaces import MemoryTier, Scope, Turn
from memory.settings import MemorySettings

logger = logging.getLogger(__name__)
_TOKEN = re.compile(r"\w{1,6}|[^\w\s]")
"""About one sub-word token of English; used for budgets only."""


class TieredConversation:
    """Recalls from the short tier and, where it holds less than the thread has, from the permanent one."""

    def __init__(self, short: MemoryTier, permanent: MemoryTier, settings: MemorySettings) -> None:
        self._short = short
        self._permanent = permanent
        self._settings = settings

    async def recall(self, scope: Scope) -> list[Turn]:
        """Earlier turns of the thread under the token limit, oldest first."""
        limit = self._settings.short_turns
        try:
            turns = await self._short.recall(scope, limit=limit)
        except MemoryUnavailable as error:
            logger.warning(
                "short-term memory is out; reading the permanent record", extra={"error": str(error)}
            )
            turns = []
        if len(turns) < limit:
            kept = await self._permanent.recall(scope, limit=limit)
            merged = {turn.run_id: turn for turn in [*kept, *turns]}
            turns = sorted(merged.values(), key=lambda turn: turn.at)[-limit:]
        return within_budget(turns, self._settings.token_limit)

    async def remember(self, scope: Scope, turn: Turn) -> None:
        """Keep the turn permanently, then in the short tier; an outage of the short tier loses nothing."""
        await self._permanent.remember(scope, turn)
        try:
            await self._short.remember(scope, turn)
        except MemoryUnavailable as error:
            logger.warning(
                "short-term memory is out; the turn is in the permanent record", extra={"error": str(error)}
            )


def within_budget(turns: list[Turn], tokens: int) -> list[Turn]:
    """The newest turns whose texts together stay under the number of tokens, oldest first; the newest always."""
    kept: list[Turn] = []
    left = tokens
    for turn in reversed(turns):
        left -= count_tokens(turn.request) + count_tokens(turn.answer)
        if left < 0 and kept:
            break
        kept.append(turn)
    return kept[::-1]


def count_tokens(text: str) -> int:
    """About how many tokens a model makes of the text: one for every six characters of a word, one a mark."""
    return len(_TOKEN.findall(text))
