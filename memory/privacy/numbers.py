"""Numbers with checksums and ranges: payment cards, bank accounts, US social security."""

import functools
import re
from collections.abc import Iterator
from typing import Final

from stdnum import iban, luhn, numdb

from memory.privacy.kinds import DataKind, Finding, before

# One look at each place a number may begin; grouped as cards are printed, or not at all.
_CARD: Final = re.compile(
    r"(?<![\w.,+-])(?=(\d{12,19}(?![\w-]|[.,]\d)"
    r"|\d{4}([ \u00a0-])\d{4}\2\d{4}\2\d{4}(?:\2\d{1,3})?(?![\w-]|[.,]\d)"
    r"|\d{4}([ \u00a0-])\d{6}\3\d{4,5}(?![\w-]|[.,]\d)))"
)
_CARD_WORDS: Final = re.compile(
    r"\b(?:cards?|cc|credit|debit|visa|master ?card|amex|american express|maestro|discover|diners|jcb)\b",
    re.IGNORECASE,
)
# First and last prefix, the length that is usual, and those in use (ISO/IEC 7812, the issuers' published ranges).
_ISSUERS: Final = (
    ("4", "4", 16, (13, 16, 19)),
    ("51", "55", 16, (16,)),
    ("2221", "2720", 16, (16,)),
    ("34", "34", 15, (15,)),
    ("37", "37", 15, (15,)),
    ("300", "305", 14, (14, 16, 17, 18, 19)),
    ("36", "36", 14, (14, 16, 17, 18, 19)),
    ("38", "39", 14, (14, 16, 17, 18, 19)),
    ("3528", "3589", 16, (16, 17, 18, 19)),
    ("6011", "6011", 16, (16, 17, 18, 19)),
    ("644", "659", 16, (16, 17, 18, 19)),
    ("62", "62", 16, (16, 17, 18, 19)),
    ("2200", "2204", 16, (16, 17, 18, 19)),
    ("9792", "9792", 16, (16,)),
    ("1800", "1800", 0, (15,)),
    ("2131", "2131", 0, (15,)),
    ("50", "50", 0, tuple(range(12, 20))),
    ("56", "69", 0, tuple(range(12, 20))),
)
_IBAN: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?=[ -]?[A-Za-z0-9])")
_LONGEST_IBAN: Final = 34 + 10
_SSN: Final = re.compile(
    r"(?<![\w.-])(?!000|666|9)\d{3}(?P<between>[- ]?)(?!00)\d{2}(?P=between)(?!0000)\d{4}(?![\w-]|[.,]\d)"
)
_SSN_WORDS: Final = re.compile(r"\b(?:ssn|social security)\b", re.IGNORECASE)


def cards(text: str) -> Iterator[Finding]:
    """Payment cards: digits of an issuer's range and length whose check digit is right (Luhn, ISO/IEC 7812-1).

    Lengths and ranges that are rarely cards count only near a word that says so.
    """
    for match in _CARD.finditer(text):
        start, end = match.span(1)
        digits = re.sub(r"\D", "", match[1])
        usual, possible = _issued(digits)
        if not possible or not luhn.is_valid(digits):
            continue
        if usual or _CARD_WORDS.search(before(text, start, 80)) or _CARD_WORDS.search(text[end : end + 20]):
            yield Finding(start, end, DataKind.CARD)


def ibans(text: str) -> Iterator[Finding]:
    """International bank account numbers: of a country's length and structure, with check digits (ISO 13616)."""
    for match in _IBAN.finditer(text):
        length = _length_of_iban(match[0][:2].upper())
        end = _end_of(text, match.start(), length) if length else None
        if end is not None and iban.is_valid(text[match.start() : end], check_country=False):
            yield Finding(match.start(), end, DataKind.IBAN)


def ssns(text: str) -> Iterator[Finding]:
    """US social security numbers of valid ranges (SSA, since 2011); without hyphens only beside a word that says so."""
    for match in _SSN.finditer(text):
        if match["between"] == "-" or _SSN_WORDS.search(before(text, match.start(), 40)):
            yield Finding(match.start(), match.end(), DataKind.SSN)


def _issued(digits: str) -> tuple[bool, bool]:
    """Whether a card usually has this prefix and length, and whether one can."""
    usual = possible = False
    for first, last, usually, lengths in _ISSUERS:
        if first <= digits[: len(first)] <= last and len(digits) in lengths:
            possible = True
            usual = usual or len(digits) == usually
    return usual, possible


@functools.cache
def _length_of_iban(country: str) -> int:
    """Characters of this country's numbers by the registry; 0 where it has none."""
    parts = numdb.get("iban").info(country)
    structure = parts[0][1].get("bban", "") if parts else ""
    return 4 + sum(int(count) for count in re.findall(r"(\d+)!", structure)) if structure else 0


def _end_of(text: str, start: int, length: int) -> int | None:
    """Where `length` letters and digits end that stand together or in groups; None where there are not so many."""
    counted, apart = 0, True
    for position in range(start, min(len(text), start + _LONGEST_IBAN)):
        character = text[position]
        if character.isascii() and character.isalnum():
            counted, apart = counted + 1, False
            if counted == length:
                after = text[position + 1 : position + 2]
                return None if after.isalnum() else position + 1
        elif character in " -" and not apart:
            apart = True
        else:
            return None
    return None
