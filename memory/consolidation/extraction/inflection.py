"""Russian words in the forms of a dictionary, and names in the nominative."""

import functools
import re
from typing import Any  # pymorphy3's types are not checked


def lemmas(words: str) -> str:
    """Russian words in the form that a dictionary has them in."""
    return " ".join(str(_parsed(word).normal_form) for word in words.split())


def nominative(name: str) -> str:
    """A Russian name in the nominative, with its capitals; what is written in other letters as it is."""
    return " ".join(map(_nominative, name.split()))


def _nominative(word: str) -> str:
    if not re.search(r"[а-яё]", word):
        return word
    parsed = _parsed(word)
    form = parsed.inflect({"nomn"})
    said = str(form.word) if form else word
    return "-".join(
        part.capitalize() if place < len(old) and old[place][:1].isupper() else part
        for old in [word.split("-")]
        for place, part in enumerate(said.split("-"))
    )


def _parsed(word: str) -> Any:
    """The likeliest reading of a word, of a capitalised one as the name of a place where it is one."""
    readings = _morphology().parse(word)
    if word[:1].isupper():
        return next((each for each in readings if "Geox" in each.tag), readings[0])
    return readings[0]


@functools.cache
def _morphology() -> Any:
    """A third of a second and 30 MB, once somebody writes Russian."""
    from pymorphy3 import MorphAnalyzer

    return MorphAnalyzer(lang="ru")
