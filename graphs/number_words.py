"""Numbers in words, English, Russian, Spanish and German: "twenty-two thousand", "двести тысяч", "treinta y dos", "dreihundertfünfzig"."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_COUNTED = 12
"""Words up to here count things in any prose ("two reasons") and are taken as numbers only where more is said."""


@dataclass(frozen=True)
class SpelledNumber:
    """A number in words where it stands in a text."""

    start: int
    end: int
    value: float
    percent: bool


@dataclass(frozen=True)
class _Language:
    """How a language writes numbers."""

    values: Mapping[str, int]
    """Words that are added, the hundreds among them where they are words of their own."""
    powers: Mapping[str, int]
    """Words by which what stands before them is multiplied."""
    run: re.Pattern[str]
    """A number from its first word to its last."""
    words: re.Pattern[str]
    """The words in it, and the parts of a word that is put together."""


def spelled_numbers(text: str) -> Iterator[SpelledNumber]:
    """The numbers in words, in the order of their places within a language; small ones only with a percent or more."""
    taken: list[tuple[int, int]] = []
    for language in _LANGUAGES:
        for match in language.run.finditer(text.replace("ё", "е")):
            start, end = match.span()
            if any(start < stop and begin < end for begin, stop in taken):
                continue
            written = match[0].removesuffix(match["percent"] or "")
            value = _value(language, written)
            if value > _COUNTED or match["percent"]:
                taken.append((start, end))
                yield SpelledNumber(start, end, float(value), bool(match["percent"]))


def _value(language: _Language, written: str) -> int:
    total = group = 0
    for word in language.words.findall(written.lower()):
        if word in language.values:
            group += language.values[word]
        elif language.powers[word] == 100:  # noqa: PLR2004  # a hundred stays within its group of thousands
            group = max(1, group) * 100
        else:
            total, group = total + max(1, group) * language.powers[word], 0
    return total + group


def _numbered(words: str, step: int = 1, first: int = 0) -> dict[str, int]:
    """Words by what they mean: the first means `first`, each next one `step` more; forms of one are joined by a stroke."""
    return {form: first + step * n for n, forms in enumerate(words.split()) for form in forms.split("|")}


def _powers(**forms: str) -> dict[str, int]:
    values = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
    return {form: values[name] for name, said in forms.items() for form in said.split("|")}


def _alternatives(words: Mapping[str, int]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


def _apart(values: Mapping[str, int], powers: Mapping[str, int], *, joint: str, percent: str) -> _Language:
    """A language whose numbers are words with `joint` between them."""
    word = _alternatives({**values, **powers})
    return _Language(
        values,
        powers,
        re.compile(rf"\b(?:{word})(?:(?:{joint})(?:{word}))*\b(?P<percent> (?:{percent})\b)?", re.IGNORECASE),
        re.compile(rf"\b(?:{word})\b"),
    )


def _english() -> _Language:
    values = _numbered(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen"
    ) | _numbered("twenty thirty forty fifty sixty seventy eighty ninety", 10, 20)
    powers = _powers(hundred="hundred", thousand="thousand", million="million", billion="billion")
    word, opening = _alternatives({**values, **powers}), _alternatives(values)
    return _Language(
        values,
        powers,
        re.compile(
            rf"\b(?:a (?:{_alternatives(powers)})|(?:{opening}))(?:(?:[ -]|[ ]and[ ])(?:{word}))*\b(?P<percent> (?:percent|per cent)\b)?",
            re.IGNORECASE,
        ),
        re.compile(rf"\b(?:{word})\b"),
    )


def _spanish() -> _Language:
    values = (
        _numbered(
            "cero uno|un|una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis|dieciseis "
            "diecisiete dieciocho diecinueve veinte veintiuno|veintiún veintidós|veintidos veintitrés|veintitres veinticuatro "
            "veinticinco veintiséis|veintiseis veintisiete veintiocho veintinueve"
        )
        | _numbered("treinta cuarenta cincuenta sesenta setenta ochenta noventa", 10, 30)
        | _numbered(
            "cien|ciento doscientos|doscientas trescientos|trescientas cuatrocientos|cuatrocientas quinientos|quinientas "
            "seiscientos|seiscientas setecientos|setecientas ochocientos|ochocientas novecientos|novecientas",
            100,
            100,
        )
    )
    powers = _powers(thousand="mil", million="millón|millones", billion="millardo|millardos")
    joint = r"(?<=nta) y (?=(?:uno|una?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve)\b)| "
    return _apart(values, powers, joint=joint, percent="por ciento")


def _russian() -> _Language:
    values = (
        _numbered(
            "ноль|нуля один|одна|одно два|две|двух три|трех четыре|четырех пять|пяти шесть|шести семь|семи восемь|восьми "
            "девять|девяти десять|десяти одиннадцать|одиннадцати двенадцать|двенадцати тринадцать|тринадцати "
            "четырнадцать|четырнадцати пятнадцать|пятнадцати шестнадцать|шестнадцати семнадцать|семнадцати "
            "восемнадцать|восемнадцати девятнадцать|девятнадцати"
        )
        | _numbered(
            "двадцать|двадцати тридцать|тридцати сорок|сорока пятьдесят|пятидесяти шестьдесят|шестидесяти семьдесят|семидесяти "
            "восемьдесят|восьмидесяти девяносто|девяноста",
            10,
            20,
        )
        | _numbered(
            "сто|ста двести|двухсот триста|трехсот четыреста|четырехсот пятьсот|пятисот шестьсот|шестисот семьсот|семисот "
            "восемьсот|восьмисот девятьсот|девятисот",
            100,
            100,
        )
    )
    powers = _powers(
        thousand="тысяча|тысячи|тысяч|тысячу",
        million="миллион|миллиона|миллионов",
        billion="миллиард|миллиарда|миллиардов",
    )
    return _apart(values, powers, joint=" ", percent=r"процент\w*")


def _german() -> _Language:
    units = _numbered(
        "null ein|eins|eine|einen zwei|zwo drei vier fünf sechs sieben acht neun zehn elf zwölf"
    )
    teens = _numbered("dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn", 1, 13)
    tens = _numbered("zwanzig dreißig|dreissig vierzig fünfzig sechzig siebzig achtzig neunzig", 10, 20)
    values = units | teens | tens
    powers = _powers(
        hundred="hundert", thousand="tausend", million="million|millionen", billion="milliarde|milliarden"
    )
    part = _alternatives({**values, **powers})
    whole = rf"(?:{part})(?:(?:und)?(?:{part}))*"
    return _Language(
        values,
        powers,
        re.compile(rf"\b{whole}(?: {whole})*\b(?P<percent> prozent\b)?", re.IGNORECASE),
        re.compile(part),
    )


_LANGUAGES = (_english(), _spanish(), _russian(), _german())
