"""Reading an English request without a model: whose business it is, what is done there, and with what."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from agents.rebecca.naming import singular

_TOKEN = re.compile(r"[a-z][a-z'’&-]*[a-z]|[a-z]|\d[\d.,]*|[.,;:!?()\n]")
_LONGEST_PHRASE = 3
_DETERMINERS = frozenset("a an the my our your his her their this that some any each every of".split())
_OPENERS = frozenset(
    "to can could will would should must may might who which that and or let lets we i you they".split()
)
_AGENT = frozenset("agent bot chatbot assistant".split())
_RUNNING = frozenset("run own have manage operate started opened am are".split())


@dataclass(frozen=True)
class Deed:
    """A verb in its base form and the noun phrase it acts on, in the singular; `topic` is the verb's group."""

    verb: str
    noun: str
    topic: str
    subject: str | None


@dataclass(frozen=True)
class Reading:
    """What was read: `business` is a noun phrase such as `bike hotel`; `people` and `things` are singulars."""

    business: str | None
    deeds: tuple[Deed, ...]
    people: tuple[str, ...]
    things: tuple[str, ...]


def read(text: str) -> Reading:
    """The reading of a request; everything is empty for a text without English content words."""
    tokens = [token.removesuffix("'s").strip("'") for token in _TOKEN.findall(text.lower().replace("’", "'"))]
    business = _business(tokens)
    deeds = tuple(dict.fromkeys(_deeds(tokens)))
    taken = set(business.split()) if business else set()
    people: dict[str, None] = {}
    things: dict[str, None] = {}
    for phrase in _phrases(tokens):
        noun = singular(phrase)
        if phrase.split()[0] not in taken:
            (people if is_person(noun) else things).setdefault(noun)
    return Reading(business=business, deeds=deeds, people=tuple(people), things=tuple(things))


def is_person(noun: str) -> bool:
    """Whether a noun in the singular names people."""
    return noun.rpartition(" ")[2] in _lexicon().people_words


def is_served(noun: str) -> bool:
    """Whether a person of this name is rather a customer than one of the staff."""
    return noun.rpartition(" ")[2] in _lexicon().served


def topic_of_noun(noun: str) -> str | None:
    """`booking`, `sales` or `requests` when the noun itself says so ("appointment", "order", "complaint")."""
    return _lexicon().noun_topics.get(noun.rpartition(" ")[2])


def is_colourless(word: str) -> bool:
    """Whether a word before or behind a trade leaves it what it is ("small", "Italian", "service")."""
    words = _lexicon()
    ends = word.endswith(("ian", "ese", "ish", "ern", "ional"))
    return word in words.functions or word in words.meta or word in words.stop or ends


def is_metaphorical(noun: str) -> bool:
    """Whether a trade's noun is often another thing with a noun before it ("seed bank", "tool library")."""
    return noun in _lexicon().metaphors


class _Lexicon(BaseModel):
    model_config = ConfigDict(frozen=True)

    verbs: dict[str, tuple[str, str]]
    """Inflected form -> (base form, topic); the topic is empty for verbs whose objects are no records."""
    people_words: frozenset[str]
    served: frozenset[str]
    noun_topics: dict[str, str]
    meta: frozenset[str]
    functions: frozenset[str]
    stop: frozenset[str]
    metaphors: frozenset[str]


class _RawWords(BaseModel):
    verbs: dict[str, list[str]]
    silent: dict[str, list[str]]
    people: dict[str, list[str]]
    nouns: dict[str, list[str]]
    meta: dict[str, list[str]]


@cache
def _lexicon() -> _Lexicon:
    source = files("agents.rebecca.domains").joinpath("words.toml").read_text(encoding="utf-8")
    raw = _RawWords.model_validate(tomllib.loads(source))
    verbs: dict[str, tuple[str, str]] = {}
    for topic, bases in (*raw.verbs.items(), ("", raw.silent["verbs"])):
        for base in bases:
            for form in forms(base):
                verbs.setdefault(form, (base, topic))
    return _Lexicon(
        verbs=verbs,
        people_words=frozenset(raw.people["nouns"]),
        served=frozenset(raw.people["served"]),
        noun_topics={noun: topic for topic, nouns in raw.nouns.items() for noun in nouns},
        meta=frozenset(raw.meta["words"]),
        functions=frozenset(raw.meta["functions"]),
        stop=frozenset(raw.meta["stop"]),
        metaphors=frozenset(raw.meta["metaphors"]),
    )


def forms(base: str) -> Iterator[str]:
    """A verb's base form, third person, -ing and -ed forms; the last two again where a consonant may double."""
    yield base
    stem = base.removesuffix("e")
    third = f"{base[:-1]}ies" if re.search("[^aeiou]y$", base) else f"{base}s"
    yield f"{base}es" if base.endswith(("ch", "sh", "x", "ss")) else third
    yield f"{stem}ing"
    yield f"{stem}ed" if not re.search("[^aeiou]y$", base) else f"{base[:-1]}ied"
    if re.search("[^aeiou][aeiou][bdgmnpt]$", base):
        yield f"{base}{base[-1]}ing"
        yield f"{base}{base[-1]}ed"


def _is_content(token: str) -> bool:
    words = _lexicon()
    return token[0].isalpha() and len(token) > 1 and token not in words.stop and token not in words.meta


def _is_verb(tokens: list[str], at: int) -> bool:
    """A form of a verb counts as one where a verb may stand; "orders" after "the" is a noun."""
    token = tokens[at]
    if token not in _lexicon().verbs:
        return False
    before = tokens[at - 1] if at else "."
    if before in _DETERMINERS - {"that"}:
        return False
    base = _lexicon().verbs[token][0]
    if token != base and token.endswith("s"):
        noun_too = singular(token) in _lexicon().noun_topics
        joint = before in {"and", ","} and not noun_too
        return joint or before in {"that", "which", "who", "it", *_AGENT}
    if token.endswith("ed"):
        return False
    return (
        before in _OPENERS
        or not before[0].isalpha()
        or before in _lexicon().verbs
        or before.rstrip("s") in _lexicon().people_words
        or singular(before) in _lexicon().people_words
        or (token.endswith("ing") and before in {"for", "by", "with", "and"})
    )


def _phrase_at(tokens: list[str], at: int) -> tuple[str, int]:
    """The noun phrase that starts here (determiners skipped) and where it ends; empty if there is none."""
    while at < len(tokens) and (tokens[at] in _DETERMINERS or tokens[at] in {"new", "available", "free"}):
        at += 1
    words: list[str] = []
    while at < len(tokens) and len(words) < _LONGEST_PHRASE and _is_content(tokens[at]):
        if tokens[at].endswith("ly") or (words and _is_verb(tokens, at)):
            break
        words.append(tokens[at])
        at += 1
    while words and words[-1] in _lexicon().verbs and words[-1].endswith(("ed", "ing")) and len(words) == 1:
        words.pop()
    return " ".join(words), at


def _deeds(tokens: list[str]) -> Iterator[Deed]:
    for at in range(len(tokens)):
        if not _is_verb(tokens, at):
            continue
        verb, topic = _lexicon().verbs[tokens[at]]
        before = singular(tokens[at - 1]) if at else ""
        if before in {"can", "should", "must", "may", "will"} and at > 1:
            before = singular(tokens[at - 2])
        subject = before if before in _lexicon().people_words else None
        phrase, end = _phrase_at(tokens, at + 1)
        while phrase:
            yield Deed(verb=verb, noun=singular(phrase), topic=topic, subject=subject)
            if end >= len(tokens) or tokens[end] not in {",", "and", "or"}:
                break
            after = end + 1 + (end + 1 < len(tokens) and tokens[end + 1] in {"and", "or"})
            if after < len(tokens) and _is_verb(tokens, after):
                break
            phrase, end = _phrase_at(tokens, after)


def _phrases(tokens: list[str]) -> Iterator[str]:
    """Noun phrases that stand where nouns stand: after a determiner, a preposition, a verb or in a list."""
    at = 0
    anchors = _DETERMINERS | {"for", "with", "about", "and", "or", ",", ":", "between", "from"}
    while at < len(tokens):
        anchored = at > 0 and (tokens[at - 1] in anchors or _is_verb(tokens, at - 1))
        if anchored and _is_content(tokens[at]) and not _is_verb(tokens, at):
            phrase, end = _phrase_at(tokens, at)
            if phrase:
                yield phrase
            at = max(end, at + 1)
        else:
            at += 1


def _business(tokens: list[str]) -> str | None:
    """The trade: "for my X", "I run an X", "we are an X", or "X agent"; the first that has a content word."""
    for at, token in enumerate(tokens):
        phrase = ""
        if token in {"for", "of", "in", "at"} or (
            token in _RUNNING and at and tokens[at - 1] in {"i", "we", "who"}
        ):
            phrase = _trade_at(tokens, at + 1)
        elif at == 0 and token in {"a", "an", "my", "our"}:
            phrase = _trade_at(tokens, 1)
        elif token in _AGENT:
            phrase = _trade_before(tokens, at)
        if phrase:
            return phrase
    return None


def _trade_at(tokens: list[str], at: int) -> str:
    determined = False
    while at < len(tokens) and (tokens[at] in _DETERMINERS or tokens[at] in _lexicon().functions):
        determined = determined or tokens[at] in _DETERMINERS
        at += 1
    if at < len(tokens) and tokens[at] in _lexicon().verbs and _is_verb(tokens, at):
        return ""
    words: list[str] = []
    for token in tokens[at : at + 4]:
        company = words and token in {"company", "firm", "service", "platform", "business", "team", "startup"}
        if not company and (
            not _is_content(token) or (words and _ends_a_trade(token, determined=determined))
        ):
            break
        words.append(token)
    end = at + len(words)
    while words and words[-1] in _lexicon().functions:
        words.pop()
    phrase = singular(" ".join(words))
    made_of, _ = _phrase_at(tokens, end + 1) if tokens[end : end + 1] == ["of"] else ("", end)
    if words and made_of and len(words) == 1:
        phrase = f"{singular(made_of)} {phrase}"
    return "" if not words or is_person(phrase) else phrase


def _ends_a_trade(token: str, *, determined: bool) -> bool:
    """Whether a word is the verb after the trade: "for members buy"; but "for a shoe store" goes on."""
    if token not in _lexicon().verbs or token.endswith("ing"):
        return False
    return not (determined and _lexicon().verbs[token][0] == token)


def _trade_before(tokens: list[str], at: int) -> str:
    words: list[str] = []
    for token in reversed(tokens[max(0, at - 4) : at]):
        if token in _DETERMINERS or not token[0].isalpha() or token in _lexicon().stop:
            break
        words.insert(0, token)
    dropped = _lexicon().functions | _lexicon().meta
    while words and (words[-1] in dropped or words[-1] in _lexicon().verbs):
        words.pop()
    while words and (words[0] in dropped or words[0] in _lexicon().verbs):
        words.pop(0)
    phrase = " ".join(words)
    return "" if is_person(singular(phrase)) else phrase
