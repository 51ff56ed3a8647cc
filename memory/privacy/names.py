"""Recognisers of names: a list of the owner's, or what he brings himself."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Final

from memory.errors import NamesUnreadable
from memory.privacy.kinds import NameRecogniser
from memory.privacy.settings import PrivacySettings

_WORD: Final = re.compile(r"\b\w\.(?=\s)|\w+(?:[-'’.&]\w+)*")
_POSSESSIVE: Final = re.compile(r"['’][sS]$")


class ListedNames:
    """Finds the names of a list, as they are written there or in capitals; other words that are spelt alike are none."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_first: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for name in names:
            words = tuple(_WORD.findall(name))
            for written in {words, tuple(word.upper() for word in words)}:
                if written:
                    self._by_first[written[0]].append(written)
        for listed in self._by_first.values():
            listed.sort(key=len, reverse=True)

    def names(self, text: str) -> Iterator[tuple[int, int]]:
        """The characters [start, end) of each name; of several that begin alike the longest."""
        words = [(match.start(), _without_possessive(match.group())) for match in _WORD.finditer(text)]
        for place, (start, first) in enumerate(words):
            for name in self._by_first.get(first, ()):
                said = words[place : place + len(name)]
                if tuple(word for _, word in said) == name and _unbroken(text, said):
                    yield start, said[-1][0] + len(said[-1][1])
                    break


def open_names(settings: PrivacySettings) -> NameRecogniser | None:
    """The recogniser that the settings name; None where they name none.

    Raises NamesUnreadable for a file that cannot be read, or what is no recogniser.
    """
    if settings.recogniser is not None:
        return _brought(settings.recogniser)
    if settings.names is None:
        return None
    try:
        lines = settings.names.expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NamesUnreadable(f"the names that are to be hidden cannot be read: {error}") from error
    return ListedNames(lines)


def _brought(where: str) -> NameRecogniser:
    """What a function of the owner's gives, called without arguments."""
    module, _, name = where.partition(":")
    try:
        made = getattr(import_module(module), name)()
    except (ImportError, AttributeError, TypeError) as error:
        raise NamesUnreadable(f"the recogniser of names {where} cannot be made: {error}") from error
    if not isinstance(made, NameRecogniser):
        raise NamesUnreadable(f"{where} gives {type(made).__name__}, which has no method `names`")
    return made


def _without_possessive(word: str) -> str:
    return _POSSESSIVE.sub("", word)


def _unbroken(text: str, said: list[tuple[int, str]]) -> bool:
    """Whether nothing but blanks stands between the words."""
    ends = [start + len(word) for start, word in said[:-1]]
    return all(text[end:start].isspace() for end, (start, _) in zip(ends, said[1:], strict=True))
