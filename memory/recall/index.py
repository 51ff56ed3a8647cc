"""One user's messages and records in memory, ready to be searched exactly."""

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from memory.errors import MemoryUnavailable
from memory.interfaces import Kind, RecordState, Tier, Vectors
from memory.owner import Owner
from memory.recall.analysis import names, speaks_of_change, speaks_of_self, stems
from memory.recall.columns import Column, Postings
from memory.recall.passages import Passage
from memory.recall.relations import Relations
from memory.records.rows import MEDIUM

Counter = Callable[[Sequence[str]], list[int]]
"""Gives the tokens of each text, by the tokenizer that the budget is meant in."""

KINDS = tuple(Kind)
_SOURCE_BYTES = 900  # of the objects around a text
_PASSAGE_BYTES = 200


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What makes a record more or less than a message that says the same."""

    state: RecordState = RecordState.ACTIVE
    pinned: bool = False
    faded: bool = False
    confidence: float = 0.5
    evidence: int = 1
    cited: int = 0
    recalled: int = 0
    rating: float = 0.0
    instead_of: str | None = None
    """What the record that it supersedes said."""
    against: str | None = None
    """What the record that it contests says."""
    entities: frozenset[str] = frozenset()
    """Folded names of what it is about."""
    relations: frozenset[tuple[str, str, str]] = frozenset()
    """Subject, predicate and object that it states, folded."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A message or a record, with the passages it is found by."""

    owner: Owner
    id: str
    tier: Tier
    kind: Kind
    text: str
    said_at: float
    """Seconds since 1970."""
    passages: Sequence[Passage]
    role: str | None = None
    thread_id: str | None = None
    project_id: str | None = None
    message_ids: tuple[str, ...] = ()
    withheld: bool = False
    """Whether it stays in its conversation and does not come back."""
    standing: Standing | None = field(default=None)
    """None of a message."""


class UserIndex:
    """What one user's memory holds, and what others share with him in his projects. Not safe for two threads at once.

    Sources are numbered in the order they came, and their passages too; a source that is replaced is not alive
    any more. Arrays are by source or by passage, as their names say.
    """

    def __init__(self, owner: Owner, dimensions: int) -> None:
        self.owner = owner
        self.sources: list[Source] = []
        self.postings = Postings()
        self.superseded: set[int] = set()
        """Numbers of records that a newer one has replaced."""
        self.outdated: set[str] = set()
        """Ids of messages whose statement was replaced by a newer one."""
        self.projects: frozenset[str] = frozenset()
        """The projects that the user is a member of: of these it may hold what others decided, did and made."""
        self.relations = Relations()
        self._related: dict[int, Standing] = {}
        self._dimensions = dimensions
        self._numbers: dict[str, int] = {}
        self._tokens: dict[int, int] = {}
        self._threads: dict[str, list[tuple[str, int]]] = {}
        self._projects: dict[str | None, int] = {None: 0}
        self._first: list[int] = []
        self._texts = 0
        self.said_at = Column(np.float64)
        """When, in seconds since 1970."""
        self.before, self.after = Column(np.int32), Column(np.int32)
        """The numbers of the messages around it in its thread, or -1."""
        self.alive = Column(np.bool_)
        self.by_user = Column(np.bool_)
        """Whether the user said it, or it is known of him."""
        self.shared = Column(np.bool_)
        """Whether it is of another member of its project."""
        self.withheld = Column(np.bool_)
        """Whether it does not come back."""
        self.long, self.kind, self.project = Column(np.bool_), Column(np.int8), Column(np.int32)
        """Whether it is of the long tier, its kind by `KINDS`, and its project by `project_number`."""
        self.words = Column(np.float32)
        self.source = Column(np.int32)
        """By passage, as all that follows: the number of its source."""
        self.row = Column(np.int32)
        """Its row among the vectors, or -1."""
        self.length = Column(np.float32)
        """How many words it has."""
        self.figures, self.named = Column(np.bool_), Column(np.bool_)
        """Whether a number or a name stands in it."""
        self.own, self.change = Column(np.bool_), Column(np.bool_)
        """Whether somebody speaks of himself in it, and whether it says that something is not what it was."""
        self.vectors = Column(np.float32, dimensions)
        """The vectors there are, a row each."""
        self._dead = 0

    def add(self, source: Source, vectors: Vectors | None = None) -> None:
        """Take a source in, in place of what is held under its id, with one vector a passage where there are any.

        Raises MemoryUnavailable for another's that is not shared.
        """
        shared = source.owner != self.owner
        if shared and not self._shares(source):
            raise MemoryUnavailable(f"{source.id} belongs to another than {self.owner} and was not taken in")
        held = self._numbers.get(source.id)
        if held is not None and _alike(self.sources[held], source):
            self._relate(held, source)
            self.sources[held] = source
            self._embed(held, vectors)
            return
        self.remove(source.id)
        number = len(self.sources)
        self.sources.append(source)
        self._numbers[source.id] = number
        self._texts += len(source.text) + _SOURCE_BYTES
        self.said_at.extend([source.said_at])
        self.alive.extend([True])
        self.by_user.extend([source.role != "assistant"])
        self.shared.extend([shared])
        self.withheld.extend([source.withheld])
        self.long.extend([source.tier is Tier.LONG])
        self.kind.extend([KINDS.index(source.kind)])
        self.project.extend([self._projects.setdefault(source.project_id, len(self._projects))])
        self.before.extend([-1])
        self.after.extend([-1])
        if source.standing and source.standing.state is RecordState.SUPERSEDED:
            self.superseded.add(number)
            self.outdated.update(source.message_ids)
        if source.thread_id and source.standing is None:
            self._join(source.thread_id, source.id, number)
        self._relate(number, source)
        self._add_passages(number, source, vectors)

    def remove(self, source_id: str) -> None:
        """What is held under this id is not found any more."""
        number = self._numbers.pop(source_id, None)
        if number is None:
            return
        self.alive.values[number] = False
        self._dead += 1
        source = self.sources[number]
        self._relate(number, None)
        line = self._threads.get(source.thread_id or "", [])
        at = bisect.bisect_left(line, (source_id, number))
        if at < len(line) and line[at] == (source_id, number):
            del line[at]
            self._link(line, at - 1)
            self._link(line, at)

    def number_of(self, source_id: str) -> int | None:
        """The number of the source of this id."""
        return self._numbers.get(source_id)

    def project_number(self, project_id: str) -> int:
        """The number by which `project` names it; -1 for one that nothing belongs to. 0 is none at all."""
        return self._projects.get(project_id, -1)

    def thread(self, thread_id: str) -> list[int]:
        """The numbers of a thread's messages."""
        return [number for _, number in self._threads.get(thread_id, ())]

    def passages_of(self, number: int) -> range:
        """The numbers of the passages of a source."""
        first = self._first[number]
        return range(first, first + len(self.sources[number].passages))

    def span(self, passage: int) -> Passage:
        """Where in its source's text a passage stands."""
        number = int(self.source.values[passage])
        return self.sources[number].passages[passage - self._first[number]]

    def text(self, passage: int) -> str:
        """The text of a passage."""
        span = self.span(passage)
        return self.sources[int(self.source.values[passage])].text[span.begins : span.ends]

    def tokens(self, passages: Sequence[int], count: Counter) -> list[int]:
        """How many tokens each of these passages has by `count`, which is always the same one: what it gave is kept."""
        unknown = [place for place in dict.fromkeys(passages) if place not in self._tokens]
        if unknown:
            sizes = count([self.text(place) for place in unknown])
            self._tokens.update(zip(unknown, sizes, strict=True))
        return [self._tokens[place] for place in passages]

    @property
    def nbytes(self) -> int:
        """About the memory it takes."""
        return self.vectors.nbytes + self.postings.nbytes + self._texts + len(self.source) * _PASSAGE_BYTES

    @property
    def worn(self) -> bool:
        """Whether so much of it is replaced that it should be built anew."""
        return self._dead > max(200, len(self.sources) // 4)

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self._dimensions

    def _shares(self, source: Source) -> bool:
        """Whether this user may read a source of another."""
        of_tenant = source.owner.tenant_id == self.owner.tenant_id
        return of_tenant and source.kind in MEDIUM and source.project_id in self.projects

    def _relate(self, number: int, source: Source | None) -> None:
        """Have the source in the relations from now on, in place of what was there under its number."""
        if held := self._related.pop(number, None):
            self.relations.remove(number, held.entities, held.relations)
        standing = source.standing if source else None
        if standing and standing.entities and standing.state is not RecordState.SUPERSEDED:
            self.relations.add(number, standing.entities, standing.relations)
            self._related[number] = standing

    def _embed(self, number: int, vectors: Vectors | None) -> None:
        first = self._first[number]
        rows = self.row.values[first : first + len(self.sources[number].passages)]
        if vectors is not None and (rows < 0).any():
            rows[:] = self._added(vectors)

    def _add_passages(self, number: int, source: Source, vectors: Vectors | None) -> None:
        first, count = len(self.source), len(source.passages)
        self._first.append(first)
        words = 0
        for place, span in enumerate(source.passages, first):
            text = source.text[span.begins : span.ends]
            said = stems(text)
            self.postings.add(place, said)
            self.length.extend([len(said)])
            self.figures.extend([any(stem[0].isdigit() for stem in said)])
            self.named.extend([any(not name[0].isdigit() for name in names(text))])
            of_himself = source.standing is not None or speaks_of_self(text)
            self.own.extend([of_himself and source.owner == self.owner])
            self.change.extend([speaks_of_change(text)])
            words += len(said)
        self.words.extend([words])
        self.source.extend(np.full(count, number))
        self.row.extend(np.full(count, -1) if vectors is None else self._added(vectors))

    def _added(self, vectors: Vectors) -> NDArray[np.int64]:
        start = len(self.vectors)
        self.vectors.extend(vectors)
        return np.arange(start, start + len(vectors))

    def _join(self, thread_id: str, source_id: str, number: int) -> None:
        line = self._threads.setdefault(thread_id, [])
        at = bisect.bisect_left(line, (source_id, number))
        line.insert(at, (source_id, number))
        for place in (at - 1, at, at + 1):
            self._link(line, place)

    def _link(self, line: list[tuple[str, int]], place: int) -> None:
        if 0 <= place < len(line):
            number = line[place][1]
            self.before.values[number] = line[place - 1][1] if place else -1
            self.after.values[number] = line[place + 1][1] if place + 1 < len(line) else -1


def _alike(held: Source, source: Source) -> bool:
    """Whether no array says anything else of them: a record that was used is found as before."""
    before, now = held.standing, source.standing
    if before and now and before.state is now.state:
        held = replace(held, standing=now)
    return held == source
