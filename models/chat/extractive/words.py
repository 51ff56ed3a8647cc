"""Words, stems and sentences of English text."""

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:[%'’][^\W\d_]*)?")
STOPWORDS = frozenset(
    "a about above across actually after again all also am an and any are around as at be because been before being best "
    "between both but by can could did do does doing done don't during each few for from get give go good got had has have he "
    "her here him his how i i'd i'll i'm i've if in into is isn't it it's its itself just know let like lot make many may me "
    "mean means might more most much must my need no nor not now of off often on once one only or other our out over own "
    "per please put really same say shall she should so some such take tell than that that's the their them then there these "
    "they thing things this those through to too under until up us use used useful uses using very want was we well were what "
    "what's when where whether which while who whom whose why will with without work works would you your explain describe "
    "define describes explains understand exactly simply basically happen happens called".split()
)
_SUFFIXES = (
    "ations", "ation", "ingly", "edly", "ments", "ment", "ness", "ings", "ing", "ies", "ers", "ied", "er", "ed", "es",
    "ly", "s",
)  # fmt: skip
_SHORTEST_STEM = 3
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]”’*]{0,4}\s+(?=[\"'(\[“‘*`$€£]{0,3}[A-Z0-9])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|vs|etc|approx|no|fig|mr|mrs|ms|dr|prof|inc|ltd|co|corp|st|jr|sr|u\.s|u\.k|cf|al|resp|min|max"
    r"|jan|feb|aug|sept?|oct|nov|dec)|(?<![A-Za-z0-9%])[A-Z])\.$",
    re.IGNORECASE,
)
_LONGEST_ABBREVIATION = 12


def fold(text: str) -> str:
    """Lower case, without accents, white space as single blanks."""
    return _folded(text)


def folded_in_place(text: str) -> str:
    """The text folded character by character, so that offsets into it are offsets into the text."""
    if text.isascii():
        return text.lower().translate(_BLANKS)
    return "".join(_fold_character(character) for character in text)


def words(text: str) -> list[str]:
    """The words of a text, folded, punctuation left out."""
    return _WORD.findall(_folded(text))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word without its commonest English endings; good enough to match inflections of one text with another."""
    word = re.sub(r"['’]s?$", "", word)
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            base = word[: -len(suffix)]
            if suffix == "s" and base[-1] in "su":
                return word
            if suffix in {"ies", "ied"}:
                return base + "y"
            if len(base) > _SHORTEST_STEM and base[-1] == base[-2] and base[-1] not in "lsz":
                base = base[:-1]
            return _without_e(base)
    return _without_e(word)


def _without_e(word: str) -> str:
    return word[:-1] if word.endswith("e") and len(word) > _SHORTEST_STEM + 1 else word


def content_stems(text: str) -> list[str]:
    """The stems of the words that carry meaning, in order, repeated where the text repeats them."""
    return [stem(word) for word in words(text) if word not in STOPWORDS]


def sentences(paragraph: str) -> list[str]:
    """The sentences of a paragraph; an abbreviation's full stop ends none."""
    found: list[str] = []
    start = 0
    for gap in _SENTENCE_END.finditer(paragraph):
        if _ABBREVIATION.search(paragraph, max(start, gap.start() - _LONGEST_ABBREVIATION), gap.start()):
            continue
        # Closing quotes and brackets belong to the sentence they close.
        found.append(paragraph[start : gap.end()].strip())
        start = gap.end()
    found.append(paragraph[start:].strip())
    return [sentence for sentence in found if sentence]


_BLANKS = str.maketrans("\t\n\r\v\f", "     ")


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower().translate(_BLANKS)
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return re.sub(r"\s", " ", plain.lower())


@lru_cache(maxsize=4_096)
def _fold_character(character: str) -> str:
    if character.isspace():
        return " "
    for part in unicodedata.normalize("NFKD", character.lower()):
        if not unicodedata.combining(part):
            return part
    return character
