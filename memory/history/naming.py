"""Ids of what is imported: the same line of the same history has the same id, and ids sort by time."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from memory.history.lines import HistoryLine
from memory.identifiers import encoded
from memory.owner import Owner

_ORDER_BITS: Final = 24
_HASH_BITS: Final = 56
_DIGEST: Final = 16


@dataclass(frozen=True)
class Named:
    """A line with the keys it is stored under."""

    line: HistoryLine
    owner: Owner
    id: str
    key: str
    """The same for the same line of a history, whatever stands around it."""
    thread_key: str
    thread_id: str
    """For a thread that is new; one that was imported before keeps the id it has."""


class Naming:
    """Names the lines of one history in their order.

    A message's id has the layout of a ULID: 48 bits of milliseconds, then 24 bits that count the messages of the thread
    in that millisecond, then 56 bits of a hash. Lines that are equal in all fields are told apart by counting them, so
    that a file read again, or grown at its end, has the same keys.
    """

    def __init__(self) -> None:
        self._equal: Counter[bytes] = Counter()
        self._at_once: Counter[tuple[bytes, int]] = Counter()

    def name(self, line: HistoryLine, owner: Owner) -> Named:
        """The line's keys as this owner's."""
        thread = _digest(owner.tenant_id, owner.user_id, line.thread)
        milliseconds = _milliseconds(line.time)
        content = _digest(
            thread.hex(), line.role, line.name or "", line.time.isoformat(), line.text, str(line.name is None)
        )
        before, order = self._equal[content], self._at_once[thread, milliseconds]
        self._equal[content] += 1
        self._at_once[thread, milliseconds] += 1
        key = _digest(content.hex(), str(before))
        return Named(
            line=line,
            owner=owner,
            id=_id("msg", milliseconds, order, key),
            key=key.hex(),
            thread_key=f"import:{thread.hex()}",
            thread_id=_id("thr", milliseconds, 0, thread),
        )


def _digest(*parts: str) -> bytes:
    """A hash that keeps the parts apart: each goes in with its length."""
    made = hashlib.blake2b(digest_size=_DIGEST)
    for part in parts:
        raw = part.encode()
        made.update(len(raw).to_bytes(8, "big"))
        made.update(raw)
    return made.digest()


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _id(prefix: str, milliseconds: int, order: int, key: bytes) -> str:
    low = int.from_bytes(key, "big") & ((1 << _HASH_BITS) - 1)
    order = min(order, (1 << _ORDER_BITS) - 1)
    return encoded(prefix, milliseconds << (_ORDER_BITS + _HASH_BITS) | order << _HASH_BITS | low)
