"""Phrases of words that open a wallet."""

import functools
import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Final

from mnemonic import Mnemonic

from memory.privacy.kinds import DataKind, Finding, before

_LENGTHS: Final = (12, 15, 18, 21, 24)
_SHORTEST: Final = _LENGTHS[0]
_WORD: Final = re.compile(r"[^\W\d_]+(?:[\u0300-\u036f\u3099\u309a]+[^\W\d_]*)*")
"""Letters, with the accents and voicing marks that may stand behind them by themselves."""
_BETWEEN: Final = re.compile(r"[\s,;|\"'\d.):(、，；・-]{1,8}")
_WORDS_BEFORE: Final = re.compile(
    r"\b(?:seed|mnemonic|recovery|backup|wallet|passphrase|secret phrase|wiederherstellung\w*|semilla|"
    r"frase (?:de recuperación|de recuperação|di recupero|mnemo\w+|semente)|phrase de récupération|mnémonique|"
    r"кошел\w+|мнемо\w+|сид|фраз\w+ восстановления|peněžen\w+|obnov\w+|cüzdan\w*|kurtarma)\b|"
    r"助[记記][词詞]|恢[复復]|[钱錢]包|ウォレット|シード|ニーモニック|リカバリー|復元|지갑|시드|니모닉|복구",
    re.IGNORECASE,
)
_ONE_I: Final = {ord("ı"): "i", 0x0307: None}
"""Turkish words in capitals do not say which i they have."""

_Word = tuple[int, int, int]
"""Start, end, number in the list."""


def seed_phrases(text: str) -> Iterator[Finding]:
    """Phrases of 12 to 24 words of one of the lists of `mnemonic` with a right checksum (BIP-39).

    The words stand apart, Chinese ones too: of these nearly each character is in the lists. Where a word before says that it
    is one, 12 words of a list or more count without the checksum.
    """
    lists = word_lists()
    if not _may_hold([_folded(word) for word in _WORD.findall(text)], lists):
        return
    runs: dict[str, list[_Word]] = {}
    for match in _WORD.finditer(text):
        numbers = lists.get(_folded(match[0]), {})
        last = next(iter(runs.values()))[-1][1] if runs else 0
        apart = _BETWEEN.fullmatch(text, last, match.start()) is not None
        for language in [each for each in runs if not apart or each not in numbers]:
            yield from _phrases(text, runs.pop(language))
        for language, number in numbers.items():
            runs.setdefault(language, []).append((match.start(), match.end(), number))
    for run in runs.values():
        yield from _phrases(text, run)


def _may_hold(words: Sequence[str], lists: Container[str]) -> bool:
    """Whether so many words in a row are of the lists as the shortest phrase has: of these one is looked at in any case."""
    for place in range(_SHORTEST - 1, len(words), _SHORTEST):
        if words[place] not in lists:
            continue
        begin = end = place
        while begin and words[begin - 1] in lists:
            begin -= 1
        while end + 1 < len(words) and words[end + 1] in lists:
            end += 1
        if end - begin + 1 >= _SHORTEST:
            return True
    return False


@functools.cache
def word_lists() -> Mapping[str, Mapping[str, int]]:
    """By each word of any list its number in the lists that have it, by their names. Reads them when first called."""
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for language in Mnemonic.list_languages():
        for number, word in enumerate(Mnemonic(language).wordlist):
            found[_folded(word)][language] = number
    return dict(found)


def _folded(word: str) -> str:
    """The word as it is looked up: small, its accents parts of their letters, and i the same with and without its dot."""
    if word.isascii():
        return word.lower()
    return unicodedata.normalize("NFC", word.lower().translate(_ONE_I))


def _phrases(text: str, run: list[_Word]) -> Iterator[Finding]:
    if len(run) < _SHORTEST:
        return
    if _WORDS_BEFORE.search(before(text, run[0][0], 60)):
        spans = [(0, len(run))]
    elif len(run) > _SHORTEST and _WORDS_BEFORE.fullmatch(
        text, *run[0][:2]
    ):  # some lists have such a word themselves
        spans = [(1, len(run))]
    else:
        spans = _checked(run)
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
