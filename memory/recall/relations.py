"""Which records are about a name, and what is related to it, one relation away."""

import re
from collections import defaultdict
from collections.abc import Iterable

from memory.interfaces import USER
from memory.records.words import fold


class Relations:
    """The names that one user's records mention, and the relations they state. The user himself is left out: all of it is about him.

    Names are folded; records go by the numbers of their sources.
    """

    def __init__(self) -> None:
        self._about: defaultdict[str, set[int]] = defaultdict(set)
        self._beside: defaultdict[str, defaultdict[str, set[int]]] = defaultdict(lambda: defaultdict(set))

    def add(self, number: int, names: Iterable[str], pairs: Iterable[tuple[str, str]]) -> None:
        """A record that holds mentions these names and relates those of each pair."""
        for name in set(names) - {USER}:
            self._about[name].add(number)
        for one, other in _both_ways(pairs):
            self._beside[one][other].add(number)

    def remove(self, number: int, names: Iterable[str], pairs: Iterable[tuple[str, str]]) -> None:
        """The record that was added with these is gone, or holds no longer."""
        for name in set(names) - {USER}:
            self._about[name].discard(number)
            if not self._about[name]:
                del self._about[name]
        for one, other in _both_ways(pairs):
            self._beside[one][other].discard(number)
            if not self._beside[one][other]:
                del self._beside[one][other]

    def stating(self, name: str, other: str) -> list[int]:
        """The records that relate these two."""
        return list(self._beside[name][other])

    def named(self, text: str) -> frozenset[str]:
        """The known names that stand in a text, as words of their own and in any case."""
        said = fold(text)
        return frozenset(
            name
            for name in self._about
            if name in said and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said)
        )

    def related(self, named: frozenset[str]) -> dict[int, tuple[str, str]]:
        """By record that is about none of these names but about one related to them: the name, and the related one."""
        found: dict[int, tuple[str, str]] = {}
        about = {number for name in named for number in self._about.get(name, ())}
        for name in sorted(named):
            for other in sorted(self._beside.get(name, ())):
                for number in self._about.get(other, ()) if other not in named else ():
                    if number not in about:
                        found.setdefault(number, (name, other))
        return found


def _both_ways(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    for one, other in pairs:
        if one != other and USER not in {one, other}:
            yield one, other
            yield other, one
