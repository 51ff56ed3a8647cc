"""What a user commands over what is remembered of him, in his own message: that it be told to him, or forgotten."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from graphs import known as replies
from graphs.state import FreyaState, Outcome, RunContext
from memory import (
    ForgetWish,
    Kind,
    KnowWish,
    RecallFilter,
    Record,
    Turn,
    UnknownRecord,
    chosen,
    in_english,
    record_ids,
    saying,
    wish_to_forget,
    wish_to_know,
)

_COUNTED: Final = frozenset({Kind.ARTIFACT, Kind.PATTERN, Kind.PRACTICE, Kind.PERFORMANCE})
"""What runs made, or was counted of them: nothing that he told of himself."""
_SAID: Final = frozenset(Kind) - _COUNTED - {Kind.MESSAGE}
_NEAR: Final = 0.3
"""The least relevance of a record that may be meant, of which the user is asked."""
_TOKENS: Final = 1500
_MOST_OFFERED: Final = 5


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the user chose of the records that he was asked about; none where he wants to keep them."""

    ids: tuple[str, ...]
    language: str


Command = ForgetWish | KnowWish | Choice


def command_in(message: str, turns: Sequence[Turn]) -> Command | None:
    """What the user's message commands, or answers to the question which record was meant; None: nothing of the kind."""
    return wish_to_forget(message) or wish_to_know(message) or _chosen(message, turns)


async def is_command(state: FreyaState, context: RunContext) -> bool:
    """Whether the message commands anything; a question about a matter of which nothing is known is left to others."""
    command = command_in(state["message"], state["turns"])
    if not isinstance(command, KnowWish):
        return command is not None
    if state.get("wanted"):
        return False
    return not command.about or any(await _found(command.about, context))


async def carried_out(command: Command, context: RunContext) -> tuple[str, Outcome]:
    """What is said of it once it is done. Raises MemoryUnavailable where nothing could be looked through or forgotten."""
    language = command.language
    match command:
        case KnowWish():
            return await _told(command, context), "answered"
        case Choice(ids=()):
            return replies.nothing_forgotten(language), "answered"
        case Choice():
            return await _forgotten(command.ids, language, context), "answered"
        case ForgetWish(everything=True):
            return replies.forget_everything(language), "answered"
    outcome: Outcome = "answered"
    if command.ids:
        text = await _forgotten(command.ids, language, context)
    else:
        text, outcome = await _meant(command, context)
    return (f"{text}\n\n{replies.forgot_only(language)}" if command.besides else text), outcome


async def _meant(wish: ForgetWish, context: RunContext) -> tuple[str, Outcome]:
    """Forget what is meant where that is one record; else ask, or say that there is none."""
    certain, near = await _found(wish.about, context)
    if len(certain) == 1 and wish.sure:
        return await _forgotten([certain[0].id], wish.language, context), "answered"
    if offered := certain or near:
        return replies.forget_which(wish.language, offered[:_MOST_OFFERED], len(offered)), "needs_input"
    return replies.nothing_to_forget(wish.language, wish.about), "answered"


async def _forgotten(ids: Sequence[str], language: str, context: RunContext) -> str:
    """Forget these, and say what was forgotten."""
    held = {record.id: record for record in await context.memory.own.held(context.scope)}
    gone: list[Record] = []
    for record in (held[each] for each in ids if each in held):
        with contextlib.suppress(UnknownRecord):  # somebody else was sooner
            await context.memory.own.forget(context.scope.owner, record.id)
            gone.append(record)
    if not gone:
        return replies.nothing_to_forget(language, " ".join(ids))
    sources = dict.fromkeys(source for record in gone for source in record.sources)
    return replies.forgotten(
        language, [record.text for record in gone], [each for each in sources if each.startswith("msg_")]
    )


async def _told(wish: KnowWish, context: RunContext) -> str:
    """What is known, of all or of the matter."""
    if not wish.about:
        return replies.known(wish.language, await context.memory.own.held(context.scope))
    certain, near = await _found(wish.about, context)
    return replies.known(wish.language, certain or near)


async def _found(about: str, context: RunContext) -> tuple[list[Record], list[Record]]:
    """The user's own records that say all the words, or the very statement; and those that are near in meaning."""
    records = [r for r in await context.memory.own.held(context.scope) if r.kind in _SAID]
    said, certain, english = await asyncio.to_thread(_read, about, records, context.notice)
    stated = {text.casefold() for text in said}
    if exact := [record for record in records if record.text.casefold() in stated]:
        return exact, []
    recalled = await context.recaller.recall(
        context.scope.owner,
        english,
        budget=_TOKENS,
        wanted=RecallFilter(kinds=_SAID, project_id=context.scope.project_id),
    )
    by_id = {record.id: record for record in records}
    near = [by_id[item.id] for item in recalled.items if item.id in by_id and item.relevance >= _NEAR]
    return certain, near


def _read(
    about: str, records: Sequence[Record], notice: Callable[[str], Sequence[str]]
) -> tuple[Sequence[str], list[Record], str]:
    """What the words state, which records say all of them, and the words in English: all take their time."""
    said = notice(f"{about[0].upper()}{about[1:].rstrip('.')}.")
    return said, saying(about, records), in_english(about)


def _chosen(message: str, turns: Sequence[Turn]) -> Choice | None:
    wish = wish_to_forget(turns[-1].request) if turns else None
    ids = chosen(message, record_ids(turns[-1].answer)) if wish else None
    return None if wish is None or ids is None else Choice(ids=ids, language=wish.language)
