"""Identifiers: a prefix that says what it names, and 128 bits whose order is that of their making."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32


def new_id(prefix: str) -> str:
    """`prefix_` and 26 characters: 48 bits of Unix time in milliseconds, 80 random bits (ULID layout)."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return f"{prefix}_" + "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
