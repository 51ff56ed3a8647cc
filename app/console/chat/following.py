"""Reading a run's events for as long as a page is open: from after the last one shown, until the run is over."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Final  # Any: events as JSON

import orjson
import structlog

from app.console.visit import Visit
from app.errors import as_problem
from graphs import LAST_EVENTS

_log = structlog.get_logger(__name__)
_AGAIN_S: Final = 2.0
_GONE: Final = frozenset({"unknown_run", "unknown_thread", "forbidden", "unauthorized"})
Event = dict[str, Any]


_OPEN: Final[set[asyncio.Task[None]]] = set()


def followed() -> int:
    """How many runs the open pages of this process follow."""
    return len(_OPEN)


class Following:
    """The runs that one page follows. Closing it ends every reader at once; the runs go on."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._tasks: dict[str, asyncio.Task[None]] = {}
        visit.client.on_delete(self.close)

    @property
    def runs(self) -> set[str]:
        """Those that are followed now."""
        return set(self._tasks)

    def follow(
        self,
        run_id: str,
        show: Callable[[Event], None],
        *,
        seen: Callable[[], int],
        ended: Callable[[], None],
    ) -> None:
        """Show each event of the run after number `seen`. `ended` is called once there is none to come."""
        if run_id in self._tasks or self._visit.client.is_deleted:
            return
        self._visit.caller.enter()
        task = asyncio.create_task(self._read(run_id, show, seen, ended), name=f"console follows {run_id}")
        self._tasks[run_id] = task
        _OPEN.add(task)
        task.add_done_callback(_OPEN.discard)
        task.add_done_callback(lambda _: self._tasks.pop(run_id, None))

    def close(self) -> None:
        """Follow nothing any more."""
        for task in self._tasks.values():
            task.cancel()

    async def _read(
        self, run_id: str, show: Callable[[Event], None], seen: Callable[[], int], ended: Callable[[], None]
    ) -> None:
        while not self._visit.client.is_deleted:
            try:
                events = await self._visit.freya.events(self._visit.owner, run_id, after=seen())
                async with contextlib.aclosing(events):
                    async for event in events:
                        with self._visit.client:
                            show(orjson.loads(event.json))
                        if event.type in LAST_EVENTS:
                            with self._visit.client:
                                ended()
                            return
            except Exception as error:
                found = as_problem(error)
                if found is None:
                    raise
                if found.code in _GONE:
                    self._visit.tell(found)
                    return
                _log.warning(
                    "a page's run could not be read; it is tried again", run_id=run_id, code=found.code
                )
            await asyncio.sleep(_AGAIN_S)


async def kept(visit: Visit, run_id: str) -> list[Event]:
    """The events of a run that has ended, as far as they are kept. Raises ProblemError."""

    async def read() -> list[Event]:
        events = await visit.freya.events(visit.owner, run_id)
        async with contextlib.aclosing(events):
            return [orjson.loads(event.json) async for event in events]

    return await visit.asked(read)
