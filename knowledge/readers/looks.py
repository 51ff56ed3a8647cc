"""Where in an object the question and the answer are: by the names of its fields, else by what stands in them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from knowledge.readers.fields import (
    Role,
    counts_characters,
    counts_pairs,
    is_answer,
    is_question,
    rank,
    words,
)

_NEVER = frozenset(
    "id url link href source date time author file path slug type status model hash version lang".split()
)
_LEAST_ANSWER = 40
_MOST_NAMES = 64
_TEXTUAL = frozenset(("text", "empty", "number"))


@dataclass(frozen=True, slots=True)
class Look:
    """The fields of an object that are question and answer; None: it lacks that one."""

    question: str | None
    answer: str | None


def look(kinds: Mapping[str, str]) -> Look | None:
    """How an object looks like a pair by the names of its fields; None: it does not.

    `kinds` says of each field what stands in it, as `kind_of` does.
    """
    question = _best(kinds, Role.QUESTION, 5)
    answer = _best(kinds, Role.ANSWER, 3, asked=question is not None)
    if question is None and answer is not None and kinds[answer] == "wrapped":
        question = next((name for name in kinds if rank(name, Role.TITLE) is not None), None)
    if question is not None and answer is not None and _fit(question, answer, kinds):
        return Look(question, answer)
    if question is not None and is_question(question) and kinds[question] in {"text", "empty", "wrapped"}:
        return Look(question, None)
    if answer is not None and is_answer(answer) and kinds[answer] in {"text", "wrapped"}:
        return Look(None, answer)
    return None


def _fit(question: str, answer: str, kinds: Mapping[str, str]) -> bool:
    """Whether two fields are a question and its answer: the less their names say, the more what stands in them has to."""
    guesses = (rank(question, Role.QUESTION) or 0) // 2 + (rank(answer, Role.ANSWER) or 0) // 2
    both = {kinds[question], kinds[answer]}
    sure = is_question(question) and is_answer(answer)
    if guesses > 2 or not (both & {"text", "wrapped"} or (sure and both == {"empty"})):  # noqa: PLR2004 - two guesses at most
        return False
    return guesses == 0 or kinds[question] == "text"


@dataclass(slots=True)
class _Texts:
    count: int = 0
    asking: int = 0
    length: int = 0


@dataclass(slots=True)
class Siblings:
    """What the objects that stand side by side have in common."""

    objects: int = 0
    pairs: int = 0
    with_question: int = 0
    with_answer: int = 0
    texts: dict[str, _Texts] = field(default_factory=dict)

    def add(self, found: Look | None, texts: Iterable[tuple[str, int, bool]]) -> None:
        """Take in an object: how it looks, and of its texts the name, length and whether it asks."""
        self.objects += 1
        if found is not None:
            self.pairs += 1
            self.with_question += found.question is not None
            self.with_answer += found.answer is not None
        for name, length, asking in texts:
            if name not in self.texts and len(self.texts) == _MOST_NAMES:
                continue
            noted = self.texts.setdefault(name, _Texts())
            noted.count += 1
            noted.asking += asking
            noted.length += length

    def choice(self) -> Look | None:
        """The fields that are question and answer where names do not say so; None: they do, or nothing does."""
        if self.with_question and self.with_answer:
            return None
        if self.with_question:
            answer = self._named_answer() or self._longest(self._mean_of(Role.QUESTION), None)
            return Look(None, answer) if answer else None
        question = self._asking()
        if question is None:
            return None
        if self.with_answer:
            return Look(question, None)
        answer = self._longest(self.texts[question].length / self.texts[question].count, question)
        return Look(question, answer) if answer else None

    def _asking(self) -> str | None:
        asking = [name for name, noted in self.texts.items() if noted.asking * 2 >= max(self.objects, 1)]
        asking = [name for name in asking if _may_hold(name) and rank(name, Role.ANSWER) is None] or asking
        return max(asking, key=lambda name: self.texts[name].asking, default=None)

    def _named_answer(self) -> str | None:
        named = [
            name
            for name, noted in self.texts.items()
            if rank(name, Role.ANSWER) and noted.count * 2 >= self.objects
        ]
        return min(named, key=lambda name: rank(name, Role.ANSWER) or 0, default=None)

    def _longest(self, more_than: float, other: str | None) -> str | None:
        """The field of the longest texts that no name speaks against."""
        least = more_than if other else max(more_than, _LEAST_ANSWER)
        longest = {
            name: noted.length / noted.count
            for name, noted in self.texts.items()
            if name != other
            and noted.count * 2 >= self.objects
            and _may_hold(name)
            and noted.length / noted.count > least
            and rank(name, Role.QUESTION) is None
        }
        return max(longest, key=lambda name: longest[name], default=None)

    def _mean_of(self, role: Role) -> float:
        lengths = [
            noted.length / noted.count for name, noted in self.texts.items() if rank(name, role) is not None
        ]
        return min(lengths, default=0.0)


def _may_hold(name: str) -> bool:
    if set(words(name)) & _NEVER or counts_pairs(name) or counts_characters(name):
        return False
    roles = (Role.TOPIC, Role.CATEGORY, Role.SESSION, Role.DIFFICULTY, Role.TAGS)
    return all(rank(name, role) is None for role in roles)


def _best(kinds: Mapping[str, str], role: Role, worst: int, *, asked: bool = False) -> str | None:
    """The field of a role; `asked`: there is a question, so that `answers` are its own and no list beside others."""
    fitting = [
        ((kinds[name] not in _TEXTUAL, found, "accepted" not in words(name)), name)
        for name in kinds
        if (found := rank(name, role)) is not None
        and found <= worst
        and _may_be(name, kinds[name], role, asked)
    ]
    return min(fitting, key=lambda each: each[0])[1] if fitting else None


def _may_be(name: str, kind: str, role: Role, asked: bool) -> bool:  # noqa: FBT001 - as `_best` has it
    if kind in _TEXTUAL:
        return True
    if asked and kind in {"wrapped", "void"}:
        return True
    spelled = is_question if role is Role.QUESTION else is_answer
    return spelled(name) and not words(name)[0].endswith("s")
