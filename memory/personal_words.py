"""Finding what is noted in English by words in which people speak of themselves in other languages."""

import functools
from collections.abc import Iterable
from typing import Final

from memory.interfaces import Record
from memory.recall.analysis import stems
from models import personal_words

_LATIN: Final = str.maketrans(
    dict(
        zip(
            "абвгдезийклмнопрстуфхцчшщъыьэюя",
            "a b v g d e z i y k l m n o p r s t u f kh ts ch sh shch - y - e yu ya".replace("-", "").split(
                " "
            ),
            strict=True,
        )
    )
    | {"ж": "zh", "ё": "yo"}
)
"""Letters of names that no list of words has."""
_EMPTY: Final = (
    "i i'm i've me my mine we our us am is are was were be been have has had do does did you your what where who when how old "
    "which that about of from on the a an any ever anymore know remember told tell said say thing things fact facts everything "
    "anything information detail record records memory memories note notes called named really now also "
    "ich mir mich mein meine meinen meiner meinem meines wir uns bin ist sind habe hat hatte dass was wo wer wie wann in an zu und "
    "yo me mi mis soy es son tengo tiene que donde quien como de en el la los las un una y "
    "ya menya moya moy moi mne u na s v i chto gde kto kak"
)


def saying(about: str, records: Iterable[Record]) -> list[Record]:
    """Those of the records that say, with what they are the value of, every telling word of what is asked about."""
    telling = frozenset(stems(in_english(about))) - _empty()
    if not telling:
        return []
    return [
        record
        for record in records
        if telling <= frozenset(stems(f"{record.text} {(record.slot or '').replace(':', ' ')}"))
    ]


def in_english(text: str) -> str:
    """The text with the words that `personal_words` knows in English, and all in Latin letters.

    An English text stays the same. Made for comparing, not for reading.
    """
    english = personal_words(text)
    return text if english == text and text.isascii() else english.casefold().translate(_LATIN)


@functools.cache
def _empty() -> frozenset[str]:
    """The stems of words that say nothing of what is meant."""
    return frozenset(stem for word in _EMPTY.split() for stem in stems(word))
