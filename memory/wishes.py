"""What a message asks to be done with what is remembered of its writer: that it be told, or forgotten."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from memory.wordings import restored, wordings

_LONGEST: Final = 400  # characters of a message that asks for it; what is longer brings material along
_SENTENCE: Final = re.compile(
    r"(?<=[.!?…])\s+|\n+"
    # "Forget my old job, I work at Siemens now" asks, and states.
    r"|[,;]\s+(?=(?:i|i['’](?:m|ve|ll)|we|ich|wir|ahora|я|мы|теперь)\b)"
    r"|\s+(?:and|but)\s+(?=(?:remember|note|keep in mind)\b)",
    re.IGNORECASE,
)
_SUPPOSED: Final = re.compile(r"\bif (?:i|you)\b", re.IGNORECASE)
_RECORD: Final = re.compile(r"\brec_[0-9a-z]+\b", re.IGNORECASE)
_MESSAGE: Final = re.compile(r"\bmsg_[0-9a-z]+\b")
_AROUND: Final = re.compile(r"^\W+|\W+$")


@dataclass(frozen=True, kw_only=True)
class ForgetWish:
    """What is to be forgotten."""

    about: str = ""
    """In the user's words, without those that ask for it; empty for all that is known of him, or where `ids` say it."""
    ids: tuple[str, ...] = ()
    """Of the records that he named."""
    everything: bool = False
    sure: bool = True
    """Whether the words can mean nothing else: "forget about my job" may just leave a subject."""
    besides: bool = False
    """Whether the message says or asks something else too."""
    language: str = "en"
    """Its BCP 47 code."""


@dataclass(frozen=True, kw_only=True)
class KnowWish:
    """That what is known be told."""

    about: str = ""
    """Of what, in the user's words; empty for all."""
    language: str = "en"
    """Its BCP 47 code."""


def wish_to_forget(message: str) -> ForgetWish | None:
    """What a message asks to be forgotten, of several such sentences the first; None where it asks for nothing of the kind."""
    if len(message) > _LONGEST:
        return None
    sentences = _sentences(message)
    for sentence in sentences:
        if wish := _forget(wordings().prepared(sentence)):
            rest = [other for other in sentences if other is not sentence and not _is_courtesy(other)]
            return replace(wish, besides=bool(rest))
    return None


def wish_to_know(message: str) -> KnowWish | None:
    """What a message asks to be told of what is known of its writer; None where it asks something else."""
    if len(message) > _LONGEST:
        return None
    sentences = [sentence for sentence in _sentences(message) if not _is_courtesy(sentence)]
    if len(sentences) != 1:
        return None
    said = wordings().prepared(sentences[0])
    for each in wordings().languages:
        if match := _first(each.know, said):
            about = restored(match.groupdict().get("what") or "")
            return KnowWish(about=about, language=each.language)
    return None


def without_wishes(text: str) -> str:
    """The text without the sentences which ask that something be forgotten: they state nothing."""
    sentences = _sentences(text)
    kept = [sentence for sentence in sentences if not _states_nothing(sentence)]
    return text if len(kept) == len(sentences) else "\n".join(kept)


def chosen(message: str, offered: Sequence[str]) -> tuple[str, ...] | None:
    """Which of the records that were offered, in that order, a message names; () for none of them, None where it says neither."""
    if not offered or message.rstrip().endswith("?"):
        return None
    if named := tuple(each for each in record_ids(message) if each in offered):
        return named
    said = wordings().prepared(_AROUND.sub("", message))
    for each in wordings().languages:
        if each.all.match(said) or (len(offered) == 1 and each.yes.match(said)):
            return tuple(offered)
        if each.none.match(said):
            return ()
        if each.last.match(said):
            return (offered[-1],)
        for record_id, place in zip(offered, each.nth, strict=False):
            if place.match(said):
                return (record_id,)
    return None


def record_ids(text: str) -> tuple[str, ...]:
    """The ids of records that stand in a text, in order."""
    return tuple(dict.fromkeys(found.lower() for found in _RECORD.findall(text)))


def message_ids(text: str) -> tuple[str, ...]:
    """The ids of messages that stand in a text, in order."""
    return tuple(dict.fromkeys(_MESSAGE.findall(text)))


def _states_nothing(sentence: str) -> bool:
    """Also of words that ask for it in a way which is not understood."""
    said = wordings().prepared(sentence)
    return _forget(said) is not None or any(_first(each.unclear, said) for each in wordings().languages)


def _forget(said: str) -> ForgetWish | None:
    """What a prepared sentence asks to be forgotten."""
    for each in wordings().languages:
        if _first(each.everything, said):
            return ForgetWish(everything=True, language=each.language)
        if _first(each.records, said):
            return ForgetWish(ids=record_ids(said), language=each.language)
        sure = _first(each.forget, said)
        match = sure or _first(each.aside, said)
        if match is None:
            continue
        about = restored(match["what"])
        if each.me.match(about):
            return ForgetWish(everything=True, language=each.language)
        if not about or each.pointing.match(about) or _SUPPOSED.search(about):
            return None
        return ForgetWish(about=about, sure=sure is not None, language=each.language)
    return None


def _first(patterns: Sequence[re.Pattern[str]], said: str) -> re.Match[str] | None:
    """The match of the first pattern that has one."""
    return next((match for pattern in patterns if (match := pattern.match(said))), None)


def _is_courtesy(sentence: str) -> bool:
    return not wordings().prepared(_AROUND.sub("", sentence))


def _sentences(text: str) -> list[str]:
    return [sentence.strip() for sentence in _SENTENCE.split(text) if sentence.strip()]
