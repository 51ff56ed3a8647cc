"""Syllables of English, German, Spanish and Russian words, by rule."""

import re

_ENGLISH = re.compile(r"[aeiouy]+")
_SILENT = re.compile(
    r"(?<=[^aeiouy])(?<![^aeiouy]l)e$"
    r"|(?<=[^aeioutdy])(?<![^aeiouyl]l)ed$"
    r"|(?<=[^aeiouysxzcg])(?<![sc]h)(?<![^aeiouy]l)es$"
)
_HIATUS = re.compile(r"(?<![ctsgx])(?<!ll)i[aou]|(?<!g)eo(?!p)|(?<=[^aeiouyqg])ua|crea(?=t)|[aeouy]ing$")
_GERMAN = re.compile(r"aa|ee|oo|ie|ei|ai|ey|ay|oi|au|äu|eu|[aeiouyäöüéè]")
_SPANISH = re.compile(
    r"[iuü]?[aeoáéó](?:[iuü](?![aeoáéóíú])|y(?![aeiouáéíóú]))?|[íú]|[iuü]y\b|[iuü]{1,2}|\by\b|y(?![aeiouáéíóú])"
)
_SPANISH_SILENT_U = re.compile(r"(?<=[gq])u(?=[eiéí])")
_RUSSIAN = re.compile(r"[аеёиоуыэюя]")


def english_syllables(word: str) -> int:
    """Syllables of an English word; right for about nine common words in ten.

    Each run of vowels (a, e, i, o, u, y) counts one. A final -e, -ed or -es is silent unless the word needs it
    to be spoken (-le after a consonant, -ed after t or d, -es after s, x, z, c, g, sh, ch). Vowel pairs that
    are mostly spoken apart (ia, io, iu outside -tion and the like, eo, ua, crea-t, -ing after a vowel)
    count one more. No word has fewer than one.
    """
    lower = re.sub(r"['’]s$", "", word.lower())
    count = len(_ENGLISH.findall(lower)) + len(_HIATUS.findall(lower))
    return max(1, count - len(_SILENT.findall(lower)))


def german_syllables(word: str) -> int:
    """Syllables of a German word: each vowel is one, but for doubled ones and diphthongs (ei, ai, au, äu, eu, ie)."""
    return max(1, len(_GERMAN.findall(word.lower().replace("qu", "q"))))


def spanish_syllables(word: str) -> int:
    """Syllables of a Spanish word: a strong vowel (a, e, o) takes unstressed i and u beside it; í and ú stand alone."""
    return max(1, len(_SPANISH.findall(_SPANISH_SILENT_U.sub("", word.lower()))))


def russian_syllables(word: str) -> int:
    """Syllables of a Russian word: as many as it has vowels; "в" and "с" count as one word with none and so as one."""
    return max(1, len(_RUSSIAN.findall(word.lower())))
