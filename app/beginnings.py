"""Word within this process that a turn began in a thread, for pages that are open on it."""

from collections.abc import Callable

Heard = Callable[[str], None]


class Beginnings:
    """Tells of turns that began here; those of other processes are not heard of."""

    def __init__(self) -> None:
        self._listening: set[Heard] = set()

    def listen(self, heard: Heard) -> Callable[[], None]:
        """Have `heard` called with the id of each thread in which a turn begins, until what this gives is called.

        It must not block.
        """
        self._listening.add(heard)
        return lambda: self._listening.discard(heard)

    def tell(self, thread_id: str) -> None:
        """A turn began in the thread."""
        for heard in tuple(self._listening):
            heard(thread_id)
