"""Which waiting requests begin, and which running one makes way."""

import numpy as np

from models.resident.job import Job
from models.resident.parking import common_prefix
from models.resident.prefixes import PrefixCache
from models.resident.scheduling import in_turn, urgency

_WORTH_WAITING = 32
"""Tokens that another request is about to compute, for which one waits rather than computes them as well."""
_HEADROOM = 16
"""Cells left free for what each running request will generate next."""


class Admission:
    """Gives sequences to requests as long as there are any, and room for their prompts."""

    def __init__(self, cache: PrefixCache, *, parallel: int, patience_s: float, share_ahead: bool) -> None:
        self._cache = cache
        self._parallel = parallel
        self._patience_s = patience_s
        self._share_ahead = share_ahead

    def admit(self, waiting: list[Job], running: list[Job], now: float) -> int:
        """Move requests from the one list to the other; how many running ones went back to wait for them."""
        preempted = 0
        for job in in_turn(waiting, running, now, self._patience_s):
            if self._share_ahead and self._is_being_computed(job, running):
                continue
            if len(running) >= self._parallel:
                victim = self._less_urgent(job, running)
                if victim is None:
                    break
                self.suspend(victim, waiting, running)
                preempted += 1
            if not self._begin(job, running, now):
                break
            waiting.remove(job)
            running.append(job)
        return preempted

    def suspend(self, job: Job, waiting: list[Job], running: list[Job]) -> None:
        """Send a request back to wait; what was computed for it is kept as long as there is room."""
        if job.sequence is not None:
            self._cache.release(job.sequence)
        job.sequence = None
        running.remove(job)
        waiting.append(job)

    def least_urgent(self, running: list[Job], now: float) -> Job:
        """Who makes way when cells run out: the least urgent, and of those the last to come."""
        return max(running, key=lambda job: (urgency(job, now, self._patience_s), job.submitted_at))

    def _begin(self, job: Job, running: list[Job], now: float) -> bool:
        history = np.array(job.history, dtype=np.int32)
        source, shared = self._cache.match(history, job.adapters)
        needed = len(history) - shared + _HEADROOM * (len(running) + 1)
        if running and self._cache.reclaimable(keep=source) < needed:
            return False
        sequence = self._cache.acquire(history, job.adapters)
        if sequence is None:
            return False
        job.sequence = sequence
        if job.started_at is None:
            job.started_at, job.reused = now, min(len(sequence), len(job.prompt))
        return True

    def _is_being_computed(self, job: Job, running: list[Job]) -> bool:
        """Whether a running request is about to compute a beginning of this one that is not known yet."""
        history = np.array(job.history, dtype=np.int32)
        known = self._cache.known(history, job.adapters)
        for other in running:
            if other.adapters != job.adapters or other.sequence is None or other.remaining <= 1:
                continue
            shared = min(common_prefix(history, np.array(other.history, dtype=np.int32)), len(history) - 1)
            if shared - known >= _WORTH_WAITING and len(other.sequence) < shared:
                return True
        return False

    def _less_urgent(self, job: Job, running: list[Job]) -> Job | None:
        """A running request of a lower priority, whatever it waited: the last to come."""
        lower = [other for other in running if other.priority > job.priority]
        return max(lower, key=lambda other: (other.priority, other.submitted_at), default=None)
