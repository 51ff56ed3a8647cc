"""Which tokens lie computed in the KV cache, and how their prefixes are used again."""

from array import array
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from models.resident.parking import (
    SEGMENT_TOKENS,
    ParkedPrefixes,
    Saved,
    Tokens,
    common_prefix,
    uses_adapter,
)

_WORTH_RESTORING = 16
"""Tokens that are computed again rather than restored where there are no more of them."""
_WORTH_PARKING = 16
"""Cells that only idle sequences hold, from which on one of them is parked."""


class Memory(Protocol):
    """The KV cache of a context. Positions count from 0."""

    def copy(self, source: int, target: int, length: int) -> None:
        """Let the empty sequence `target` share the first positions of `source`."""
        ...

    def trim(self, sequence: int, length: int) -> bool:
        """Forget a sequence's positions from `length` on; False where the model cannot forget a part."""
        ...

    def save(self, sequence: int, start: int, end: int) -> Saved | None:
        """What is computed of these positions, as bytes of the host's; None where it could not be had."""
        ...

    def load(self, sequence: int, saved: Saved, start: int, end: int) -> bool:
        """Put these positions of what was saved behind those the sequence has; False, and nothing done, on failure.

        For a moment all that was saved takes cells.
        """
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
    idle_since: int = 0
    """Tokens that had been written for anybody when it came to rest."""
    saved: bool = False
    """Whether all of it has been saved since it came to rest; others may have taken that place since."""
    stays: bool = False
    """Whether it could not be saved and so rests in its cells."""

    def __len__(self) -> int:
        return len(self.tokens)


class PrefixCache:
    """Sequences within a budget of cells, the least recently used idle one given up first.

    What is given up is parked, as far as `parked` has room, and restored where a prompt begins with it. Not
    thread-safe. `partial` says whether the model can forget the end of a sequence: one that cannot (recurrent models)
    is used again only as a whole, and never parked.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        sequences: int,
        cells: int,
        partial: bool = True,
        parked: ParkedPrefixes | None = None,
    ) -> None:
        self._memory = memory
        self._partial = partial
        self._parked = parked if partial else None
        self._free_numbers = list(range(sequences - 1, -1, -1))
        self._free_cells = list(range(cells - 1, -1, -1))
        self._holders = np.zeros(cells, dtype=np.int32)
        self._live: list[CachedSequence] = []
        self._clock = 0
        self._written = 0
        self.cells = cells
        self.restored = 0
        """Tokens brought back from where they were parked."""

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

    def known(self, prompt: Tokens, adapters: Hashable) -> int:
        """How many tokens of a prompt need not be computed: those in cells and those that are parked."""
        _, length = self.match(prompt, adapters)
        parked = self._parked.match(prompt[:-1], adapters) if self._parked is not None else []
        return max(length, parked[-1].end if parked else 0)

    def acquire(self, prompt: Tokens, adapters: Hashable) -> CachedSequence | None:
        """A sequence that begins with what is known of the prompt; None when all are running."""
        sequence = self._begun(prompt, adapters)
        if sequence is not None and self._parked is not None:
            self._unpark(sequence, prompt, self._parked)
        return sequence

    def _begun(self, prompt: Tokens, adapters: Hashable) -> CachedSequence | None:
        """A sequence that begins with what others hold of the prompt in cells."""
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
            self._give_up(idle)
        return True

    def save_ahead(self) -> bool:
        """Save a segment of an idle sequence, which stays in its cells, while nobody waits; False when all are saved."""
        for sequence in sorted(self._idle(None), key=lambda one: one.used_at):
            if self._parked is None or sequence.saved or sequence.stays:
                continue
            if self._is_parked(sequence, self._parked):
                sequence.saved = True
            else:
                sequence.stays = not self._save_segment(sequence, self._parked)
                return True
        return False

    def drop_saved(self) -> None:
        """Give up the cells of idle sequences that are parked: somebody begins to write, and they would be stepped over."""
        for sequence in self._resting(patience=0):
            if self._parked is not None and self._is_parked(sequence, self._parked):
                self._drop(sequence)

    def park(self, written: int, patience: int) -> None:
        """Note that so many tokens were written, and move idle sequences out of the cells that attention steps over.

        Those go over which it has stepped for `patience` tokens. One segment is saved at a time, as those who write
        wait for it.
        """
        self._written += written
        for sequence in self._resting(patience):
            if self._parked is None:
                return
            if not self._is_parked(sequence, self._parked):
                sequence.stays = not self._save_segment(sequence, self._parked)
                return
            self._drop(sequence)

    def _resting(self, patience: int) -> list[CachedSequence]:
        """Idle sequences that others wrote so many tokens beside, with cells of their own, the longest idle first."""
        resting = [
            sequence
            for sequence in self._idle(None)
            if self._written - sequence.idle_since >= patience and not sequence.stays
        ]
        if not resting:
            return []
        busy = np.zeros(self.cells, dtype=bool)
        for sequence in self._live:
            if not sequence.idle:
                busy[sequence.cells] = True
        own = [one for one in resting if np.count_nonzero(~busy[one.cells]) >= _WORTH_PARKING]
        return sorted(own, key=lambda one: one.used_at)

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
        sequence.idle_since = self._written
        sequence.saved = sequence.stays = False
        if not keep or not len(sequence):
            self._drop(sequence)

    def forget(self, adapter: int) -> None:
        """Drop idle sequences computed with an adapter, that is, with its number first in a pair of their key."""
        for sequence in list(self._idle(None)):
            if uses_adapter(sequence.adapters, adapter):
                self._drop(sequence)
        if self._parked is not None:
            self._parked.forget(adapter)

    def _new(self, adapters: Hashable, keep: CachedSequence | None) -> CachedSequence | None:
        if not self._free_numbers:
            oldest = self._oldest(keep)
            if oldest is None:
                return None
            self._give_up(oldest)
        sequence = CachedSequence(self._free_numbers.pop(), adapters, used_at=self._clock)
        self._live.append(sequence)
        return sequence

    def _idle(self, keep: CachedSequence | None) -> Iterator[CachedSequence]:
        return (sequence for sequence in self._live if sequence.idle and sequence is not keep)

    def _oldest(self, keep: CachedSequence | None) -> CachedSequence | None:
        return min(self._idle(keep), key=lambda sequence: sequence.used_at, default=None)

    def _give_up(self, sequence: CachedSequence) -> None:
        """Drop an idle sequence, parked as far as there is room."""
        parked = self._parked
        while (
            parked is not None
            and not self._is_parked(sequence, parked)
            and self._save_segment(sequence, parked)
        ):
            pass
        self._drop(sequence)

    def _is_parked(self, sequence: CachedSequence, parked: ParkedPrefixes) -> bool:
        found = parked.match(np.array(sequence.tokens, dtype=np.int32), sequence.adapters)
        return bool(found) and found[-1].end == len(sequence)

    def _save_segment(self, sequence: CachedSequence, parked: ParkedPrefixes) -> bool:
        """Save the next tokens that are not parked yet; False where that cannot be done, or there is no room for them."""
        tokens = np.array(sequence.tokens, dtype=np.int32)
        whole = [match for match in parked.match(tokens, sequence.adapters) if match.whole]
        parent = whole[-1].segment if whole else None
        start = parent.end if parent is not None else 0
        end = min(len(tokens), (start // SEGMENT_TOKENS + 1) * SEGMENT_TOKENS)
        saved = self._memory.save(sequence.number, start, end)
        return saved is not None and parked.add(parent, sequence.adapters, tokens[start:end], saved)

    def _unpark(self, sequence: CachedSequence, prompt: Tokens, parked: ParkedPrefixes) -> None:
        """Bring back what is parked of a prompt behind what the sequence has already."""
        found = parked.match(prompt[:-1], sequence.adapters)
        if not found or found[-1].end - len(sequence) < _WORTH_RESTORING:
            return
        parked.touch(found[-1].segment)  # before others are parked to make room
        for match in found:
            segment, start = match.segment, len(sequence)
            if match.end <= start:
                continue
            if not self.make_room(len(segment.tokens)):
                return
            if not self._memory.load(sequence.number, segment.saved, start, match.end):
                parked.drop(segment)
                return
            self.extend(sequence, prompt[start : match.end].tolist())
            self.restored += match.end - start

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
