"""Lists of questions and answers in plain text or Markdown."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from knowledge.readers.fields import Role, marks
from knowledge.readers.intake import About, Intake, Missing, Offer
from knowledge.readers.naming import topic_of
from knowledge.readers.records import PairRecord, ReadReport, Remark, SourceKind
from knowledge.readers.report import uncoloured
from knowledge.readers.text import asks, clean

_LEAD = r"^[ \t>\u200e\u200f\u202a-\u202e\u2066-\u2069]*(?:[-*+•][ \t]+)?(?:\(?\d{1,4}[.):][ \t]+)?#{0,6}[ \t]*[*_]{0,3}"
_TAIL = r"[ \t]*[*_]{0,3}[ \t]*(?:\d{1,4}[ \t]*[*_]{0,3}[ \t]*[.:：)\-–][ \t]*|[:：][ \t]*)[*_]{0,3}[ \t]*(?P<text>.*)$"
_ASKED = re.compile(rf"{_LEAD}(?:{'|'.join(marks(Role.QUESTION))})[ \t]*#?{_TAIL}", re.IGNORECASE)
_ANSWERED = re.compile(rf"{_LEAD}(?:{'|'.join(marks(Role.ANSWER))})[ \t]*#?{_TAIL}", re.IGNORECASE)
_HEADING = re.compile(r"^[ \t]{0,3}(?P<marks>#{1,6})[ \t]+(?P<text>.*?)[ \t]*#*[ \t]*$")
_LIST_TOPIC = re.compile(
    r"^(?P<topic>.+?)[:\-–]?[ \t]+(?:Q&A|Q & A|Question[s]?[- ](?:and[- ])?Answer)[ \t]*(?:Pairs)?$",
    re.IGNORECASE,
)
_ELEMENT = re.compile(r"</(?:question|answer|faq|q|html|body|item)>", re.IGNORECASE)
_RULE = re.compile(r"^[ \t]*(?:-{3,}|\*{3,}|_{3,}|={3,})[ \t]*$")
_BARE = re.compile(
    r"^[ \t]{0,3}(?:(?P<marks>#{1,6})[ \t]+|\(?\d{1,4}[.)][ \t]+)?(?P<bold>[*_]{2})?(?:\(?\d{1,4}[.)][ \t]+)?(?P<text>\S.*?)[*_]{0,2}[ \t]*$"
)
_SPEAKS_OF_PAIRS = re.compile(
    r"([\d,]{1,9})\+?[ \t]+(?:Q&A|question-answer|QA)?[ \t]*pairs|pairs generated:[ \t]*([\d,]{1,9})",
    re.IGNORECASE,
)


@dataclass
class _Topic:
    ordinal: int
    text: str | None
    level: int = 0


@dataclass
class _Open:
    """A question that is being read."""

    line: int
    topic: _Topic
    question: list[str] = field(default_factory=list)
    answer: list[str] | None = None
    level: int = 0


class QuestionListReader:
    """Reads questions and answers that are marked (`Q:` and `A:`, `**Question 3:**`), or headings that ask."""

    def __init__(self, text: str, name: str, remarks: tuple[Remark, ...] = ()) -> None:
        """`remarks`: what had to be done to get at the text."""
        self._lines = uncoloured(text).split("\n")
        self.report = ReadReport(kind=SourceKind.QUESTION_LIST, mismatched=list(remarks))
        self._intake = Intake(self.report, topic=topic_of(name))
        self._ordinals: Counter[int] = Counter()

    def pairs(self) -> Iterator[PairRecord]:
        """The pairs in order; a heading above them is their topic."""
        marked = any(_ASKED.match(line) for line in self._lines)
        for found in self._marked() if marked else self._asking():
            record = self._offer(found)
            if record is not None:
                yield record
        self._intake.finish()
        self.report.shape = (
            "questions and answers by their marks" if marked else "lines that ask, and what follows them"
        )
        if not self.report.read:
            count = self._intake.present
            self.report.nothing = (
                f"a template: {count} questions whose answers are still to be written"
                if self._intake.unwritten == count
                else f"a list of {count} pairs of which none can be taken"
            )

    def _offer(self, found: _Open) -> PairRecord | None:
        self._ordinals[found.topic.ordinal] += 1
        ordinal = self._ordinals[found.topic.ordinal]
        record = self._intake.offer(
            Offer(
                place=f"line {found.line}",
                question="\n".join(found.question) if found.question else Missing(),
                answer=_without_margin(found.answer) if found.answer is not None else Missing(),
                about=About(topic=found.topic.text, group=found.topic.ordinal),
                key=f"{found.topic.ordinal}:{ordinal}",
            )
        )
        return replace(record, ordinal=ordinal) if record is not None else None

    def _marked(self) -> Iterator[_Open]:
        """Pairs whose question and answer are marked."""
        lists = [clean(found.group("topic")) for line in self._lines if (found := self._list_topic(line))]
        topic, count = _Topic(1, None if not lists else lists[0]), 0
        bodies = not any(_ANSWERED.match(line) for line in self._lines)
        now: _Open | None = None
        fenced = False
        for number, line in enumerate(self._lines, 1):
            fenced ^= line.lstrip().startswith("```")
            asked = None if fenced else _ASKED.match(line)
            answered = None if fenced or asked else _ANSWERED.match(line)
            heading = None if fenced else _HEADING.match(line)
            if asked is not None:
                yield from [now] if now is not None else []
                now = _Open(number, topic, [asked.group("text")], [] if bodies else None)
            elif answered is not None and (now is None or now.answer is None):
                now = now or _Open(number, topic)
                now.answer = [answered.group("text")]
            elif heading is not None and (
                now is None or len(heading.group("marks")) <= max(topic.level, 1) or self._list_topic(line)
            ):
                yield from [now] if now is not None else []
                now = None
                named = self._list_topic(line)
                if named is not None or not lists:
                    count += 1
                    topic = _Topic(
                        count,
                        clean((named or heading).group("topic" if named else "text")),
                        len(heading.group("marks")),
                    )
            elif _RULE.match(line) and not fenced:
                yield from [now] if now is not None else []
                now = None
            elif now is not None:
                (now.question if now.answer is None else now.answer).append(line)
        yield from [now] if now is not None else []

    def _list_topic(self, line: str) -> re.Match[str] | None:
        heading = _HEADING.match(line)
        return _LIST_TOPIC.match(heading.group("text")) if heading is not None else None

    def _asking(self) -> Iterator[_Open]:
        """Pairs whose question is a heading, a bold or a numbered line that ends as questions do."""
        topic, count = _Topic(1, None), 0
        now: _Open | None = None
        for number, line in enumerate(self._lines, 1):
            question = bare_question(line)
            heading = _HEADING.match(line)
            level = len(heading.group("marks")) if heading is not None else 0
            if question is not None:
                yield from [now] if now is not None else []
                now = _Open(number, topic, [question], [], level)
            elif heading is not None and (now is None or level <= now.level):
                yield from [now] if now is not None else []
                now, count = None, count + 1
                topic = _Topic(count, clean(heading.group("text")), level)
            elif now is not None and now.answer is not None and not _RULE.match(line):
                now.answer.append(line)
        yield from [now] if now is not None else []


def bare_question(line: str) -> str | None:
    """The question that a line alone is: a heading, bold or numbered, and ending as questions do."""
    found = _BARE.match(line)
    if found is None or not asks(found.group("text")):
        return None
    numbered = re.match(r"^[ \t]{0,3}\(?\d{1,4}[.)]", line) is not None
    return found.group("text") if found.group("marks") or found.group("bold") or numbered else None


def is_question_list(text: str) -> bool:
    """Whether a text is a list of questions and answers."""
    lines = uncoloured(text).split("\n")
    asked = sum(_ASKED.match(line) is not None for line in lines)
    answered = sum(_ANSWERED.match(line) is not None for line in lines)
    if asked and (answered or asked > 1):
        return True
    bare = [number for number, line in enumerate(lines) if bare_question(line) is not None]
    headings = sum(_HEADING.match(line) is not None for line in lines)
    return len(bare) > 1 and len(bare) * 2 >= headings


def what_it_is(text: str) -> str:
    """What a text without pairs is, for people."""
    lines = [line.strip() for line in uncoloured(text).split("\n") if line.strip()]
    if not lines:
        return "an empty file"
    if lines[0].startswith("<") and _ELEMENT.search(text):
        return "XML or HTML, which is not read; save its pairs as JSON or CSV, and import that"
    spoken = _SPEAKS_OF_PAIRS.search(text)
    if spoken is not None and not re.search(r"^[ \t]*Topic:", text, re.MULTILINE):
        return f"a summary that speaks of {spoken.group(1) or spoken.group(2)} pairs and holds none"
    if len(lines) > 1 and all(len(line) <= 80 and line[-1] not in ".!?:" for line in lines):  # noqa: PLR2004 - no prose
        return f"a list of {len(lines)} topics without question-answer pairs"
    return "a report without question-answer pairs"


def _without_margin(lines: list[str]) -> str:
    return "\n".join(lines)
