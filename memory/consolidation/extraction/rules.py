"""Extraction by rules: sentences in which somebody speaks of himself, one pattern after the other."""

import asyncio
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from memory.consolidation.extraction.findings import Finding, Rule
from memory.consolidation.extraction.foreign import answered, language_of, parted, told_in_english
from memory.consolidation.extraction.living import LIVING
from memory.consolidation.extraction.people import PEOPLE
from memory.consolidation.extraction.person import PERSON
from memory.consolidation.extraction.preferences import PREFERENCES
from memory.consolidation.extraction.sentences import statements
from memory.consolidation.extraction.standing import STANDING
from memory.consolidation.extraction.things import THINGS
from memory.consolidation.extraction.work import WORK
from memory.consolidation.interfaces import Excerpt
from memory.interfaces import USER, Draft, Kind
from memory.recall import window

RULES: Final[tuple[Rule, ...]] = (*PERSON, *PEOPLE, *THINGS, *PREFERENCES, *WORK)
# Of wider patterns: they say nothing of words from which a rule above has taken something.
WIDER: Final[tuple[Rule, ...]] = (*STANDING, *LIVING)
_LONGEST: Final = 20_000
_TIMED: Final = frozenset({Kind.DECISION, Kind.PROGRESS})
# What a question before makes of an answer of a few words.
_ANSWERS: Final = (
    (re.compile(r"where (?:do you live|are you (?:based|living))|which city", re.IGNORECASE), "I live in {}"),
    (re.compile(r"what(?:'s| is) your (?:first |full )?name|what should I call you", re.IGNORECASE), "My name is {}"),
    (re.compile(r"how old are you|what(?:'s| is) your age", re.IGNORECASE), "I'm {} years old"),
    (re.compile(r"where are you (?:originally )?from", re.IGNORECASE), "I'm from {}"),
    (re.compile(r"what do you do (?:for a living|for work)|what(?:'s| is) your (?:job|profession)", re.IGNORECASE), "I work as {}"),
    (re.compile(r"(?:which|what) language (?:should|would you like|do you want)", re.IGNORECASE), "Please answer in {}"),
    (re.compile(r"when is your birthday", re.IGNORECASE), "My birthday is on {}"),
    (re.compile(r"where do you work|who do you work for", re.IGNORECASE), "I work at {}"),
)  # fmt: skip
_SHORT_ANSWER: Final = 5
_LEAD: Final = re.compile(r"^(?:in|at|it's|its|from|as|on|i'm|i am)\s+", re.IGNORECASE)


class RuleExtractor:
    """Finds facts, preferences, decisions, progress and expertise that the user states of himself.

    English, German, Spanish and Russian are read; the records are worded in English (`foreign`).

    Precision goes before recall: what is asked, supposed, quoted, or said by the assistant states nothing.
    """

    async def extract(self, excerpt: Excerpt) -> list[Draft]:
        """Drafts of the message, in the order it says them; none for a message of the assistant."""
        if excerpt.said.role != "user":
            return []
        return await asyncio.to_thread(extracted, excerpt)


def extracted(excerpt: Excerpt) -> list[Draft]:
    """What the rules find in a message; of two values of one slot the later one."""
    found: dict[str, tuple[Rule, Finding]] = {}
    for rule, finding in _stated(as_said(excerpt)[:_LONGEST], excerpt.said.said_at):
        key = finding.slot or f"{finding.kind}:{finding.text.casefold()}"
        earlier = found.get(key)
        if earlier is None or _outweighs(finding, earlier[1]):
            found[key] = (rule, finding)
    return [as_draft(excerpt, rule, finding) for rule, finding in found.values()]


def _stated(text: str, at: datetime) -> Iterator[tuple[Rule, Finding]]:
    """What the sentences state, those of other languages first: the rules read them in English."""
    language = language_of(text)
    if language != "en":
        own, text = parted(text)
        for told in told_in_english(own, language):
            for rule, finding in _of_sentence(told.sentence, at):
                yield rule, told.restored(_timed(finding, told.before, at))
    for sentence in statements(text):
        yield from _of_sentence(sentence, at)


def _of_sentence(sentence: str, at: datetime) -> list[tuple[Rule, Finding]]:
    found = [(rule, place, finding) for rule in RULES for place, finding in rule.placed(sentence)]
    for rule in WIDER:
        for place, finding in list(rule.placed(sentence)):
            if all(place.stop <= taken.start or taken.stop <= place.start for _, taken, _ in found):
                found.append((rule, place, finding))
    return [(rule, _timed(finding, sentence[: place.start], at)) for rule, place, finding in found]


def _timed(finding: Finding, before: str, at: datetime) -> Finding:
    """A decision or progress with the time that is said before it, as in "Last Tuesday we decided ..."."""
    when = window(before, at) if finding.kind in _TIMED else None
    return replace(finding, details={**finding.details, "when": when.words}) if when else finding


def origin_key(excerpt: Excerpt, rule: str, slot: str) -> str:
    """The same for the same statement of the same message by the same rule, whenever it is extracted."""
    return hashlib.sha256(f"{excerpt.said.id}|{rule}|{slot}".encode()).hexdigest()[:40]


def as_said(excerpt: Excerpt) -> str:
    """The message; an answer of a few words to a known question as the sentence it stands for."""
    text = excerpt.said.text.strip()
    words = text.rstrip(".! ")
    if (
        not excerpt.before
        or excerpt.before[-1].role != "assistant"
        or not 0 < len(words.split()) <= _SHORT_ANSWER
    ):
        return text
    asked = re.split(r"(?<=[.!?])\s+", excerpt.before[-1].text.strip())[-1]
    if (
        not asked.endswith("?")
        or text.endswith("?")
        or re.match(r"(?:no|yes|i|my|why|none|not|skip)\b", text, re.IGNORECASE)
    ):
        return text
    if (language := language_of(asked)) != "en":
        return answered(asked, words, language) or text
    for question, sentence in _ANSWERS:
        if question.search(asked):
            return sentence.format(_LEAD.sub("", words))
    return text


def _outweighs(later: Finding, earlier: Finding) -> bool:
    """Whether the later of two values of a slot in one message stands: an end never stands over what replaced it."""
    ends = (later.value or "").startswith("not ")
    return not ends and later.confidence >= earlier.confidence


def as_draft(excerpt: Excerpt, rule: Rule, finding: Finding) -> Draft:
    """The finding as a draft that names the message."""
    said, subject = excerpt.said, excerpt.subject
    slot, text, relations, entities = finding.slot, finding.text, finding.relations, finding.entities
    if slot is not None and slot.startswith("progress:next"):
        slot = f"{slot}:{excerpt.project_id or excerpt.thread_id}"
    elif slot is not None and excerpt.project_id is not None and finding.kind is Kind.DECISION:
        slot = f"{slot}:{excerpt.project_id}"
    if subject is not None:
        text = _told_of(subject, text)
        slot = f"{slot}|{subject.casefold()}" if slot else None
        relations = tuple(tuple(subject if name == USER else name for name in triple) for triple in relations)  # type: ignore[misc]  # triples stay triples
        entities = tuple(dict.fromkeys((subject, *entities)))
    return Draft(
        kind=finding.kind,
        text=text,
        slot=slot[:200] if slot else None,
        value=finding.value,
        details={**finding.details, "rule": rule.name},
        confidence=finding.confidence,
        entities=entities,
        relations=relations,
        sources=(said.id,),
        said_at=said.said_at,
        project_id=excerpt.project_id,
        thread_id=excerpt.thread_id,
        origin_key=origin_key(excerpt, rule.name, finding.slot or text),
    )


def _told_of(subject: str, text: str) -> str:
    """A statement without a subject, as one about somebody named."""
    for own in ("Their ", "One of their "):
        if text.startswith(own):
            return f"{own.replace('Their', f'{subject}’s').replace('their', f'{subject}’s')}{text.removeprefix(own)}"
    if text.startswith("The "):
        return f"{subject}: {text}"
    return f"{subject} {text[0].lower()}{text[1:]}"
