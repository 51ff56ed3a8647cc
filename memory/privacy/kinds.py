"""What counts as personal data, and where in a text it stands."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable


class DataKind(StrEnum):
    """A type of personal data. Its value is what a placeholder says."""

    EMAIL = "email"
    PHONE = "phone"
    CARD = "card"
    IBAN = "iban"
    IP = "ip"
    URL = "url"
    SSN = "ssn"
    SECRET = "secret"  # noqa: S105  # the name of a kind
    WALLET = "wallet"
    SEED_PHRASE = "seed phrase"
    NAME = "name"


@dataclass(frozen=True, order=True)
class Finding:
    """Characters [start, end) of a text are data of this kind."""

    start: int
    end: int
    kind: DataKind


@runtime_checkable
class NameRecogniser(Protocol):
    """Finds names of people. None found means none; it raises nothing of its own."""

    def names(self, text: str) -> Iterable[tuple[int, int]]:
        """The characters [start, end) of each name in the text."""
        ...


_KINDS: Final = "|".join(re.escape(kind) for kind in DataKind)
TOKEN: Final = re.compile(rf"\[(?:{_KINDS}):[0-9a-f]{{16}}\]")
"""What stands for a value that its owner can have back."""
_MARK: Final = re.compile(rf"\[(?:{_KINDS})(?: \d{{1,9}}|:[0-9a-f]{{16}})\]")


def marks(text: str) -> Iterator[tuple[int, int]]:
    """Where placeholders of an earlier redaction stand, in order."""
    return (match.span() for match in _MARK.finditer(text))


def before(text: str, position: int, width: int) -> str:
    """The text just before a position, at most `width` characters of it."""
    return text[max(0, position - width) : position]
