"""Who computes what in the next step. Nothing here knows of llama.cpp."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from models.resident.interfaces import Priority

_FIRST_CHUNK = 16
_SMALLEST_CHUNK = 1
_QUANTUM = 4
_SMOOTHING = 0.2


class Schedulable(Protocol):
    """What a policy must know of a request."""

    @property
    def priority(self) -> Priority:
        """How urgent it is."""
        ...

    @property
    def owner(self) -> str:
        """Who asked."""
        ...

    @property
    def submitted_at(self) -> float:
        """In seconds of a monotonic clock."""
        ...

    @property
    def remaining(self) -> int:
        """Tokens to compute before the next one can be chosen: 1 while an answer is being written."""
        ...

    @property
    def adapters(self) -> Hashable:
        """Requests are computed together only when this is equal."""
        ...


Work = TypeVar("Work", bound=Schedulable)


def urgency(work: Schedulable, now: float, patience_s: float) -> int:
    """The priority, one step higher for each `patience_s` since submission; lower comes first."""
    return work.priority - int((now - work.submitted_at) / patience_s)


def in_turn(waiting: Iterable[Work], running: Iterable[Work], now: float, patience_s: float) -> list[Work]:
    """Waiting requests in the order in which they should begin: urgent ones first, then owners in turn."""
    share = Counter(work.owner for work in running)
    ordered: list[tuple[int, int, float, int, Work]] = []
    for work in sorted(waiting, key=lambda one: (urgency(one, now, patience_s), one.submitted_at)):
        ordered.append(
            (urgency(work, now, patience_s), share[work.owner], work.submitted_at, len(ordered), work)
        )
        share[work.owner] += 1
    return [entry[-1] for entry in sorted(ordered, key=lambda entry: entry[:-1])]


@dataclass
class StepCosts:
    """What steps take, learned as they happen: those that only write answers, and a prompt token more."""

    slowdown: float
    _writing_s: dict[int, float] = field(default_factory=dict)
    _prompt_token_s: float | None = None

    def learn(self, writing: int, prompt_tokens: int, seconds: float) -> None:
        """A step with so many answers being written and so many prompt tokens took so long."""
        if not prompt_tokens:
            known = self._writing_s.get(writing, seconds)
            self._writing_s[writing] = known + _SMOOTHING * (seconds - known)
            return
        base = self._base(writing) if writing else 0.0
        if base is None:
            return
        cost = max(0.0, seconds - base) / prompt_tokens
        known = cost if self._prompt_token_s is None else self._prompt_token_s
        self._prompt_token_s = known + _SMOOTHING * (cost - known)

    def prompt_budget(self, writing: int) -> int:
        """Prompt tokens that slow a step with so many answers no more than the setting allows."""
        base = self._base(writing)
        if base is None or self._prompt_token_s is None:
            return _FIRST_CHUNK
        if self._prompt_token_s <= 0:
            return 1 << 30
        return max(_SMALLEST_CHUNK, int((self.slowdown - 1) * base / self._prompt_token_s))

    def _base(self, writing: int) -> float | None:
        if not self._writing_s:
            return None
        nearest = min(self._writing_s, key=lambda known: abs(known - writing))
        return self._writing_s[nearest]


class Turns:
    """Which adapters the next step computes with: a few steps each, the longest waiting next."""

    def __init__(self) -> None:
        self._current: Hashable = None
        self._steps = 0
        self._served: defaultdict[Hashable, int] = defaultdict(int)
        self._clock = 0

    def next(self, groups: Sequence[Hashable]) -> Hashable:
        """One of the groups, which are not empty."""
        self._clock += 1
        if self._current not in groups or self._steps >= _QUANTUM:
            for gone in self._served.keys() - set(groups):
                del self._served[gone]
            self._current = min(groups, key=lambda group: self._served[group])
            self._steps = 0
        self._steps += 1
        self._served[self._current] = self._clock
        return self._current


def plan_step(
    running: Sequence[Work], costs: StepCosts, batch_tokens: int, now: float, patience_s: float
) -> list[tuple[Work, int]]:
    """How many tokens of each request are computed in a step, for at most `batch_tokens` requests of the same adapters.

    Every answer being written goes on. Prompts share what is left, as far as it slows no answer of at least
    their own urgency too much: the most urgent first, then those with least to do, measured against the time
    they waited, so that a long prompt is not overtaken for ever.
    """
    writing = [work for work in running if work.remaining == 1]
    prompts = sorted(
        (work for work in running if work.remaining > 1),
        key=lambda work: (urgency(work, now, patience_s), work.remaining - _aged(work, now)),
    )
    plan = [(work, 1) for work in writing]
    left = batch_tokens - len(plan)
    if prompts and any(work.priority <= prompts[0].priority for work in writing):
        left = min(left, costs.prompt_budget(len(writing)))
    for work in prompts:
        if left <= 0:
            break
        taken = min(work.remaining, left)
        plan.append((work, taken))
        left -= taken
    return plan


_AGED_TOKENS_A_SECOND = 500.0


def _aged(work: Schedulable, now: float) -> float:
    """Tokens that might have been computed while it waited."""
    return _AGED_TOKENS_A_SECOND * (now - work.submitted_at)
