"""Phrases cut out of sentences, and their forms that can be compared."""

import re
from typing import Final

_CUT: Final = re.compile(
    r"\s+(?:because|but|since|although|though|when|whenever|while|so|which|who|whom|whose|if|unless|as|where|until|"
    r"before|after|then|than|even|especially|particularly|instead|rather|anymore|any more|any longer|now|nowadays|lately|"
    r"right now|these days|at the moment|currently|today|yesterday|too|as well|also|already|again|please|thanks|"
    r"actually|though|honestly|however|yet|despite|thanks to|per|every|each|all the time|a lot|very much|"
    r"(?:last|this|next) (?:week|weekend|month|year|night|time|morning|evening|monday|tuesday|wednesday|thursday|friday|saturday|sunday|spring|"
    r"summer|autumn|fall|winter)|"
    r"for (?:now|years?|a while|over|about|more|the (?:last|past))|"
    r"(?:and|or|plus) (?:I|I'm|I've|my|it|it's|he|she|they|we|you|that|this|have|had|am|is|are|was|there|the \w+ (?:is|was)|can|could|would|will|"
    r"want|need|think|thought|been|has|do|don't|did|not|never|so|then|just|also|even|please|recently|possibly|maybe|see|find|make))(?=\W|$).*"
    r"|\s+(?:is|are|was|were|has|had|will|would|can|could|that|to have|over the)\b.*|[,;:!?()—–¶…\n]|\s-+\s",
    re.IGNORECASE,
)
_LEADING: Final = re.compile(r"^(?:the|a|an|some|my|our|any|just|only|really|very)\s+", re.IGNORECASE)
_EMPTY: Final = frozenset(
    "it this that them these those him her you us me one ones something anything everything nothing things stuff to how "
    "what when where why who there here so not more less much many lot lots way ways both all same idea".split()
)
_PRONOUNS: Final = {
    "my": "their", "mine": "theirs", "me": "them", "i": "they", "i'm": "they're", "i've": "they've", "i'd": "they'd",
    "i'll": "they'll", "myself": "themselves", "am": "are", "our": "their", "us": "them", "we": "they",
}  # fmt: skip
_WORD: Final = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")
_ONES: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen".split()
)
_TENS: Final = {
    word: 10 * (place + 2)
    for place, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split())
}
_LONGEST: Final = 8
_WIDEST: Final = 120
NUMBER_WORD: Final = rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(_ONES[1:10])}))?|{'|'.join(sorted(_ONES, key=len, reverse=True))})"
"""A pattern of the whole numbers below a hundred in words."""
PROPER: Final = (
    r"(?-i:[A-Z][\w'.&+-]*(?:\s+(?:(?:of|the|de|la|del|da|di|van|von|den|and the)\s+)?[A-Z][\w'.&+-]*){0,3})"
)
"""A pattern of one to four capitalised words."""


def phrase(text: str, longest: int = _LONGEST) -> str | None:
    """The noun phrase that a text begins with, cut before its next clause; none where that says nothing by itself."""
    cut = _CUT.search(" " + text)
    kept = (text[: max(cut.start() - 1, 0)] if cut is not None else text).strip(" .'\"*_-")
    words = kept.split()
    head = words[0].casefold() if words else ""
    if (
        not words
        or len(words) > longest
        or len(kept) > _WIDEST
        or head in _EMPTY
        or words[-1].casefold() in _HANGING
    ):
        return None
    return kept if re.search(r"\w", kept) else None


_HANGING: Final = frozenset(
    "the a an of in on at to for with and or from by my your is are about into over some any very really their".split()
)


def topic(text: str) -> str:
    """A phrase as part of a slot: lower case, no articles, single spaces."""
    folded = " ".join(text.casefold().replace(":", " ").split())
    before = None
    while before != folded:
        before, folded = folded, _LEADING.sub("", folded)
    return folded[:80]


def canonical(text: str) -> str:
    """A value as it is compared: no articles, numbers in digits, single spaces."""
    return re.sub(
        rf"\b{NUMBER_WORD}\b", lambda match: str(number(match.group())), topic(text), flags=re.IGNORECASE
    )


def number(text: str) -> int | float | None:
    """What a number says, in words below a hundred or in digits with thousands' commas or k, m."""
    folded = text.casefold().replace(",", "").replace("-", " ").strip()
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)\s*([km])?", folded):
        value = float(match[1]) * {"k": 1e3, "m": 1e6}.get(match[2] or "", 1)
        return int(value) if value == int(value) else value
    total = 0
    for word in folded.split():
        if word in _TENS:
            total += _TENS[word]
        elif word in _ONES:
            total += _ONES.index(word)
        else:
            return None
    return total if folded else None


def third(text: str) -> str:
    """The phrase as said of somebody else: "my sister" becomes "their sister"."""
    return _WORD.sub(lambda match: _PRONOUNS.get(match.group().casefold(), match.group()), text)


def does(verb: str) -> str:
    """The third person of a verb: "live" gives "Lives"."""
    word = verb.casefold()
    if word.endswith(("s", "sh", "ch", "x", "o")):
        word += "es"
    elif word.endswith("y") and word[-2:-1] not in "aeiou":
        word = word[:-1] + "ies"
    else:
        word += "s"
    return word.capitalize()


def listed(text: str) -> list[str]:
    """The members of "A, B and C"."""
    return [
        part.strip() for part in re.split(r",\s*(?:and\s+|or\s+)?|\s+(?:and|or|&)\s+", text) if part.strip()
    ]
