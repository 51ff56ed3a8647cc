"""Arrays that grow at their end, and where words occur in what they describe."""

from array import array
from collections.abc import Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

_FIRST = 64
_Scalar = TypeVar("_Scalar", bound=np.generic)


class Column(Generic[_Scalar]):
    """A numpy array to which rows are added; `values` is what it holds, without a copy."""

    def __init__(self, kind: type[_Scalar], width: int | None = None) -> None:
        shape = (_FIRST,) if width is None else (_FIRST, width)
        self._room: NDArray[_Scalar] = np.zeros(shape, kind)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def values(self) -> NDArray[_Scalar]:
        """All rows; writing to it changes the column."""
        return self._room[: self._length]

    @property
    def nbytes(self) -> int:
        """Of the memory it takes."""
        return int(self._room.nbytes)

    def extend(self, rows: ArrayLike) -> None:
        """Add rows at the end."""
        added = np.asarray(rows, self._room.dtype)
        wanted = self._length + len(added)
        if wanted > len(self._room):
            room = np.zeros((max(wanted, self._length * 3 // 2), *self._room.shape[1:]), self._room.dtype)
            room[: self._length] = self.values
            self._room = room
        self._room[self._length : wanted] = added
        self._length = wanted


class Postings:
    """In which documents each word occurs, and how often. Documents are numbers that only grow."""

    def __init__(self) -> None:
        self._places: dict[str, array[int]] = {}
        self._occurrences = 0

    @property
    def nbytes(self) -> int:
        """About the memory it takes."""
        return self._occurrences * 5 + len(self._places) * 200

    def add(self, document: int, words: Sequence[str]) -> None:
        """These words occur in the document, which is not smaller than any before."""
        self._occurrences += len(words)
        for word in words:
            places = self._places.get(word)
            if places is None:
                places = self._places[word] = array("i")
            places.append(document)

    def of(self, word: str) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The documents with the word in order, and how often each has it."""
        places = self._places.get(word)
        if places is None:
            return np.empty(0, np.int32), np.empty(0, np.float32)
        found = np.array(places, np.int32)  # a copy: an array that lends its memory cannot grow
        starts = np.flatnonzero(np.diff(found, prepend=-1))
        counts = np.diff(starts, append=len(found))
        return found[starts], counts.astype(np.float32)
