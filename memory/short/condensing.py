"""Which turns of a conversation are carried along word for word, and which are summed up."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from memory.interfaces import Turn
from memory.settings import MemorySettings
from memory.short.summaries import ExtractiveSummariser, Summariser, Summary
from memory.short.tokens import Counter, count_tokens, turn_tokens
from memory.short_settings import ShortTermSettings


@dataclass(frozen=True)
class Condensed:
    """Turns, and a summary of those before them."""

    turns: tuple[Turn, ...]
    """Oldest first."""
    tokens: int
    """Of the turns."""
    folded: tuple[Turn, ...]
    """The turns that went into the summary."""
    folded_tokens: int
    summary: Summary | None
    """Of all that was before `turns`."""


class Condenser:
    """Sums up the oldest turns where a conversation is longer than it may be.

    It may have `short_turns` turns, which with their summary stay within `token_limit`. Once it has more it is brought
    down to three quarters of both, so that not every turn has something to sum up; the newest turn always stays.
    """

    def __init__(
        self, settings: MemorySettings, *, summariser: Summariser | None = None, count: Counter = count_tokens
    ) -> None:
        shape = short_settings(settings)
        self.summary_tokens = min(shape.summary_tokens, settings.token_limit // 4)
        self.count = count
        self._settings = settings
        self._quick = ExtractiveSummariser(self.summary_tokens, count)
        self._summariser = summariser or self._quick

    def fits(self, turns: int, tokens: int, *, summarised: bool) -> bool:
        """Whether so many turns of so many tokens need no summing up, beside a summary or without one."""
        left = self._settings.token_limit - (self.summary_tokens if summarised else 0)
        return turns <= self._settings.short_turns and (tokens <= left or turns == 1)

    async def condense(
        self, previous: Summary | None, turns: Sequence[Turn], *, quick: bool = False
    ) -> Condensed:
        """The turns to carry along, and the previous summary with the others in it.

        `quick` takes sentences and asks no model, for where a turn waits.
        """
        sizes = await asyncio.to_thread(lambda: [turn_tokens(turn, self.count) for turn in turns])
        first = 0
        if turns and not self.fits(len(turns), sum(sizes), summarised=previous is not None):
            first = self._first_kept(sizes)
        folded = tuple(turns[:first])
        return Condensed(
            turns=tuple(turns[first:]),
            tokens=sum(sizes[first:]),
            folded=folded,
            folded_tokens=sum(sizes[:first]),
            summary=await self._summed_up(previous, folded, quick=quick) if folded else previous,
        )

    def _first_kept(self, sizes: Sequence[int]) -> int:
        most, tokens = self._settings.short_turns * 3 // 4, self._settings.token_limit * 3 // 4
        left, first = sum(sizes), 0
        while first < len(sizes) - 1 and (len(sizes) - first > most or left > tokens):
            left -= sizes[first]
            first += 1
        return first

    async def _summed_up(self, previous: Summary | None, folded: tuple[Turn, ...], *, quick: bool) -> Summary:
        summariser = self._quick if quick else self._summariser
        text = previous.text if previous else ""
        if told := [turn for turn in folded if not turn.withheld]:
            text = await summariser.summarise(text, told)
        before = (previous.covers, previous.until) if previous else (0, folded[0].at)
        return Summary(
            text=text,
            covers=before[0] + len(folded),
            until=max(before[1], *(turn.at for turn in folded)),
        )


def short_settings(settings: MemorySettings) -> ShortTermSettings:
    """The part of the settings that is about short-term memory."""
    return settings.short
