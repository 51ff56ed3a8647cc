"""The indexes of the users who recalled lately, each kept up with the database."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import TypeVar

from memory.database import Database
from memory.owner import Owner
from memory.recall.horizon import Horizon
from memory.recall.index import UserIndex
from memory.recall.rows import Opens, Place, Read, read, sources, unchanged

_Result = TypeVar("_Result")
_PATIENCE_S = 2.0  # however many others follow upon each other
_AT_ONCE = 50  # sources that are taken in without a thread


class HeldIndex:
    """One user's index, and how far it has come. Its methods take turns, and none may be cancelled midway."""

    def __init__(
        self, database: Database, owner: Owner, *, model: str, dimensions: int, opener: Opens | None
    ) -> None:
        self._database = database
        self._owner = owner
        self._model = model
        self._dimensions = dimensions
        self._opener = opener
        self._lock = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None
        self._turned_at = 0.0
        self._guests = 0
        self._alone = asyncio.Event()
        self._alone.set()
        self._index = UserIndex(owner, dimensions)
        self._horizon = Horizon()
        self._deleted = 0
        self._whole = False

    @property
    def nbytes(self) -> int:
        """About the memory it takes."""
        return self._index.nbytes

    @property
    def busy(self) -> bool:
        """Whether it is being read or searched."""
        return self._lock.locked() or self._next is not None

    @property
    def whole(self) -> bool:
        """Whether everything was read once; what came since may be missing."""
        return self._whole

    @property
    def turned_at(self) -> float:
        """When the last turn began, by the clock of the loop."""
        return self._turned_at

    @contextlib.contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Inside, what is still being read whole is not read on, so that others have the processor."""
        self._guests += 1
        self._alone.clear()
        try:
            yield
        finally:
            self._guests -= 1
            if not self._guests:
                self._alone.set()

    async def search(self, work: Callable[[UserIndex], _Result]) -> _Result:
        """What `work` makes of the index; it computes in a thread."""
        async with self._lock:
            self._turned_at = asyncio.get_running_loop().time()
            return await asyncio.to_thread(work, self._index)

    async def follow(self) -> None:
        """Take in what the database has that the index lacks.

        Everything is read again after something was deleted, and when the user's projects are others than before. Who
        asks while another's turn lasts shares the next reading with all who ask meanwhile. Raises MemoryUnavailable when
        the database does not answer.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._followed())
        await asyncio.shield(self._next)

    async def _followed(self) -> None:
        async with self._lock:
            self._next = None
            self._turned_at = asyncio.get_running_loop().time()
            if not self._whole or self._index.worn:
                self._begin_anew()
            place = Place(self._horizon.safe, frozenset(self._horizon.recent), whole=not self._whole)
            if self._whole and not place.recent and await self._unchanged(place):
                return
            first = await self._read(place)
            if self._whole and (first.deleted, first.projects) != (self._deleted, self._index.projects):
                self._begin_anew()
                first = await self._read(Place(whole=True))
            self._index.projects = first.projects
            portion, revisions = first, list(first.revisions)
            await self._take_in(portion)
            while portion.then is not None:
                portion = await self._read(portion.then)
                revisions += portion.revisions
                await self._take_in(portion)
            self._horizon.read(first.snapshot, revisions)
            self._deleted = first.deleted
            self._whole = True

    def _begin_anew(self) -> None:
        self._index = UserIndex(self._owner, self._dimensions)
        self._horizon = Horizon()
        self._deleted = 0
        self._whole = False

    async def _unchanged(self, place: Place) -> bool:
        return await unchanged(
            self._database, self._owner, place, deleted=self._deleted, projects=self._index.projects
        )

    async def _read(self, place: Place) -> Read:
        if not self._whole:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._alone.wait(), _PATIENCE_S)
        return await read(self._database, self._owner, place, opener=self._opener)

    async def _take_in(self, portion: Read) -> None:
        if len(portion.messages) + len(portion.records) + len(portion.shared) <= _AT_ONCE:
            self._add(portion)
        else:
            await asyncio.to_thread(self._add, portion)

    def _add(self, portion: Read) -> None:
        for source, vectors in sources(
            self._owner, portion, model=self._model, projects=self._index.projects
        ):
            self._index.add(source, vectors)


class IndexCache:
    """Holds at most about `most_bytes` of indexes, those used last; a single larger one is held alone."""

    def __init__(
        self, database: Database, *, model: str, dimensions: int, most_bytes: int, opener: Opens | None = None
    ) -> None:
        self._database = database
        self._model = model
        self._dimensions = dimensions
        self._most_bytes = most_bytes
        self._opener = opener
        self._held: OrderedDict[Owner, HeldIndex] = OrderedDict()

    @property
    def nbytes(self) -> int:
        """About what all indexes take."""
        return sum(held.nbytes for held in self._held.values())

    def owners(self) -> list[Owner]:
        """Whose indexes are held, the one used last at the end."""
        return list(self._held)

    async def current(self, owner: Owner) -> HeldIndex:
        """The owner's index as the database stands now. Raises MemoryUnavailable; not to be cancelled."""
        held = self.held(owner)
        await held.follow()
        self._shrink()
        return held

    def held(self, owner: Owner) -> HeldIndex:
        """The owner's index as far as it has come."""
        held = self._held.get(owner)
        if held is None:
            held = self._held[owner] = HeldIndex(
                self._database, owner, model=self._model, dimensions=self._dimensions, opener=self._opener
            )
        self._held.move_to_end(owner)
        return held

    def drop(self, owner: Owner) -> None:
        """Forget the owner's index."""
        self._held.pop(owner, None)

    def _shrink(self) -> None:
        total = self.nbytes
        for owner in list(self._held)[:-1]:
            if total <= self._most_bytes:
                return
            if not self._held[owner].busy:
                total -= self._held.pop(owner).nbytes
