"""How many runs a process takes in at once, so that those it takes are soon under way however many are offered."""

import math
from typing import Final

from graphs import RouteChosen, RunEvent

LEAST: Final = 3
"""So many are let in always: one slow start, or a busy machine, locks nobody out."""
_FIRST: Final = 16
_SHRINK: Final = 0.5
_CAREFUL_S: Final = 10.0
_REMEMBERED_S: Final = 2.0
_FEW: Final = 1.0


class Admission:
    """Lets in as many runs as are routed in time: what comes before the route is our own work, and no model's pace.

    TCP's way of finding how much a line bears (slow start, then additive increase and multiplicative decrease;
    RFC 5681): one more for each run that was routed in time while all places were taken, until one was not; then, for
    ten seconds, one more for as many as there are places. A late one halves what goes on, but those that began before
    that say nothing new, and one that had hardly another beside it tells of something else than of too many.
    """

    def __init__(self, *, most: int, within_s: float) -> None:
        """`most` is never exceeded; with `within_s` 0 it is what is let in."""
        self._most = most
        self._within_s = within_s
        self._limit = float(min(_FIRST, most) if within_s else most)
        self._shrunk_at = -math.inf
        self._refused, self._ended = _Lately(), _Lately()

    @property
    def limit(self) -> int:
        """How many may go on at once."""
        return int(self._limit)

    def refused(self, *, now: float) -> None:
        """One was turned away."""
        self._refused.count(now)

    def ended(self, *, now: float) -> None:
        """A run ended, and its place is free."""
        self._ended.count(now)

    def lets_wait(self, *, now: float) -> bool:
        """Whether who comes may wait for a place: not where more are turned away than end, as then all who are served were late.

        A burst, and clients of which each waits for its answer before it asks again, are served in turn that way.
        """
        return self._within_s > 0 and self._refused.at(now) <= self._ended.at(now) + _FEW

    def heard(self, event: RunEvent, seconds: float, *, now: float, active: int) -> None:
        """Take a run's event, which came so many seconds after the run began, into account.

        `now` is the clock's time in seconds, `active` how many runs go on.
        """
        if not self._within_s or not isinstance(event, RouteChosen):
            return
        if seconds > self._within_s:
            if active > LEAST and now - seconds >= self._shrunk_at:
                self._limit = max(min(LEAST, self._most), min(self._limit, active) * _SHRINK)
                self._shrunk_at = now
        elif active >= self.limit:
            careful = now - self._shrunk_at < _CAREFUL_S
            self._limit = min(self._most, self._limit + (1 / self._limit if careful else 1))


class _Lately:
    """How often something happened, what was longer ago counting less and less."""

    def __init__(self) -> None:
        self._count = 0.0
        self._seen_at = 0.0

    def count(self, now: float) -> None:
        """It happened."""
        self._count, self._seen_at = self.at(now) + 1, now

    def at(self, now: float) -> float:
        """How often, of the last seconds."""
        return self._count * math.exp((self._seen_at - now) / _REMEMBERED_S)
