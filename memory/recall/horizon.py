"""How far a reader of revisions has come, while transactions may still commit earlier ones."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

OVERLAP = 20_000
"""Revisions that are looked through again at most: what transactions draw together while one of them is open."""
_SETTLED_S = 2.0  # a transaction draws its first revision a moment before it has a number of its own


@dataclass(frozen=True)
class Snapshot:
    """What was known of the database's transactions before rows were read."""

    revision: int
    """The latest that was drawn."""
    oldest: int
    """The number of the oldest transaction that was open."""
    next: int
    """The number that the next transaction would get."""
    at: float
    """By a monotonic clock, in seconds."""


class Horizon:
    """Revisions come from a sequence, and transactions do not commit in its order.

    Up to `safe` nothing can come that was not read; `recent` are those read beyond it. A revision that was drawn
    when a snapshot was taken is visible for certain once every transaction that was open then has ended.
    """

    def __init__(self) -> None:
        self.safe = 0
        self.recent: set[int] = set()
        self._marks: deque[Snapshot] = deque()

    def read(self, snapshot: Snapshot, revisions: Iterable[int]) -> None:
        """After all rows beyond `safe` that are not `recent` were read, these among them."""
        self.recent.update(revisions)
        self._marks.append(snapshot)
        safe = max(self.safe, snapshot.revision - OVERLAP)
        while self._marks and self._ended(self._marks[0], snapshot):
            safe = max(safe, self._marks.popleft().revision)
        if len(self._marks) > 1 and self._marks[-2].revision == snapshot.revision:
            self._marks.pop()  # the earlier one is settled sooner and says the same
        if safe > self.safe:
            self.safe = safe
            self.recent = {revision for revision in self.recent if revision > safe}

    @staticmethod
    def _ended(mark: Snapshot, now: Snapshot) -> bool:
        return mark.next <= now.oldest and now.at - mark.at >= _SETTLED_S
