"""Why something came back, in plain words."""

from datetime import UTC, datetime

from memory.interfaces import Kind, RecordState
from memory.recall.analysis import stems
from memory.recall.index import Standing, UserIndex
from memory.recall.question import Question
from memory.recall.ranking import Ranked

_NEAR = 0.35  # a cosine from which meaning is a reason
_AROUND = 0.1
_RECENT_S = 2 * 86400.0
_WORD = 60  # characters of a statement that a reason quotes
_MOST_WORDS = 5


def reasons(index: UserIndex, found: Ranked, text: str, question: Question, *, now: float) -> tuple[str, ...]:
    """What spoke for an item whose text is given, the strongest first; never nothing."""
    source = index.sources[found.source]
    said = _shared(question, text)
    why = []
    if source.owner != index.owner:
        why.append(f"{'decided' if source.kind is Kind.DECISION else 'noted'} by {source.owner.user_id}")
    if said:
        why.append(f"words: {', '.join(said)}")
    if found.cosine >= _NEAR:
        why.append("close in meaning")
    if found.around >= _AROUND:
        why.append("said beside what the question asks about")
    why += _of_time(index, found, question, now)
    if found.about:
        why.append(f"about: {', '.join(sorted(found.about))}")
    if found.related:
        why.append("related to {} through {}".format(*found.related))
    if source.standing:
        why += _of_record(source.standing)
    return tuple(why) or ("the nearest that is known",)


def _of_time(index: UserIndex, found: Ranked, question: Question, now: float) -> list[str]:
    source, why = index.sources[found.source], []
    if found.in_window and question.window:
        why.append(f"said on {_date(source.said_at)}, asked for: {question.window.words}")
    if found.newer_than is not None:
        why.append(f"newer than what was said on {_date(index.sources[found.newer_than].said_at)}")
    if 0 <= now - source.said_at <= _RECENT_S:
        why.append("recent")
    if source.id in index.outdated:
        why.append("a newer statement replaced it")
    return why


def _of_record(standing: Standing) -> list[str]:
    why = []
    if standing.pinned:
        why.append("pinned")
    if standing.evidence > 1:
        why.append(f"said {standing.evidence} times")
    if standing.instead_of:
        why.append(f"replaces: {_brief(standing.instead_of)}")
    if standing.state is RecordState.CONTESTED:
        why.append(
            f"contradicts {_brief(standing.against)}"
            if standing.against
            else "contradicted by another statement"
        )
    if standing.cited:
        why.append("useful before")
    if standing.faded:
        why.append("long unused")
    return why


def _shared(question: Question, text: str) -> list[str]:
    """The question's own words whose stems the text has."""
    held = set(stems(text)) & set(question.words)
    shared: list[str] = []
    for word in question.text.split():
        bare = word.strip(".,;:!?\"'()[]“”‘’").lower()
        if bare not in shared and held & set(stems(bare)):
            shared.append(bare)
    return shared[:_MOST_WORDS]


def _date(at: float) -> str:
    day = datetime.fromtimestamp(at, UTC)
    return f"{day.day} {day:%B %Y}"


def _brief(text: str) -> str:
    return text if len(text) <= _WORD else text[:_WORD].rsplit(" ", 1)[0] + "…"
