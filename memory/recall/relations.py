"""Which records are about a name, and what is related to it, one relation away."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from memory.interfaces import USER
from memory.records.words import fold

Triple = tuple[str, str, str]
"""Subject, predicate and object, folded."""
_OF_HIM: Final = f" of {USER}"
_YOUR: Final = "your "
_MY: Final = r"(?<!\w)(?:my|our)\s+(?:\w+\s+)?"
_SAID_AS: Final = {
    "mother": ("mum", "mom"),
    "father": ("dad",),
    "neighbour": ("neighbor",),
    "is married to": ("wife", "husband", "spouse", "partner"),
    "wife": ("spouse", "partner"),
    "husband": ("spouse", "partner"),
}
"""What a question may say for a relation beside its own words."""


class Relations:
    """The names that one user's records mention, and the relations they state.

    All of it is about the user himself, so that what is related to him is so only where he is asked about as its owner:
    "my sister" means whom a record calls his sister. Names are folded; records go by the numbers of their sources.
    """

    def __init__(self) -> None:
        self._about: defaultdict[str, set[int]] = defaultdict(set)
        self._beside: defaultdict[str, defaultdict[str, set[int]]] = defaultdict(lambda: defaultdict(set))

    def add(self, number: int, names: Iterable[str], stated: Iterable[Triple]) -> None:
        """A record that holds mentions these names and states these relations."""
        names = set(names) - {USER}
        for name in names:
            self._about[name].add(number)
        for one, other in _pairs(names, stated):
            self._beside[one][other].add(number)

    def remove(self, number: int, names: Iterable[str], stated: Iterable[Triple]) -> None:
        """The record that was added with these is gone, or holds no longer."""
        names = set(names) - {USER}
        for name in names:
            self._about[name].discard(number)
            if not self._about[name]:
                del self._about[name]
        for one, other in _pairs(names, stated):
            self._beside[one][other].discard(number)
            if not self._beside[one][other]:
                del self._beside[one][other]
            if not self._beside[one]:
                del self._beside[one]

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

    def own(self, text: str) -> frozenset[str]:
        """What a text calls its writer's own, such as `your sister`, where somebody is known to be it."""
        said = fold(text)
        if "my " not in said and "our " not in said:
            return frozenset()
        return frozenset(
            role for role in self._beside if role.startswith(_YOUR) and re.search(_my(role), said)
        )

    def meant(self, own: frozenset[str]) -> frozenset[str]:
        """Whom these mean."""
        return frozenset(name for role in own for name in self._beside[role])

    def related(self, named: frozenset[str], own: frozenset[str] = frozenset()) -> dict[int, tuple[str, str]]:
        """By record that is about none of these names but about one related to them: the name, and the related one.

        Whom `own` means is related by it, and what is related to him comes along as if he was named.
        """
        found: dict[int, tuple[str, str]] = {}
        about = {number for name in named for number in self._about.get(name, ())}
        known = named | self.meant(own)
        for name in (*sorted(own), *sorted(known)):
            passed = named if name in own else known
            for other in sorted(self._beside.get(name, ())):
                for number in self._about.get(other, ()) if other not in passed else ():
                    if number not in about:
                        found.setdefault(number, (name, other))
        return found


def _pairs(names: Iterable[str], stated: Iterable[Triple]) -> Iterator[tuple[str, str]]:
    """What is beside what: names both ways, and what is the user's own by what it is to him."""
    for subject, predicate, object_ in stated:
        if subject == USER and object_ != USER:
            yield f"{_YOUR}{predicate}", object_
        elif USER not in {subject, object_} and subject != object_:
            yield subject, object_
            yield object_, subject
    for name in names:
        if name.endswith(_OF_HIM):
            yield f"{_YOUR}{name.removesuffix(_OF_HIM)}", name


def _my(role: str) -> str:
    relation = role.removeprefix(_YOUR)
    words = "|".join(map(re.escape, (relation, *_SAID_AS.get(relation, ()))))
    return rf"{_MY}(?:{words})s?(?!\w)"
