"""Dividing a message that asks several things among the specialists they are for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from graphs.routing.interfaces import Route, Task
from graphs.routing.parts import Part
from graphs.settings import RouterSettings

_MOST_TASKS = 4
_SURE_THOUGH_IT_LEANS = 0.9
"""For a part that refers back, or that only a comma parts from the one before it."""
_GREETING_WORDS = 6


@dataclass(frozen=True, slots=True)
class Reading:
    """The likeliest label of a text, its probability, and the runner-up among specialists."""

    label: str
    probability: float
    second: str
    second_probability: float


@dataclass(slots=True)
class _Share:
    """The parts that one specialist gets, next to each other in the message."""

    agent: str
    confidence: float
    parts: list[str]
    wants: str
    context: tuple[str, ...] = ()

    def takes(self, agent: str, wants: str) -> bool:
        """Whether a part goes with these: of what is to be told and what is to be worked out only one would be done."""
        return self.agent == agent and (not wants or not self.wants or self.wants == wants)

    def take(self, other: "_Share") -> None:
        """Add the parts of another."""
        self.parts += other.parts
        self.confidence = max(self.confidence, other.confidence)
        self.wants = self.wants or other.wants


@dataclass(slots=True)
class _Division:
    """What was found while reading from the first part to the last."""

    shares: list[_Share] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    """Parts that tell something for the request after them."""

    def add(self, agent: str, confidence: float, part: Part, earlier: Sequence[str]) -> None:
        """A request that is surely for this agent."""
        wants = part.wants if (part.adds and not part.refers_back) or not earlier else ""
        context = tuple(earlier) if part.refers_back else ()
        share = _Share(agent, confidence, [*self.waiting, part.text], wants, context)
        self.waiting.clear()
        if self.shares and self.shares[-1].takes(agent, wants):
            self.shares[-1].take(share)
        else:
            self.shares.append(share)

    def keep(self, part: Part) -> None:
        """A part that says too little by itself: it goes with the one before, or waits for the one after."""
        if self.shares and not part.states:
            self.shares[-1].parts += [*self.waiting, part.text]
            self.waiting.clear()
        else:
            self.waiting.append(part.text)

    def close(self) -> None:
        """What still waits goes with the last request."""
        if self.shares:
            self.shares[-1].parts += self.waiting


def divide(
    parts: Sequence[Part], readings: Sequence[Reading], specialists: Collection[str], settings: RouterSettings
) -> Route | None:
    """A task for each specialist that some part is surely for; None where the message is one request.

    What one specialist is to tell and what the same is to work out are two tasks. A part that leans on the one before it needs more certainty; one that refers back carries the parts before it as context. Parts that are
    surely for nobody are left out, and greetings are dropped.
    """
    division = _Division()
    for number, (part, reading) in enumerate(zip(parts, readings, strict=True)):
        leans = part.refers_back or (part.in_sentence and number > 0)
        needed = max(settings.part, _SURE_THOUGH_IT_LEANS) if leans else settings.part
        sure = reading.probability >= needed and not part.states
        if reading.label in specialists and sure:
            division.add(reading.label, reading.probability, part, [p.text for p in parts[:number]])
        elif reading.label == "out_of_scope" and sure and not part.refers_back:
            division.left_out.append(part.text)
        elif not (reading.label == "small_talk" and _greets(part, reading, settings)):
            division.keep(part)
    division.close()
    shares = _joined(division.shares)
    if not shares or (len(shares) == 1 and not division.left_out):
        return None
    tasks = [
        Task(
            agent=share.agent,
            request=" ".join(share.parts),
            context=" ".join(share.context),
            confidence=share.confidence,
        )
        for share in shares
    ]
    return Route(
        kind="tasks",
        tasks=tuple(tasks[:_MOST_TASKS]),
        left_out=tuple(division.left_out),
        reason="the request has several parts",
    )


def _greets(part: Part, reading: Reading, settings: RouterSettings) -> bool:
    return reading.probability >= settings.part and len(part.text.split()) <= _GREETING_WORDS


def _joined(shares: Sequence[_Share]) -> list[_Share]:
    """Shares of one agent that lie apart in the message become one, in the place of the first that takes it."""
    joined: list[_Share] = []
    for share in shares:
        first = next((each for each in joined if each.takes(share.agent, share.wants)), None)
        if first is None:
            joined.append(share)
        else:
            first.take(share)
    return joined
