"""Putting a text's known words into English, word by word, with the places they had."""

import hashlib
import re
import tomllib
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import chain, pairwise
from typing import Any, TypeAlias  # TOML

from models.spelling import Spelling

_LANGUAGES = ("ru", "es", "de")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’/][^\W\d_]+)*")
_NUMBER_NEXT = re.compile(r"\s{1,3}(?:[$€£]\s?)?[-+]?\d")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_ENGLISH = frozenset(
    "the an of and is are was what what's how my our with for from at if when which i we it its that this these to in on by "
    "be do does can should have has per each into get give me you your than there not".split()
)
_LONGEST_READ = 20_000
_PAIR_REACH = 40
"""Characters from "from" within which its "to" stands."""
_LEAST_MISSPELLED = 7
"""Letters of a word that is read as a misspelled one; of shorter ones too many are words themselves."""
_LONGEST_ENDING = 2
_STEM = 3
"""Letters by which forms with an open ending are looked up."""

_Forms: TypeAlias = dict[str, list[tuple[tuple[str, ...], str]]]
_KnownForms: TypeAlias = Mapping[str, Sequence[tuple[tuple[str, ...], str]]]


@dataclass(frozen=True, slots=True)
class Gloss:
    """A text with its known words in English."""

    text: str
    language: str
    """`ru`, `es` or `de`; `en` for a text in English or in no language that is known."""
    joints: tuple[tuple[int, int, int, int], ...] = ()
    """Of each replaced part its start and end in `text`, then those it had in the original, in order."""

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text that `text[start:end]` stands for."""
        return self._place(start, last=False), self._place(end, last=True)

    def current(self, span: tuple[int, int]) -> tuple[int, int]:
        """Where a span of the original that no replaced part touches stands in `text`."""
        moved = sum(
            (end - start) - (after - before) for start, end, before, after in self.joints if after <= span[0]
        )
        return span[0] + moved, span[1] + moved

    def _place(self, offset: int, *, last: bool) -> int:
        at = bisect_right(self.joints, (offset, 1 << 62, 0, 0)) - 1
        if at < 0:
            return offset
        start, end, before, after = self.joints[at]
        if start < offset < end:
            return after if last else before
        return before if offset == start else after + offset - end


@dataclass(frozen=True)
class _Lexicon:
    """The words of one language."""

    marks: frozenset[str]
    pairs: tuple[frozenset[str], frozenset[str]]
    """Words for "from" and for "to" where a number follows both."""
    scales: Mapping[str, str]
    """Letters right behind a number that stand for thousands and millions."""
    exact: _KnownForms
    """By the first word the forms that begin with it, the longest first, and what they mean."""
    open: _KnownForms
    """The same by the first letters of forms whose first word has an open ending."""
    near: Spelling | None = None
    """The forms of one word and the beginnings of those with an open ending, where misspelled ones are to be read."""


def prepare_glossary() -> None:
    """Lay out the words, which takes some tenths of a second; else the first text that is read does it.

    It computes, so call it in a thread.
    """
    _meanings()
    _personal()
    for lexicon in _wider().values():
        if lexicon.near is not None:
            lexicon.near.nearest("preparation")


def glossary_digest() -> str:
    """The SHA-256 of the files, which tells apart what was learned from texts in `english_words`. Reads files."""
    digest = hashlib.sha256()
    for file in sorted(resources.files("models.glossary").iterdir(), key=lambda file: file.name):
        if file.name.endswith((".toml", ".py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def english_words(text: str) -> str:
    """The text with its Russian, Spanish and German words of business, markets and everyday in English, word by word.

    What is not known stays as it is; an English text stays the same. Made for comparing texts, not for reading them:
    it knows more words than `gloss`, some of them only roughly, and words that are one slip of the pen away from known ones.
    """
    return _gloss(text, (), _wider()).text


def personal_words(text: str) -> str:
    """As `english_words`, of a text in which somebody speaks of himself: then some of its words mean something else."""
    return _gloss(text, (), _personal()).text


def gloss(text: str, kept: Sequence[tuple[int, int]] = ()) -> Gloss:
    """The text put into English word by word; what lies in the `kept` spans is left as it stands; they are in order."""
    return _gloss(text, kept, _LEXICONS)


def _gloss(text: str, kept: Sequence[tuple[int, int]], lexicons: Mapping[str, "_Lexicon"]) -> Gloss:
    words = [
        (_folded(match[0]), match.start(), match.end())
        for match in _WORD.finditer(text[:_LONGEST_READ])
        if not lies_within(match.start(), kept)
    ]
    language = _language([word for word, *_ in words], lexicons)
    if language == "en":
        return Gloss(text, language)
    lexicon = lexicons[language]
    parts: list[str] = []
    joints: list[tuple[int, int, int, int]] = []
    length, done, at = 0, 0, 0
    while at < len(words):
        meaning, count = _pair(lexicon, words, at, text) or _meaning(lexicon, words, at, text)
        if count:
            start, end = words[at][1], words[at + count - 1][2]
            length += start - done
            parts += [text[done:start], meaning]
            joints.append((length, length + len(meaning), start, end))
            length += len(meaning)
            done = end
        at += count or 1
    return Gloss("".join([*parts, text[done:]]), language, tuple(joints))


def lies_within(offset: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether an offset lies in one of the spans, which are in the order of their starts; of several that hold it the last counts."""
    at = bisect_right(spans, offset, key=_start) - 1
    return at >= 0 and offset < spans[at][1]


def _start(span: tuple[int, int]) -> int:
    return span[0]


def _language(words: Sequence[str], lexicons: Mapping[str, _Lexicon]) -> str:
    """The language most of whose function words and known forms are among the words; `en` where none has more than English."""
    if any(_CYRILLIC.match(word) for word in words):
        return "ru"
    english = sum(word in _ENGLISH for word in words)
    best, most = "en", 0
    for language in _LANGUAGES[1:]:
        lexicon = lexicons[language]
        said = sum(
            (word in lexicon.marks)
            + (word not in _ENGLISH and not _is_english_too(word) and _known(lexicon, word))
            for word in words
        )
        if said > most:
            best, most = language, said
    return best if most > english else "en"


_ENGLISH_TOO = frozenset(
    "plan start portfolio agent budget rate variable fix legal hotel bank base final e a o u on in so also die was am man den "
    "team test bot cash compare compared comparison estimate estimated estimates divide divided calculate calculated calculation "
    "deposit distribute distributed distribution conversion variables media euros en son van con mes dos su si pro im falls block million "
    "billion dollar plane tag social revision redact construct mi stuck beginning beginner budgets red luna sol roman dolor cafe "
    "alter mama name papa tee linear trendline trader traders trade pan kind pension film films insta lose calculator ei land web".split()
)
"""Forms of another language that are English words as well and so tell nothing."""


def _is_english_too(word: str) -> bool:
    return word in _ENGLISH_TOO or word in _meanings() or word.removesuffix("s") in _meanings()


def _known(lexicon: _Lexicon, word: str) -> bool:
    return any(len(form) == 1 for form, _ in lexicon.exact.get(word, ())) or any(
        len(form) == 1 and word.startswith(form[0][:-1]) for form, _ in lexicon.open.get(word[:_STEM], ())
    )


def _meaning(lexicon: _Lexicon, words: Sequence[tuple[str, int, int]], at: int, text: str) -> tuple[str, int]:
    """What the longest known form that begins at a word means, and how many words it has; 0 where none does."""
    word, start, _ = words[at]
    if word in lexicon.scales and text[start - 1 : start].isdigit():
        return lexicon.scales[word], 1
    best: tuple[int, int, str] = (0, 0, "")
    for form, meaning in (*lexicon.exact.get(word, ()), *lexicon.open.get(word[:_STEM], ())):
        said = words[at : at + len(form)]
        if len(said) < len(form) or not all(map(_is_form, form, (each for each, *_ in said))):
            continue
        if any(text[left[2] : right[1]].strip() for left, right in pairwise(said)):
            continue  # other signs than blanks between them
        best = max(best, (len(form), len("".join(form).replace("*", "")), meaning))
    if not best[0] and lexicon.near and (meant := _meant(word, lexicon)):
        return _meaning(replace(lexicon, near=None), [(meant, start, words[at][2])], 0, text)
    return best[2], best[0]


def _meant(word: str, lexicon: _Lexicon) -> str | None:
    """The known form, or the known beginning with its ending, of which an unknown word is a misspelling."""
    if word in lexicon.marks or word in _ENGLISH or lexicon.near is None:
        return None
    for end in range(len(word), max(_LEAST_MISSPELLED, len(word) - _LONGEST_ENDING) - 1, -1):
        if found := lexicon.near.nearest(word[:end]):
            return found + word[end:]
    return None


def _pair(
    lexicon: _Lexicon, words: Sequence[tuple[str, int, int]], at: int, text: str
) -> tuple[str, int] | None:
    """The words "from" and "to" where each stands before a number and they follow on each other."""
    word, start, end = words[at]
    origins, goals = lexicon.pairs
    if not _NUMBER_NEXT.match(text, end):
        return None
    if word in origins:
        for other, begin, close in words[at + 1 : at + 5]:
            if begin - end > _PAIR_REACH:
                break
            if other in goals and _NUMBER_NEXT.match(text, close):
                return "from", 1
    if word in goals:
        for other, _, close in reversed(words[max(0, at - 4) : at]):
            if start - close > _PAIR_REACH:
                break
            if other in origins and _NUMBER_NEXT.match(text, close):
                return "to", 1
    return None


def _is_form(form: str, word: str) -> bool:
    return word.startswith(form[:-1]) if form.endswith("*") else word == form


def _read(language: str) -> _Lexicon:
    data = _toml(language)
    exact, ends = _forms(data["words"])
    pairs = data["pairs"]
    return _Lexicon(
        marks=frozenset(map(_folded, data["marks"].split())),
        pairs=(frozenset(pairs["from"]), frozenset(pairs["to"])),
        scales={letter: scale for scale, letters in data.get("scales", {}).items() for letter in letters},
        exact=exact,
        open=ends,
    )


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(_FILES[name])


def _forms(words: Mapping[str, str]) -> tuple[_Forms, _Forms]:
    """Forms by their first word, and those whose first word has an open ending by its first letters."""
    exact: _Forms = {}
    ends: _Forms = {}
    for meaning, forms in words.items():
        for written in forms.split(","):
            form = tuple(_folded(written.strip()).split())
            if form[0].endswith("*"):
                ends.setdefault(form[0][:_STEM].rstrip("*"), []).append((form, meaning))
            else:
                exact.setdefault(form[0], []).append((form, meaning))
    return exact, ends


@cache
def _wider() -> dict[str, _Lexicon]:
    """The lexicons with the words that only tell what a text is about; a form that has a meaning keeps it."""
    found = {}
    for language, (exact, ends) in _by_language("wider", "subject"):
        lexicon = _LEXICONS[language]
        whole = replace(lexicon, exact=_joined(lexicon.exact, exact), open=_joined(lexicon.open, ends))
        found[language] = replace(whole, near=Spelling(dict.fromkeys(_single(whole), 1.0)))
    return found


@cache
def _personal() -> dict[str, _Lexicon]:
    """The wider lexicons with the words in which people speak of themselves, whose meaning comes before any other."""
    return {
        language: replace(
            _wider()[language],
            exact=_joined(exact, _wider()[language].exact),
            open=_joined(ends, _wider()[language].open),
        )
        for language, (exact, ends) in _by_language("personal")
    }


@cache
def _meanings() -> frozenset[str]:
    """English words that the glossary knows, some of which are words of other languages too."""
    return frozenset(
        word
        for lexicon in _wider().values()
        for pairs in (*lexicon.exact.values(), *lexicon.open.values())
        for _, meaning in pairs
        for word in _folded(meaning).split()
    )


def _by_language(*names: str) -> Iterator[tuple[str, tuple[_Forms, _Forms]]]:
    """The forms of files that have all languages; what an earlier one says of a meaning comes before a later one's."""
    files = [_toml(name) for name in names]
    for language in _LANGUAGES:
        exact: _Forms = {}
        ends: _Forms = {}
        for rows in files:
            further = _forms({meaning: row[language] for meaning, row in rows.items() if language in row})
            exact, ends = _joined(exact, further[0]), _joined(ends, further[1])
        yield language, (exact, ends)


def _single(lexicon: _Lexicon) -> list[str]:
    """The forms of one word, without their open endings."""
    forms = chain(*lexicon.exact.values(), *lexicon.open.values())
    return [form[0].rstrip("*") for form, _ in forms if len(form) == 1]


def _joined(first: _KnownForms, further: _KnownForms) -> _Forms:
    joined = {key: list(forms) for key, forms in first.items()}
    for key, forms in further.items():
        taken = {form for form, _ in first.get(key, ())}
        joined.setdefault(key, []).extend(pair for pair in forms if pair[0] not in taken)
    return joined


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))


_FILES = {
    name: resources.files("models.glossary").joinpath(f"{name}.toml").read_text("utf-8")
    for name in (*_LANGUAGES, "wider", "subject", "personal")
}
"""Read with the module, as code is: no request waits for a file. Those that only compare are taken apart at their first use."""
_LEXICONS = {language: _read(language) for language in _LANGUAGES}
