"""German, Spanish and Russian statements of somebody about himself, as English sentences that the rules read.

A wording in `languages/` says what it means in English ("vivo en {place}" is "I live in {place}."), so that one set of
rules gives the slots, and a newer statement in any language supersedes an older one in any other. Records are therefore
worded in English whatever was spoken: that is what recall puts questions of other languages into, and what a list of all
that is known can be read in as one. Names, reasons and things that no vocabulary has stay in the words of the original.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import JsonValue

from memory.consolidation.extraction.findings import Finding
from memory.consolidation.extraction.sentences import saying_something, unquoted
from memory.consolidation.extraction.vocabulary import SEVERAL, Taken, Vocabulary, folded, vocabulary
from models.glossary import gloss

_PART: Final = re.compile(r"<([a-z_]+)>")
_PLACE: Final = re.compile(r"\{([a-z]+)(?::([a-z_]+))?\}")
_MISSABLE: Final = re.compile(r"\[([^\]]*)\]")
_OPEN: Final = ("{thing}", "{things}", "{other}", "{rest}", "{thing:choice}", "<instead>", "<why>")
"""What a wording may end with that reaches as far as a sentence goes on."""
_TO_THE_END: Final = r"(?=\s*(?:$|[,.;:!?()—–¶]))"
_LIST_TO_THE_END: Final = r"(?=\s*(?:$|[.;:!?()—–¶]))"
_HELD: Final = re.compile(r"[Qq]zx([a-z])")
_LONGEST: Final = 800
_TELLING: Final = 2_000
"""Characters by which the language of a text is told."""
_SHORT_ANSWER: Final = 5
_NEGATIVE: Final = re.compile(r"\b(?:no longer|not|no|never|against|hate|sold|avoid|without)\b|n't")
"""In what a wording says in English: its own words may deny."""
_WORD: Final = re.compile(r"[^\W\d_]+")
_ENGLISH: Final = frozenset(
    "the i my we our you your is are it this that to of and or at for with from do does did have has had please not be what how "
    "why when where which who can could would should will".split()
)


@dataclass(frozen=True)
class Told:
    """An English sentence that says what a sentence of another language does."""

    sentence: str
    held: Mapping[str, str]
    """By a letter the words of the original that `Qzx` and that letter stand for."""
    before: str
    """What stands before the statement in the original."""

    def restored(self, finding: Finding) -> Finding:
        """What the rules found in the sentence, with the words of the original."""
        return replace(
            finding,
            text=self._words(finding.text),
            slot=finding.slot and self._words(finding.slot).casefold(),
            value=finding.value and _HELD.sub(self._value, finding.value),
            entities=tuple(map(self._words, finding.entities)),
            relations=tuple(
                (self._words(a), self._words(b), self._words(c)) for a, b, c in finding.relations
            ),
            details={name: self._detail(value) for name, value in finding.details.items()},
        )

    def _words(self, text: str) -> str:
        return _HELD.sub(lambda match: self.held.get(match[1], match[0]), text)

    def _value(self, match: re.Match[str]) -> str:
        said = self.held.get(match[1], match[0])
        return said if match[0][0] == "Q" else said.casefold()

    def _detail(self, value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            return self._words(value)
        return [self._detail(each) for each in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class _Wording:
    pattern: re.Pattern[str]
    says: str
    beside: bool
    """Whether it may say something of words from which another has taken something."""


@dataclass(frozen=True)
class _Reader:
    """What is needed to read one language."""

    words: Vocabulary
    wordings: tuple[_Wording, ...]
    guards: Mapping[str, re.Pattern[str]]
    ends: re.Pattern[str]
    named: re.Pattern[str]
    answers: tuple[tuple[re.Pattern[str], str], ...]


def language_of(text: str) -> str:
    """The code of the language most of a text is in, `en` for all that is not German, Spanish or Russian."""
    language = gloss(text[:_TELLING]).language
    if language != "en":
        return language
    said = set(_WORD.findall(folded(text[:_TELLING]).casefold()))
    marked = {each: len(said & vocabulary(each).marks) for each in ("de", "es")}
    most = max(marked, key=marked.__getitem__)
    return most if marked[most] > len(said & _ENGLISH) else "en"


def parted(text: str) -> tuple[str, str]:
    """The sentences of the text that are not English, and the others."""
    own: list[str] = []
    others: list[str] = []
    for piece in re.split(r"(?<=[^\d][.!?…])\s+|\n+", text):
        (others if language_of(piece) == "en" else own).append(piece)
    return "\n".join(own), "\n".join(others)


def told_in_english(text: str, language: str) -> Iterator[Told]:
    """What the text states of its writer, sentence by sentence."""
    reader = _reader(language)
    for sentence in _statements(text, reader):
        taken: list[range] = []
        said = folded(sentence)
        for wording in reader.wordings:
            for match in wording.pattern.finditer(said):
                if not wording.beside and any(
                    match.start() < t.stop and t.start < match.end() for t in taken
                ):
                    continue
                if not _holds(sentence, match, wording, reader.guards):
                    continue
                told = _told(sentence, match, wording, reader.words)
                if told is not None:
                    taken.append(range(*match.span()))
                    yield told


def answered(question: str, words: str, language: str) -> str | None:
    """An answer of a few words to a known question, as the sentence that it stands for; None where it is none."""
    reader = _reader(language)
    if not question.rstrip().endswith("?") or not 0 < len(words.split()) <= _SHORT_ANSWER or "?" in words:
        return None
    for asked, says in reader.answers:
        if asked.search(folded(question)):
            lead = r"^(?:in|aus|auf|als|en|de|como|в|на|из|кем)\s+"
            return says.format(re.sub(lead, "", words.strip(" .!"), flags=re.IGNORECASE))
    return None


def _statements(text: str, reader: _Reader) -> Iterator[str]:
    """The sentences in which the writer states something, without what is asked or supposed in them."""
    text = unquoted(unicodedata.normalize("NFC", text), reader.named)
    guards = reader.guards
    if material := guards["material"].search(text):
        text = text[: material.start()]
    if guards["orders"].match(text.strip()) and "\n" in text.strip():
        return
    for said in saying_something(reader.ends.split(text)):
        sentence = guards["opening"].sub("", said)
        if guards["request"].match(sentence):
            sentence = guards["request"].sub("", sentence).rstrip("? ")
        elif sentence.rstrip("\"')] ").endswith("?"):
            asked = guards["asks"].search(sentence)
            sentence = (
                sentence.split("¿")[0] if "¿" in sentence else sentence[: asked.start()] if asked else ""
            )
        if sentence and len(sentence) <= _LONGEST and not guards["orders"].match(sentence):
            yield sentence


def _holds(
    sentence: str, match: re.Match[str], wording: _Wording, guards: Mapping[str, re.Pattern[str]]
) -> bool:
    """Whether it is the writer's own statement: not supposed, unsure, denied, reported or made to depend on an if."""
    before, after = sentence[: match.start()], sentence[match.end() :]
    if guards["supposed"].search(before) or guards["unsure"].search(before) or guards["after"].match(after):
        return False
    if not _NEGATIVE.search(wording.says) and guards["denied"].search(_fillers(match)):
        return False
    if guards["reported"].search(before) and not guards["own_words"].search(before):
        return False
    return not guards["denied"].search(guards["clause"].split(before)[-1])


def _fillers(match: re.Match[str]) -> str:
    """What the wording itself matched, without the words that it takes over."""
    said = list(match.group())
    for name in match.groupdict():
        begin, end = (place - match.start() for place in match.span(name))
        if begin >= 0:
            said[begin:end] = "\0" * (end - begin)
    return "".join(said)


def _told(sentence: str, match: re.Match[str], wording: _Wording, words: Vocabulary) -> Told | None:
    held: dict[str, str] = {}
    said: dict[str, str] = {}

    def token(original: str, *, proper: bool) -> str:
        letter = chr(ord("a") + len(held))
        held[letter] = original
        return f"{'Q' if proper else 'q'}zx{letter}"

    for group, captured in match.groupdict().items():
        if captured is None:
            continue
        name, kind = group.split("__")[:2]
        original = sentence[match.start(group) : match.end(group)]
        read = words.read(kind, original)
        if read is None:
            return None
        if kind == "things":
            parts = read.split(SEVERAL)
            said[name] = " and ".join(
                token(part[1:], proper=False) if part.startswith("\0") else part for part in parts
            )
        elif isinstance(read, Taken):
            said[name] = token(
                read, proper=kind not in {"reason", "rest", "thing", "other", "job", "known_job"}
            )
        else:
            said[name] = read
    says = (
        wording.says.replace("I am a {job}", "I work as a {job}")
        if said.get("job", "").startswith("qzx")
        else wording.says
    )
    says = _MISSABLE.sub(lambda part: part[1] if _filled(part[1], said) else "", says)
    return Told(_PLACE.sub(lambda place: said.get(place[1], ""), says), held, sentence[: match.start()])


def _filled(says: str, said: Mapping[str, str]) -> bool:
    return all(place[1] in said for place in _PLACE.finditer(says))


@functools.cache
def _reader(language: str) -> _Reader:
    words = vocabulary(language)
    data = words.data
    abbreviations = "".join(rf"(?<!\b{re.escape(each)})" for each in data["abbreviations"].split())
    months = "|".join(sorted((*words.months, *map(str.casefold, words.month_forms)), key=len, reverse=True))
    return _Reader(
        words=words,
        wordings=tuple(
            _Wording(_pattern(said, data["parts"], words), rule["says"], bool(rule.get("beside")))
            for rule in data["rules"]
            for said in rule["said"]
        ),
        guards={name: _guard(name, said) for name, said in data["guards"].items()},
        ends=re.compile(
            rf"{abbreviations}(?<=[.!?…])[\"')\]]*\s+(?!(?:{months})\b)|\n+\s*(?:[-*•]\s+|\d+[.)]\s+)?",
            re.IGNORECASE,
        ),
        named=re.compile(rf"(?<!\w){data['named']}", re.IGNORECASE),
        answers=tuple(
            (re.compile(folded(each["asked"]), re.IGNORECASE), each["says"]) for each in data["answers"]
        ),
    )


_WORD_LISTS: Final = frozenset({"supposed", "denied", "reported", "own_words"})


def _guard(name: str, said: str) -> re.Pattern[str]:
    if name in _WORD_LISTS:
        said = rf"(?<!\w)(?:{said})(?!\w)"
    elif name == "material":
        said = rf"(?<!\w)(?:{said})(?!\w)[^\n.!?]{{0,80}}:"
    return re.compile(said, re.IGNORECASE)


def _pattern(said: str, parts: Mapping[str, Any], words: Vocabulary) -> re.Pattern[str]:
    """A wording as a pattern over folded text, whose groups are named by the place they fill and their kind."""
    ends = ""
    if said.endswith(_OPEN):
        ends = _LIST_TO_THE_END if said.endswith(("{things}", "{rest}")) else _TO_THE_END
    while _PART.search(said):
        said = _PART.sub(lambda part: parts[part[1]], said)
    number = iter(range(100))

    def group(place: re.Match[str]) -> str:
        kind = place[2] or place[1]
        return f"(?P<{place[1]}__{kind}__{next(number)}>{words.pattern(kind)})"

    return re.compile(rf"(?<!\w)(?:{_PLACE.sub(group, folded(said))}){ends}", re.IGNORECASE)
