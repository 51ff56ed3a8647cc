"""Where every reader brings what looks like a pair: it is taken, or rejected with the reason, and counted once."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from pydantic import JsonValue

from knowledge.readers.fields import Role, counts_characters, rank
from knowledge.readers.mojibake import repaired
from knowledge.readers.records import PairRecord, ReadReport, Remark, SessionRecord
from knowledge.readers.text import clean, is_placeholder, shows, tidy
from knowledge.readers.wrapped import best_of, texts_in

UNNAMED = "unnamed"
_OTHERS = "other_answers"
_EXPORTED = "attributes"
_LONGEST = 1_000_000
_LONGEST_TOPIC = 300
_LONGEST_ATTRIBUTE = 10_000
_LONGEST_LABEL = 100
_MOST_TAGS = 100
_LARGEST_NUMBER = 1 << 63


@dataclass(frozen=True, slots=True)
class Missing:
    """Stands where a pair has no question or answer, or one that cannot be read."""

    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class About:
    """What is said of a pair by what it stands in."""

    topic: str | None = None
    category: str | None = None
    session: str | None = None
    difficulty: str | None = None
    tags: tuple[str, ...] = ()
    group: int = 0
    """Pairs of different groups are of different sessions even on one topic; 0: the topic alone decides."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """What looks like a pair, as its source has it."""

    place: str
    question: object
    answer: object
    about: About = About()
    more: Mapping[str, JsonValue] = field(default_factory=dict)
    """Its other fields."""
    key: str | None = None
    path: str = ""
    """Where in the structure it stands: the same pair under another path is the same pair."""


@dataclass(slots=True)
class _Session:
    record: SessionRecord
    pairs: int = 0


class Intake:
    """Takes pairs for one report.

    `present` counts every pair that was offered, `repeated` those that stood elsewhere before: what is accepted and
    what is rejected add up to the difference.
    """

    def __init__(self, report: ReadReport, *, topic: str, watch: bool = False) -> None:
        """`topic` is that of pairs for which nothing says one; `watch`: the same pair may come by two paths."""
        self._report = report
        self.topic = topic
        self._watch = watch
        self._sessions: dict[tuple[int, str, str | None], _Session] = {}
        self._seen: dict[int, Counter[str]] = {}
        self._asked: dict[int, str] = {}
        self._unanswered: dict[int, tuple[str, Remark, bool]] = {}
        self._void: set[int] = set()
        self._repeats: Counter[tuple[str, str]] = Counter()
        self._twice: list[str] = []
        self.present = 0
        self.repeated = 0
        self.unwritten = 0
        """Pairs that were rejected for an answer that is still to be written."""

    def offer(self, offer: Offer) -> PairRecord | None:
        """The pair, or None where it was rejected, or stood in the source before."""
        self.present += 1
        session = self._session(offer.about)
        offer = _unwrapped(offer)
        question, asked = _part("question", offer.question)
        answer, answered = _part("answer", offer.answer)
        reason = question if question is not None else answer
        if self._watch and self._is_repeated(offer, asked, answered, reason):
            return None
        session.pairs += 1
        if reason is not None:
            remark = Remark(offer.place, reason)
            self._report.rejected.append(remark)
            if question is None:
                self.unwritten += _is_unwritten(offer.answer)
                if self._watch:
                    self._unanswered.setdefault(
                        hash(asked), (offer.path, remark, _is_unwritten(offer.answer))
                    )
            return None
        self._report.read += 1
        self._note_repair(offer)
        self._check_characters(offer, asked, answered)
        return self._record(offer, session, asked, answered)

    def reject(self, place: str, reason: str, about: About | None = None) -> None:
        """Count something that stands where a pair belongs and is none."""
        self.present += 1
        if about is not None:
            self._session(about).pairs += 1
        self._report.reject(place, reason)

    def finish(self) -> None:
        """Say what stood in the source twice, or encoded twice; call once, at the end."""
        if self._twice:
            times = f", in {len(self._twice)} pairs in all" if len(self._twice) > 1 else ""
            self._report.doubt(
                self._twice[0], f"holds letters that were encoded twice, such as â€™; put right{times}"
            )
        for (path, first), count in self._repeats.items():
            self._report.doubt(path, f"repeats {count} pairs that stand under {first} too; each counts once")
        if self._void:
            self._report.rejected[:] = [one for one in self._report.rejected if id(one) not in self._void]

    def _note_repair(self, offer: Offer) -> None:
        texts = [text for text in (offer.question, offer.answer) if isinstance(text, str)]
        if any(repaired(text) != text for text in texts):
            self._twice.append(offer.place)

    def _session(self, about: About) -> _Session:
        topic = _short(about.topic, _LONGEST_TOPIC) or self.topic
        external = _short(about.session, _LONGEST_TOPIC)
        known = self._sessions.get((about.group, topic, external))
        if known is None:
            record = SessionRecord(
                ordinal=len(self._sessions) + 1,
                topic=topic,
                category=_short(about.category, _LONGEST_TOPIC),
                external_id=external,
            )
            known = self._sessions[about.group, topic, external] = _Session(record)
        elif known.record.category is None and about.category is not None:
            known.record = replace(known.record, category=_short(about.category, _LONGEST_TOPIC))
        return known

    def _record(self, offer: Offer, session: _Session, question: str, answer: str) -> PairRecord:
        about = offer.about
        attributes = _attributes(offer.more)
        category = _short(about.category, _LONGEST_TOPIC)
        if category is not None and category != session.record.category:
            attributes["category"] = category
        return PairRecord(
            session=session.record,
            ordinal=session.pairs,
            question=question,
            answer=answer,
            key=offer.key,
            difficulty=_short(about.difficulty, _LONGEST_LABEL),
            tags=tuple(dict.fromkeys(filter(None, (_short(tag, _LONGEST_LABEL) for tag in about.tags))))[
                :_MOST_TAGS
            ],
            attributes=attributes,
        )

    def _is_repeated(self, offer: Offer, question: str, answer: str, reason: str | None) -> bool:
        """Whether the pair stood under another path before; an answerless one is where its question did."""
        asked = hash(question)
        if reason is not None:
            first = self._asked.get(asked) if question else None
            waiting = self._unanswered.get(asked) if question else None
            if first is None and waiting is not None:
                first = waiting[0]
            if first is None or first == offer.path:
                return False
            return self._repeat(offer.path, first)
        counts = self._seen.setdefault(hash((question, answer)), Counter())
        counts[offer.path] += 1
        for path, count in counts.items():
            if path != offer.path and count >= counts[offer.path]:
                return self._repeat(offer.path, path)
        waiting = self._unanswered.pop(asked, None)
        if waiting is not None and waiting[0] != offer.path:
            self._void.add(id(waiting[1]))
            self.unwritten -= waiting[2]
            self._repeat(waiting[0], offer.path)
        self._asked.setdefault(asked, offer.path)
        return False

    def _repeat(self, path: str, first: str) -> bool:
        self.repeated += 1
        self._repeats[path, first] += 1
        return True

    def _check_characters(self, offer: Offer, question: str, answer: str) -> None:
        """Compare the lengths that a pair declares; any way of counting that fits is right."""
        declared = [
            (part, value)
            for name, value in _scalars(offer.more)
            if isinstance(value, int)
            and not isinstance(value, bool)
            and (part := counts_characters(name)) is not None
        ]
        if not declared:
            return
        lengths = {
            "question": _lengths(str(offer.question), question),
            "answer": _lengths(str(offer.answer), answer),
        }
        lengths["total"] = {one + other for one in lengths["question"] for other in lengths["answer"]}
        for part, value in declared:
            if value not in lengths[part]:
                held = len(question) * (part != "answer") + len(answer) * (part != "question")
                what = "characters" if part == "total" else f"{part} characters"
                self._report.doubt(offer.place, f"declares {value} {what} and holds {held}")


def _unwrapped(offer: Offer) -> Offer:
    """With texts instead of the objects and lists that they stand in.

    Several answers become one text; where some are accepted, the others become a field beside it.
    """
    question, answer, more = offer.question, offer.answer, offer.more
    if isinstance(question, dict | list) and (texts := texts_in(question)) is not None and len(texts) <= 1:
        question = texts[0].text if texts else None
    if isinstance(answer, dict | list) and (texts := texts_in(answer)) is not None:
        best, others = best_of(texts)
        answer = "\n\n".join(best) or None
        more = {**more, _OTHERS: "\n\n".join(others)} if others else more
    return replace(offer, question=question, answer=answer, more=more)


def _part(name: str, value: object) -> tuple[str | None, str]:
    """Why a question or answer cannot be taken, if so, and its text."""
    if isinstance(value, Missing):
        return value.reason or f"has no {name}", ""
    if value is None:
        return f"has an empty {name}", ""
    if not isinstance(value, str):
        return f"has no {name} that is text but {_kind(value)}", ""
    if len(value) > _LONGEST:
        return f"has {_article(name)} of {len(value)} characters; {_LONGEST} are the most", ""
    text = tidy(value)
    if not shows(text):
        return f"has an empty {name}", ""
    if is_placeholder(text):
        return f"has a placeholder for {_article(name)}: {text[:60]!r}", ""
    return None, text


def _is_unwritten(answer: object) -> bool:
    """Whether an answer that cannot be taken is still to be written, and not there in a form that cannot be read."""
    if isinstance(answer, Missing):
        return answer.reason is None or answer.reason.startswith("has no answer")
    return answer is None or (isinstance(answer, str) and len(answer) <= _LONGEST)


def _article(name: str) -> str:
    return f"an {name}" if name == "answer" else f"a {name}"


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    return "a list" if isinstance(value, list) else "an object"


def _lengths(raw: str, text: str) -> set[int]:
    found = {len(text), len(raw.encode("utf-8", "replace"))}
    for form in (raw, raw.strip(), raw.replace("\r\n", "\n"), clean(raw)):
        found |= {len(form), len(form.encode("utf-16-le", "replace")) // 2}
    return found


@lru_cache(maxsize=4096)
def _short(text: str | None, longest: int) -> str | None:
    """A name fit to store: on one line, cut where it is longer than names are; None for none."""
    cleaned = " ".join(tidy(text).split()) if text is not None else ""
    return (cleaned if len(cleaned) <= longest else f"{cleaned[: longest - 1].rstrip()}…") or None


def _scalars(fields: Mapping[str, JsonValue]) -> list[tuple[str, JsonValue]]:
    """The fields that hold one value, and those of objects in them."""
    found: list[tuple[str, JsonValue]] = []
    for name, value in fields.items():
        if isinstance(value, dict):
            found += [(inner, part) for inner, part in value.items() if not isinstance(part, dict | list)]
        elif not isinstance(value, list):
            found.append((name, value))
        elif value and all(isinstance(part, str) for part in value) and rank(name, Role.TAGS) is None:
            found.append((name, ", ".join(str(part) for part in value)))
    return found


def _attributes(fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The other fields of a pair as they are stored: named scalars without what a database refuses.

    What an export wrote as attributes comes first and keeps its lists.
    """
    found: dict[str, JsonValue] = {}
    others = {name: value for name, value in fields.items() if name != _EXPORTED}
    for name, value in [*_exported(fields.get(_EXPORTED)).items(), *_scalars(others)]:
        kept = [_kept(part) for part in value[:_MOST_TAGS]] if isinstance(value, list) else _kept(value)
        if kept not in (None, []):
            found.setdefault(clean(name)[:_LONGEST_LABEL] or "unnamed", kept)
    return found


def _exported(attributes: JsonValue) -> dict[str, JsonValue]:
    """Attributes as an export writes them: an object, which stands as a text in tables."""
    given = attributes
    if isinstance(attributes, str):
        try:
            given = json.loads(attributes)
        except ValueError:
            return {_EXPORTED: attributes}
    if not isinstance(given, dict):
        return {_EXPORTED: attributes}
    return {
        name: value
        for name, value in given.items()
        if not isinstance(value, dict)
        and not (isinstance(value, list) and any(isinstance(part, dict | list) for part in value))
    }


def _kept(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return clean(value)[:_LONGEST_ATTRIBUTE] or None
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    if isinstance(value, int):
        return value if abs(value) < _LARGEST_NUMBER else str(value)
    return None
