"""Descriptions in Russian, Spanish and German, word by word into the plain English that the clause reader reads."""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydantic import BaseModel

from agents.language import written_in
from agents.rebecca.naming import plural

_LANGUAGES = ("Russian", "Spanish", "German")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_AHEAD = re.compile(r"\(\?[^)]*\)")
_PASSIVE = re.compile(r"\b(werden|wird|sind|ist) (\w+iert)\b")  # participles that want their ge-
_LETTERS = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch  y  e yu ya".split(" "),
        strict=True,
    )
)
_ENDING = {
    "Russian": re.compile(
        r"(?:ами|ями|ого|его|ыми|ими|ов|ев|ей|ам|ям|ах|ях|ом|ем|ий|ый|ая|ое|ые|ие|[аеиоуыюяьй])$"
    ),
    "Spanish": re.compile(r"(?:es|s)$"),
    "German": re.compile(r"(?:en|n|s)$"),
}
_FINITE = {
    "Russian": re.compile(r"\w{3,}(?:уют|ают|яют|еют|ируют|ят|ат|ют)$"),
    "Spanish": re.compile(r"\w{3,}[ae]n$"),
    "German": re.compile(r"[a-zäöü]\w{3,}(?:en|ern|eln)$"),
}


def in_english(text: str) -> str:
    """The text as English words for the clause reader; an English text, or one in another language, as it is.

    Nouns come out as plurals and verbs in their base form, as descriptions mostly have them. A word that the
    glossary lacks keeps its own letters (transliterated), as a noun or as a verb by its ending.
    """
    language = written_in(text)
    if language not in _LANGUAGES:
        return text
    lower = _PASSIVE.sub(r"\1 ge\2", text) if language == "German" else text.lower()
    kept: list[str] = []

    def keep(entry: _Entry) -> str:
        kept.append(entry.english)
        return f"\ue000{len(kept) - 1}\ue000"

    for entry in _glossary()[language].phrases:
        lower = entry.pattern.sub(lambda _, entry=entry: keep(entry), lower)  # type: ignore[misc]  # bound by its default
    translated = _WORD.sub(lambda match: _word(match[0], language), lower)
    return re.sub("\ue000(\\d+)\ue000", lambda match: kept[int(match[1])], translated)


@dataclass(frozen=True)
class _Entry:
    pattern: re.Pattern[str]
    english: str
    rank: int
    table: str


@dataclass(frozen=True)
class _Glossary:
    words: tuple[_Entry, ...]
    phrases: tuple[_Entry, ...]


class _Raw(BaseModel):
    nouns: dict[str, str]
    verbs: dict[str, str]
    small: dict[str, str]


@cache
def _glossary() -> dict[str, _Glossary]:
    source = files("agents.rebecca.domains").joinpath("glossary.toml").read_text(encoding="utf-8")
    raw = _Raw.model_validate(tomllib.loads(source))
    found = {}
    for at, language in enumerate(_LANGUAGES):
        words: list[_Entry] = []
        phrases: list[_Entry] = []
        for table, ending in (("small", ""), ("nouns", r"\w{0,3}"), ("verbs", r"\w{0,5}")):
            for english, row in getattr(raw, table).items():
                beginnings = row.split(" ; ")[at].strip()
                if beginnings == "-":
                    continue
                shown = english.replace("_", " ")
                shown = plural(shown) if table == "nouns" else shown
                for beginning in _alternatives(beginnings):
                    spaced = " " in beginning or r"\s" in beginning or r"\b" in beginning
                    pattern = re.compile(rf"(?<!\w)(?:{beginning}){ending}(?!\w)", re.IGNORECASE)
                    (phrases if spaced else words).append(
                        _Entry(pattern, shown, len(_AHEAD.sub("+", beginning)), table)
                    )
        words.sort(key=lambda entry: entry.rank, reverse=True)
        phrases.sort(key=lambda entry: entry.rank, reverse=True)
        found[language] = _Glossary(words=tuple(words), phrases=tuple(phrases))
    return found


def _alternatives(beginnings: str) -> list[str]:
    """Split at the bars outside parentheses."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(beginnings):
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and depth == 0:
            parts.append(beginnings[start:at])
            start = at + 1
    return [*parts, beginnings[start:]]


def _word(word: str, language: str) -> str:
    if word.isascii() and language == "Russian":
        return word
    is_noun = language == "German" and word[0].isupper()
    participle = re.fullmatch(r"ge(\w{2,})(?:t|en)", word) if language == "German" and not is_noun else None
    for entry in _glossary()[language].words:
        if language == "German" and entry.table == ("verbs" if is_noun else "nouns"):
            continue  # German writes nouns, and nothing else, with a capital
        if entry.pattern.fullmatch(word):
            return entry.english
        if participle and entry.pattern.fullmatch(participle[1]):
            return f"{entry.english}ed".replace("eed", "ed")
    if not is_noun and language == "German" and word.endswith("iert"):
        for entry in _glossary()[language].words:
            if entry.pattern.fullmatch(f"{word[:-1]}en"):
                return f"{entry.english}ed".replace("eed", "ed")
    if not is_noun and _FINITE[language].fullmatch(word):
        return _ascii(word)
    stem = _ENDING[language].sub("", word) if len(word) > len("осмотр") else word
    return plural(_ascii(stem)) if len(word) > len("для") else _ascii(word)


def _ascii(word: str) -> str:
    letters = "".join(_LETTERS.get(letter, letter) for letter in word.lower())
    folded = letters.replace("ß", "ss").replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode("ascii") or "item"
