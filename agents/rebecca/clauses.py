"""Reading clauses out of an English description: who does what to what, and what belongs to what."""

import re
from collections import Counter
from dataclasses import dataclass, field

from agents.rebecca.lexicon import VerbForm, is_human, is_organisation, takes, value, verb_form
from agents.rebecca.naming import is_plural, singular

_TOKEN = re.compile(r"'s\b|s'(?=\s)|[a-z][a-z-]*[a-z]|[a-z]|\d[\d.,:/]*|,|&")
_SEGMENT = re.compile(r"[.;:!?()\n\"“”„«»]|\s[-–—]\s")
_CONJUNCTIONS = frozenset(", and or & as-well-as plus then".split())
_DETERMINERS = frozenset(
    "a an the my our your his her its their this that these those some any each every all both no several many few "
    "another other such one two three four five six seven eight nine ten".split()
)
_PREPOSITIONS = frozenset(
    "of for in on at to from with by against per into onto about under over between among during before after until "
    "through via as within without near than like towards across along since upon behind".split()
)
_PRONOUNS = frozenset("i we you they he she it us them him who which that".split())
_OBJECTS = frozenset("them it him her these those".split())
_BE = frozenset("is are was were be been being get gets".split())
_MODALS = frozenset("can could may might must should shall will would do does did".split())
_BREAKS = frozenset(
    "where when if while because so but whether unless although though once how what why whose whenever wherever "
    "whom otherwise else not never".split()
)
_PARTICLES = frozenset("up off out in over down back away".split())
_WISHES = frozenset("want need wish like help let have able allow ask".split())
_LOOSE = frozenset(
    "new old available free own local low high lost broken urgent daily weekly monthly yearly annual hourly regular "
    "current past future next last first second single whole full empty big small large little good bad better best "
    "different various certain specific relevant due overdue missing important personal individual private public "
    "online digital simple easy special more most less least only also even too very just still already again "
    "often always sometimes usually now soon later today tomorrow directly quickly together nearby early late "
    "automatically incoming outgoing upcoming possible necessary suspicious there here please etc".split()
)
_TIMES = frozenset(
    "day week month year hour minute morning evening night season spring summer autumn winter weekend monday tuesday "
    "wednesday thursday friday saturday sunday time today noon midnight january february march april june july august "
    "september october november december advance".split()
)
_SOFTWARE = frozenset(
    "agent bot chatbot assistant system app application platform software api database db solution tool-use ai llm "
    "schema sql openapi spec prompt backend frontend website web chat".split()
)
_EMPTY_NOUNS = frozenset(
    "thing something anything everything nothing way kind sort lot people person someone somebody anyone everyone "
    "need help support use part end side idea case fact example detail information data business company budget "
    "language channel request-text world scratch order-of place stuff plenty".split()
)
_MEASURES = frozenset(
    "bag jar box crate bottle sack set pair piece bunch roll sheet batch list number type".split()
)
_COMPOUNDING = frozenset("sports goods sales news arms customs savings".split())
_LONGEST = 4


@dataclass(frozen=True)
class Clause:
    """One thing that is done. Nouns are singulars; `complements` are prepositions with their nouns."""

    verb: str
    object: str | None
    subject: str | None = None
    complements: tuple[tuple[str, str], ...] = ()
    ours: bool = False
    """Whether the business itself does it ("we repair clocks")."""


@dataclass
class Description:
    """What was read: the clauses in their order, and how often each noun phrase is named, in the order of the first mention."""

    clauses: list[Clause] = field(default_factory=list)
    nouns: Counter[str] = field(default_factory=Counter)
    parts: list[tuple[str, str]] = field(default_factory=list)
    """(part, whole) out of "X of Y" and "Y's X"."""


@dataclass(frozen=True)
class _Phrase:
    noun: str
    plural: bool
    determined: bool = False


def read_description(text: str) -> Description:
    """The clauses and nouns of a description in English. Both are empty for a text that has none."""
    found = Description()
    lower = text.lower().replace("’", "'")
    for segment in _SEGMENT.split(lower):
        _Segment(_TOKEN.findall(segment), found).read()
    return found


class _Segment:
    """One stretch of text between marks that end a thought."""

    def __init__(self, tokens: list[str], found: Description) -> None:
        self._tokens = tokens
        self._found = found
        self._subject: _Phrase | None = None
        self._subjects: tuple[_Phrase, ...] = ()
        self._person: _Phrase | None = None
        self._last: str | None = None
        self._active = False

    def read(self) -> None:
        """Walk through the tokens; what is no clause is skipped."""
        at = 0
        while at < len(self._tokens):
            at = max(self._step(at), at + 1)

    def _step(self, at: int) -> int:
        token = self._tokens[at]
        if token in _BREAKS:
            self._active = False
            self._subject = None
            return at + 1
        if token in {"who", "which", "that"}:
            if at and self._tokens[at - 1] not in _PREPOSITIONS and self._subjects:
                self._be_subject(self._subjects[-1])
            return self._verb_or_next(at + 1)
        if token in {"i", "we", "you", "they", "he", "she", "it"}:
            self._subject = (
                self._person
                if token in {"they", "he", "she"}
                else _Phrase("", plural=token not in {"it", "he", "she"})
            )
            self._active = True
            return self._verb_or_next(at + 1)
        if token in _MODALS:
            self._active = True
            return self._verb_or_next(at + 1)
        if token == "to" and self._is_form(at + 1, "base"):  # noqa: S105 - a word, no password
            return self._active_clause(at + 1)
        if token in _BE and self._subjects:
            return self._after_be(at + 1)
        if self._continues(at) or self._gerund(at):
            return self._active_clause(at)
        return self._nouns_then(at)

    def _verb_or_next(self, at: int) -> int:
        at = self._skip_adverbs(at)
        if at < len(self._tokens) and self._tokens[at] in _BE:
            return self._after_be(at + 1)
        if self._form(at) is not None and self._form(at).form in {"base", "third"}:  # type: ignore[union-attr]  # tested before
            return self._active_clause(at)
        return at

    def _continues(self, at: int) -> bool:
        """Whether a further verb of the same subject stands here: "trace ancestors, order certificates"."""
        form = self._form(at)
        before = self._tokens[at - 1] if at else "and"
        if form is None or before not in _CONJUNCTIONS or form.form not in {"base", "third"}:
            return False
        if at == 0:
            return form.form == "base" and self._starts_nouns(at + 1) and not is_plural(self._tokens[at])
        if not self._active or self._subject is None:
            joined = before == "," and form.form == "third" and at + 1 < len(self._tokens)
            return joined and (self._tokens[at + 1] in _DETERMINERS or is_plural(self._tokens[at + 1]))
        if self._subject.plural != (form.form == "base"):
            return False
        after = self._skip_adverbs(at + 1)
        ends = after >= len(self._tokens) or self._tokens[after] in _CONJUNCTIONS | _PREPOSITIONS | _OBJECTS
        if ends:
            return form.form == "base" or (after < len(self._tokens) and self._tokens[after] in _OBJECTS)
        if form.form == "third":
            return self._starts_nouns(after)
        return not self._finite_after_nouns(at)

    def _gerund(self, at: int) -> bool:
        form = self._form(at)
        if form is None or form.form != "ing" or not self._starts_nouns(at + 1):
            return False
        before = self._tokens[at - 1] if at else ""
        follows = self._tokens[at + 1]
        if before in {"for", "by", "when", "before", "after", "while", ""}:
            return follows in _DETERMINERS or is_plural(follows)
        return (before in {"and", ","} and self._active and follows in _DETERMINERS) or (
            self._person is not None and before == "people"
        )

    def _nouns_then(self, at: int) -> int:
        phrases, end = self._nouns(at)
        if not phrases:
            return at + 1
        for phrase in phrases:
            self._mention(phrase.noun)
        at = self._skip_adverbs(end)
        self._subjects = tuple(phrases)
        if at >= len(self._tokens):
            return at
        token = self._tokens[at]
        if token in _BE:
            return self._after_be(at + 1)
        if token in _MODALS:
            self._be_subject(phrases[-1])
            return self._verb_or_next(at + 1)
        if self._agrees(phrases[-1], at, adjacent=at == end):
            self._be_subject(phrases[-1])
            return self._active_clause(at)
        form = self._form(at)
        if form is not None and form.form == "past" and at == end:
            return self._passive(at)
        if (
            form is not None
            and form.form == "ing"
            and is_human(phrases[-1].noun)
            and self._starts_nouns(at + 1)
        ):
            self._be_subject(phrases[-1])
            return self._active_clause(at)
        return at

    def _be_subject(self, phrase: _Phrase) -> None:
        self._subject = phrase
        self._active = True
        if is_human(phrase.noun) or is_organisation(phrase.noun):
            self._person = phrase

    def _agrees(self, phrase: _Phrase, at: int, *, adjacent: bool) -> bool:
        """Whether a finite verb of this subject stands here; behind a plural any word may be one."""
        form = self._form(at)
        token = self._tokens[at]
        if phrase.plural:
            if form is not None:
                return form.form == "base"
            known = token not in _PREPOSITIONS | _CONJUNCTIONS | _LOOSE | _DETERMINERS | _PRONOUNS | _BREAKS
            content = (
                token[0].isalpha() and not token.startswith("'") and not token.endswith(("ed", "ly", "ing"))
            )
            return adjacent and known and content and not is_plural(token) and self._starts_nouns(at + 1)
        if form is None or form.form != "third":
            return False
        after = self._skip_adverbs(at + 1)
        return (
            self._starts_nouns(after)
            or (after < len(self._tokens) and self._tokens[after] in _PREPOSITIONS)
            or is_human(phrase.noun)
        )

    def _after_be(self, at: int) -> int:
        at = self._skip_adverbs(at)
        while at < len(self._tokens) and self._tokens[at] in _BE | {"not", "to"}:
            at = self._skip_adverbs(at + 1)
        form = self._form(at)
        if form is not None and form.form == "past":
            return self._passive(at)
        if at < len(self._tokens) and self._tokens[at].endswith("ed") and len(self._tokens[at]) > _LONGEST:
            return self._passive(at)
        self._active = False
        return at

    def _passive(self, at: int) -> int:
        verbs, at = self._participles(at)
        complements, at = self._complements(at)
        by = next((noun for name, noun in complements if name == "by"), None)
        rest = tuple(item for item in complements if item[0] != "by")
        for phrase in self._subjects:
            for verb in verbs:
                self._add(verb, phrase.noun, by, rest)
        self._active = False
        return at

    def _participles(self, at: int) -> tuple[list[str], int]:
        verbs = []
        while at < len(self._tokens):
            form = self._form(at)
            token = self._tokens[at]
            if form is not None and form.form == "past":
                verb = form.base
            elif token.endswith("ed"):
                verb = _base_of(token)
            else:
                break
            at += 1
            if (
                at < len(self._tokens) and self._tokens[at] in _PARTICLES and not self._starts_nouns(at + 1)
            ) or (at < len(self._tokens) and self._tokens[at] in {"up", "off", "out", "over", "back"}):
                verb, at = f"{verb} {self._tokens[at]}", at + 1
            verbs.append(verb)
            after = at
            while after < len(self._tokens) and self._tokens[after] in _CONJUNCTIONS:
                after += 1
            again = self._form(after)
            if after == at or again is None or again.form != "past" or self._starts_nouns(after + 1):
                break
            at = after
        return verbs, at

    def _active_clause(self, at: int) -> int:
        verbs, at = self._verbs(at)
        if verbs[-1] in _WISHES and at < len(self._tokens) and self._tokens[at] == "to":
            return at
        objects: list[_Phrase] = []
        at = start = self._skip_adverbs(at)
        if at < len(self._tokens) and self._tokens[at] in _OBJECTS and not self._starts_nouns(at + 1):
            objects = [_Phrase(self._last, plural=False)] if self._last else []
            at += 1
        else:
            objects, at = self._object_nouns(at)
        behind = None
        if not objects and at < len(self._tokens) and takes(verbs[-1], self._tokens[at]):
            behind = self._tokens[at]
            objects, at = self._object_nouns(at + 1)
        listed = "," in self._tokens[start:at]
        complements, at = self._complements(at)
        subject = self._subject.noun if self._subject and self._subject.noun else None
        objects = objects or ([_Phrase(self._last, plural=False)] if self._last else [])
        for verb in verbs:
            named = f"{verb} {behind}" if behind else verb
            for phrase in objects:
                theirs = complements if not listed or phrase is objects[-1] else ()
                self._add(named, phrase.noun, subject, theirs)
        self._active = True
        return at

    def _verbs(self, at: int) -> tuple[list[str], int]:
        verbs = []
        while True:
            form = self._form(at)
            verb = form.base if form else _base_of(self._tokens[at])
            at += 1
            if at < len(self._tokens) and self._tokens[at] in _PARTICLES:
                off = self._tokens[at] in {"up", "off", "out", "over", "back"}
                if off or not self._starts_nouns(at + 1):
                    verb, at = f"{verb} {self._tokens[at]}", at + 1
            verbs.append(verb)
            after = at
            while after < len(self._tokens) and self._tokens[after] in {"and", "or", ","}:
                after += 1
            again = self._form(after)
            joined = after > at and again is not None and form is not None and again.form == form.form
            if not joined or (again and again.form == "third" and not self._starts_nouns(after + 1)):
                return verbs, at
            if self._finite_after_nouns(after):
                return verbs, at
            at = after

    def _object_nouns(self, at: int) -> tuple[list[_Phrase], int]:
        phrases, end = self._nouns(at)
        for phrase in phrases:
            self._mention(phrase.noun)
        return phrases, end

    def _complements(self, at: int) -> tuple[tuple[tuple[str, str], ...], int]:
        found: list[tuple[str, str]] = []
        while True:
            at = self._skip_adverbs(at)
            if at >= len(self._tokens) or self._tokens[at] not in _PREPOSITIONS:
                break
            if self._tokens[at] == "to" and self._is_form(at + 1, "base") and not self._starts_nouns(at + 2):
                break
            if self._gerund(at + 1):
                break
            phrases, end = self._nouns(at + 1, joined_by=frozenset({"and", "or", "&"}))
            if not phrases:
                at += 1
                break
            for phrase in phrases:
                self._mention(phrase.noun, last=False)
                found.append((self._tokens[at], phrase.noun))
            at = end
        return tuple(found), at

    def _add(
        self, verb: str, noun: str, subject: str | None, complements: tuple[tuple[str, str], ...]
    ) -> None:
        noun = noun or ""
        clause = Clause(
            verb=verb, object=noun or None, subject=subject, complements=complements,
            ours=self._active and self._subject is not None and not self._subject.noun,
        )  # fmt: skip
        if clause not in self._found.clauses:
            self._found.clauses.append(clause)

    def _mention(self, noun: str, *, last: bool = True) -> None:
        self._found.nouns[noun] += 1
        if last and not is_human(noun) and value(noun) is None:
            self._last = noun

    def _nouns(self, at: int, joined_by: frozenset[str] = _CONJUNCTIONS) -> tuple[list[_Phrase], int]:
        """A list of noun phrases; it ends before one that is the subject of another clause."""
        phrases: list[_Phrase] = []
        end = at
        while True:
            phrase, after = self._phrase(at)
            if phrase is None:
                return phrases, end
            if phrases and self._has_verb(phrase, after):
                return phrases, end
            phrases.append(phrase)
            end = after
            at = after
            while at < len(self._tokens) and self._tokens[at] in joined_by:
                at += 1
            if (
                at == after
                or self._continues(at)
                or (at < len(self._tokens) and self._tokens[at] in _PRONOUNS)
            ):
                return phrases, end

    def _has_verb(self, phrase: _Phrase, at: int) -> bool:
        after = self._skip_adverbs(at)
        if after >= len(self._tokens):
            return False
        if self._tokens[after] in _BE | _MODALS:
            return True
        return self._agrees(phrase, after, adjacent=after == at)

    def _finite_after_nouns(self, at: int) -> bool:
        phrase, end = self._phrase(at)
        return phrase is not None and end < len(self._tokens) and self._has_verb(phrase, end)

    def _phrase(self, at: int) -> tuple[_Phrase | None, int]:
        """A noun phrase with its "of" and its possessive; None where none starts."""
        words, end, determined = self._words(at)
        if not words:
            return None, at
        plural = is_plural(words[-1])
        noun = singular(" ".join(words))
        while end < len(self._tokens) and self._tokens[end] in {"'s", "s'"}:
            owned, after, _ = self._words(end + 1)
            if not owned:
                end += 1
                break
            self._found.nouns.setdefault(noun, 1)
            whole, noun, plural, end = noun, singular(" ".join(owned)), is_plural(owned[-1]), after
            self._found.parts.append((noun, whole))
        if end < len(self._tokens) and self._tokens[end] == "of":
            inner, after, _ = self._words(end + 1)
            whole = singular(" ".join(inner))
            if inner and not is_plural(inner[-1]) and noun.rpartition(" ")[2] in _MEASURES:
                end = after
            elif inner and whole.rpartition(" ")[2] not in _SOFTWARE | _EMPTY_NOUNS | _TIMES:
                self._found.parts.append((noun, whole))
                self._found.nouns.setdefault(noun, 1)
                self._found.nouns[whole] += 1
                end = after
        spelled = " ".join(words)
        if value(spelled) is not None and value(noun) is None:
            noun = spelled  # "hours" are a value, and an hour is none
        elif noun.rpartition(" ")[2] in _SOFTWARE | _TIMES or noun in _EMPTY_NOUNS:
            return None, end if end > at + 1 else at
        return _Phrase(noun, plural, determined), end

    def _words(self, at: int) -> tuple[list[str], int, bool]:
        start = at
        determined = False
        while at < len(self._tokens) and (
            self._tokens[at] in _DETERMINERS | _LOOSE or self._tokens[at][0].isdigit()
        ):
            determined = determined or self._tokens[at] in _DETERMINERS
            at += 1
        words: list[str] = []
        while at < len(self._tokens) and len(words) < _LONGEST and self._is_content(at):
            token = self._tokens[at]
            if words and (self._ends_before(words, at) or token in _LOOSE):
                break
            form = self._form(at)
            participle = token.endswith("ed") and (form is None or form.form == "past")
            if not words and participle and at + 1 < len(self._tokens) and self._is_content(at + 1):
                at += 1
                continue
            words.append(token)
            at += 1
        return (words, at, determined) if words else ([], start, False)

    def _ends_before(self, words: list[str], at: int) -> bool:
        """Whether the phrase is over before this word, which is then a verb."""
        if is_plural(words[-1]) and words[-1] not in _COMPOUNDING:
            return True
        form = self._form(at)
        if form is None:
            return False
        if form.form == "third":
            known = is_human(" ".join(words)) or is_organisation(words[-1]) or self._determined(at, words)
            after = self._skip_adverbs(at + 1)
            return known and self._starts_nouns(after)
        if form.form == "past":
            return True
        return form.form == "ing" and is_human(words[-1]) and self._starts_nouns(at + 1)

    def _determined(self, at: int, words: list[str]) -> bool:
        before = at - len(words) - 1
        return before >= 0 and self._tokens[before] in {"each", "every", "the", "a", "an", "one"}

    def _is_content(self, at: int) -> bool:
        token = self._tokens[at]
        return (
            token[0].isalpha()
            and len(token) > 1
            and token
            not in _PREPOSITIONS | _CONJUNCTIONS | _PRONOUNS | _BE | _MODALS | _BREAKS | _DETERMINERS
            and not (
                token.endswith("ly")
                and token not in {"assembly", "family", "supply", "reply", "anomaly", "fly"}
            )
            and token not in _PARTICLES
        )

    def _starts_nouns(self, at: int) -> bool:
        if at >= len(self._tokens):
            return False
        token = self._tokens[at]
        return (
            token in _DETERMINERS
            or token[0].isdigit()
            or (self._is_content(at) and token not in _LOOSE - {"new"})
        )

    def _skip_adverbs(self, at: int) -> int:
        while at < len(self._tokens) and (
            (
                self._tokens[at].endswith("ly")
                and self._tokens[at] not in {"supply", "reply", "fly", "apply", "family", "assembly"}
            )
            or self._tokens[at]
            in {"also", "then", "often", "always", "only", "just", "again", "twice", "once", "sometimes"}
        ):
            at += 1
        return at

    def _form(self, at: int) -> VerbForm | None:
        return verb_form(self._tokens[at]) if at < len(self._tokens) else None

    def _is_form(self, at: int, name: str) -> bool:
        form = self._form(at)
        return form is not None and form.form == name


def _base_of(word: str) -> str:
    """A guess at the base form of a verb that the lexicon lacks."""
    if word.endswith("ied"):
        return f"{word[:-3]}y"
    for ending in ("ed", "ing"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            stem = word.removesuffix(ending)
            if re.search(r"([bdgmnprt])\1$", stem):
                return stem[:-1]
            return (
                f"{stem}e"
                if re.search(r"(?:[^aeiou][aeiou][cgsvz]|[aeiou]t|u[rl]|[^aeiou]l)$", stem)
                else stem
            )
    return word
