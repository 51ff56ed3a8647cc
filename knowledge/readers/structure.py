"""The second pass over a JSON file: its pairs, each with what is said of it above."""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from pydantic import JsonValue

from knowledge.readers.fields import is_answer, is_question, is_question_key, is_session_list
from knowledge.readers.intake import Intake, Missing, Offer
from knowledge.readers.looks import Look
from knowledge.readers.objects import choose, input_of, own_of, used
from knowledge.readers.records import PairRecord, ReadReport
from knowledge.readers.scanner import Scalar
from knowledge.readers.survey import Plan, Survey
from knowledge.readers.tape import Built, Tape, Unread
from knowledge.readers.turns import Speaker, speaker_of, spoken
from knowledge.readers.where import Where, is_entry
from knowledge.readers.wrapped import kind_of

_BY_KEY = "question `the key`, answer its value"
_WRAPPING = frozenset(("wrapped", "void"))
EXPORT_PATH = "sessions[].qa_pairs"


class Places(Protocol):
    """Names places in a source for people."""

    def of_document(self, index: int, at: int, documents: int) -> str:
        """Where a document, line or row is; empty where there is only one."""
        ...

    def of_byte(self, at: int) -> str:
        """Where a byte is; empty where that is not known or says nothing more."""
        ...


class Structure:
    """Reads pairs from a tape by the plans of a survey."""

    def __init__(
        self, tape: Tape, found: Survey, intake: Intake, report: ReadReport, places: "Places"
    ) -> None:
        self._places = places
        self._tape = tape
        self._plans = found.plans
        self._documents = found.documents
        self._intake = intake
        self._report = report
        self._groups = 0
        self._in_group = 0
        self.shapes: Counter[tuple[str, str, str]] = Counter()
        """By path, fields and origin of the topic, how many pairs."""
        self.cuts: list[tuple[str, str]] = []
        """Where something other than a pair was left, and why."""
        self.sessions = 0
        self._last: tuple[Where, bool] | None = None

    def pairs(self) -> Iterator[PairRecord]:
        """All pairs of all documents."""
        plan = self._plans.get(0, Plan())
        for index in itertools.count():
            event = self._tape.next()
            if event is None:
                return
            where = Where(path=self._places.of_document(index, self._tape.at, self._documents))
            yield from self._child(*event, plan, where, index)

    @property
    def last(self) -> str:
        """Behind which pair reading stopped."""
        if self._last is None:
            return "before the first pair"
        (where, whole), about = self._last, self._last[0].about
        path = where.path
        held, _, index = path.rpartition("[")
        if not index.removesuffix("]").isdigit():
            return f"after {path}" if path else "after the first pair"
        topic = f" ({about.topic})" if about.topic else ""
        return f"in {held or 'the list'}{topic} after pair {int(index.removesuffix(']')) + whole}"

    def _place(self, where: Where, at: int = -1) -> str:
        path, byte = where.path or "the document", self._places.of_byte(at)
        return f"{path} ({byte})" if byte else path

    def _child(
        self, kind: str, value: Scalar | Unread, plan: Plan, where: Where, index: int
    ) -> Iterator[PairRecord]:
        """What stands in a list, among documents, or under a key that holds a pair."""
        number, at = self._tape.number, self._tape.at
        if kind == "cut":
            if plan.pairs:
                self._count_in_group()
                self._intake.reject(self._place(where, at), f"cannot be read: {value}", where.about)
            else:
                self.cuts.append((self._place(where, at), str(value)))
        elif kind.startswith("start"):
            inner = self._plans.get(number)
            if inner is not None:
                yield from self._map(inner, where) if kind == "start_map" else self._list(inner, where)
            elif plan.pairs or plan.couples:
                built = self._tape.build(kind)
                yield from self._pair(built, plan.choice, where, f"{number}/{index}", at)
            else:
                self._junk(kind, where)
                self._tape.skip()
        elif kind == "scalar":
            self._scalar(value, plan, where)

    def _scalar(self, value: Scalar | Unread, plan: Plan, where: Where) -> None:
        if isinstance(value, Unread):
            self._intake.reject(self._place(where, self._tape.at), value.reason, where.about)
        elif plan.pairs or plan.couples:
            self._count_in_group()
            reason = "is no object with a question and an answer"
            self._intake.reject(self._place(where, self._tape.at), reason, where.about)
        else:
            self._junk("scalar", where)

    def _junk(self, kind: str, where: Where) -> None:
        """Something in a list of what holds pairs that holds none; a session has to be an object."""
        held = where.pattern.rpartition(".")[2]
        if kind != "start_map" and held.endswith("[]") and is_session_list(held.removesuffix("[]")):
            self._intake.reject(self._place(where), "is no session with a topic and pairs")

    def _list(self, plan: Plan, where: Where) -> Iterator[PairRecord]:
        sessions = is_session_list(where.name)
        if plan.turns:
            yield from self._turns(self._tape.build("start_array"), where)
            return
        index = 0
        while (event := self._tape.next()) is not None and event[0] != "end_array":
            here = where.item(index)
            if sessions:
                self._groups += 1
                self._in_group = 0
                self.sessions += 1
                here = replace(here, about=replace(here.about, group=self._groups))
            yield from self._child(*event, plan, here, index)
            index += event[0] not in {"cut", "stop"}

    def _map(self, plan: Plan, where: Where) -> Iterator[PairRecord]:
        before = (self._intake.present, self._intake.repeated, self.sessions)
        here = _Object(plan, where.told(plan.own), self._tape.number)
        while (event := self._tape.next()) is not None and event[0] != "end_map":
            kind, value = event
            if kind == "map_key":
                here.enter(str(value))
            elif kind in {"cut", "stop"}:
                here.cut = str(value)
                if kind == "cut":
                    self.cuts.append((self._place(here.where, self._tape.at), here.cut))
            elif kind == "scalar":
                yield from self._scalar_of_map(value, here)
            else:
                yield from self._part_of_map(kind, here)
        self._say_repeated(here.where, [key for key, count in here.keys.items() if count > 1])
        if plan.parallel is not None:
            yield from self._parallel(plan.parallel, here)
        if plan.itself:
            whole = Built(here.collected, here.cut)
            yield from self._pair(whole, None, here.where, f"{here.number}/itself", self._tape.at)
        self._check(plan, here.where, before)

    def _scalar_of_map(self, value: Scalar | Unread, here: "_Object") -> Iterator[PairRecord]:
        if isinstance(value, Unread):
            self._intake.reject(self._place(here.there), value.reason)
        elif here.plan.mapping and is_entry(here.key):
            offered = Offer(
                place=self._place(here.there, self._tape.at),
                question=here.key,
                answer=value,
                about=here.where.about,
                key=here.place,
                path=f"{here.where.pattern}.*",
            )
            yield from self._offer(offered, here.where, _BY_KEY)
        elif here.plan.itself:
            here.collected[here.key] = value

    def _part_of_map(self, kind: str, here: "_Object") -> Iterator[PairRecord]:
        plan, inner = here.plan, self._plans.get(self._tape.number)
        if here.key in plan.wrapped:
            here.collect(self._tape.build(kind))
        elif inner is not None:
            yield from self._map(inner, here.there) if kind == "start_map" else self._list(inner, here.there)
        elif plan.parallel is not None and here.key in plan.parallel:
            here.collect_list(self._tape.build(kind).value)
        elif plan.pairs or (plan.mapping and is_entry(here.key)):
            at = self._tape.at
            yield from self._value_of_map(self._tape.build(kind), here, at)
        else:
            self._tape.skip()

    def _value_of_map(self, built: Built, here: "_Object", at: int) -> Iterator[PairRecord]:
        """What stands under a key of an object that holds pairs: a pair, or something else of it."""
        value, where, choice = built.value, here.there, here.plan.choice
        asked = where.name if is_question_key(where.name) else None
        found = choose(value, choice) if isinstance(value, dict) else None
        direct = here.plan.mapping and (found is None or found.answer is None) and kind_of(value) in _WRAPPING
        if isinstance(value, dict) and not (direct and asked is not None):
            if found is None and asked is None and choice is None:
                return
            if asked is not None and (found is None or found.question is None):
                built.value = {"question": asked, **value}
            yield from self._pair(built, choice, where, here.place, at)
        elif asked is not None and here.plan.mapping:
            answer = Missing(built.cut) if isinstance(value, Unread) else value
            offered = Offer(
                place=self._place(where, at), question=asked, answer=answer, about=where.about, key=here.place
            )
            yield from self._offer(offered, where, _BY_KEY)

    def _pair(
        self, built: Built, choice: Look | None, where: Where, key: str, at: int
    ) -> Iterator[PairRecord]:
        value = built.value
        pattern = where.pattern.removesuffix("[]")
        if isinstance(value, list) and len(value) == 2:  # noqa: PLR2004 - a question and its answer
            if _is_header(value):
                return
            offered = Offer(
                place=self._place(where, at),
                question=value[0],
                answer=value[1],
                about=where.about,
                key=key,
                path=pattern,
            )
            yield from self._offer(offered, where, "a list of two")
            return
        if not isinstance(value, dict):
            self._count_in_group()
            reason = built.cut or "is no object with a question and an answer"
            self._intake.reject(self._place(where, at), reason, where.about)
            return
        found = choose(value, choice) or Look(None, None)
        said = own_of(value, found)
        around = where.told(replace(said, title=None))
        lacking = Missing(f"cannot be read: {built.cut}") if built.cut is not None else None
        given = input_of(value, found.question)
        taken = {found.question, found.answer, given, *used(value, around.about, said)}
        if not found.question and not found.answer and lacking is None:
            lacking = Missing("has neither a question nor an answer")
        offered = Offer(
            place=self._place(where, at),
            question=lacking or _question(value, found.question, given),
            answer=value[found.answer] if found.answer else Missing(),
            about=around.about,
            more={name: part for name, part in value.items() if name not in taken},
            key=key,
            path=pattern,
        )
        fields = "" if (found.question, found.answer) == ("question", "answer") else _named(found)
        yield from self._offer(offered, around, fields)
        self._say_repeated(where, built.repeated)

    def _offer(self, offer: Offer, where: Where, fields: str) -> Iterator[PairRecord]:
        pattern = where.pattern.removesuffix("[]")
        ordinal = self._count_in_group()
        if pattern == EXPORT_PATH:
            offer = replace(offer, key=f"{offer.about.group}:{ordinal}")
        self._last = (where, not isinstance(offer.question, Missing))
        self.shapes[pattern, fields, where.topic_from or ""] += 1
        record = self._intake.offer(offer)
        if record is not None:
            yield record

    def _count_in_group(self) -> int:
        self._in_group += 1
        return self._in_group

    def _parallel(self, names: tuple[str, str | None], here: "_Object") -> Iterator[PairRecord]:
        where = here.where
        questions, answers = (here.list_of(name) for name in names)
        nothing = Missing(f"has no answer: `{names[0]}` stands without one in `{names[1] or 'answers'}`")
        unasked = Missing(f"has no question: `{names[1]}` is longer than `{names[0]}`")
        there = where.under(names[0])
        for index in range(max(len(questions), len(answers))):
            offered = Offer(
                place=there.item(index).path,
                question=questions[index] if index < len(questions) else unasked,
                answer=answers[index] if index < len(answers) else nothing,
                about=where.about,
                key=f"{here.number}/p{index}",
                path=there.pattern,
            )
            yield from self._offer(offered, there, f"parallel lists `{names[0]}` and `{names[1]}`")

    def _turns(self, built: Built, where: Where) -> Iterator[PairRecord]:
        """Each thing a person says, with what the model says next."""
        number, asked = self._tape.number, None
        turns = built.value if isinstance(built.value, list) else []
        for index, turn in enumerate([*turns, None]):
            held = turn if isinstance(turn, dict) else {}
            speaker, said = speaker_of(held), spoken(held)
            if asked is not None and (speaker in {Speaker.PERSON, Speaker.MODEL} or turn is None):
                offered = Offer(
                    place=self._place(where.item(asked[0])),
                    question=asked[1],
                    about=where.about,
                    answer=said if speaker is Speaker.MODEL else Missing(built.cut),
                    key=f"{number}/{asked[0]}",
                    path=where.pattern,
                )
                yield from self._offer(offered, where, "what is said in turn")
                asked = None
            if speaker is Speaker.PERSON:
                asked = (index, said)

    def _check(self, plan: Plan, where: Where, before: tuple[int, int, int]) -> None:
        """Compare what an object declares with what stands in it."""
        present, repeated = self._intake.present - before[0], self._intake.repeated - before[1]
        for _, declared in plan.declared:
            if declared not in {present, present - repeated}:
                place = "total" if not where.path else where.path
                self._report.doubt(place, f"declares {declared} pairs and holds {present - repeated}")
                if place == "total":
                    break
        for _, declared in plan.sessions:
            if self.sessions and declared != self.sessions - before[2]:
                self._report.doubt(
                    where.path or "total",
                    f"declares {declared} sessions and holds {self.sessions - before[2]}",
                )

    def _say_repeated(self, where: Where, keys: list[str]) -> None:
        for key in dict.fromkeys(keys):
            self._report.doubt(self._place(where), f"has the key {key!r} more than once")


@dataclass(slots=True)
class _Object:
    """An object that is being read and is more than a pair."""

    plan: Plan
    where: Where
    number: int
    key: str = ""
    there: Where = field(default_factory=Where)
    keys: Counter[str] = field(default_factory=Counter)
    collected: dict[str, JsonValue] = field(default_factory=dict)
    cut: str | None = None

    def enter(self, key: str) -> None:
        """Go to the next key."""
        self.key = key
        self.keys[key] += 1
        self.there = self.where.keyed(key, self.plan)

    @property
    def place(self) -> str:
        """What identifies a pair under the key."""
        return f"{self.number}/{self.keys.total()}"

    def collect(self, built: Built) -> None:
        """Keep a part of the pair that the object itself is."""
        self.cut = self.cut or built.cut
        if not isinstance(built.value, Unread):
            self.collected[self.key] = built.value

    def collect_list(self, value: JsonValue | Unread) -> None:
        """Keep a list; of a key that stands twice both."""
        if isinstance(value, list):
            self.collected[self.key] = [*self.list_of(self.key), *value]

    def list_of(self, name: str | None) -> list[JsonValue]:
        """The list that was kept under a name."""
        found = self.collected.get(name) if name is not None else None
        return found if isinstance(found, list) else []


def _is_header(couple: list[JsonValue]) -> bool:
    """Whether a list of two has the names of what stands in the others: `["question", "answer"]`."""
    question, answer = couple
    return (
        isinstance(question, str) and isinstance(answer, str) and is_question(question) and is_answer(answer)
    )


def _question(value: Mapping[str, JsonValue], name: str | None, given: str | None) -> object:
    if name is None:
        return Missing()
    return f"{value[name]}\n\n{value[given]}" if given is not None else value[name]


def _named(found: Look) -> str:
    return f"question `{found.question or 'none'}`, answer `{found.answer or 'none'}`"
