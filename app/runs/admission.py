"""How many runs a process takes in at once, so that those it takes are soon under way however many are offered."""

from typing import Final

from graphs import RouteChosen, RunEvent

LEAST: Final = 3
"""So many are let in always: one slow start, or a busy machine, locks nobody out."""
_FIRST: Final = 16
_SHRINK: Final = 0.5


class Admission:
    """Lets in as many runs as are routed in time: what comes before the route is our own work, and no model's pace.

    TCP's way of finding how much a line bears (slow start, then additive increase and multiplicative decrease;
    RFC 5681): one more for each run that was routed in time while all places were taken, until for the first time one
    was not; then one more for as many as there are places. A late one takes half of them away, and those that began
    before that say nothing new.
    """

    def __init__(self, *, most: int, within_s: float) -> None:
        """`most` is never exceeded; with `within_s` 0 it is what is let in."""
        self._most = most
        self._within_s = within_s
        self._limit = float(min(_FIRST, most) if within_s else most)
        self._careful_from = float(most)
        self._shrunk_at = 0.0

    @property
    def limit(self) -> int:
        """How many may go on at once."""
        return int(self._limit)

    def heard(self, event: RunEvent, seconds: float, *, now: float, active: int) -> None:
        """Take a run's event, which came so many seconds after the run began, into account.

        `now` is the clock's time in seconds, `active` how many runs go on.
        """
        if not self._within_s or not isinstance(event, RouteChosen):
            return
        if seconds > self._within_s:
            if now - seconds >= self._shrunk_at:
                self._limit = max(min(LEAST, self._most), self._limit * _SHRINK)
                self._careful_from, self._shrunk_at = self._limit, now
        elif active >= self.limit:
            step = 1 if self._limit < self._careful_from else 1 / self._limit
            self._limit = min(self._most, self._limit + step)
