"""Dividing a message that asks several things among the specialists they are for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from graphs.routing.interfaces import Route, Task
from graphs.routing.parts import Part
from graphs.settings import RouterSettings

_MOST_TASKS = 4
_SURE_THOUGH_IT_LEANS = 0.95
"""For a part that refers back."""
_SURE_THOUGH_IN_SENTENCE = 0.9
"""For one that only a comma or a conjunction parts from the one before it, or that refers back and asks for something to be made or worked out, which is seldom a mere continuation."""
_GREETING_WORDS = 6


@dataclass(frozen=True, slots=True)
class Reading:
    """The likeliest label of a text, its probability, and the runner-up among specialists."""

    label: str
    probability: float
    second: str
    second_probability: float


@dataclass(slots=True, eq=False)
class _Share:
    """The parts that one specialist gets, next to each other in the message."""

    agent: str
    confidence: float
    parts: list[str]
    wants: str
    context: tuple[str, ...] = ()
    works: bool = False
    """Something is to be made or worked out, on which later parts may build."""
    alone: bool = False
    """A step of its own, though its specialist has another one."""
    needs: tuple["_Share", ...] = ()
    """Those whose results it builds on."""

    def takes(self, agent: str, wants: str) -> bool:
        """Whether a part goes with these: of what is to be told and what is to be worked out only one would be done."""
        return self.agent == agent and (not wants or not self.wants or self.wants == wants)

    def take(self, other: "_Share") -> None:
        """Add the parts of another."""
        self.parts += other.parts
        self.confidence = max(self.confidence, other.confidence)
        self.wants = self.wants or other.wants
        self.works = self.works or other.works


@dataclass(slots=True)
class _Division:
    """What was found while reading from the first part to the last."""

    whole: Collection[str] = ()
    """Specialists whose work takes all that is asked of them as one."""
    shares: list[_Share] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    greeted: bool = False
    waiting: list[str] = field(default_factory=list)
    """Parts that tell something for the request after them."""

    def add(self, agent: str, confidence: float, part: Part, earlier: Sequence[str]) -> None:
        """A request that is surely for this agent."""
        wants = part.wants if (part.adds and not part.refers_back) or not earlier else ""
        context = tuple(earlier) if part.refers_back else ()
        last = self.shares[-1] if self.shares else None
        builds = last is not None and last.works and (part.then or part.refers_back)
        apart = (
            last is not None
            and last.works
            and (part.works or part.then)
            and agent not in self.whole
            and (part.then or (part.adds and part.wants == "figures" and last.wants == "figures"))
        )
        share = _Share(
            agent,
            confidence,
            [*self.waiting, part.text],
            wants,
            context,
            works=part.works,
            alone=apart,
            needs=(last,) if builds and last else (),
        )
        self.waiting.clear()
        if last and not apart and last.takes(agent, wants):
            last.take(share)
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
    parts: Sequence[Part],
    readings: Sequence[Reading],
    specialists: Collection[str],
    settings: RouterSettings,
    *,
    whole: Collection[str] = (),
) -> Route | None:
    """A task for each specialist that some part is surely for; None where the message is one request and no more.

    What one specialist is to tell and what the same is to work out are two tasks, and so are what is to be worked out
    first and what then, unless it is one of those (`whole`) whose work takes all that is asked as one. A part that
    follows ("then ...") or points back to what is worked out before it needs that. A part that leans on the one before it needs more certainty; one that refers back carries the parts before it as context. Parts that are
    surely for nobody are left out, and greetings are dropped.
    """
    division = _Division(whole)
    for number, (part, reading) in enumerate(zip(parts, readings, strict=True)):
        leans = (part.refers_back or (part.in_sentence and number > 0)) and not part.then
        surely = _SURE_THOUGH_IT_LEANS if part.refers_back and not part.works else _SURE_THOUGH_IN_SENTENCE
        needed = max(settings.part, surely) if leans else settings.part
        sure = part.apart or (reading.probability >= needed and not part.states)
        if reading.label in specialists and sure:
            division.add(reading.label, reading.probability, part, [p.text for p in parts[:number]])
        elif reading.label == "out_of_scope" and sure and not part.refers_back:
            division.left_out.append(part.text)
        elif reading.label == "small_talk" and _greets(part, reading, settings):
            division.greeted = True
        else:
            division.keep(part)
    division.close()
    shares, places = _joined(division.shares)
    if not shares or (len(shares) == 1 and not (division.left_out or division.greeted)):
        return None
    tasks = [
        Task(
            agent=share.agent,
            request=" ".join(share.parts),
            context=" ".join(share.context),
            needs=tuple(sorted({places[id(need)] for need in share.needs} - {number})),
            confidence=share.confidence,
        )
        for number, share in enumerate(shares, 1)
    ]
    return Route(
        kind="tasks",
        tasks=tuple(tasks[:_MOST_TASKS]),
        left_out=tuple(division.left_out),
        reason="the request has several parts",
    )


def _greets(part: Part, reading: Reading, settings: RouterSettings) -> bool:
    return reading.probability >= settings.part and len(part.text.split()) <= _GREETING_WORDS


def _joined(shares: Sequence[_Share]) -> tuple[list[_Share], dict[int, int]]:
    """Shares of one agent that lie apart become one, in the place of the first that takes it; each one's place from 1."""
    joined: list[_Share] = []
    places: dict[int, int] = {}
    for share in shares:
        able = (
            n
            for n, each in enumerate(joined, 1)
            if each.takes(share.agent, share.wants) and not (share.alone or each.alone or share.needs)
        )
        place = next(able, 0)
        if place:
            joined[place - 1].take(share)
        else:
            joined.append(share)
        places[id(share)] = place or len(joined)
    return joined, places
