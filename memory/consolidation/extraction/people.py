"""Rules for the people and animals around somebody; what is said of them is theirs, not the user's."""

import re
from typing import Final

from memory.consolidation.extraction.findings import I_AM, I_DO, USER, Finding, I, rule
from memory.consolidation.extraction.person import DATE, PROFESSION, place
from memory.consolidation.extraction.things import CONDITION
from memory.consolidation.extraction.values import NUMBER_WORD, PROPER, canonical, number, phrase
from memory.interfaces import Kind

RELATION: Final = (
    r"(?:(?:older|younger|little|big|twin|eldest|oldest|youngest|step|half|ex-?|late)[ -]?)?(?:wife|husband|spouse|partner|girlfriend|"
    r"boyfriend|fianc[eé]e?|mother|father|mom|mum|dad|son|daughter|brother|sister|grandmother|grandfather|grandma|"
    r"grandpa|aunt|uncle|cousin|niece|nephew|mother-in-law|father-in-law|brother-in-law|sister-in-law|roommate|"
    r"flatmate|boss|manager|best friend|friend|neighbou?r|colleague|coworker|baby|kid|child)"
)
_ANIMAL: Final = r"(?:dog|cat|puppy|kitten|rabbit|hamster|parrot|horse|guinea pig|turtle|tortoise|goldfish|ferret|snake|budgie)"
_NAMED: Final = r"(?:,?\s+(?:is\s+|who(?:'s| is)\s+)?(?:called|named)\s+|'s name is\s+|,\s+|\s+)"
_NAME: Final = r"(?P<name>(?-i:[A-Z][a-zà-ÿ'-]+(?:\s[A-Z][a-zà-ÿ'-]+)?))"
_COUNT: Final = rf"(?P<count>\d{{1,2}}|{NUMBER_WORD})"
_NOT_NAMES: Final = frozenset(
    "I And But So The A He She They It We You Is Was Has Who Which My His Her Also Then In On At For With To".split()
)


def _who(match: re.Match[str]) -> tuple[str, str | None, str]:
    """The relation, the name where one is said, and both as a part of a slot."""
    relation = " ".join(match["relation"].casefold().split())
    relation = {"mum": "mother", "mom": "mother", "dad": "father", "neighbor": "neighbour"}.get(
        relation, relation
    )
    name = match.groupdict().get("name")
    name = name if name and name.split()[0] not in _NOT_NAMES else None
    return relation, name, f"{relation} {name.casefold()}" if name else relation


def _named(match: re.Match[str]) -> Finding | None:
    relation, name, _ = _who(match)
    if name is None:
        return None
    alone = relation in {
        "wife",
        "husband",
        "mother",
        "father",
        "partner",
        "spouse",
        "girlfriend",
        "boyfriend",
    }
    return Finding(
        kind=Kind.FACT,
        slot=f"fact:{relation}" if alone else f"fact:{relation}:{name.casefold()}",
        value=name,
        text=f"Has {_a(relation)} called {name}.",
        confidence=0.9,
        entities=(name,),
        relations=((USER, relation, name),),
    )


def _about(match: re.Match[str], what: str, value: str, told: str, *others: str) -> Finding:
    relation, name, slot = _who(match)
    subject = name or f"their {relation}"
    predicate = {"home": "lives in", "employer": "works at"}.get(what, what)
    relations = [(name or f"{relation} of {USER}", predicate, other) for other in others]
    if name:
        relations.append((USER, relation, name))
    return Finding(
        kind=Kind.FACT,
        slot=f"fact:{slot}:{what}",
        value=value,
        text=f"Has {_a(relation)}, {name}, who {told}." if name else f"Has {_a(relation)} who {told}.",
        confidence=0.85,
        entities=tuple(dict.fromkeys((*((name,) if name else ()), *others))),
        relations=tuple(relations),
        details={"about": subject},
    )


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _their_home(match: re.Match[str]) -> Finding | None:
    where = place(match["place"])
    return _about(match, "home", where, f"lives in {where}", where) if where else None


def _their_job(match: re.Match[str]) -> Finding:
    job = match["job"].strip()
    article = "an" if job[0].casefold() in "aeiou" else "a"
    return _about(match, "job", job.casefold(), f"works as {article} {job}")


def _their_employer(match: re.Match[str]) -> Finding:
    where = match["place"].strip(" .")
    return _about(match, "employer", where, f"works at {where}", where)


def _their_age(match: re.Match[str]) -> Finding | None:
    years = number(match["age"])
    return _about(match, "age", str(years), f"is {years} years old") if years is not None else None


def _their_birthday(match: re.Match[str]) -> Finding:
    return _about(match, "birthday", canonical(match["date"]), f"has the birthday {match['date']}")


def _their_allergy(match: re.Match[str]) -> Finding | None:
    to = phrase(match["to"], longest=5)
    return _about(match, f"allergy:{to.casefold()}", to, f"is allergic to {to}") if to else None


def _their_condition(match: re.Match[str]) -> Finding:
    what = match["what"]
    return _about(match, f"condition:{what.casefold()}", what, f"has {what}")


def _their_doing(match: re.Match[str]) -> Finding | None:
    what = phrase(match["what"], longest=6)
    verb = match["verb"].casefold()
    return _about(match, f"{verb}", canonical(what), f"{verb} {what}") if what else None


def _spouse(match: re.Match[str]) -> Finding:
    name = match["name"]
    return Finding(
        kind=Kind.FACT,
        slot="fact:spouse",
        value=name,
        text=f"Is married to {name}.",
        confidence=0.9,
        entities=(name,),
        relations=((USER, "is married to", name),),
    )


def _has(match: re.Match[str]) -> Finding | None:
    relation = match["relation"].casefold()
    count = number(match["count"]) if match["count"].casefold() not in {"a", "an"} else 1
    if count is None:
        return None
    return Finding(
        kind=Kind.FACT,
        slot=f"fact:{relation.rstrip('s')} count" if count != 1 else f"fact:has {relation}",
        value=str(count),
        text=f"Has {match['count'].casefold()} {relation}.",
        confidence=0.85,
    )


def _pet(match: re.Match[str]) -> Finding | None:
    name = match["name"]
    if name.split()[0] in _NOT_NAMES:
        return None
    animal = match["animal"].casefold()
    return Finding(
        kind=Kind.FACT,
        slot=f"fact:{animal}:{name.casefold()}",
        value=name,
        text=f"Has a {animal} called {name}.",
        confidence=0.9,
        entities=(name,),
        relations=((USER, animal, name),),
    )


_HOUSEHOLD: Final = r"(?:wife|husband|partner|girlfriend|boyfriend|son|daughter|eldest|youngest|kid|child)"
_MY: Final = rf"\bmy (?P<relation>{RELATION})"
_MAYBE_NAME: Final = rf"(?:,?\s+{_NAME},?)?"
_SMALL: Final = rf"(?:\d{{1,3}}|{NUMBER_WORD})"

PEOPLE: Final = (
    rule("relative", rf"{_MY}(?:,?\s+(?:is\s+)?(?:called|named)\s+|'s name is\s+|,?\s+){_NAME}", _named),
    rule("has a relative", rf"{I_DO}\s+have an? (?P<relation>{RELATION}){_NAMED}{_NAME}", _named),
    rule("relative's home", rf"{_MY}{_MAYBE_NAME}\s+(?:lives|is living|is based|moved|has moved|just moved) (?:in|to) (?P<place>{PROPER})", _their_home),
    rule("relative's job", rf"{_MY}{_MAYBE_NAME}\s+(?:is|works as) an? (?P<job>(?:[\w-]+ ){{0,2}}?{PROFESSION})\b", _their_job),
    rule("relative's employer", rf"{_MY}{_MAYBE_NAME}\s+works (?:at|for) (?P<place>{PROPER})", _their_employer),
    rule("relative's age", rf"{_MY}{_MAYBE_NAME}\s+(?:is|just turned|turned) (?P<age>{_SMALL})(?: years? old|(?=\s*(?:$|[.,;!]|and\b)))", _their_age),
    rule("relative's birthday", rf"{_MY}{_MAYBE_NAME}'s birthday is (?:on )?(?:the )?(?P<date>{DATE})", _their_birthday),
    rule("relative's allergy", rf"{_MY}{_MAYBE_NAME}\s+is (?:\w+ )?allergic to (?P<to>[^.,;:!?]+)", _their_allergy),
    rule("relative's condition", rf"\bmy (?P<relation>{_HOUSEHOLD}){_MAYBE_NAME}\s+(?:has|suffers from) (?:an? )?(?P<what>{CONDITION})\b", _their_condition),
    rule("relative's studies", rf"\bmy (?P<relation>{_HOUSEHOLD}){_MAYBE_NAME}\s+(?P<verb>starts|studies|goes to|attends|plays) (?P<what>[^.,;:!?]+)", _their_doing),
    rule("children at home", rf"\bwith {_COUNT} (?P<relation>(?:\w+ )?(?:kids|children|toddlers|sons|daughters|teenagers|dogs|cats))\b(?=.*\bat home\b)", _has),
    rule("married to", rf"{I_AM}\s+(?:married|engaged) to {_NAME}", _spouse),
    rule("children", rf"(?:{I_DO}|(?<![\w'])we)\s+have {_COUNT} (?P<relation>(?:\w+ )?(?:kids|children|sons|daughters|brothers|sisters|siblings|grandchildren|toddlers|teenagers|boys|girls|dogs|cats))\b", _has),
    rule("has an animal", rf"{I_DO}\s+(?:have|own|adopted|got) (?P<count>an?) (?P<relation>{_ANIMAL})\b(?!\s+(?:in|food|that|allergy|problem|question|phobia|person))", _has),
    rule("pet", rf"(?:\bmy|{I}\s+have an?|{I}\s+(?:just\s+|recently\s+)?(?:adopted|got) an?) (?:[a-z]+ ){{0,2}}(?P<animal>{_ANIMAL}){_NAMED}{_NAME}", _pet),
)  # fmt: skip
"""Whom somebody lives with."""
