"""The first pass over a JSON file: where in it pairs are, and what stands above them.

It keeps a plan for each object and list that pairs stand in and nothing else, so that the second pass knows at the
beginning of each what it is and what is said of it further down.
"""

import re
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
    is_slug,
    rank,
)
from knowledge.readers.looks import Look, Siblings, look
from knowledge.readers.scanner import Scalar
from knowledge.readers.tape import Tape, Unread
from knowledge.readers.text import asks, is_placeholder

_MOST_FIELDS = 256
_LONGEST_VALUE = 400
_MOST_STRINGS = 20
_TAG_ENDS = re.compile(r"[,;|\n]")
_SPEAKERS = {"user": 0, "human": 0, "prompter": 0, "assistant": 1, "gpt": 1, "bot": 1, "model": 1, "ai": 1}


@dataclass(frozen=True, slots=True)
class Own:
    """What an object says itself of the pairs in it."""

    topic: str | None = None
    topic_field: str | None = None
    title: str | None = None
    title_field: str | None = None
    category: str | None = None
    session: str | None = None
    difficulty: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(slots=True)
class Plan:
    """What the second pass needs to know of an object or list before it reads it."""

    own: Own = Own()
    pairs: bool = False
    """Objects in it are pairs."""
    choice: Look | None = None
    """Their fields, where names do not tell."""
    itself: bool = False
    """It is a pair as well."""
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
class Node:
    """A value that was passed over."""

    kind: str
    length: int = 0
    asking: bool = False
    value: Scalar = None
    holds: bool = False
    """Pairs are in it."""
    look: Look | None = None
    fields: dict[str, "Node"] = field(default_factory=dict)
    strings: tuple[str, ...] = ()
    texts: int = 0
    items: int = 0
    deep: bool = False
    """Something in it is not read, and whatever it is has to be said."""
    couple: bool = False
    """A list of a question and another text."""
    speaks: int | None = None
    """0: a turn of a person, 1: of a model."""


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


class _List:
    """What the items of a list, or the values of an object, have in common so far."""

    def __init__(self) -> None:
        self.siblings = Siblings()
        self.holding = self.deep = self.items = self.texts = self.asking = self.couples = self.turns = 0
        self.strings: list[str] = []
        self.first_ask: list[bool] = []

    def add(self, node: Node, *, key: str | None = None) -> None:
        self.items += 1
        self.holding += node.holds
        self.deep += node.deep
        self.texts += node.kind == "text"
        self.asking += node.asking
        self.turns += node.speaks is not None
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
    if plan is not None and not (plan.couples and found.documents == 1):
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
            holds=plan is not None and (plan.gives or items.holding > 0),
            deep=items.deep > 0,
            items=items.items,
            texts=items.texts,
            asking=items.asking > 0 and items.asking * 2 >= items.texts,
            strings=tuple(items.strings),
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
        number = self._tape.number
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
            entries += kind == "scalar"
            questions += kind == "scalar" and is_question_key(name)
            if len(fields) < _MOST_FIELDS or name in fields:
                fields[name] = node
            if node.kind == "map" and not node.holds and is_metadata(name):
                told.append(node)
        found = look({name: node.kind for name, node in fields.items() if not node.holds})
        plan = self._map_plan(fields, children, found, mapping=questions * 2 >= entries and questions > 0)
        if plan is not None:
            plan.own = own(fields, told)
            holding = sum(node.holds for node in fields.values())
            plan.keys_tell = holding > 1 or (holding == len(fields) and plan.own.topic is None)
            plan.declared, plan.sessions = _declared(fields, told)
            self._found.plans[number] = plan
        kept = {name: _light(node) for name, node in fields.items()}
        return Node(
            "map",
            holds=plan is not None and (plan.gives or children.holding > 0),
            look=found,
            fields=kept,
            speaks=_speaks(fields),
            items=len(fields),
            deep=children.deep > 0 and not (found is not None and _both(fields, found)),
        )

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


def own(fields: Mapping[str, Node], told: list[Node] | None = None) -> Own:
    """What an object's own fields, and those of the metadata in it, say of its pairs."""
    given = {name: node for part in reversed(told or []) for name, node in part.fields.items()}
    given |= fields
    topic = _named(given, Role.TOPIC)
    title = _named(given, Role.TITLE)
    category, session, difficulty = (
        _named(given, role) for role in (Role.CATEGORY, Role.SESSION, Role.DIFFICULTY)
    )
    tags = next((found for name, node in given.items() if (found := _tags(name, node))), ())
    return Own(
        topic=_said(topic, given),
        topic_field=topic,
        title=_said(title, given),
        title_field=title,
        category=_said(category, given),
        session=_said(session, given),
        difficulty=_said(difficulty, given),
        tags=tags,
    )


def _tags(name: str, node: Node) -> tuple[str, ...]:
    """A list of tags, or those that a text lists."""
    if rank(name, Role.TAGS) is None:
        return ()
    if isinstance(node.value, str):
        return tuple(part.strip() for part in _TAG_ENDS.split(node.value) if part.strip())
    return node.strings


def _named(fields: Mapping[str, Node], role: Role) -> str | None:
    fitting: list[tuple[int, str]] = []
    for name, node in fields.items():
        found = rank(name, role)
        if found is None or _said(name, fields) is None or (isinstance(node.value, bool)):
            continue
        if role in {Role.TOPIC, Role.TITLE, Role.CATEGORY} and not isinstance(_first(node), str):
            continue
        slug = role is Role.TOPIC and is_slug(str(_first(node)))
        fitting.append((found + 20 * slug + (10 if node.kind == "list" else 0), name))
    return min(fitting)[1] if fitting else None


def _said(name: str | None, fields: Mapping[str, Node]) -> str | None:
    value = _first(fields[name]) if name is not None else None
    if value is None or isinstance(value, bool):
        return None
    text = str(value).strip()
    return text if text and not is_placeholder(text) else None


def _first(node: Node) -> Scalar:
    """A scalar, or the only text of a list of one."""
    if node.kind == "list":
        return node.strings[0] if node.items == 1 and node.strings else None
    return node.value


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


def _parallel(fields: Mapping[str, Node]) -> tuple[str, str | None] | None:
    lists = {name: node for name, node in fields.items() if node.kind == "list" and not node.holds}
    question = next((name for name in lists if is_question(name) and lists[name].texts), None)
    answer = next((name for name in lists if name != question and rank(name, Role.ANSWER) is not None), None)
    if question is None:
        return None
    if answer is not None and lists[answer].items:
        return question, answer
    return (question, None) if lists[question].asking else None


def _both(fields: Mapping[str, Node], found: Look) -> bool:
    parts = (found.question, found.answer)
    return all(part is not None and fields[part].kind == "text" for part in parts)


def _speaks(fields: Mapping[str, Node]) -> int | None:
    if not {"content", "value", "text", "message"} & fields.keys():
        return None
    said = next(
        (fields[name].value for name in ("role", "from", "speaker", "author") if name in fields), None
    )
    if not isinstance(said, str):
        return None
    return _SPEAKERS.get(said.lower(), 2 if said.lower() in {"system", "tool"} else None)


def _light(node: Node) -> Node:
    """A field without what is below it."""
    if node.kind == "map":
        return Node("map", holds=node.holds)
    return node
