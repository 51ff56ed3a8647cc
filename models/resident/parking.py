"""Prefixes kept outside of the KV cache: saved keys and values in the host's memory, found again by their tokens."""

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Tokens: TypeAlias = NDArray[np.int32]
Saved: TypeAlias = NDArray[np.uint8]

SEGMENT_TOKENS = 256
"""Longest part saved at once: what others wait for it, and how finely beginnings are shared."""


@dataclass(eq=False)
class Segment:
    """Tokens computed one after another, behind those of its parent, and what was saved of them."""

    parent: "Segment | None"
    adapters: Hashable
    start: int
    """The position of its first token."""
    tokens: Tokens
    saved: Saved
    used_at: int = 0
    followers: "list[Segment]" = field(default_factory=list)

    @property
    def end(self) -> int:
        """The position after its last token."""
        return self.start + len(self.tokens)


@dataclass(frozen=True, slots=True)
class Match:
    """A saved segment, and up to which position a prompt agrees with it."""

    segment: Segment
    end: int

    @property
    def whole(self) -> bool:
        """Whether the prompt agrees to the segment's end."""
        return self.end == self.segment.end


class ParkedPrefixes:
    """Trees of segments within a budget of bytes and tokens; the least recently used end is given up first.

    Not thread-safe.
    """

    def __init__(self, *, most_bytes: int, most_tokens: int) -> None:
        self._most_bytes = most_bytes
        self._most_tokens = most_tokens
        self._roots: defaultdict[Hashable, list[Segment]] = defaultdict(list)
        self._clock = 0
        self.bytes = 0
        """Of the host's memory, taken by what is saved."""
        self.tokens = 0

    def match(self, prompt: Tokens, adapters: Hashable) -> list[Match]:
        """The saved segments that a prompt begins with, one behind the other; only the last may agree in part."""
        found: list[Match] = []
        known, position = self._roots.get(adapters, []), 0
        while known and position < len(prompt):
            rest = prompt[position:]
            segment = max(known, key=lambda one: common_prefix(one.tokens, rest))
            length = common_prefix(segment.tokens, rest)
            if not length:
                break
            found.append(Match(segment, position + length))
            if length < len(segment.tokens):
                break
            known, position = segment.followers, segment.end
        return found

    def touch(self, segment: Segment) -> None:
        """Note that a segment, and so all before it, has been of use."""
        self._clock += 1
        one: Segment | None = segment
        while one is not None:
            one.used_at = self._clock
            one = one.parent

    def add(self, parent: Segment | None, adapters: Hashable, tokens: Tokens, saved: Saved) -> bool:
        """Keep a segment behind its parent; False where the budget has no place for it beside its own beginning."""
        start = parent.end if parent is not None else 0
        segment = Segment(parent, adapters, start, tokens, saved)
        if parent is not None:
            self.touch(parent)
        self._siblings(segment).append(segment)
        self.bytes += saved.nbytes
        self.tokens += len(tokens)
        self.touch(segment)
        while self.bytes > self._most_bytes or self.tokens > self._most_tokens:
            oldest = min(self._ends(), key=lambda end: end.used_at)
            self.drop(oldest)
            if oldest is segment:
                return False
        return True

    def drop(self, segment: Segment) -> None:
        """Give up a segment and all behind it, if it is still there."""
        siblings = self._siblings(segment)
        if segment not in siblings:
            return
        for follower in list(segment.followers):
            self.drop(follower)
        siblings.remove(segment)
        self.bytes -= segment.saved.nbytes
        self.tokens -= len(segment.tokens)

    def forget(self, adapter: int) -> None:
        """Give up what was computed with an adapter, that is, with its number first in a pair of the key."""
        for adapters, roots in self._roots.items():
            if uses_adapter(adapters, adapter):
                for segment in list(roots):
                    self.drop(segment)

    def _siblings(self, segment: Segment) -> list[Segment]:
        return segment.parent.followers if segment.parent is not None else self._roots[segment.adapters]

    def _ends(self) -> Iterator[Segment]:
        """Segments with nothing behind them."""
        left = [segment for roots in self._roots.values() for segment in roots]
        while left:
            segment = left.pop()
            left.extend(segment.followers)
            if not segment.followers:
                yield segment


def uses_adapter(adapters: Hashable, adapter: int) -> bool:
    """Whether a key of numbers and scales names this number."""
    return isinstance(adapters, tuple) and any(pair[0] == adapter for pair in adapters)


def common_prefix(one: Tokens, other: Tokens) -> int:
    """How many tokens two sequences have in common at their beginning."""
    shorter = min(len(one), len(other))
    differing = np.flatnonzero(one[:shorter] != other[:shorter])
    return int(differing[0]) if len(differing) else shorter
