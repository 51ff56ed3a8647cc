"""Words in which people speak of themselves, put into English so that what is noted in English can be found by them."""

import functools
import re
from collections.abc import Iterable
from typing import Final

from memory.interfaces import Record
from memory.recall.analysis import stems
from models import english_words

_WORD: Final = re.compile(r"[^\W\d_]+")
_BEGINNINGS: Final = {
    # German, Spanish and Russian, by how the word begins
    "live": "wohn leb viv жив прожива",
    "work": "arbeit trabaj работ",
    "job": "beruf oficio profesi професси",
    "sister": "schwester herman сестр",
    "brother": "bruder brüder hermano брат",
    "mother": "mutter mama madre мам мать матер",
    "father": "vater papa padre отец отц пап",
    "wife": "frau ehefrau esposa mujer жен",
    "husband": "mann ehemann esposo marido муж",
    "son": "sohn hijo сын",
    "daughter": "tochter hija доч",
    "child": "kind niñ ребен дет",
    "friend": "freund amig друг друз подруг",
    "dog": "hund perr собак",
    "cat": "katz kater gat кот кошк",
    "name": "nam heiß nombre llam имя имен зовут",
    "age": "alter edad возраст",
    "birthday": "geburtstag cumpleaños рожден",
    "home": "zuhause casa дом",
    "car": "auto coche carro машин",
    "nurse": "krankenschwest krankenpfleg enfermer медсестр",
    "doctor": "arzt ärzt médic врач",
    "teacher": "lehrer maestr profesor учител",
    "engineer": "ingenieur ingenier инженер",
    "allergic": "allergi alérgic alergi аллерг",
    "vegetarian": "vegetar вегетар",
    "smoke": "rauch fum кур",
    "like": "mag gern gust нрав любл",
    "coffee": "kaffee café кофе",
    "tea": "tee té чай чая",
    "speak": "sprech habl говор",
}
_WHOLE: Final = frozenset(
    "mag tee té gat kind mann nam leb viv кот дом сын муж жен мам пап fum кур gust".split()
)
"""Beginnings that stand for the word with an ending of at most three letters, as much else begins with them."""
_ENDING: Final = 3
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
_BY_LENGTH: Final = sorted(
    ((begins, english) for english, words in _BEGINNINGS.items() for begins in words.split()),
    key=lambda pair: -len(pair[0]),
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
    """The text with the words that are known here and to `english_words` in English, and all in Latin letters.

    An English text stays the same. Made for comparing, not for reading.
    """
    if english_words(text) == text and text.isascii():
        return text
    return english_words(_WORD.sub(lambda match: _english(match[0]), text)).casefold().translate(_LATIN)


def _english(word: str) -> str:
    folded = word.casefold().replace("ё", "е")
    for begins, english in _BY_LENGTH:
        longest = len(begins) + _ENDING if begins in _WHOLE else len(folded)
        if folded.startswith(begins) and len(folded) <= longest:
            return english
    return word


@functools.cache
def _empty() -> frozenset[str]:
    """The stems of words that say nothing of what is meant."""
    return frozenset(stem for word in _EMPTY.split() for stem in stems(word))
