"""Published readability formulas, each for the language that it was fitted to."""

from collections.abc import Callable
from dataclasses import dataclass

from agents.sofia.syllables import (
    english_syllables,
    german_syllables,
    russian_syllables,
    spanish_syllables,
)

_LONG_WORD = 3
_LETTERS = 6


@dataclass(frozen=True)
class Counts:
    """What the formulas are computed from."""

    words: int
    sentences: int
    syllables: int
    long_words: int
    """Words of three syllables and more."""
    lettered: int
    """Words of more than six letters."""
    short_words: int
    """Words of one syllable."""

    @property
    def sentence_length(self) -> float:
        """Words a sentence."""
        return self.words / self.sentences

    @property
    def word_length(self) -> float:
        """Syllables a word."""
        return self.syllables / self.words


@dataclass(frozen=True)
class Scale:
    """How ease of reading and school years are found in a language, and what the ease is called."""

    language: str
    syllables: Callable[[str], int]
    ease: Callable[[Counts], float]
    ease_name: str
    grade: Callable[[Counts], float] | None
    grade_name: str
    levels: tuple[tuple[float, str], ...]
    """From which ease on a text is called so, highest first; below the last it is very difficult."""
    per_word: float
    """By how much one word less a sentence raises the ease."""
    source: str


_FLESCH_LEVELS = (
    (90.0, "very easy"),
    (80.0, "easy"),
    (70.0, "fairly easy"),
    (60.0, "of standard difficulty"),
    (50.0, "fairly difficult"),
    (30.0, "difficult"),
)
_INFLESZ_LEVELS = (
    (80.0, "very easy"),
    (65.0, "fairly easy"),
    (55.0, "normal"),
    (40.0, "fairly difficult"),
)


def reading_ease(words: int, sentence_count: int, syllable_count: int) -> float:
    """Flesch reading ease; higher is easier (Flesch 1948, A new readability yardstick, Journal of Applied
    Psychology 32).
    """  # noqa: D205  the reference does not fit the line
    return 206.835 - 1.015 * words / sentence_count - 84.6 * syllable_count / words


def grade_level(words: int, sentence_count: int, syllable_count: int) -> float:
    """Flesch-Kincaid grade, US school years (Kincaid, Fishburne, Rogers and Chissom 1975, report 8-75)."""
    return 0.39 * words / sentence_count + 11.8 * syllable_count / words - 15.59


def german_ease(counts: Counts) -> float:
    """Flesch's ease for German (Amstad 1978, Wie verständlich sind unsere Zeitungen?, Zürich)."""
    return 180 - counts.sentence_length - 58.5 * counts.word_length


def german_grade(counts: Counts) -> float:
    """School year by the first Wiener Sachtextformel (Bamberger and Vanecek 1984, Lesen - Verstehen - Lernen - Schreiben)."""
    share = 100 / counts.words
    return (
        0.1935 * counts.long_words * share
        + 0.1672 * counts.sentence_length
        + 0.1297 * counts.lettered * share
        - 0.0327 * counts.short_words * share
        - 0.875
    )


def spanish_ease(counts: Counts) -> float:
    """Perspicuidad of Szigriszt-Pazos (1993, Sistemas predictivos de legibilidad del mensaje escrito, Madrid)."""
    return 206.835 - 62.3 * counts.word_length - counts.sentence_length


def huerta_ease(counts: Counts) -> float:
    """Lecturabilidad of Fernández Huerta (1959, Medidas sencillas de lecturabilidad, Consigna 214)."""
    return 206.84 - 60 * counts.word_length - 1.02 * counts.sentence_length


def russian_ease(counts: Counts) -> float:
    """Flesch's ease for Russian (Oborneva 2006, dissertation on the complexity of educational texts, Moscow)."""
    return 206.835 - 1.3 * counts.sentence_length - 60.1 * counts.word_length


def russian_grade(counts: Counts) -> float:
    """Flesch-Kincaid grade for Russian (Oborneva 2006, the same)."""
    return 0.5 * counts.sentence_length + 8.4 * counts.word_length - 15.59


SCALES = {
    "English": Scale(
        "English",
        english_syllables,
        lambda counts: reading_ease(counts.words, counts.sentences, counts.syllables),
        "Flesch reading ease",
        lambda counts: grade_level(counts.words, counts.sentences, counts.syllables),
        "Flesch-Kincaid grade",
        _FLESCH_LEVELS,
        1.015,
        "Ease = 206.835 - 1.015 words/sentence - 84.6 syllables/word (Flesch 1948); grade = 0.39 words/sentence "
        "+ 11.8 syllables/word - 15.59 (Kincaid et al. 1975). Syllables are counted as runs of vowels, less silent "
        "endings, plus vowel pairs spoken apart",
    ),
    "German": Scale(
        "German",
        german_syllables,
        german_ease,
        "Flesch-Amstad reading ease",
        german_grade,
        "Wiener Sachtextformel grade",
        _FLESCH_LEVELS,
        1.0,
        "Ease = 180 - words/sentence - 58.5 syllables/word (Amstad 1978); grade by the first Wiener Sachtextformel "
        "(Bamberger and Vanecek 1984). Syllables are counted as vowels and diphthongs",
    ),
    "Spanish": Scale(
        "Spanish",
        spanish_syllables,
        spanish_ease,
        "Szigriszt-Pazos ease",
        None,
        "",
        _INFLESZ_LEVELS,
        1.0,
        "Ease = 206.835 - 62.3 syllables/word - words/sentence (Szigriszt-Pazos 1993), levels of the INFLESZ scale "
        "(Barrio-Cantalejo 2008). Syllables are counted by the rules for diphthongs and hiatus",
    ),
    "Russian": Scale(
        "Russian",
        russian_syllables,
        russian_ease,
        "Flesch-Oborneva reading ease",
        russian_grade,
        "Flesch-Kincaid grade (Oborneva)",
        _FLESCH_LEVELS,
        1.3,
        "Ease = 206.835 - 1.3 words/sentence - 60.1 syllables/word; grade = 0.5 words/sentence + 8.4 syllables/word - "
        "15.59 (both Oborneva 2006). Syllables are counted as vowels",
    ),
}


def counted(words: list[str], sentences: int, syllables: Callable[[str], int]) -> Counts:
    """The counts of a text of at least one word and one sentence."""
    each = [syllables(word) for word in words]
    return Counts(
        words=len(words),
        sentences=sentences,
        syllables=sum(each),
        long_words=sum(count >= _LONG_WORD for count in each),
        lettered=sum(len(word) > _LETTERS for word in words),
        short_words=sum(count == 1 for count in each),
    )
