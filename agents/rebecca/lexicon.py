"""What Rebecca knows of single words: the work a verb does, and what a noun tells of itself."""

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from pydantic import BaseModel

from agents.rebecca.model import FieldType
from agents.rebecca.naming import singular
from agents.rebecca.reading import forms, is_person


class Work(StrEnum):
    """What a verb does with its object, as far as a service has to know."""

    BOOK = "book"
    ATTEND = "attend"
    SCHEDULE = "schedule"
    SELL = "sell"
    REQUEST = "request"
    RECORD = "record"
    CHANGE = "change"
    LOOK = "look"
    TELL = "tell"
    COMPUTE = "compute"
    SUGGEST = "suggest"
    WRITE = "write"
    PAY = "pay"
    HAVE = "have"
    EMPTY = "empty"


@dataclass(frozen=True)
class VerbForm:
    """An inflected verb: its base form, and which form it is (`base`, `third`, `ing` or `past`)."""

    base: str
    form: str


@dataclass(frozen=True)
class Value:
    """A noun that is an attribute of something else."""

    type: FieldType
    choices: tuple[str, ...] = ()


def verb_form(word: str) -> VerbForm | None:
    """The verb this word is a form of, if the lexicon has it."""
    return _lexicon().forms.get(word)


def work_of(verb: str, preposition: str | None = None) -> Work:
    """The work of a verb in its base form; an unknown verb changes its object."""
    known = _lexicon().work
    return known.get(f"{verb} {preposition}", known.get(verb, Work.CHANGE))


def takes(verb: str, preposition: str) -> bool:
    """Whether the object of the verb stands behind this preposition ("ask for", "sign up for")."""
    return f"{verb} {preposition}" in _lexicon().work or f"{verb} {preposition}" in _OBJECT_BEHIND


def value(noun: str) -> Value | None:
    """How a noun is stored if it is a value and no thing: the whole phrase decides, else its last word."""
    known = _lexicon().values
    last = noun.rpartition(" ")[2]
    found = known.get(noun) or (known.get(last) if last not in _lexicon().occasions else None)
    if found is None and last == "id":
        return Value(FieldType.TEXT)
    return found


def is_occasion(noun: str) -> bool:
    """Whether the noun names something that happens."""
    last = noun.rpartition(" ")[2]
    known = _lexicon()
    if last in known.occasions:
        return True
    return last.endswith(known.endings) and last not in known.organisations | known.things


def is_bookable(noun: str) -> bool:
    """Whether the noun names an occasion that people reserve."""
    return noun.rpartition(" ")[2] in _lexicon().bookable


def is_organisation(noun: str) -> bool:
    """Whether the noun names a body of people that can be a customer."""
    return noun.rpartition(" ")[2] in _lexicon().organisations


def is_human(noun: str) -> bool:
    """Whether the noun names people, by the lexicon or by its ending (-er, -or, -ist, -man ...)."""
    last = noun.rpartition(" ")[2]
    known = _lexicon()
    if is_person(noun) or noun in known.people or last in known.people:
        return True
    thing = last in known.things or last in known.occasions or value(last) is not None
    return not thing and len(last) > _SHORTEST and _PEOPLE_ENDING.search(last) is not None


def standard_attributes(noun: str) -> str:
    """The attributes that things of this name usually have, in the notation of an entity line; may be empty."""
    return _lexicon().has.get(noun.rpartition(" ")[2], "")


_SHORTEST = 4
_PEOPLE_ENDING = re.compile(
    r"(?:[^aeiou]er|[aeiou][^aeiou]er|[aeiou]ier|tor|sor|ist|ian|man|woman|yst|eer|ess|logue)$"
)
_OBJECT_BEHIND = frozenset(
    "ask for|apply for|register for|sign up for|bid for|wait for|pay for|enrol in|enroll in|enrol for|subscribe to|search for|"
    "look for|care for|report on|work on|listen to|call for|look after|look at|participate in|belong to|respond to|"
    "reply to|attend to|sign up to|register on|book in for|call out to|check on|deal with|put up for|appeal against".split(
        "|"
    )
)


@dataclass(frozen=True)
class _Lexicon:
    forms: dict[str, VerbForm]
    work: dict[str, Work]
    values: dict[str, Value]
    occasions: frozenset[str]
    endings: tuple[str, ...]
    bookable: frozenset[str]
    organisations: frozenset[str]
    people: frozenset[str]
    things: frozenset[str]
    has: dict[str, str]


class _Verbs(BaseModel):
    work: dict[str, tuple[str, ...]]
    irregular: dict[str, str]


class _Nouns(BaseModel):
    values: dict[str, tuple[str, ...]]
    choices: dict[str, str]
    occasions: dict[str, tuple[str, ...]]
    bookable: dict[str, tuple[str, ...]]
    organisations: dict[str, tuple[str, ...]]
    people: dict[str, tuple[str, ...]]
    has: dict[str, str]


@cache
def _lexicon() -> _Lexicon:
    verbs = _Verbs.model_validate(_toml("verbs"))
    nouns = _Nouns.model_validate(_toml("nouns"))
    work: dict[str, Work] = {}
    inflected: dict[str, VerbForm] = {}
    for kind, bases in verbs.work.items():
        for base in bases:
            work.setdefault(base, Work(kind))
            first = base.partition(" ")[0]
            for form, name in zip(forms(first), _form_names(first), strict=True):
                inflected.setdefault(form, VerbForm(first, name))
    for past, base in verbs.irregular.items():
        if past != base:
            inflected[past] = VerbForm(base, "third" if past == "has" else "past")
    values: dict[str, Value] = {}
    for kind, words in nouns.values.items():
        choice = kind == "status"
        for word in words:
            values[word] = Value(FieldType.TEXT if choice else FieldType(kind))
    for word, choices in nouns.choices.items():
        values[word] = Value(FieldType.CHOICE, tuple(choices.split("|")))
    return _Lexicon(
        forms=inflected,
        work=work,
        values=values,
        occasions=frozenset(nouns.occasions["nouns"]),
        endings=nouns.occasions["endings"],
        bookable=frozenset(nouns.bookable["nouns"]),
        organisations=frozenset(nouns.organisations["nouns"]),
        people=frozenset(nouns.people["nouns"]),
        things=frozenset(nouns.people["things"]),
        has={
            singular(name): attributes for names, attributes in nouns.has.items() for name in names.split("|")
        },
    )


def _form_names(base: str) -> tuple[str, ...]:
    """In the order of `forms`."""
    doubled = re.search("[^aeiou][aeiou][bdgmnpt]$", base)
    return ("base", "third", "ing", "past", *(("ing", "past") if doubled else ()))


def _toml(name: str) -> dict[str, object]:
    return tomllib.loads(files("agents.rebecca.domains").joinpath(f"{name}.toml").read_text(encoding="utf-8"))
