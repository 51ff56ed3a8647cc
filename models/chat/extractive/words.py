"""Words, stems and sentences of English text."""

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"[a-z0-9]+(?:[%'][a-z]*)?")
STOPWORDS = frozenset(
    "a about am an and any are as at be been but by can could did do does for from give had has have how i if in into is it "
    "its itself just let like me my no not of on or our please shall she should show so some tell than that the their them "
    "then there these they this to too us use used using was we were what when where which who whom why will with would you "
    "your explain describe work works".split()
)
QUESTION_WORDS = frozenset(
    "what why how when where which who explain describe difference should does is are can".split()
)
_SUFFIXES = (
    "ations",
    "ation",
    "ingly",
    "edly",
    "ments",
    "ment",
    "ness",
    "ings",
    "ing",
    "ies",
    "ers",
    "ied",
    "er",
    "ed",
    "es",
    "ly",
    "s",
)
_SHORTEST_STEM = 3
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|vs|etc|approx|no|fig|mr|mrs|dr|inc|ltd|st|u\.s)|\b[A-Z])\.$", re.IGNORECASE
)


def fold(text: str) -> str:
    """Lower case, without accents, white space as single blanks."""
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return re.sub(r"\s", " ", plain.lower())


def words(text: str) -> list[str]:
    """The words of a text, folded, punctuation left out."""
    return _WORD.findall(fold(text))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word without its commonest English endings; good enough to match inflections of one text with another."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            base = word[: -len(suffix)]
            if len(base) > _SHORTEST_STEM and base[-1] == base[-2] and base[-1] not in "lsz":
                base = base[:-1]
            return base + ("y" if suffix in {"ies", "ied"} else "")
    return word[:-1] if word.endswith("e") and len(word) > _SHORTEST_STEM + 1 else word


def content_stems(text: str) -> list[str]:
    """The stems of the words that carry meaning, in order, repeated where the text repeats them."""
    return [stem(word) for word in words(text) if word not in STOPWORDS]


def sentences(paragraph: str) -> list[str]:
    """The sentences of a paragraph; an abbreviation's full stop ends none."""
    found: list[str] = []
    for piece in _SENTENCE_END.split(paragraph.strip()):
        if found and _ABBREVIATION.search(found[-1]):
            found[-1] = f"{found[-1]} {piece}"
        elif piece:
            found.append(piece)
    return found
