"""What a run has told already, so that a step which is repeated tells only what is new."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from pydantic import TypeAdapter, ValidationError

from app.runs.eventlog import StoredEvent
from graphs import Event, RunEvent, Token

_EVENT: TypeAdapter[Event] = TypeAdapter(Event)
_ITS_OWN = {"run_id", "seq", "time", "duration_ms"}
"""What differs when the same thing happens again."""


class Retelling:
    """Compares what a step tells with what it told before the run was taken over.

    Each step is looked at by itself: steps that were done are not repeated, and one that is, has the same name. Tools
    that run side by side may tell in another order. A text is told on from where it broke off; where a model writes
    it otherwise this time, it begins anew.
    """

    def __init__(self, told: Iterable[StoredEvent] = ()) -> None:
        self._events: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._texts: defaultdict[tuple[str, str | None], str] = defaultdict(str)
        self._repeated: defaultdict[tuple[str, str | None], str] = defaultdict(str)
        for stored in told:
            if not stored.origin:
                continue
            try:
                event = _EVENT.validate_json(stored.json)
            except ValidationError:
                continue  # of another version of the service
            if isinstance(event, Token):
                about = stored.origin, event.agent
                self._texts[about] = event.text if event.anew else self._texts[about] + event.text
            else:
                self._events[stored.origin][_same(event)] += 1

    def new(self, event: RunEvent, origin: str) -> Sequence[RunEvent]:
        """What of the event was not told yet: all of it, nothing, or the end of its text."""
        if isinstance(event, Token):
            return list(self._rest(event, origin))
        told = self._events.get(origin)
        if told and told[key := _same(event)]:
            told[key] -= 1
            return []
        return [event]

    def _rest(self, event: Token, origin: str) -> Iterator[RunEvent]:
        about = origin, event.agent
        told = self._texts.get(about, "")
        if not told:
            yield event
            return
        text = self._repeated[about] + event.text
        if told.startswith(text):
            self._repeated[about] = text
            return
        del self._texts[about]
        if text.startswith(told):
            yield event.model_copy(update={"text": text.removeprefix(told)})
        else:
            yield event.model_copy(update={"text": text, "anew": True})


def _same(event: RunEvent) -> str:
    return event.model_dump_json(exclude=_ITS_OWN)
