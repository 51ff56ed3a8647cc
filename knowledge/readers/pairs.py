"""JSON of any shape: two passes, one to find where the pairs are and one to read them."""

from collections import Counter
from collections.abc import Iterator

import ijson

from knowledge.errors import SourceUnreadable
from knowledge.readers.content import Content
from knowledge.readers.intake import UNNAMED, Intake
from knowledge.readers.naming import topic_of
from knowledge.readers.records import PairRecord, ReadReport, SourceKind
from knowledge.readers.scanner import Event, Scanner
from knowledge.readers.structure import EXPORT_PATH, Structure
from knowledge.readers.survey import Survey, survey
from knowledge.readers.tape import Tape, strict_events

_SHAPES_SHOWN = 4


class JsonReader:
    """Finds pairs in JSON by structure: under whatever key, at whatever depth, in lists, mappings or parallel lists.

    The first pass keeps where pairs are and what is said above them, the second gives them one by one, so memory
    holds a pair and not the file. What is no valid JSON is read as far as its meaning is clear.
    """

    kind = SourceKind.JSON_PAIRS

    def __init__(self, content: Content) -> None:
        self._content = content
        self._scanner: Scanner | None = None
        self._forgiving = content.damage is not None
        self.report = ReadReport(kind=self.kind)

    def pairs(self) -> Iterator[PairRecord]:
        """The pairs in order; closes the file. Raises SourceUnreadable where it cannot be read on."""
        try:
            yield from self._read(self.look_through())
        finally:
            self._content.close()

    def of_document(self, index: int, at: int, documents: int) -> str:  # noqa: ARG002 - what other readers need
        """The number of a document where there are several."""
        return f"[{index}]" if documents > 1 else ""

    def of_byte(self, at: int) -> str:
        """The line and byte, where they are known."""
        return "" if at < 0 else f"line {self._content.line(at)}, byte {at}"

    def events(self) -> Iterator[Event]:
        """The events of the file, from the beginning at each call."""
        if not self._forgiving:
            return strict_events(self._content)
        self._scanner = Scanner(self._content)
        return self._scanner.events()

    def damage(self) -> tuple[str, int] | None:
        """Why and at which byte the file could not be read on; known when its events are exhausted."""
        found = self._scanner.damage if self._scanner is not None else None
        if found is None and self._content.damage is not None:
            return self._content.damage, len(self._content)
        return found

    def mended(self) -> list[tuple[str, int, int]]:
        """What was read although it is not as it should be: what, how often, and the first byte."""
        scanner = self._scanner
        return (
            [(what, count, scanner.first[what]) for what, count in scanner.mended.items()] if scanner else []
        )

    def look_through(self) -> Survey:
        """The first pass."""
        if not self._forgiving:
            try:
                return survey(Tape(self.events()))
            except (ijson.JSONError, ValueError):
                self._forgiving = True
        return survey(Tape(self.events()))

    def _read(self, found: Survey) -> Iterator[PairRecord]:
        tape = Tape(self.events())
        several = sum(plan.gives for plan in found.plans.values()) > 1
        topics = any(plan.own.topic or plan.own.title for plan in found.plans.values())
        topic = UNNAMED if topics else topic_of(self._content.name)
        intake = Intake(self.report, topic=topic, watch=several)
        structure = Structure(tape, found, intake, self.report, self)
        self.report.declared = _declared(found)
        yield from structure.pairs()
        intake.finish()
        self._finish(structure, found, intake)

    def _finish(self, structure: Structure, found: Survey, intake: Intake) -> None:
        report, damage = self.report, self.damage()
        if self.kind is SourceKind.JSON_PAIRS and {shape[0] for shape in structure.shapes} == {EXPORT_PATH}:
            report.kind = SourceKind.RAG_EXPORT
        report.shape = _shape(structure.shapes, "the file's name" if intake.topic != UNNAMED else "nowhere")
        report.mismatched.extend(self._content.remarks)
        for place, reason in structure.cuts:
            report.doubt(place, f"was left: {reason}")
        for what, count, first in self.mended():
            times = f", {count} times" if count > 1 else ""
            report.doubt(self.of_byte(first) or f"byte {first}", f"{what}{times}; read all the same")
        if not report.read and damage is None:
            report.nothing = self.nothing(found, intake)
        if damage is not None:
            raise SourceUnreadable(
                f"{self._content.name} is damaged {structure.last} (line {self._content.line(damage[1])}, byte {damage[1]}): {damage[0]}. "
                f"{report.read} pairs before it were read. Get the whole file and import it again."
            )

    def nothing(self, found: Survey, intake: Intake) -> str:
        """What the file is if it gave no pair."""
        if not len(self._content):
            return "an empty file"
        return _nothing(found, intake)


def _declared(found: Survey) -> int | None:
    """What the file says at the top, or else the sum of what its parts say."""
    numbers = sorted(number for number, plan in found.plans.items() if plan.declared)
    if not numbers:
        return None
    if numbers[0] <= 1:
        return found.plans[numbers[0]].declared[0][1]
    return None


def _shape(shapes: Counter[tuple[str, str, str]], otherwise: str) -> str | None:
    """How the file was read, the shape of most pairs first."""
    shown = []
    for (path, fields, topic), _ in shapes.most_common(_SHAPES_SHOWN):
        under = f"pairs under {path}" if path else "pairs at the top"
        named = f" ({fields})" if fields else ""
        shown.append(f"{under}{named}; topic from {topic or otherwise}")
    more = len(shapes) - len(shown)
    return " | ".join(shown) + (f" | {more} more" if more > 0 else "") if shown else None


def _nothing(found: Survey, intake: Intake) -> str:
    """What a file is that gave no pair."""
    if intake.present and intake.unwritten == intake.present:
        return f"a template: {intake.present} questions whose answers are still to be written"
    if intake.present:
        return f"JSON with {intake.present} pairs of which none can be taken"
    if not found.texts and not found.fields:
        return "JSON without question-answer pairs: it is empty"
    if found.spoken_of:
        return f"a summary that speaks of {sum(found.spoken_of)} pairs and holds none"
    names = ", ".join(list(found.fields)[:8])
    held = f" with {names}" if names else ""
    if found.questions and found.questions * 2 >= found.texts:
        return f"JSON without question-answer pairs: a list of {found.questions} questions{held}"
    return f"JSON without question-answer pairs{f': an object{held}' if names else ': a list of texts or numbers'}"
