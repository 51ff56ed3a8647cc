"""The one way in which a run is written: its events and what it is at, in order, many at a time."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence

from langgraph.config import get_config

from app.runs.eventlog import EventLog, Seal, StoredEvent, unsealed
from app.runs.retelling import Retelling
from graphs import RunEvent

_LINGER_S = 0.02

Field = Callable[[], bytes]
"""Gives the bytes of a field when it is written: what is overtaken before that is never made."""


class RunWriter:
    """Numbers the events of one run as they are emitted, and writes them behind it with the work that led to them.

    What is written is at any moment a whole beginning of the run: all events up to one, and the state that belongs to
    them. So another worker can go on from there.
    """

    def __init__(self, log: EventLog, run_id: str, seal: Seal = unsealed, *, lease: str = "") -> None:
        self._log = log
        self._run_id = run_id
        self._seal = seal
        self.lease = lease
        """What shows that the run is its worker's."""
        self._seq = 0
        self._events: list[tuple[RunEvent, str]] = []
        self._fields: dict[str, Field] = {}
        self._told = Retelling()
        self._turn = asyncio.Lock()
        self._wake = asyncio.Event()
        self._closed = asyncio.Event()

    def go_on_after(self, told: Sequence[StoredEvent]) -> None:
        """Number on from these events, and tell none of them again when their steps are repeated."""
        self._seq = told[-1].seq if told else 0
        self._told = Retelling(told)

    def emit(self, event: RunEvent) -> None:
        """Take an event; never blocks."""
        place = origin()
        for new in self._told.new(event, place):
            self._seq += 1
            self._events.append((new.stamped(self._run_id, self._seq), place))
            self._wake.set()

    def keep(self, fields: Mapping[str, Field]) -> None:
        """Take fields of the work on the run, to be written with the events up to now; never blocks."""
        self._fields.update(fields)
        self._wake.set()

    def close(self) -> None:
        """No more events will come."""
        self._closed.set()
        self._wake.set()

    async def flush(self) -> None:
        """Write what is waiting now. Raises redis-py's errors, and RunTaken where the run is another worker's."""
        async with self._turn:
            events, self._events = self._events, []
            fields, self._fields = self._fields, {}
            if events or fields:
                try:
                    work = {name: made() for name, made in fields.items()}
                    await self._log.append(self._run_id, events, seal=self._seal, lease=self.lease, work=work)
                except BaseException:
                    self._events = events + self._events
                    self._fields = {**fields, **self._fields}
                    raise

    async def write_until_closed(self) -> None:
        """Write as things come, until `close` and everything is written.

        After each exchange it lingers a moment, so that a burst of tokens is one exchange and not fifty.
        """
        while self._events or self._fields or not self._closed.is_set():
            if not (self._events or self._fields):
                self._wake.clear()
                await self._wake.wait()
            await self.flush()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LINGER_S):
                    await self._closed.wait()


def origin() -> str:
    """The step of the graph that is being carried out, by a name that it has again when it is repeated."""
    try:
        return str(get_config().get("configurable", {}).get("checkpoint_ns", ""))
    except RuntimeError:
        return ""
