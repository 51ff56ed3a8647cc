"""The first pass over a JSON file: where in it pairs are, and what stands above them.

It keeps a plan for each object and list that pairs stand in and nothing else, so that the second pass knows at the
beginning of each what it is and what is said of it further down.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from knowledge.readers.fields import (
    Role,
    counts_pairs,
    counts_sessions,
    is_metadata,
    is_plural_of_pairs,
    is_question,
    is_question_key,
    is_session_list,
    rank,
    words,
)
from knowledge.readers.looks import Look, Siblings, look
from knowledge.readers.nodes import Node, Own, own
from knowledge.readers.scanner import Scalar
from knowledge.readers.tape import Tape, Unread
from knowledge.readers.text import asks
from knowledge.readers.turns import speaker_of
from knowledge.readers.wrapped import kind_of_list, kind_of_map

_MOST_FIELDS = 256
_LONGEST_VALUE = 400
_MOST_STRINGS = 20


@dataclass(slots=True)
class Plan:
    """What the second pass needs to know of an object or list before it reads it."""

    own: Own = field(default_factory=Own)
    pairs: bool = False
    """Objects in it are pairs."""
    choice: Look | None = None
    """Their fields, where names do not tell."""
    itself: bool = False
    """It is a pair as well."""
    wrapped: tuple[str, ...] = ()
    """The fields in which the texts of that pair stand in an object or list."""
    parallel: tuple[str, str | None] | None = None
    """The fields in which its questions and its answers are listed."""
    mapping: bool = False
    """Its keys are questions, its values answers."""
    couples: bool = False
    """A list of lists of a question and an answer."""
    turns: bool = False
    """A list of what people and a model say in turn."""
    keys_tell: bool = False
    """Its keys may be topics: it holds pairs under several, or under nothing else."""
    declared: list[tuple[str, int]] = field(default_factory=list)
    """How many pairs it says there are."""
    sessions: list[tuple[str, int]] = field(default_factory=list)

    @property
    def gives(self) -> bool:
        """Whether pairs come out of it itself, and not only out of what is in it."""
        return (
            self.pairs
            or self.mapping
            or self.couples
            or self.itself
            or self.turns
            or self.parallel is not None
        )


@dataclass(slots=True)
class Survey:
    """Plans by the number of the object or list on the tape; 0 is the file."""

    plans: dict[int, Plan] = field(default_factory=dict)
    documents: int = 0
    fields: dict[str, int] = field(default_factory=dict)
    """The names at the top, to say what a file without pairs is."""
    texts: int = 0
    questions: int = 0
    """How many of its texts ask something."""
    spoken_of: list[int] = field(default_factory=list)
    """How many pairs it says there are where there is not even room for any."""


class _List:
    """What the items of a list, or the values of an object, have in common so far."""

    def __init__(self) -> None:
        self.siblings = Siblings()
        self.holding = self.deep = self.items = self.texts = self.asking = self.couples = self.turns = 0
        self.strings: list[str] = []
        self.first_ask: list[bool] = []
        self.kinds: set[str] = set()

    @property
    def firm(self) -> bool:
        """Whether pairs are in it beyond doubt, and no texts that only look like halves of some."""
        return self.holding > 0 or self.siblings.with_question > 0

    def add(self, node: Node, *, key: str | None = None) -> None:
        self.items += 1
        self.holding += node.holds
        self.deep += node.deep
        self.texts += node.kind == "text"
        self.asking += node.asking
        self.turns += node.speaks
        self.kinds.add(node.wraps or node.kind)
        if node.kind == "text" and isinstance(node.value, str) and len(self.strings) < _MOST_STRINGS:
            self.strings.append(node.value)
        if node.kind == "map" and (not node.holds or node.look is not None):
            found = node.look
            if found is not None and found.question is None and key is not None and is_question_key(key):
                found = Look(key, found.answer)
            texts = [
                (name, part.length, part.asking) for name, part in node.fields.items() if part.kind == "text"
            ]
            self.siblings.add(found, texts)
        self.couples += node.couple
        if node.kind == "text" and len(self.first_ask) < 2:  # noqa: PLR2004 - a couple
            self.first_ask.append(node.asking)


def survey(tape: Tape) -> Survey:
    """Pass over all documents of a file."""
    found = Survey()
    walk = _Walk(tape, found)
    documents = _List()
    while (event := tape.next()) is not None:
        kind, value = event
        if kind in {"cut", "stop"}:
            continue
        node = walk.value(kind, value, "")
        found.documents += 1
        found.fields = (
            {name: part.items for name, part in node.fields.items()} if not found.fields else found.fields
        )
        documents.add(node)
    plan = walk.list_plan(documents, "")
    if plan is not None and not plan.turns and not (plan.couples and found.documents == 1):
        found.plans[0] = plan
    return found


class _Walk:
    def __init__(self, tape: Tape, found: Survey) -> None:
        self._tape = tape
        self._found = found

    def value(self, kind: str, value: Scalar | Unread, key: str) -> Node:
        if kind == "start_map":
            return self._map()
        if kind == "start_array":
            return self._list(key)
        return self._scalar(value)

    def _scalar(self, value: Scalar | Unread) -> Node:
        if isinstance(value, Unread):
            return Node("unread", deep=True)
        if isinstance(value, str):
            asking = asks(value)
            self._found.texts += 1
            self._found.questions += asking
            kept = value if len(value) <= _LONGEST_VALUE else None
            return Node("text" if value.strip() else "empty", len(value), asking, kept)
        if value is None:
            return Node("empty")
        return Node("number", value=value)

    def _list(self, key: str) -> Node:
        number = self._tape.number
        items = _List()
        while (event := self._tape.next()) is not None and event[0] != "end_array":
            if event[0] not in {"cut", "stop"}:
                items.add(self.value(*event, ""))
        plan = self.list_plan(items, key)
        if plan is not None:
            self._found.plans[number] = plan
        return Node(
            "list",
            number=number,
            holds=plan is not None and (plan.gives or items.holding > 0),
            deep=items.deep > 0,
            items=items.items,
            texts=items.texts,
            asking=items.asking > 0 and items.asking * 2 >= items.texts,
            strings=tuple(items.strings),
            wraps=_wrapping(kind_of_list(items.kinds))
            if not items.firm and not (plan and plan.turns)
            else None,
            couple=items.items == items.texts == 2 and items.first_ask == [True, False],  # noqa: PLR2004 - a couple
        )

    def list_plan(self, items: _List, key: str) -> Plan | None:
        """What a list is; None: it holds no pairs."""
        siblings = items.siblings
        if items.turns >= 2 and items.turns == items.items:  # noqa: PLR2004 - one asks, one answers
            return Plan(turns=True)
        if items.couples * 2 > items.items:
            return Plan(couples=True)
        choice = siblings.choice() if siblings.objects else None
        if siblings.pairs or choice is not None:
            return Plan(pairs=True, choice=choice)
        if siblings.objects and not items.holding and is_plural_of_pairs(key):
            return Plan(pairs=True)
        return Plan() if items.holding or items.deep else None

    def _map(self) -> Node:
        number, spoken_of = self._tape.number, len(self._found.spoken_of)
        fields: dict[str, Node] = {}
        children = _List()
        told: list[Node] = []
        questions = entries = 0
        name = ""
        while (event := self._tape.next()) is not None and event[0] != "end_map":
            kind, value = event
            if kind == "map_key":
                name = str(value)
                continue
            if kind in {"cut", "stop"}:
                continue
            node = self.value(kind, value, name)
            children.add(node, key=name)
            entry = kind == "scalar" or (node.wraps is not None and node.look is None)
            entries += entry
            questions += entry and is_question_key(name)
            if len(fields) < _MOST_FIELDS or name in fields:
                fields[name] = node
            if node.kind == "map" and not node.holds and is_metadata(name):
                told.append(node)
        kinds = {
            name: node.wraps or node.kind for name, node in fields.items() if node.wraps or not node.holds
        }
        found = look(kinds)
        wrapped = _wrapped(kinds, found)
        if wrapped:
            children = _List()
            for name, node in fields.items():
                if name in wrapped:
                    self._found.plans.pop(node.number, None)  # what looked like pairs is an answer
                else:
                    children.add(node, key=name)
        plan = self._map_plan(fields, children, found, mapping=questions * 2 >= entries and questions > 0)
        declared = _declared(fields, told)
        plan = plan or (self._empty(fields, declared[0], spoken_of) if found is None else None)
        if plan is not None:
            plan.wrapped = wrapped if plan.itself else ()
            plan.own = own(fields, told)
            holding = sum(node.holds for node in fields.values())
            plan.keys_tell = holding > 1 or (holding == len(fields) and plan.own.topic is None)
            plan.declared, plan.sessions = declared
            self._found.plans[number] = plan
        kept = {name: node.light() for name, node in fields.items()}
        return Node(
            "map",
            number=number,
            holds=plan is not None and (plan.gives or children.holding > 0),
            look=found,
            fields=kept,
            speaks=speaker_of({name: node.value for name, node in fields.items()}) is not None,
            items=len(fields),
            wraps=None if children.firm else _wrapping(kind_of_map(kinds)),
            deep=children.deep > 0 and not (found is not None and _both(fields, found)),
        )

    def _empty(self, fields: Mapping[str, Node], declared: list[tuple[str, int]], mark: int) -> Plan | None:
        """A plan for what has room for the pairs that it declares; without room its word replaces that of its parts."""
        if declared and any(_has_room(name, node) for name, node in fields.items()):
            return Plan()
        spoken_of = _spoken_of(declared)
        if spoken_of:
            self._found.spoken_of[mark:] = spoken_of
        return None

    def _map_plan(
        self, fields: Mapping[str, Node], children: _List, found: Look | None, *, mapping: bool
    ) -> Plan | None:
        siblings = children.siblings
        parallel = _parallel(fields)
        choice = siblings.choice() if siblings.objects > 1 and not siblings.pairs else None
        pairs = siblings.pairs > 0 or choice is not None
        itself = found is not None and _both(fields, found)
        mapping = mapping and found is None
        deep = children.deep and not itself
        if parallel is None and not (mapping or pairs or children.holding or deep):
            return None
        return Plan(
            pairs=pairs,
            choice=choice,
            itself=itself,
            parallel=parallel,
            mapping=mapping,
        )


def _declared(
    fields: Mapping[str, Node], told: list[Node]
) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    numbers = [
        (name, node.value)
        for part in [fields, *(part.fields for part in told)]
        for name, node in part.items()
        if isinstance(node.value, int) and not isinstance(node.value, bool)
    ]
    pairs = [(name, value) for name, value in numbers if counts_pairs(name)]
    return pairs, [(name, value) for name, value in numbers if counts_sessions(name)]


def _has_room(name: str, node: Node) -> bool:
    """Whether pairs would stand there: a list or an object that is called so, though it holds none."""
    return node.kind in {"list", "map"} and (is_plural_of_pairs(name) or is_session_list(name))


def _spoken_of(declared: list[tuple[str, int]]) -> list[int]:
    """The first number that is one of pairs by its name; a mere `total` may be one of anything."""
    return [value for name, value in declared if value > 0 and set(words(name)) - {"total", "count"}][:1]


def _parallel(fields: Mapping[str, Node]) -> tuple[str, str | None] | None:
    lists = {name: node for name, node in fields.items() if node.kind == "list" and not node.holds}
    question = next(
        (
            name
            for name in lists
            if is_question(name) and (lists[name].texts or lists[name].wraps == "wrapped")
        ),
        None,
    )
    answer = next((name for name in lists if name != question and rank(name, Role.ANSWER) is not None), None)
    if question is None:
        return None
    if answer is not None and lists[answer].items:
        return question, answer
    return (question, None) if lists[question].asking else None


def _both(fields: Mapping[str, Node], found: Look) -> bool:
    parts = (found.question, found.answer)
    return all(
        part is not None and (fields[part].kind == "text" or fields[part].wraps == "wrapped")
        for part in parts
    )


def _wrapped(kinds: Mapping[str, str], found: Look | None) -> tuple[str, ...]:
    """The fields of a pair in which its texts stand in an object or list."""
    parts = (found.question, found.answer) if found is not None else ()
    return tuple(part for part in parts if part is not None and kinds[part] in {"wrapped", "void"})


def _wrapping(kind: str) -> str | None:
    return kind if kind in {"wrapped", "void"} else None
