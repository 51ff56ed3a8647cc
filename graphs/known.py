"""What Freya says of the records of a user: which there are, which were forgotten, and which of them is meant."""

from collections.abc import Sequence

from graphs.replies import shortened, worded
from memory import Kind, Record, RecordState

_KINDS = (
    Kind.FACT,
    Kind.PREFERENCE,
    Kind.EXPERTISE,
    Kind.DECISION,
    Kind.PROGRESS,
    Kind.ARTIFACT,
    Kind.PATTERN,
    Kind.PRACTICE,
    Kind.PERFORMANCE,
)
_OF_A_KIND = 8
_SURE, _FAIRLY = 0.85, 0.65
_LONGEST = 200
_MOST_SOURCES = 20


def known(language: str, records: Sequence[Record]) -> str:
    """The records by kind, newest first, with how sure each is and since when; the newest eight of a kind."""
    if not records:
        return worded("known_nothing", language)
    sections = []
    for kind in _KINDS:
        of_kind = sorted((r for r in records if r.kind is kind), key=lambda r: r.said_at, reverse=True)
        if not of_kind:
            continue
        lines = [_line(language, record) for record in of_kind[:_OF_A_KIND]]
        if (more := len(of_kind) - _OF_A_KIND) > 0:
            lines.append(f"- {worded('and_more', language, count=str(more))}")
        sections.append(f"**{worded(f'kind_{kind.value}', language)}**\n\n" + "\n".join(lines))
    return worded("known", language, sections="\n\n".join(sections))


def forgotten(language: str, texts: Sequence[str], sources: Sequence[str]) -> str:
    """What was forgotten, where the words themselves still stand, and how to see the rest."""
    lines = "\n".join(f"- “{shortened(text, _LONGEST)}”" for text in texts)
    told = worded("forgotten", language, lines=lines)
    if sources:
        commands = ", ".join(f"`freya memory forget {source}`" for source in sources[:_MOST_SOURCES])
        if len(sources) > _MOST_SOURCES:
            commands += f", {worded('and_more', language, count=str(len(sources) - _MOST_SOURCES))}"
        told += f" {worded('forgotten_sources', language, commands=commands)}"
    return f"{told}\n\n{worded('see_the_rest', language)}"


def forget_which(language: str, offered: Sequence[Record], found: int) -> str:
    """A question which of these is meant; `found` says how many there are in all."""
    lines = [f"{n}. “{shortened(r.text, _LONGEST)}” (`{r.id}`)" for n, r in enumerate(offered, 1)]
    if found > len(offered):
        lines.append(f"\n{worded('and_more', language, count=str(found - len(offered)))}")
    key = "forget_which" if len(offered) > 1 else "forget_this"
    return worded(key, language, lines="\n".join(lines), record=offered[0].id)


def nothing_to_forget(language: str, about: str) -> str:
    """That nothing of the kind is noted."""
    return (
        worded("nothing_to_forget", language, about=shortened(about))
        + "\n\n"
        + worded("see_the_rest", language)
    )


def nothing_forgotten(language: str) -> str:
    """That all stays."""
    return worded("nothing_forgotten", language)


def forget_everything(language: str) -> str:
    """How everything is forgotten, which a sentence in a conversation does not do."""
    return worded("forget_everything", language)


def forgot_only(language: str) -> str:
    """That the rest of the message was not worked on."""
    return worded("forgot_only", language)


def _line(language: str, record: Record) -> str:
    since = min(record.said_at, record.created_at)
    if record.state is RecordState.CONTESTED:
        sure = worded("contested", language)
    elif record.confidence >= _SURE:
        sure = worded("sure", language)
    else:
        sure = worded("fairly_sure" if record.confidence >= _FAIRLY else "unsure", language)
    about = worded("since", language, sure=sure, day=f"{since:%Y-%m-%d}")
    return f"- {shortened(record.text, _LONGEST)} ({about})"
