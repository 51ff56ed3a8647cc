"""Cases made from the stored corpus itself: the same ones for the same seed and store."""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Final

from knowledge.dense import DenseIndex
from knowledge.evaluation.stored import StoredQuestion, stored_questions, things
from knowledge.fields import Field
from knowledge.readers.text import plain
from knowledge.store import KnowledgeStore

NEAR_QUESTIONS: Final = 0.85
"""The least cosine of two questions that mean the same."""
NEAR_ANSWERS: Final = 0.8
"""The least cosine of their answers."""
_NEIGHBOURS = 100  # the nearest questions among which a group of the same meaning is looked for
_LOOKED_AT = 20  # questions looked at for each paraphrase wanted, at most
_AT_ONCE = 8


class Task(StrEnum):
    """What is asked of retrieval."""

    ANSWERS = "answers"
    """A stored question, compared with answers only: find its own."""
    PARAPHRASES = "paraphrases"
    """A stored question, its own pair left out: find those of the same meaning in other words."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A query, and the pairs of which any is right."""

    task: Task
    query: str
    pair_id: str
    """The pair whose question the query is."""
    sought: frozenset[str]
    fields: tuple[Field, ...]
    without_itself: bool
    """Whether the query's own pair, and what counts as one thing with it, is left out of every ranking."""
    topic: str
    category: str
    tier: str

    @property
    def key(self) -> str:
        """The same for cases that ask the same of retrieval, whatever the seed; others have other keys."""
        parts = [self.task, self.query, *self.fields, *sorted(self.sought)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class Cases:
    """What an evaluation asks."""

    seed: int
    size: int
    collections: tuple[str, ...]
    """Those searched; none: all."""
    pairs: int
    """How many pairs these hold."""
    answers: tuple[Case, ...]
    paraphrases: tuple[Case, ...]
    foreign: tuple[str, ...]
    """Questions that nothing stored is relevant to."""
    things: Mapping[str, str]
    """What each pair counts as in a ranking, by pair id."""

    def of(self, task: Task) -> tuple[Case, ...]:
        """The cases of a task."""
        return self.answers if task is Task.ANSWERS else self.paraphrases


async def held_out(
    store: KnowledgeStore,
    dense: DenseIndex,
    *,
    seed: int = 7,
    size: int = 1000,
    collections: Sequence[str] = (),
    paraphrase_fields: Sequence[Field] = tuple(Field),
) -> Cases:
    """Up to `size` cases of each task out of these collections (none given: all of them).

    Questions are taken in an order drawn from the seed and each pair's id, so a store that has grown gives most
    of its former cases again. Paraphrases are compared with `paraphrase_fields`. A paraphrase is a question whose
    cosine with another one is at least 0.85 while that of their answers is at least 0.8, by the dense index;
    one of these must come from another research session and use other words; all of them are sought. As the
    index is the judge of meaning here, the dense search has an advantage in this task. At most 20
    questions are looked at for each paraphrase wanted, so there may be fewer than `size`.
    Raises KnowledgeUnavailable, and ValueError for a size below 1.
    """
    if size < 1:
        raise ValueError(f"An evaluation needs a size of at least 1, not {size}.")
    stored = await stored_questions(store, collections)
    counted_as = things(stored)
    answers = [
        _case(Task.ANSWERS, question, [question.pair_id], (Field.ANSWER,))
        for question in _drawn(stored, counted_as, seed, Task.ANSWERS)[:size]
    ]
    candidates = _drawn(stored, counted_as, seed, Task.PARAPHRASES)[: size * _LOOKED_AT]
    nearness = _Nearness(store, dense, stored, counted_as)
    paraphrases: list[Case] = []
    for start in range(0, len(candidates), _AT_ONCE):
        part = candidates[start : start + _AT_ONCE]
        groups = await asyncio.gather(*(nearness.group(question) for question in part))
        paraphrases += [
            _case(Task.PARAPHRASES, question, group, tuple(paraphrase_fields))
            for question, group in zip(part, groups, strict=True)
            if group
        ]
        if len(paraphrases) >= size:
            break
    return Cases(
        seed=seed,
        size=size,
        collections=tuple(collections),
        pairs=len(stored),
        answers=tuple(answers),
        paraphrases=tuple(paraphrases[:size]),
        foreign=_spread(await asyncio.to_thread(foreign_questions), size),
        things=counted_as,
    )


@lru_cache(maxsize=1)
def foreign_questions() -> tuple[str, ...]:
    """The packaged questions that are none of Freya's business: on the kitchen, sport, health, journeys, school."""
    text = files("knowledge.evaluation").joinpath("foreign.txt").read_text(encoding="utf-8")
    return tuple(text.splitlines())


def _spread(questions: Sequence[str], size: int) -> tuple[str, ...]:
    """At most so many of them, from all matters alike."""
    count = min(size, len(questions))
    return tuple(questions[number * len(questions) // count] for number in range(count))


class _Nearness:
    """Finds which stored questions mean the same as one."""

    def __init__(
        self,
        store: KnowledgeStore,
        dense: DenseIndex,
        stored: Sequence[StoredQuestion],
        counted_as: Mapping[str, str],
    ) -> None:
        self._store = store
        self._dense = dense
        self._questions = {question.pair_id: question for question in stored}
        self._things = counted_as

    async def group(self, question: StoredQuestion) -> list[str]:
        """The pairs that mean the same; none when all of them are of its session or in its words."""
        vectors = await self._dense.encode(question.question)
        nearest = await self._dense.search(
            vectors[Field.QUESTION], Field.QUESTION, collections=[question.collection], limit=_NEIGHBOURS
        )
        near = [pair for pair, cosine in nearest.items() if cosine >= NEAR_QUESTIONS]
        others = list(self._others(question, near))
        if not any(_reworded(question, self._questions[pair]) for pair in others):
            return []
        whole = await self._store.pairs([question.pair_id])
        if question.pair_id not in whole:
            return []
        answer = await self._dense.encode(whole[question.pair_id].answer)
        answers = await self._dense.similarities(
            answer[Field.ANSWER], Field.ANSWER, {question.collection: others}
        )
        same = [pair for pair in others if answers.get(pair, -1.0) >= NEAR_ANSWERS]
        return same if any(_reworded(question, self._questions[pair]) for pair in same) else []

    def _others(self, question: StoredQuestion, pairs: Sequence[str]) -> Iterator[str]:
        own = self._things[question.pair_id]
        return (pair for pair in pairs if pair in self._questions and self._things[pair] != own)


def _reworded(one: StoredQuestion, other: StoredQuestion) -> bool:
    return one.session != other.session and _words(one.question) != _words(other.question)


def _words(text: str) -> frozenset[str]:
    return frozenset(plain(text).split())


def _drawn(
    stored: Sequence[StoredQuestion], counted_as: Mapping[str, str], seed: int, task: Task
) -> list[StoredQuestion]:
    """One question of each thing, in an order that looks like chance."""

    def lot(question: StoredQuestion) -> bytes:
        return hashlib.sha256(f"{seed}\0{task}\0{question.pair_id}".encode()).digest()

    first: dict[str, StoredQuestion] = {}
    for question in sorted(stored, key=lot):
        if question.question.strip():
            first.setdefault(counted_as[question.pair_id], question)
    return list(first.values())


def _case(task: Task, question: StoredQuestion, sought: Sequence[str], fields: tuple[Field, ...]) -> Case:
    return Case(
        task=task,
        query=question.question,
        pair_id=question.pair_id,
        sought=frozenset(sought),
        fields=fields,
        without_itself=task is Task.PARAPHRASES,
        topic=question.topic,
        category=question.category,
        tier=question.tier,
    )
