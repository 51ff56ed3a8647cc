"""The words of a language that statements are made of, and what of a statement's words is taken over into English."""

import functools
import re
import tomllib
import unicodedata
from collections.abc import Callable
from importlib import resources
from typing import Any, Final  # TOML

from memory.consolidation.extraction.classes import class_of
from memory.consolidation.extraction.inflection import lemmas, nominative

LANGUAGES: Final = ("de", "es", "ru")
_ENDS: Final = r"(?![\w])"
_PHRASE: Final = r"(?:[^,.;:!?()—–¶]|\.(?=\w)){1,60}?"
_LIST: Final = r"(?:[^.;:!?()—–¶]|\.(?=\w)){1,90}?"
_PROPER: Final = r"(?-i:[A-ZА-Я][\w'’&.-]*(?: (?:(?:de la|de los|de|del|la|las|los|van|von|am|an der) )?[A-ZА-Я][\w'’&.-]*){0,3})"
_PRODUCT: Final = r"(?-i:[A-Z0-9][\w.+#-]*(?: [A-Z0-9][\w.+#-]*){0,2}|[a-z][\w+#-]*)"
_WORDS: Final = r"[^\W\d_][\w-]*(?: [^\W\d_][\w-]*){0,2}"
_LOWER: Final = r"(?-i:[А-Яа-я][а-я-]*(?: [а-я][а-я-]*){0,2})"
_PATTERNS: Final = {
    "name": _PROPER,
    "place": _PROPER,
    "employer": _PROPER,
    "thing": _PHRASE,
    "other": _PHRASE,
    "choice": _PHRASE,
    "things": _LIST,
    "product": _PRODUCT,
    "job": _WORDS,
    "reason": r"(?:[^.;!?¶]|\.(?=\w))+",
    "rest": r"(?:[^.;!?¶]|\.(?=\w))+",
    "amount": r"\d[\d.,]*",
    "year": r"(?:19|20)\d\d(?!\d)",
}
"""Of words that may be of a kind, where that is the same in all languages."""
_THOUSANDS: Final = re.compile(r"^\d{1,3}(?:\.\d{3})+$")
_COMPOUND: Final = 6
"""Letters of a German word that may stand at the end of another and then says what it is."""
_MOST_WORDS: Final = 5
_DENIED_BEHIND: Final = re.compile(r"\b(?:nicht|nie|kaum)\b", re.IGNORECASE)
_TERMS_OF_THINGS: Final = ("thing", "owned", "relatives", "asset")


def _toml(package: str, folder: str, name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(package).joinpath(folder, f"{name}.toml").read_text("utf-8"))


# Read with the module, as code is: the first message must not wait for files in the event loop.
_DATA: Final = {
    name: _toml("memory.consolidation.extraction", "languages", name) for name in (*LANGUAGES, "terms")
}
_TIMES: Final = {name: _toml("memory.recall", "times", name) for name in LANGUAGES}


class Taken(str):
    """Words of the original that are taken over as they stand; all others are English."""

    __slots__ = ()


class Vocabulary:
    """What things are called in one language, by what kind of thing they are."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.data = _DATA[language]
        self.month_forms = {
            form: number
            for number, forms in enumerate(_TIMES[language]["months"], 1)
            for form in forms.split()
        }
        self.months = {folded(form): number for form, number in self.month_forms.items()}
        self.marks = frozenset(folded(self.data["marks"]).split())
        at = LANGUAGES.index(language)
        self.terms: dict[str, dict[str, str]] = {
            group: {
                self._key(form.strip()): english
                for english, forms in rows.items()
                for form in forms[at].split(",")
            }
            for group, rows in _DATA["terms"].items()
        }
        """By kind of thing the forms of its words, folded, with what they are in English."""
        self._cut = re.compile(self.data["cut"], re.IGNORECASE)
        self._joined = re.compile(self.data["joined"], re.IGNORECASE)
        self._articles = re.compile(rf"^(?:{self.data['articles']}\s+)+", re.IGNORECASE)
        self._trailing = re.compile(rf"(?:\s+{self.data['trailing']})+$", re.IGNORECASE)
        self._vague = re.compile(rf"^{self.data['vague']}(?!\w)", re.IGNORECASE)
        self._adjective = re.compile(self.data["adjective"])
        self._no_names = frozenset(map(folded, self.data["no_names"].split()))
        self._no_places = frozenset(map(folded, self.data["no_places"].split()))
        self._readers: dict[str, Callable[[str], str | None]] = {
            "name": self._name,
            "place": self._place,
            "employer": self._place,
            "age": self._number,
            "count": self._number,
            "year": str,
            "amount": _amount,
            "asset": lambda words: (
                words if words.isupper() and words.isascii() else self.term("asset", words)
            ),
            "date": self._date,
            "languages": self._spoken,
            "job": functools.partial(self._job, known=False),
            "known_job": functools.partial(self._job, known=True),
            "things": self._things,
            "thing": self._thing,
            "other": self._thing,
            "choice": self._thing,
            "product": self._product,
            "skill": lambda words: self.term("language", words) or self._product(words),
            "relation": lambda words: self.terms["relation"].get(self._key(words)),
            "animal": lambda words: self.terms["animal"].get(self._key(words)),
            "allergen": functools.partial(self.term, "thing"),
            "reason": lambda words: Taken(words.strip(" ,")),
            "rest": lambda words: Taken(words.strip(" ,")),
        }

    def pattern(self, kind: str) -> str:
        """The pattern, over folded text, of words that may be of a kind."""
        if kind in _PATTERNS:
            return _PATTERNS[kind]
        match kind:
            case "age" | "count":
                return rf"(?:\d{{1,3}}(?![.,]?\d)|{self._any('number')}){_ENDS}"
            case "skill":
                return rf"(?:{self._any('language')}|{_PRODUCT})"
            case "asset":
                return rf"(?:(?-i:[A-Z]{{2,6}})|{self._any('asset')})"
            case "allergen":
                return self._any("thing")
            case "known_job":
                return self._jobs()
            case "date" | "languages":
                return self._dates() if kind == "date" else self._languages()
        return f"{self._any(kind)}{_ENDS}"

    def _dates(self) -> str:
        months = "|".join(sorted(map(re.escape, self.months), key=len, reverse=True))
        named = rf"\d{{1,2}}\.?(?: de)? (?:{months}){_ENDS}(?:(?: del?)? \d{{4}})?"
        return rf"(?:{named}|\d{{1,2}}[./]\d{{1,2}}(?:[./](?:\d{{4}}|\d\d))?)"

    def _languages(self) -> str:
        one, joint = self._any("language"), self.data["and_then"]
        return rf"(?:{one}(?:(?:,? {joint} |, )(?:{self.data['somewhat']} )?{one})*)"

    def read(self, kind: str, words: str) -> str | None:
        """What the words are in English, or the words themselves as `Taken`; None where they are not of the kind."""
        reader = self._readers.get(kind)
        return reader(words) if reader else self.term(kind, words)

    def term(self, group: str, words: str) -> str | None:
        """What the words, or the most of them from the first on, are in English; None where none of them are known."""
        said = words.split()
        for length in range(len(said), 0, -1):
            if english := self.terms[group].get(self._key(" ".join(said[:length]))):
                return english
        return None

    def _key(self, form: str) -> str:
        return folded(lemmas(form) if self.language == "ru" else form).casefold()

    def _any(self, group: str) -> str:
        """A pattern of the forms of a group; Russian ones have too many, so that any words are looked at."""
        if self.language == "ru":
            return _LOWER
        return f"(?:{'|'.join(sorted(map(re.escape, self.terms[group]), key=len, reverse=True))})"

    def _jobs(self) -> str:
        if self.language != "de":
            return f"{self._any('job')}{_ENDS}"
        long = [re.escape(form) for form in self.terms["job"] if len(form) >= _COMPOUND]
        return rf"(?:(?-i:{folded(self.data['adjective'])}) )?(?:{self._any('job')}|(?-i:[A-Z])[\w-]{{2,}}(?:{'|'.join(sorted(long, key=len, reverse=True))})){_ENDS}"

    def _job(self, words: str, *, known: bool) -> str | None:
        said = words.split()
        for first, word in enumerate(said):
            if english := self.term("job", " ".join(said[first:])):
                exact = first == 0 or self.language == "es"
                return english if exact else Taken(f"{english} ({' '.join(said[: first + 1])})")
            if english := self._ending(word):
                return Taken(f"{english} ({' '.join(said[: first + 1])})")
            if not self._adjective.fullmatch(word):
                break
        return None if known or self._vague.match(words) else Taken(said[0])

    def _ending(self, word: str) -> str | None:
        """What a compound is by the word at its end."""
        if self.language != "de":
            return None
        key = self._key(word)
        fits = [form for form in self.terms["job"] if len(form) >= _COMPOUND and key.endswith(form)]
        return self.terms["job"][max(fits, key=len)] if fits else None

    def _name(self, words: str) -> str | None:
        kept = words.strip(" .,'’")
        return None if self._starts(kept, self._no_names) or self.term("job", kept) else Taken(kept)

    def _place(self, words: str) -> str | None:
        kept = words.strip(" .,'’")
        if self._starts(kept, self._no_places):
            return None
        return Taken(self.term("place", kept) or (nominative(kept) if self.language == "ru" else kept))

    def _starts(self, words: str, others: frozenset[str]) -> bool:
        """Whether the words are none, or begin with one of the others."""
        return not words or folded(words).casefold().split()[0] in others

    def _number(self, words: str) -> str | None:
        return words if words.isdigit() else self.term("number", words)

    def _spoken(self, words: str) -> str | None:
        found = [self.term("language", part) for part in re.split(r"[,\s]+", words)]
        return " and ".join(filter(None, found)) or None

    def _product(self, words: str) -> str | None:
        kept = words.strip(" .,'’")
        if self._vague.match(kept) or not (kept[:1].isupper() or kept[:1].isdigit() or class_of(kept)):
            return None
        return kept if class_of(kept) else Taken(kept)

    def _things(self, words: str) -> str | None:
        found = []
        for part in self._joined.split(self._cut.sub("", f" {words}").strip()):
            one = self._thing(part)
            if one is None:
                break
            found.append(one)
        return SEVERAL.join(f"\0{one}" if isinstance(one, Taken) else one for one in found) or None

    def _thing(self, words: str) -> str | None:
        said = self._cut.sub("", f" {words}").strip(" ,'’")
        if self.language == "de" and _DENIED_BEHIND.search(said):  # "ich liebe Jazz nicht"
            return None
        kept = self._trailing.sub("", said)
        bare = self._articles.sub("", kept)
        if not bare or len(bare.split()) > _MOST_WORDS or self._vague.match(bare):
            return None
        for group in _TERMS_OF_THINGS:
            if english := self.terms[group].get(self._key(bare)) or self.terms[group].get(self._key(kept)):
                return english
        if class_of(bare):
            return bare
        return Taken(nominative(bare) if self.language == "ru" and len(bare.split()) == 1 else bare)

    def _date(self, words: str) -> str | None:
        numbers = re.findall(r"\d+", words)
        month = next(
            (
                n
                for name, n in self.months.items()
                if re.search(rf"(?<!\w){name}(?!\w)", folded(words), re.IGNORECASE)
            ),
            None,
        )
        if month is None:
            if len(numbers) < 2 or not 1 <= int(numbers[1]) <= len(_MONTHS):  # noqa: PLR2004  # day and month
                return None
            month = int(numbers.pop(1))
        year = f" {numbers[1]}" if len(numbers) > 1 and len(numbers[1]) == 4 else ""  # noqa: PLR2004
        return f"{int(numbers[0])} {_MONTHS[month - 1]}{year}"


SEVERAL: Final = "\1"
"""Stands between the members of a list that was read; before a member that is `Taken` stands a NUL."""
_MONTHS: Final = (
    "January February March April May June July August September October November December".split()
)


@functools.cache
def vocabulary(language: str) -> Vocabulary:
    """The words of `de`, `es` or `ru`."""
    return Vocabulary(language)


def folded(text: str) -> str:
    """The text without the accents of its letters, each of which stays in its place."""
    return text if text.isascii() else "".join(map(_bare, text))


@functools.lru_cache(512)
def _bare(letter: str) -> str:
    if letter in "йЙ" or letter.isascii():
        return letter
    return unicodedata.normalize("NFKD", letter)[0] if letter.isalpha() else letter


def _amount(words: str) -> str:
    """A number with a decimal point and without signs between thousands."""
    kept = words.rstrip(".,")
    if _THOUSANDS.match(kept):
        return kept.replace(".", "")
    return kept.replace(".", "").replace(",", ".") if "," in kept else kept
