"""Identifiers: a prefix that says what it names, and 128 bits whose order is that of their making."""

import secrets
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32
_RANDOM_BITS = 80
_STEP_BITS = 32
_MASK = (1 << 128) - 1


class _Order:
    """Numbers of which each is greater than the one before, whatever the clock does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> int:
        """48 bits of Unix time in milliseconds and 80 random bits; within a millisecond a random step further."""
        now = (time.time_ns() // 1_000_000) << _RANDOM_BITS
        with self._lock:
            fresh = now | secrets.randbits(_RANDOM_BITS)
            further = self._last + 1 + secrets.randbits(_STEP_BITS)
            self._last = fresh if now > self._last else further
            return self._last & _MASK


_order = _Order()


def new_id(prefix: str) -> str:
    """`prefix_` and 26 characters (ULID layout); the ids of one process sort as they were made."""
    return encoded(prefix, _order.next())


def encoded(prefix: str, number: int) -> str:
    """The id of a number of 128 bits: ids of one prefix sort as their numbers do."""
    return f"{prefix}_" + "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
