"""Holding an answer against what it rests on: every number traced, every citation held against its passage."""

import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, JsonValue

from agents import Figure, written_in
from graphs.numerals import Numeral, read_numerals
from models.chat import Passage

_EXACT = 1e-6
"""Share of a rounding step by which floating point may miss it."""
_HUNDRED = 100.0
_SUPPORTED = 0.4
"""The share of a sentence's content words that must stand in a passage it cites."""
_FEWEST_WORDS = 3
_STEM = 5
_MARK = re.compile(r" ?\[(\d{1,3})\](?!\()")
_SPAN = re.compile(r"`[^`\n]*`")
_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_SENTENCE = re.compile(
    r".+?(?:[.!?…][\"”')*_]*(?: ?\[\d{1,3}\](?!\())*(?! ?\[\d{1,3}\](?!\())(?=\s+\S)|\Z)", re.DOTALL
)
_ABBREVIATED = re.compile(r"(?:\b(?:e\.g|i\.e|vs|approx|ca|etc|no|z\.B|т\.е|[A-Z])\.|^\s*\d{1,3}\.)$")


class Grounding(BaseModel):
    """What the check of an answer found."""

    model_config = ConfigDict(frozen=True)

    numbers: int = 0
    """How many numbers the answer had."""
    untraced: tuple[str, ...] = ()
    """Those of them that no source holds, as they were written."""
    miscited: tuple[int, ...] = ()
    """Numbers of passages that do not hold what they were cited for."""
    removed: int = 0
    """Sentences that were taken out of the answer for it."""

    @property
    def holds(self) -> bool:
        """Whether every number was traced and every citation holds what it is cited for."""
        return not self.untraced and not self.miscited


@dataclass
class Sources:
    """The numbers that an answer may state, sorted, and the passages that it may cite."""

    numbers: list[float] = field(default_factory=list)
    passages: Mapping[int, Passage] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        *,
        texts: Iterable[str] = (),
        values: Iterable[JsonValue] = (),
        figures: Iterable[Figure] = (),
        passages: Sequence[Passage] = (),
    ) -> "Sources":
        """`texts` are the request, what tools said and what is remembered; `values` are arguments and data of tools."""
        found = cls(passages={passage.number: passage for passage in passages})
        for text in texts:
            found.add_text(text)
        for value in values:
            found._add_value(value)
        for figure in figures:
            insort(found.numbers, abs(figure.value))
        return found

    def add_text(self, text: str) -> None:
        """Take in every number that a text holds."""
        for value in _numbers_in(text):
            insort(self.numbers, value)

    def _add_value(self, value: JsonValue) -> None:
        match value:
            case bool() | None:
                return
            case int() | float():
                insort(self.numbers, abs(float(value)))
            case str():
                self.add_text(value)
            case list():
                for inner in value:
                    self._add_value(inner)
            case dict():
                for inner in value.values():
                    self._add_value(inner)


def check_answer(text: str, sources: Sources, *, repair: bool) -> tuple[str, Grounding]:
    """What the check finds, and the text: as it was, or with `repair` without what nothing supports.

    A mark whose passage does not hold what it stands behind is taken out in any case. With `repair` a sentence with a
    number that no source holds is taken out too, and a number of a passage that was not cited gets its citation. A
    sentence may state numbers of the passages that it, or else the next one of its line, cites; any may state those of
    tools and of the request.
    """
    numbers, removed = 0, 0
    untraced: list[str] = []
    miscited: list[int] = []
    done: list[str] = []
    pieces = list(_pieces(text))
    covering = _covering([piece for piece, _ in pieces])
    for at, (piece, is_prose) in enumerate(pieces):
        if not is_prose:
            done.append(piece)
            continue
        kept = piece
        cited = [int(mark) for mark in _MARK.findall(_SPAN.sub("", piece))]
        wrong = {n for n in cited if n in sources.passages and not _supports(piece, sources.passages[n])}
        for n in wrong:
            miscited.append(n)
            kept = re.sub(rf" ?\[{n}\](?!\()", "", kept)
        near = cited or covering[at]
        beside = [sources.passages[n] for n in near if n in sources.passages and n not in wrong]
        missing = []
        for numeral in read_numerals(piece):
            numbers += 1
            if not _traced(numeral, sources.numbers, beside):
                missing.append(numeral)
        if missing and repair and (source := _uncited(piece, missing, sources.passages.values())):
            kept, missing = _cite(kept, source.number), []
        untraced += [numeral.text for numeral in missing]
        if missing and repair:
            removed += 1
            kept = "\n" if piece.endswith("\n") and not _is_line(piece) else ""
        done.append(kept)
    found = Grounding(numbers=numbers, untraced=tuple(untraced), miscited=tuple(miscited), removed=removed)
    whole = "".join(done)
    return (re.sub(r"\n{3,}", "\n\n", whole).strip() if removed else whole), found


def numbers_of(text: str, sources: Sources) -> list[str]:
    """The numbers of a text that no source holds, as they are written."""
    return list(check_answer(text, sources, repair=False)[1].untraced)


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """The text in sentences, list items and table rows, which joined give it back; code is no prose."""
    at = 0
    for code in _CODE.finditer(text):
        yield from ((piece, True) for piece in _sentences(text[at : code.start()]))
        yield code[0], False
        at = code.end()
    yield from ((piece, True) for piece in _sentences(text[at:]))


def _sentences(text: str) -> Iterator[str]:
    for line in text.splitlines(keepends=True):
        held = ""
        for match in _SENTENCE.finditer(line):
            held += match[0]
            if not _ABBREVIATED.search(held.rstrip()):
                yield held
                held = ""
        if held:
            yield held


def _covering(pieces: Sequence[str]) -> list[list[int]]:
    """For each sentence the citations of the next one of its line that has any: they cover those before it."""
    found: list[list[int]] = []
    after: list[int] = []
    for piece in reversed(pieces):
        if piece.endswith("\n"):
            after = []
        cited = [int(mark) for mark in _MARK.findall(_SPAN.sub("", piece))]
        after = cited or after
        found.append(after)
    return found[::-1]


def _is_line(piece: str) -> bool:
    return re.match(r"\s*(?:[-*+•|]|\d{1,3}[.)])", piece) is not None


def _traced(numeral: Numeral, known: Sequence[float], passages: Iterable[Passage]) -> bool:
    if _holds(numeral, known):
        return True
    if numeral.parts and all(_traced(part, known, passages) for part in numeral.parts):
        return True
    return any(_holds(numeral, _passage_numbers(passage)) for passage in passages)


def _holds(numeral: Numeral, known: Sequence[float]) -> bool:
    """Whether a known number, rounded as the numeral is, is it; a percentage may be known as its fraction."""
    for value, half in numeral.readings:
        factors = (1.0, 1 / _HUNDRED) if numeral.percent else (1.0,)
        for factor in factors:
            low, high = (value - half) * factor, (value + half) * factor
            slack = _EXACT * half * factor + 1e-12 * abs(value)
            at = bisect_left(known, low - slack)
            if at < len(known) and known[at] <= high + slack:
                return True
    return False


def _passage_numbers(passage: Passage) -> list[float]:
    return sorted(_numbers_in(f"{passage.title}\n{passage.text}"))


def _numbers_in(text: str) -> Iterator[float]:
    for numeral in read_numerals(text, marks=True):
        for each in (numeral, *numeral.parts):
            for value, _ in each.readings:
                yield value
                if each.percent:
                    yield value / _HUNDRED


def _supports(piece: str, passage: Passage) -> bool:
    """Whether a passage speaks of what a sentence says; one in another language is held against by its numbers alone."""
    said = _stems(_MARK.sub("", piece))
    if len(said) < _FEWEST_WORDS:
        return True
    held = _stems(f"{passage.title} {passage.text}")
    if len(said & held) >= _SUPPORTED * len(said):
        return True
    numerals = read_numerals(piece)
    other = written_in(_MARK.sub("", piece)) != written_in(passage.text)
    known = _passage_numbers(passage)
    return other and all(_holds(numeral, known) for numeral in numerals)


def _uncited(piece: str, missing: Sequence[Numeral], passages: Iterable[Passage]) -> Passage | None:
    """The passage that holds all these numbers and speaks of the same; None where there is none."""
    for passage in passages:
        known = _passage_numbers(passage)
        if all(_holds(numeral, known) for numeral in missing) and _supports(piece, passage):
            return passage
    return None


def _cite(piece: str, number: int) -> str:
    whole = piece.rstrip()
    return f"{whole} [{number}]{piece[len(whole) :]}"


def _stems(text: str) -> set[str]:
    return {word[:_STEM] for word in re.findall(r"[^\W\d_]{4,}", text.lower())}
