"""Extraction by meaning: what somebody tells of his life in words that no rule has."""

import re
from typing import Final

from memory.consolidation.extraction.findings import ADVERBS, Finding, I, Rule, rule
from memory.consolidation.extraction.rules import as_draft, as_said
from memory.consolidation.extraction.sentences import statements
from memory.consolidation.extraction.values import does, third, topic
from memory.consolidation.interfaces import Excerpt, Extractor
from memory.interfaces import Draft, Kind, Vectors
from models import Embedder

_LIKE: Final = (
    "I keep a garden behind the house",
    "I keep a diary",
    "I wake up at six in the morning",
    "I go to the gym after work",
    "I read a book before bed",
    "I volunteer at an animal shelter",
    "I track all my expenses in a spreadsheet",
    "I invest my savings in index funds",
    "I eat mostly vegetables and fish",
    "I drink herbal tea in the evening",
    "I take vitamins and supplements",
    "I spend weekends with my children",
    "I travel to conferences for work",
    "I manage a team of engineers",
    "I run a small business",
    "I study medicine at university",
    "I sing in a choir",
    "I collect old coins",
    "I cook dinner for my family",
    "I share a flat with a friend",
    "I write a blog about photography",
    "I do yoga and light exercise",
    "I host dinners for friends at home",
)
_UNLIKE: Final = (
    "I have a question about my order",
    "I want to know the price and the shipping time",
    "I need help with this problem",
    "I get an error when I run the program",
    "I appreciate your help and your answer",
    "I look forward to hearing from you",
    "I see a charge on my statement",
    "I understand that things can go wrong",
    "I hope that everything works out",
    "I try to refresh the page and nothing happens",
    "I know some companies offer that",
    "I think that it is a good idea",
    "I go with whatever is cheaper",
    "I take a look at it and tell you",
    "I make sure that it is right",
    "I have a problem with the delivery",
    "I do not understand how it works",
    "I feel better about it now",
    "I have the information ready for you",
    "I get what you mean",
)
_VERBS: Final = (
    r"keep|wake up|go to|run|read|volunteer|track|invest|eat|drink|take|spend|travel|manage|study|sing|collect|cook|bake|"
    r"share|write|host|grow|raise|coach|teach|commute|sleep|attend|brew|sew|knit|paint|sketch|record|ride|hike|surf|ski|"
    r"climb|practice|practise|follow|watch|listen to|focus on|wear|foster|breed|rent|lease|stream|compose|photograph"
)
_MEANT: Final = 0.38
_APART: Final = 0.13
_SURE: Final = 0.55
_FEWEST, _MOST = 2, 14


def _told(match: re.Match[str]) -> Finding | None:
    words = match["rest"].strip(" .")
    if not _FEWEST <= len(words.split()) <= _MOST or re.search(
        r"^(?:an eye|track|up|in mind|on|going|both)\b|\b(?:it|this|that|them|these|those|another|you|your|him|her|they|is|are)\b|¶|\d$",
        words,
        re.IGNORECASE,
    ):
        return None
    if re.search(
        r"\b(?:before|after|until|when|whenever|where|while|how|why)\b[^,;]*$",
        match.string[: match.start()],
        re.IGNORECASE,
    ):
        return None
    verb, *more = match["verb"].split()
    said = " ".join((does(verb), *more, third(words)))
    return Finding(
        kind=Kind.FACT,
        text=f"{said}.",
        slot=f"fact:tells:{topic(' '.join((match['verb'], words)))}",
        value="yes",
        confidence=_SURE,
        details={"sentence": f"I {match['verb']} {words}"},
    )


_TELLS: Final[Rule] = rule(
    "meaning",
    rf"{I}{ADVERBS}\s+(?P<verb>{_VERBS})\s+(?P<rest>[^,;:!?()—–]+?)(?=$|[,;:!?()—–]|\.$|\s(?:because|but|since|so|which|although|"
    r"though|when|while|where|if|and (?:I|it|my|they|he|she|we)|instead|just|even)\s)",
    _told,
)


class SimilarExtractor:
    """Adds, to what other rules find, sentences that mean something like what people tell of their lives.

    A sentence in the present tense and of certain verbs is kept where its vector is near to one of the examples
    (cosine of at least 0.38) and nearer by 0.13 than to any example of talk about the matter at hand. Raises
    EmbeddingUnavailable.
    """

    def __init__(self, rules: Extractor, embedder: Embedder) -> None:
        self._rules = rules
        self._embedder = embedder
        self._examples: Vectors | None = None

    async def extract(self, excerpt: Excerpt) -> list[Draft]:
        """Drafts of the message; none for a message of the assistant."""
        found = await self._rules.extract(excerpt)
        if excerpt.said.role != "user":
            return found
        told = [finding for sentence in statements(as_said(excerpt)) for finding in _TELLS.findings(sentence)]
        known = " ".join(draft.text.casefold() for draft in found)
        told = [finding for finding in told if finding.text.casefold().rstrip(".") not in known]
        if not told:
            return found
        if self._examples is None:
            self._examples = await self._embedder.embed([*_LIKE, *_UNLIKE])
        near = (
            await self._embedder.embed([str(finding.details["sentence"]) for finding in told])
        ) @ self._examples.T
        like, unlike = near[:, : len(_LIKE)].max(axis=1), near[:, len(_LIKE) :].max(axis=1)
        slots = {draft.slot for draft in found}
        for finding, meant, other in zip(told, like, unlike, strict=True):
            if meant >= _MEANT and meant - other >= _APART and finding.slot not in slots:
                slots.add(finding.slot)
                found.append(as_draft(excerpt, _TELLS, finding))
        return found
