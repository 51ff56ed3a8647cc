"""What a question asks for, read off its words."""

import re
from dataclasses import dataclass

from memory.interfaces import Vectors
from memory.recall.analysis import asks_of_self, stems
from memory.recall.dates import Window

_STOP = frozenset(
    "a about ago ai all am ani been befor can could d did do doe don for from give had has have he her him his how i ii "
    "if in is it ll m me mention mi mine my myself of on or our out patient pleas rememb return s she should so tell "
    "than that the them they thing this to us use user ve was we were what when where which who whom whose whi will "
    "with would you your t re while dure becaus no not there here then ani some much mani more also into over onli just veri too yet still again ever".split()
)
"""Stems that say nothing of what a question is about, beyond those that the analysis leaves out already."""
_FIGURE = re.compile(
    r"\bhow (?:many|much|old|long|often|far|tall|big|large|high)\b|\bwhat(?:'s| is| was| were| are)?\b[^?.]{0,40}\b(?:number|"
    r"age|time|price|cost|percent\w*|level|value|reading|rate|size|amount|total|date|year|phone|score|results?)\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"\bwho(?:m|se)?\b|\bwhere\b|\bnames?\b|\b(?:what|which)\b[^?.]{0,30}\b(?:brand|company|city|country|town|state|magazine|"
    r"street|person|team|place|day|month)\b",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"^(?:(?:wait(?: a (?:minute|second))?|hm+|so|ok(?:ay)?|hey|hi|hello|please|and|but|well)\b[,.!]?\s*|"
    r"i (?:completely |almost |just )?(?:forgot|forget|may be forgetting|am stressed out|can't remember|remember that)[,.!]?\s+)+",
    re.IGNORECASE,
)
# Bounded, so that a question of nothing but openings takes no longer than another.
_FORMAT = re.compile(
    r"\(?(?:return|give(?: me)?)\b[^.?!]{0,200}?\b(?:in the format|rounded|the answer|the value|the range|the window|the number|"
    r"the percent)\b.*?(?:[.)](?=\s|$)|$)|\((?:e\.g\.|ex:)[^)]{0,200}\)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Question:
    """A question as recall sees it."""

    text: str
    """What it asks, without what is said around it."""
    words: tuple[str, ...]
    """Its telling word stems, each once."""
    dated: tuple[str, ...]
    """The word stems of the time that it speaks of; what says them too may be meant, what does not may as well."""
    figure: bool
    """Whether a number would answer it."""
    name: bool
    """Whether a name would."""
    first_person: bool
    """Whether it asks about who is asking."""
    window: Window | None = None
    vector: Vectors | None = None
    """Of shape (dimensions,); None where meaning cannot be had."""


def read(text: str, *, window: Window | None = None, vector: Vectors | None = None) -> Question:
    """What a question asks for. `window` is the time it speaks of."""
    asked = core(text, window)
    words = tuple(dict.fromkeys(stem for stem in stems(asked) if stem not in _STOP))
    dated = tuple(
        dict.fromkeys(stem for stem in stems(window.words if window else "") if stem not in (*words, *_STOP))
    )
    return Question(
        text=asked,
        words=words or (() if window else tuple(dict.fromkeys(stems(text)))),
        dated=dated,
        figure=_FIGURE.search(asked) is not None,
        name=_NAME.search(asked) is not None,
        first_person=asks_of_self(asked),
        window=window,
        vector=vector,
    )


def core(text: str, window: Window | None = None) -> str:
    """The question without politeness, the time it speaks of, and what it says about the form of the answer."""
    asked = _FORMAT.sub(" ", text)
    asked = _FILLER.sub("", asked.strip()).strip()
    if window:
        asked = re.sub(
            rf"(?:\b(?:on|in|of|at)\s+)?{re.escape(window.words)}", " ", " ".join(asked.split()), count=1
        )
        asked = " ".join(asked.split()).replace(" ?", "?")
    return asked or text
