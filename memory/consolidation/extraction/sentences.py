"""What somebody states of his own accord in a text: no questions, no suppositions, nobody else's words."""

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Final

from memory.consolidation.extraction.spelling import spelt_out
from memory.wishes import without_wishes

_APOSTROPHES: Final = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "\u00a0": " "}
)
_CODE: Final = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_CITED_LINE: Final = re.compile(r"^\s*(?:>|\||\$ |#).*$", re.MULTILINE)
_QUOTED: Final = re.compile(r'"[^"\n]{0,2000}"|(?<![\w\'])\'[^\'\n][^\n]{0,1000}?[^\s\']\'(?![\w])')
_NAME_BEFORE: Final = re.compile(r"\b(?:called|named|nicknamed|is|prefers?|like|love|use)\s*$", re.IGNORECASE)
_SHORT: Final = 3
_NEAR: Final = 20
_LONGEST: Final = 800
"""Characters of a sentence; what is longer is no sentence but data."""
_GAP: Final = "¶"
"""Stands where somebody else's words were; no value has it."""
# From here on a text is material for the assistant, not something said of oneself.
_MATERIAL: Final = re.compile(
    r"\b(?:translate|rewrite|rephrase|paraphrase|summari[sz]e|proof-?read|correct|edit|fix|improve|polish|explain|"
    r"review|analy[sz]e|classify|extract|reply to|respond to|here(?:'s| is)|this is|following|says|said|wrote|"
    r"text|sentence|e-?mail|message|letter|article|example|lyrics|poem|story|essay)\b[^\n.!?]{0,80}:",
    re.IGNORECASE,
)
_ORDER: Final = re.compile(
    r"^(?:please |now |can you |could you |kindly )*(?:write|draft|compose|translate|rewrite|rephrase|paraphrase|"
    r"summari[sz]e|proof-?read|correct|pretend|imagine|role-?play|act|simulate|generate|create|suppose|assume|"
    r"let's (?:say|pretend|imagine|assume|suppose)|say|picture|think of|dear|continue|complete|repeat)\b",
    re.IGNORECASE,
)
_SENTENCE_END: Final = re.compile(
    r"(?<!\bMr\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bMrs\.)(?<!\bSt\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)(?<!\betc\.)"
    r"(?<=[.!?…])[\"')\]]*\s+|\n+\s*(?:[-*•]\s+|\d+[.)]\s+)?"
)
_ASKS: Final = re.compile(
    r"(?:^|[,;:—–-]\s*|\s(?:so|and|but|then)\s+)(?:so |and |but |then |also |please |hey |hi |well |any idea )*"
    r"(?:what|which|who|whom|whose|how|why|when|where|can|could|do|does|did|is|are|am|was|were|should|would|will|"
    r"shall|may|might|any|have|has|got|isn't|aren't|don't|doesn't|won't|right|correct|you)\b",
    re.IGNORECASE,
)
# A question without its mark.
_UNMARKED: Final = re.compile(
    r"^(?:(?:so|and|but|hey|ok|well|hmm),? )*(?:(?:do|does|did|am|are|is|was|were|can|could|should|would|will|have|has)(?:n't)? "
    r"(?:I|you|he|she|we|they|it|there|this|that|any\w*|people|the|my|our)|"
    r"(?:what|why|how|when|where|who|which|whose) (?:is|are|was|were|do|does|did|should|would|can|could|will|if|about|am|kind))\b",
    re.IGNORECASE,
)
_TOLD_AFTER: Final = re.compile(r",\s+(?=(?:I|I'm|I've|my|we|we're|our)\b)", re.IGNORECASE)
# What only opens a statement: "did I mention that", "keep in mind that".
_OPENING: Final = re.compile(
    r"^(?:(?:and|also|oh),? )*(?:(?:did I|have I) (?:already |ever )?mention(?:ed)?(?: to you)?(?: that)?|"
    r"(?:(?:please|can you|could you) )*(?:remember|keep in mind|bear in mind|note)(?: that|(?= (?:my|our|I|we)\b))),? ",
    re.IGNORECASE,
)
# A wish in the form of a question.
_REQUEST: Final = re.compile(
    r"^(?:can|could|would|will) you (?:please )?(?=(?:always |only )*(?:answer|reply|respond|speak|talk to me|keep (?:your|the|all)|"
    r"call me|avoid using|stop using)\b)",
    re.IGNORECASE,
)
_SHARED: Final = re.compile(
    r"(?P<joint>,\s+(?:and\s+|but\s+)?|\s+and\s+|\s+but\s+)"
    r"(?=(?:(?:also|now|usually|really|currently|mostly|still|then|never|always)\s+)?(?:live|work|am|love|like|hate|enjoy|prefer|"
    r"speak|own|hold|drive|use|moved|grew|come|play|take|switched|stopped|don't|weigh|avoid)\b)"
)
_OTHER: Final = re.compile(
    r"\b(?:he|she|they|we|you|who|that|which|it|people|to|my|his|her|their|can|could|would)\b", re.IGNORECASE
)
_FIRST: Final = re.compile(r"^(?:\W*\w+,?\s+){0,3}?I(?:'m|'ve)?\s", re.IGNORECASE)


def plain(text: str) -> str:
    """The text with one kind of quotes and without code, cited lines and quotations; short quoted names stay."""
    return spelt_out(unquoted(text, _NAME_BEFORE))


def unquoted(text: str, named: re.Pattern[str]) -> str:
    """The same without short forms spelt out; `named` tells by what stands before it that a name is quoted."""
    text = _CODE.sub(" \n ", text.translate(_APOSTROPHES))
    text = _CITED_LINE.sub("\n", text)
    return _QUOTED.sub(functools.partial(_unquote, named=named), text)


def statements(text: str) -> list[str]:
    """The sentences in which the writer states something, one by one, without what is asked or supposed in them.

    A shared subject is said again ("I'm 35, live in Oslo" gives "I'm 35, I live in Oslo").
    """
    text = plain(text)
    material = _MATERIAL.search(text)
    if material is not None:
        text = text[: material.start()]
    if _ORDER.match(text.strip()) and "\n" in text.strip():
        return []
    found = []
    for said in saying_something(_SENTENCE_END.split(text)):
        sentence = said
        if _OPENING.match(sentence):
            sentence = _OPENING.sub("", sentence).rstrip("? ")
        if _REQUEST.match(sentence):
            sentence = _REQUEST.sub("please ", sentence).rstrip("? ")
        elif sentence.rstrip("\"')] ").endswith("?"):
            asked = _ASKS.search(sentence)
            sentence = sentence[: asked.start()] if asked is not None else ""
        elif _UNMARKED.match(sentence):
            told = _TOLD_AFTER.search(sentence)
            sentence = sentence[told.end() :] if told is not None else ""
        if sentence and len(sentence) <= _LONGEST and not _ORDER.match(sentence):
            found.append(_say_subject(sentence))
    return found


def saying_something(pieces: Iterable[str]) -> Iterator[str]:
    """The sentences with single blanks, without what asks in them that something be forgotten."""
    for piece in pieces:
        yield from without_wishes(" ".join(piece.split())).split("\n")


def _unquote(match: re.Match[str], *, named: re.Pattern[str]) -> str:
    inner = match.group()[1:-1].strip()
    before = match.string[max(0, match.start() - _NEAR) : match.start()]
    return inner if len(inner.split()) <= _SHORT and named.search(before) else f" {_GAP} "


def _say_subject(sentence: str) -> str:
    first = _FIRST.match(sentence)
    if first is None:
        return sentence

    def joint(match: re.Match[str]) -> str:
        clause = re.split(r"[,;—–]", sentence[first.end() : match.start()])[-1]
        return match.group() if _OTHER.search(clause) else f"{match['joint']}I "

    return _SHARED.sub(joint, sentence)
