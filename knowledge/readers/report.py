"""Research reports: coloured text with a header, an essay and question-answer pairs with character counts."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from knowledge.errors import SourceUnreadable
from knowledge.readers.intake import About, Intake, Offer
from knowledge.readers.naming import topic_of
from knowledge.readers.records import PairRecord, ReadReport, Remark, Research, SourceKind
from knowledge.readers.research import research_in, together
from knowledge.readers.text import clean, without_colours

_COUNT = r"\d[\d,]{0,14}"
_TOTAL = re.compile(rf"^[ \t]*Total Question-Answer Pairs:[ \t]*({_COUNT})[ \t]*$", re.MULTILINE)
_TOPIC = re.compile(r"^[ \t]*Topic:[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
_HEADING = re.compile(r"^Pair (\d{1,9}):[ \t]*$", re.MULTILINE)
_FIRST_HEADING = re.compile(r"[\s=\-*#_]*^Pair \d{1,9}:[ \t]*$", re.MULTILINE)
_QUESTION = re.compile(
    rf"\s*question:[ \t]?(?P<text>.*?)\n[ \t]*question characters:[ \t]*(?P<count>{_COUNT})[ \t]*\n",
    re.DOTALL | re.IGNORECASE,
)
_ANSWER = re.compile(r"\s*?answer:[ \t]?(?P<text>.*)", re.DOTALL | re.IGNORECASE)
_END = re.compile(rf"\n[ \t]*answer characters:[ \t]*({_COUNT})[ \t]*(?=\n|\Z)", re.IGNORECASE)
_ENDED = re.compile(rf"^[ \t]*answer characters:[ \t]*{_COUNT}[ \t]*$", re.MULTILINE | re.IGNORECASE)
_SPELLED_COLOUR = re.compile(r"(?:\^\[|␛|\\x1b|\\033|\\u001b|\\e)?\[(?:\d{1,3}(?:;\d{1,3})*)?m")
_CUT = "answer characters:"


@dataclass(frozen=True)
class _Section:
    """Pairs with a total of their own; most reports have one."""

    number: int
    topic: str
    declared: int | None
    start: int
    end: int


class ReportReader:
    """Reads a research report; each pair is checked against its character counts."""

    def __init__(self, text: str, name: str, remarks: tuple[Remark, ...] = ()) -> None:
        """`remarks`: what had to be done to get at the text."""
        self._text = uncoloured(text)
        self._name = name
        self.report = ReadReport(kind=SourceKind.RESEARCH_REPORT, mismatched=list(remarks))
        self._intake = Intake(self.report, topic=topic_of(name))

    def pairs(self) -> Iterator[PairRecord]:
        """The pairs in order. Raises SourceUnreadable where the report breaks off."""
        sections = _sections(self._text, topic_of(self._name))
        declared = [section.declared for section in sections if section.declared is not None]
        self.report.declared = sum(declared) if declared else None
        self.report.research = together(self._research(sections))
        for section in sections:
            yield from self._section(section, several=len(sections) > 1)
        if not self._intake.present:
            self.report.nothing = _why_empty(self.report.declared)
        elif not self.report.read:
            self.report.nothing = f"a report of which none of {self._intake.present} pairs can be taken"
        self._intake.finish()
        self.report.check_total()

    def _research(self, sections: Sequence[_Section]) -> Iterator[Research | None]:
        """What the header of each section says: behind the last pair of the one before, and before its own first."""
        before = 0
        for section in sections:
            ends = list(_ENDED.finditer(self._text, before, section.start))
            first = _HEADING.search(self._text, section.start, section.end)
            begin, before = (ends[-1].end() if ends else before), section.start
            yield research_in(self._text, begin, first.start() if first else section.end)

    def _section(self, section: _Section, *, several: bool) -> Iterator[PairRecord]:
        headings = _in_order(self._text, section.start, section.end)
        before = self._intake.present
        about = About(topic=section.topic, group=section.number)
        for heading, following in zip(headings, [*headings[1:], None], strict=False):
            ordinal = int(heading.group(1))
            block = self._text[heading.end() : following.start() if following else section.end]
            place = f"section {section.number}, pair {ordinal}" if several else f"pair {ordinal}"
            offered = self._offered(block, place)
            last = following is None and section.end == len(self._text)
            if isinstance(offered, str):
                self._intake.reject(place, offered)
                if last and _CUT not in block.lower():
                    raise self._broken_off(ordinal, heading.start())
                continue
            offered = replace(offered, about=about, key=f"{section.number}:{ordinal}")
            record = self._intake.offer(offered)
            if record is not None:
                yield replace(record, ordinal=ordinal)
        found = self._intake.present - before
        if several and section.declared is not None and found != section.declared:
            self.report.doubt(
                f"section {section.number}", f"declares {section.declared} pairs and holds {found}"
            )

    def _offered(self, block: str, place: str) -> Offer | str:
        """The pair of a block, or what it lacks."""
        question = _QUESTION.match(block)
        if question is None:
            return "has no `question:` followed by `question characters:`"
        answer = _ANSWER.match(block, question.end())
        ends = list(_END.finditer(answer.group("text"))) if answer else []
        if answer is None or not ends:
            return "has no `answer:` followed by `answer characters:`"
        # An answer may quote the line that ends it; the one whose count fits is the end.
        body = answer.group("text")
        end = next((end for end in ends if end.start() == _number(end.group(1))), ends[-1])
        self._check(place, "question", len(question.group("text")), question.group("count"))
        self._check(place, "answer", end.start(), end.group(1))
        return Offer(place=place, question=question.group("text"), answer=body[: end.start()])

    def _check(self, place: str, part: str, found: int, declared: str) -> None:
        if found != _number(declared):
            self.report.doubt(place, f"declares {_number(declared)} {part} characters and holds {found}")

    def _broken_off(self, ordinal: int, at: int) -> SourceUnreadable:
        line = self._text.count("\n", 0, at) + 1
        return SourceUnreadable(
            f"{self._name} breaks off in pair {ordinal} (line {line}); {self.report.read} pairs before it "
            "were read. Get the whole file and import it again."
        )


def is_report(text: str) -> bool:
    """Whether a text is a research report with pairs, or says that it has some."""
    return _TOTAL.search(uncoloured(text)) is not None or len(_ENDED.findall(uncoloured(text))) > 0


def uncoloured(text: str) -> str:
    """A text as a report has it: no colour codes, also where their first byte was lost, and plain line ends."""
    plain = without_colours(text)
    if "\r" in plain:
        plain = plain.replace("\r\n", "\n").replace("\r", "\n")
    if "[0m" in plain and _TOTAL.search(plain) is None:
        return _SPELLED_COLOUR.sub("", plain)
    return plain


def _sections(text: str, otherwise: str) -> list[_Section]:
    """The parts of a report that have a total each; without one the report is a section from its beginning."""
    totals: list[re.Match[str]] = []
    for total in _TOTAL.finditer(text):
        if not totals or (
            _FIRST_HEADING.match(text, total.end()) and _is_outside(text, totals[-1].end(), total)
        ):
            totals.append(total)
    if not totals:
        found = _TOPIC.search(text)
        return [_Section(1, clean(found.group(1)) if found else otherwise, None, 0, len(text))]
    sections: list[_Section] = []
    header, topic = 0, otherwise
    for number, total in enumerate(totals, 1):
        found = (
            _TOPIC.search(text, header, total.start())
            if number == 1
            else _last_topic(text, header, total.start())
        )
        topic = clean(found.group(1)) if found else topic
        end = totals[number].start() if number < len(totals) else len(text)
        sections.append(_Section(number, topic, _number(total.group(1)), total.end(), end))
        header = total.end()
    if number == 1 and found is None:
        later = _TOPIC.search(text)
        sections = [replace(sections[0], topic=clean(later.group(1)) if later else otherwise)]
    return sections


def _is_outside(text: str, start: int, total: re.Match[str]) -> bool:
    """Whether a total stands behind a whole pair, and not inside an answer that quotes one."""
    headings = _in_order(text, start, total.start())
    return not headings or _ENDED.search(text, headings[-1].end(), total.start()) is not None


def _last_topic(text: str, start: int, end: int) -> re.Match[str] | None:
    """The topic in the header of a later section: behind the last pair of the one before."""
    ends = list(_ENDED.finditer(text, start, end))
    return _TOPIC.search(text, ends[-1].end() if ends else start, end)


def _in_order(text: str, start: int, end: int) -> list[re.Match[str]]:
    """The headings `Pair 1:`, `Pair 2:` and on; one that goes back is a quotation inside an answer."""
    headings: list[re.Match[str]] = []
    for heading in _HEADING.finditer(text, start, end):
        if not headings or int(heading.group(1)) > int(headings[-1].group(1)):
            headings.append(heading)
    return headings


def _why_empty(declared: int | None) -> str:
    if declared is None:
        return "a report without question-answer pairs"
    return f"a report that declares {declared} pairs and holds none"


def _number(text: str) -> int:
    return int(text.replace(",", ""))
