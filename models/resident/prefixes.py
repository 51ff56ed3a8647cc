"""Which tokens lie computed in the KV cache, and how their prefixes are used again."""

from array import array
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.int32]


class Memory(Protocol):
    """The KV cache of a context. Positions count from 0."""

    def copy(self, source: int, target: int, length: int) -> None:
        """Let the empty sequence `target` share the first positions of `source`."""
        ...

    def trim(self, sequence: int, length: int) -> bool:
        """Forget a sequence's positions from `length` on; False where the model cannot forget a part."""
        ...


@dataclass(eq=False)
class CachedSequence:
    """Tokens computed one after another. Idle ones are kept for who has the same beginning."""

    number: int
    adapters: Hashable
    tokens: "array[int]" = field(default_factory=lambda: array("i"))
    cells: "array[int]" = field(default_factory=lambda: array("i"))
    """The place of each token; places are shared with other sequences of the same beginning."""
    idle: bool = False
    used_at: int = 0

    def __len__(self) -> int:
        return len(self.tokens)


class PrefixCache:
    """Sequences within a budget of cells, the least recently used idle one given up first.

    Not thread-safe. `partial` says whether the model can forget the end of a sequence: one that cannot
    (recurrent models) is used again only as a whole.
    """

    def __init__(self, memory: Memory, *, sequences: int, cells: int, partial: bool = True) -> None:
        self._memory = memory
        self._partial = partial
        self._free_numbers = list(range(sequences - 1, -1, -1))
        self._free_cells = list(range(cells - 1, -1, -1))
        self._holders = np.zeros(cells, dtype=np.int32)
        self._live: list[CachedSequence] = []
        self._clock = 0
        self.cells = cells

    @property
    def used(self) -> int:
        """Cells in use, those of idle sequences included."""
        return self.cells - len(self._free_cells)

    def reclaimable(self, keep: CachedSequence | None = None) -> int:
        """Cells that are free, or would be if all idle sequences but one were given up."""
        held = self._holders.copy()
        for sequence in self._idle(keep):
            held[sequence.cells] -= 1
        return int((held == 0).sum())

    def match(self, prompt: Tokens, adapters: Hashable) -> tuple[CachedSequence | None, int]:
        """The sequence with the longest common beginning, and how long that is; a last token is left to compute."""
        best, longest = None, 0
        for sequence in self._live:
            if sequence.adapters != adapters or len(sequence) <= longest:
                continue
            length = min(common_prefix(prompt, np.array(sequence.tokens, dtype=np.int32)), len(prompt) - 1)
            if not self._partial and length < len(sequence):
                continue
            if length > longest:
                best, longest = sequence, length
        return best, longest

    def acquire(self, prompt: Tokens, adapters: Hashable) -> CachedSequence | None:
        """A sequence that begins with what is known of the prompt; None when all are running."""
        source, length = self.match(prompt, adapters)
        self._clock += 1
        if source is not None:
            source.used_at = self._clock
            if source.idle and length == len(source):
                source.idle = False
                return source
        sequence = self._new(adapters, keep=source)
        if sequence is None and source is not None and source.idle:
            self._cut(source, length)
            source.idle = False
            return source
        if sequence is None or source is None:
            return sequence
        self._memory.copy(source.number, sequence.number, length)
        sequence.tokens, sequence.cells = source.tokens[:length], source.cells[:length]
        self._holders[sequence.cells] += 1
        return sequence

    def make_room(self, cells: int) -> bool:
        """Give up idle sequences until so many cells are free; False when they do not suffice."""
        while len(self._free_cells) < cells:
            idle = self._oldest(keep=None)
            if idle is None:
                return False
            self._drop(idle)
        return True

    def extend(self, sequence: CachedSequence, tokens: Sequence[int]) -> None:
        """Note that these tokens were computed at its end. There must be room for them."""
        if not tokens:
            return
        taken = self._free_cells[-len(tokens) :]
        del self._free_cells[-len(tokens) :]
        self._holders[taken] = 1
        sequence.cells.extend(taken)
        sequence.tokens.extend(tokens)

    def restore(self, sequence: CachedSequence) -> bool:
        """Bring the KV cache back to what is noted, after a failed step; False when it had to be emptied."""
        if self._memory.trim(sequence.number, len(sequence)):
            return True
        self._cut(sequence, 0)
        return False

    def release(self, sequence: CachedSequence, *, keep: bool = True) -> None:
        """Let a sequence rest for reuse, or forget it."""
        self._clock += 1
        sequence.used_at = self._clock
        sequence.idle = True
        if not keep or not len(sequence):
            self._drop(sequence)

    def forget(self, adapter: int) -> None:
        """Drop idle sequences computed with an adapter, that is, with its number first in a pair of their key."""
        for sequence in list(self._idle(None)):
            if isinstance(sequence.adapters, tuple) and any(pair[0] == adapter for pair in sequence.adapters):
                self._drop(sequence)

    def _new(self, adapters: Hashable, keep: CachedSequence | None) -> CachedSequence | None:
        if not self._free_numbers:
            oldest = self._oldest(keep)
            if oldest is None:
                return None
            self._drop(oldest)
        sequence = CachedSequence(self._free_numbers.pop(), adapters, used_at=self._clock)
        self._live.append(sequence)
        return sequence

    def _idle(self, keep: CachedSequence | None) -> Iterator[CachedSequence]:
        return (sequence for sequence in self._live if sequence.idle and sequence is not keep)

    def _oldest(self, keep: CachedSequence | None) -> CachedSequence | None:
        return min(self._idle(keep), key=lambda sequence: sequence.used_at, default=None)

    def _drop(self, sequence: CachedSequence) -> None:
        self._cut(sequence, 0)
        self._live.remove(sequence)
        self._free_numbers.append(sequence.number)

    def _cut(self, sequence: CachedSequence, length: int) -> None:
        """Forget its tokens from `length` on."""
        self._memory.trim(sequence.number, length)
        given_up = sequence.cells[length:]
        self._holders[given_up] -= 1
        self._free_cells.extend(cell for cell in given_up if not self._holders[cell])
        del sequence.tokens[length:], sequence.cells[length:]


def common_prefix(one: Tokens, other: Tokens) -> int:
    """How many tokens two sequences have in common at their beginning."""
    shorter = min(len(one), len(other))
    differing = np.flatnonzero(one[:shorter] != other[:shorter])
    return int(differing[0]) if len(differing) else shorter
