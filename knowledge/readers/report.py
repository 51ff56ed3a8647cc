"""Research reports: coloured text with a header, an essay and question-answer pairs with character counts."""

import re
from collections.abc import Iterator
from pathlib import Path

from knowledge.errors import SourceUnreadable
from knowledge.readers.records import PairRecord, ReadReport, SessionRecord, SourceKind
from knowledge.readers.text import clean, unquoted, without_colours

_TOTAL = re.compile(r"^Total Question-Answer Pairs:[ \t]*([\d,]+)[ \t]*$", re.MULTILINE)
_TOPIC = re.compile(r"^Topic:[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
_HEADING = re.compile(r"^Pair (\d+):[ \t]*$", re.MULTILINE)
_QUESTION = re.compile(
    r"\s*question:[ \t]?(?P<text>.*?)\n[ \t]*question characters:[ \t]*(?P<count>[\d,]+)[ \t]*\n",
    re.DOTALL | re.IGNORECASE,
)
_ANSWER = re.compile(r"\s*?answer:[ \t]?(?P<text>.*)", re.DOTALL | re.IGNORECASE)
_END = re.compile(r"\n[ \t]*answer characters:[ \t]*([\d,]+)[ \t]*(?=\n|\Z)", re.IGNORECASE)
_LISTED = re.compile(
    r"^[ \t]*(?P<number>\d+)\.[ \t]+\*\*Q:\*\*[ \t]*(?P<question>.+?)\n[ \t]*\*\*A:\*\*[ \t]*(?P<answer>.+?)"
    r"(?=\n[ \t]*\d+\.[ \t]+\*\*Q:\*\*|\n[ \t]*#|\n---|\Z)",
    re.MULTILINE | re.DOTALL,
)
_LIST_TOPIC = re.compile(r"^#+[ \t]*(?P<topic>.+?):[ \t]*Q&A Pairs[ \t]*$", re.MULTILINE)


class ReportReader:
    """Reads a research report; each pair is checked against its character counts."""

    def __init__(self, text: str, name: str) -> None:
        self._text = without_colours(text.replace("\r\n", "\n"))
        self._name = name
        self.report = ReadReport(kind=SourceKind.RESEARCH_REPORT)

    def pairs(self) -> Iterator[PairRecord]:
        """The pairs in order. Raises SourceUnreadable where the report breaks off."""
        total = _TOTAL.search(self._text)
        headings = _in_order(self._text, total.end() if total else 0)
        if not headings:
            self._say_why_empty(total)
            return
        self.report.declared = _number(total.group(1)) if total else None
        found_topic = _TOPIC.search(self._text)
        topic = clean(found_topic.group(1)) if found_topic else topic_of(self._name)
        session = SessionRecord(ordinal=1, topic=topic)
        for heading, following in zip(headings, [*headings[1:], None], strict=True):
            ordinal = int(heading.group(1))
            block = self._text[heading.end() : following.start() if following else len(self._text)]
            pair = self._pair(block, session, ordinal)
            if pair is not None:
                self.report.read += 1
                yield pair
            elif following is None and "answer characters:" not in block.lower():
                line = self._text.count("\n", 0, heading.start()) + 1
                raise SourceUnreadable(
                    f"{self._name} breaks off in pair {ordinal} (line {line}); {self.report.read} pairs before it "
                    "were read. Get the whole file and import it again."
                )
        self.report.check_total()

    def _pair(self, block: str, session: SessionRecord, ordinal: int) -> PairRecord | None:
        place = f"pair {ordinal}"
        question = _QUESTION.match(block)
        if question is None:
            self.report.reject(place, "has no `question:` followed by `question characters:`")
            return None
        answer = _ANSWER.match(block, question.end())
        ends = list(_END.finditer(answer.group("text"))) if answer else []
        if answer is None or not ends:
            self.report.reject(place, "has no `answer:` followed by `answer characters:`")
            return None
        # An answer may quote the line that ends it; the one whose count fits is the end.
        body = answer.group("text")
        end = next((end for end in ends if end.start() == _number(end.group(1))), ends[-1])
        self._check(place, "question", len(question.group("text")), question.group("count"))
        self._check(place, "answer", end.start(), end.group(1))
        asked = unquoted(clean(question.group("text")))
        answered = clean(body[: end.start()])
        if not asked or not answered:
            self.report.reject(place, f"has an empty {'question' if not asked else 'answer'}")
            return None
        return PairRecord(session=session, ordinal=ordinal, question=asked, answer=answered)

    def _check(self, place: str, part: str, found: int, declared: str) -> None:
        if found != _number(declared):
            self.report.doubt(place, f"declares {_number(declared)} {part} characters and holds {found}")

    def _say_why_empty(self, total: re.Match[str] | None) -> None:
        if total is None:
            self.report.nothing = "a report without question-answer pairs"
            return
        self.report.declared = _number(total.group(1))
        self.report.nothing = f"a report that declares {self.report.declared} pairs and holds none"
        self.report.check_total()


class QuestionListReader:
    """Reads a report whose pairs are numbered `**Q:**` and `**A:**` under headings that end in `Q&A Pairs`."""

    def __init__(self, text: str, name: str) -> None:
        self._text = without_colours(text.replace("\r\n", "\n"))
        self._name = name
        self.report = ReadReport(kind=SourceKind.QUESTION_LIST)

    def pairs(self) -> Iterator[PairRecord]:
        """The pairs in order; a heading starts a session."""
        headings = [
            (found.start(), clean(found.group("topic"))) for found in _LIST_TOPIC.finditer(self._text)
        ] or [(0, topic_of(self._name))]
        ordinals = [0] * len(headings)
        for found in _LISTED.finditer(self._text):
            index = max((n for n, (start, _) in enumerate(headings) if start <= found.start()), default=0)
            ordinals[index] += 1
            session = SessionRecord(ordinal=index + 1, topic=headings[index][1])
            self.report.read += 1
            yield PairRecord(
                session=session,
                ordinal=ordinals[index],
                question=unquoted(clean(found.group("question"))),
                answer=clean(found.group("answer")),
            )


def read_report(path: Path) -> ReportReader | QuestionListReader:
    """The reader of a text file. Raises SourceUnreadable for a file that is no text or cannot be opened."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceUnreadable(f"{path.name} is no UTF-8 text: byte {error.start} is not valid.") from error
    except OSError as error:
        raise SourceUnreadable(f"{path.name} cannot be read: {error.strerror or error}.") from error
    if not _TOTAL.search(without_colours(text)) and _LISTED.search(text):
        return QuestionListReader(text, path.name)
    return ReportReader(text, path.name)


def topic_of(name: str) -> str:
    """A topic out of a file name, for sources that name none: `research_report_x_y_20251101.txt` gives `x y`."""
    stem = re.sub(r"(\.(txt|jsonl?|gz|md))+$", "", name)
    stem = re.sub(r"^research_report_", "", stem)
    stem = re.sub(r"_\d{8}(_\d{6})?$", "", stem)
    return re.sub(r"[_\-]+", " ", stem).strip() or name


def _in_order(text: str, start: int) -> list[re.Match[str]]:
    """The headings `Pair 1:`, `Pair 2:` and on; one that goes back is a quotation inside an answer."""
    headings: list[re.Match[str]] = []
    for heading in _HEADING.finditer(text, start):
        if not headings or int(heading.group(1)) > int(headings[-1].group(1)):
            headings.append(heading)
    return headings


def _number(text: str) -> int:
    return int(text.replace(",", ""))
