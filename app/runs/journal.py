"""The journal of a run, in the hash of the work on it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar, cast

from langgraph.checkpoint.serde.base import SerializerProtocol

from app.checkpoints import packed, unpacked
from app.runs.writing import RunWriter, origin
from graphs import always

Value = TypeVar("Value")
_DONE: Final = "done\x1f"


class RunJournal:
    """Keeps what was done by the step that did it; see `graphs.Journal`."""

    def __init__(
        self, writer: RunWriter, serde: SerializerProtocol, found: Mapping[str, bytes] | None = None
    ) -> None:
        """`found` is what another worker left of the work on the run."""
        self._writer = writer
        self._serde = serde
        self._found = {name: each for name, each in (found or {}).items() if name.startswith(_DONE)}

    async def once(
        self, name: str, work: Callable[[], Awaitable[Value]], *, when: Callable[[Value], bool] = always
    ) -> Value:
        """What `work` gives, or gave before the run was taken over. Raises redis-py's errors, and RunTaken."""
        field = f"{_DONE}{origin()}\x1f{name}"
        known = self._found.get(field)
        if known is not None:
            return cast("Value", unpacked(self._serde, known))
        value = await work()
        if when(value):
            self._writer.keep({field: lambda: packed(self._serde, value)})
            await self._writer.flush()
        return value
