"""Words of texts as they are compared: lower case, without accents, stemmed as English, common ones left out."""

import functools
import re
import threading
import tomllib
from importlib import resources
from typing import Any  # tantivy's types are not checked

_LONGEST_WORD = 60
_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
}
_NAME = re.compile(r"\b[A-Z][\w'’-]*[\w](?:\s+[A-Z][\w'’-]*[\w])*|\b[A-Z]{2,}\b")
_FIGURE = re.compile(r"\d+(?:[.,:/]\d+)*")
_SPEAKS = {
    how: re.compile("|".join(words.values()), re.IGNORECASE)
    for how, words in tomllib.loads(
        resources.files("memory.recall").joinpath("speaking.toml").read_text("utf-8")
    ).items()
}
"""Read with the module, as code is: the first question must not wait for files in the event loop."""
_OWN = threading.local()  # an analyzer is no thread's but its maker's


def stems(text: str) -> list[str]:
    """The word stems of a text in order, repetitions and all; figures as they are."""
    analyzer = getattr(_OWN, "analyzer", None)
    if analyzer is None:
        analyzer = _OWN.analyzer = _analyzer()
    return [_NUMBERS.get(stem, stem) for stem in analyzer.analyze(text)]


def names(text: str) -> frozenset[str]:
    """Capitalised names and figures in a text, folded; a sentence's first word only where it is not a common one."""
    found = set(_FIGURE.findall(text))
    for match in _NAME.finditer(text):
        words = match[0].split()
        first = match.start() == 0 or text[: match.start()].rstrip()[-1:] in {".", "!", "?", ":", ""}
        if first and (words[0].lower() in _openers() or len(words) == 1):
            words = words[1:]
        if words:
            found.add(" ".join(words).casefold())
    return frozenset(found)


def speaks_of_self(text: str) -> bool:
    """Whether somebody speaks of himself, or says what he wants, in English, German, Spanish or Russian."""
    return _SPEAKS["himself"].search(text.replace("’", "'")) is not None  # as people write


def speaks_of_change(text: str) -> bool:
    """Whether a text says that something is not what it was before."""
    return _SPEAKS["change"].search(text) is not None


def asks_of_self(text: str) -> bool:
    """Whether a question is about who asks it."""
    return _SPEAKS["asking"].search(text) is not None


@functools.cache
def _openers() -> frozenset[str]:
    return frozenset(
        "a an and are as at be but by can could did do does for from had has have he her his how i i'd i'll i'm i've if in is "
        "it its just let me my no not of on or our please she should so that the their then there they this to was "
        "we were what when where which who whom whose why will with would yes you your".split()
    )


def _analyzer() -> Any:
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    builder = TextAnalyzerBuilder(Tokenizer.simple())
    for step in (
        Filter.remove_long(_LONGEST_WORD),
        Filter.lowercase(),
        Filter.ascii_fold(),
        Filter.stopword("english"),
        Filter.stemmer("english"),
    ):
        builder = builder.filter(step)
    return builder.build()
