"""Rules over sentences, and what they find."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from pydantic import JsonValue

from memory.interfaces import Kind

I: Final = r"(?<![\w'])I"  # noqa: E741  # the word itself
ADVERBS: Final = (
    r"(?:\s+(?:also|really|still|currently|now|actually|just|usually|generally|always|mostly|often|recently|finally|"
    r"occasionally|absolutely|particularly|mainly|primarily|sometimes|do|definitely|already|personally|truly|very much|"
    r"genuinely|typically|normally|normaly|honestly|simply|even))*"
)
I_AM: Final = rf"{I}(?:'m|\s+am){ADVERBS}"
I_DO: Final = rf"{I}{ADVERBS}"
NOT: Final = r"(?:\s+(?:don't|do not|no longer|never|can't|cannot))"

# Words before a statement that make it somebody else's, or no statement at all.
_SUPPOSED: Final = re.compile(
    r"\b(?:if|unless|whether|suppose|supposing|imagine|pretend|hypothetically|assuming|wish|as though|in case|until|"
    r"example|e\.g\.|for instance|such as|character|story|once)\b",
    re.IGNORECASE,
)
_UNSURE: Final = re.compile(
    r"\b(?:maybe|perhaps|possibly|probably|apparently|could be|seems?(?: like| that)?|"
    r"(?:I )?(?:doubt|suspect|hope|fear)(?: that)?|scared|worried|in (?:my|a|the) (?:dream|game|novel))\W*$",
    re.IGNORECASE,
)
_DENIED: Final = re.compile(
    r"(?:\bnot\b|n't\b|\bnever\b|\bnor\b|\bneither\b|\bhardly\b|\bno\b|\bas if\b|\blike\b$|\bthan\b)",
    re.IGNORECASE,
)
_REPORTED: Final = re.compile(
    r"\b(?:says?|said|tells?|told|thinks?|thought|asks?|asked|claims?|claimed|believes?|believed|writes?|wrote|heard|"
    r"guess(?:ed|es)?|assumes?|assumed|accuses?|wonders?|wondered|read|reads|joked?|jokes|dreamt|dreamed|answered|(?<=\bhe )answers|(?<=\bshe )answers|(?<=\bthey )answer|replied|quote)\b",
    re.IGNORECASE,
)
_OWN_WORDS: Final = re.compile(
    r"\b(?:I(?:'ve)?|as I)\s+(?:already |just |also |have )?(?:said|told|tell|say|mentioned)\b", re.IGNORECASE
)
_CLAUSE: Final = re.compile(r"[,;:—–]\s*|\s(?:but|because|since|so|though|although)\s", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A statement of the user, told in the third person without its subject: "Lives in Oslo."."""

    kind: Kind
    text: str
    slot: str | None = None
    value: str | None = None
    confidence: float = 0.8
    entities: tuple[str, ...] = ()
    relations: tuple[tuple[str, str, str], ...] = ()
    details: dict[str, JsonValue] = field(default_factory=dict)


Make = Callable[[re.Match[str]], "Finding | list[Finding] | None"]


@dataclass(frozen=True)
class Rule:
    """A pattern of sentences and what it says."""

    name: str
    written: str
    """The pattern, which ignores case."""
    make: Make

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The same compiled, which takes half a second for all rules: at their first use, not at each start."""
        return re.compile(self.written, re.IGNORECASE)

    def findings(self, sentence: str) -> Iterator[Finding]:
        """What the sentence states by this rule."""
        for _, finding in self.placed(sentence):
            yield finding

    def placed(self, sentence: str) -> Iterator[tuple[range, Finding]]:
        """The same, with the characters that say it."""
        for match in self.pattern.finditer(sentence):
            if not _holds(sentence, match):
                continue
            made = self.make(match)
            if made is not None:
                for finding in made if isinstance(made, list) else [made]:
                    yield range(*match.span()), finding


def rule(name: str, pattern: str, make: Make) -> Rule:
    """A rule whose pattern ignores case."""
    return Rule(name, pattern, make)


def _holds(sentence: str, match: re.Match[str]) -> bool:
    """Whether the match is the writer's own statement: not supposed, denied, reported or made to depend on an if."""
    before, after = sentence[: match.start()], sentence[match.end() :]
    if (
        _SUPPOSED.search(before)
        or _UNSURE.search(before)
        or re.match(r"\s*,?\s*(?:if|unless|as if)\b", after, re.IGNORECASE)
    ):
        return False
    if re.search(r"\s(?:if|unless)\s", match.group()):
        return False
    if _REPORTED.search(before) and not _OWN_WORDS.search(before):
        return False
    clause = _CLAUSE.split(before)[-1]
    return not _DENIED.search(clause)
