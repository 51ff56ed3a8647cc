"""Phrases of words that open a wallet."""

import hashlib
import re
from collections.abc import Iterator
from typing import Final

from mnemonic import Mnemonic

from memory.privacy.kinds import DataKind, Finding, before

_NUMBERS: Final = {word: number for number, word in enumerate(Mnemonic("english").wordlist)}
_LENGTHS: Final = (12, 15, 18, 21, 24)
_SHORTEST: Final = _LENGTHS[0]
_WORD: Final = re.compile(r"[A-Za-z]+")
_BETWEEN: Final = re.compile(r"[\s,;|\"'\d.):(-]{1,8}")
_WORDS_BEFORE: Final = re.compile(
    r"\b(?:seed|mnemonic|recovery|backup|wallet|passphrase|secret phrase)\b", re.IGNORECASE
)

_Word = tuple[int, int, int]
"""Start, end, number in the list."""


def seed_phrases(text: str) -> Iterator[Finding]:
    """Phrases of 12 to 24 words of the English list with a right checksum (BIP-39).

    Where a word before says that it is one, 12 words of the list or more count without the checksum.
    """
    run: list[_Word] = []
    for match in _WORD.finditer(text):
        number = _NUMBERS.get(match[0].lower())
        if run and (number is None or not _BETWEEN.fullmatch(text, run[-1][1], match.start())):
            yield from _phrases(text, run)
            run = []
        if number is not None:
            run.append((match.start(), match.end(), number))
    yield from _phrases(text, run)


def _phrases(text: str, run: list[_Word]) -> Iterator[Finding]:
    if len(run) < _SHORTEST:
        return
    spans = [(0, len(run))] if _WORDS_BEFORE.search(before(text, run[0][0], 60)) else _checked(run)
    for begin, end in spans:
        yield Finding(run[begin][0], run[end - 1][1], DataKind.SEED_PHRASE)


def _checked(run: list[_Word]) -> list[tuple[int, int]]:
    """Where phrases with a right checksum stand in the run, by words; the longest of those that overlap."""
    values = dict.fromkeys(_LENGTHS, 0)
    right: list[tuple[int, int]] = []
    for position, (_, _, number) in enumerate(run, 1):
        for length in _LENGTHS:
            values[length] = (values[length] << 11 | number) & ((1 << 11 * length) - 1)
            if position >= length and _has_checksum(values[length], length):
                right.append((position - length, position))
    chosen: list[tuple[int, int]] = []
    for begin, end in sorted(right, key=lambda span: (span[0], -span[1])):
        if not chosen or begin >= chosen[-1][1]:
            chosen.append((begin, end))
        elif end - begin > chosen[-1][1] - chosen[-1][0] and (len(chosen) == 1 or begin >= chosen[-2][1]):
            chosen[-1] = (begin, end)
    return chosen


def _has_checksum(value: int, length: int) -> bool:
    bits = length // 3
    entropy = (value >> bits).to_bytes(bits * 4, "big")
    return hashlib.sha256(entropy).digest()[0] >> (8 - bits) == value & ((1 << bits) - 1)
