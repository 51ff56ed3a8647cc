"""The quotable units of a passage: sentences and short lists, without filler, sources, links and fragments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from models.chat.extractive.words import content_stems, sentences

_OPENING = re.compile(
    r"^(?:certainly|sure(?: thing)?|absolutely|of course|great question|good question|okay|ok)\b[!,.]?\s*",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"^(?:here(?:'s| is| are)\b|below (?:is|are)\b|let me know\b|feel free\b|i hope\b|i(?:'d| would) be happy\b|please (?:note that i|let me)\b"
    r"|based on the (?:search|provided|information|available)\b|according to the (?:search|provided)\b|the (?:search results|provided)\b"
    r"|this (?:comprehensive |detailed )?(?:overview|guide|article|section|summary)\b|in this (?:overview|guide|article|section|summary)\b"
    r"|the (?:information|overview) (?:above|below|provided)\b|(?:in|to) (?:conclusion|summary|summarize|sum up)\b[^,]{0,3}$"
    r"|the key (?:points|takeaways|aspects|information|sources|findings)\b|(?:some |the )?(?:key |main )?(?:sources|references)\b"
    r"|unfortunately, (?:the|i)\b|i (?:could|was|have|do|did|am|can|will)\b|i'(?:ll|ve|m)\b|as an ai\b|would you like\b|do you (?:want|have)\b"
    r"|if you (?:have|need|would like|want) (?:any|more|further|me)\b|[^.]{0,60}\bthe key (?:information|points|aspects|details) (?:about|on)\b)",
    re.IGNORECASE,
)
_SOURCES = re.compile(
    r"^\W*(?:key |main |additional )?(?:sources?|references?|citations?|further reading|bibliography)(?: cited| used)?\W*$",
    re.IGNORECASE,
)
_SOURCE_LINE = re.compile(r"^\W*(?:sources?|references?)\s?:", re.IGNORECASE)
_LINK = re.compile(r"https?://|www\.|^\[\d+\]:|\]\(", re.IGNORECASE)
_BULLET = re.compile(r"^\s{0,40}(?:[-*\u2022\u2013\u25cf\u25aa+]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s+(?=\S)")
_HASHES = re.compile(r"^#{1,6}\s+")
_BOLD = re.compile(r"\*\*(?=\S)([^*\n]{1,300}?)(?<=\S)\*\*")
_UNDERLINED = re.compile(r"(?<!\w)__(?=\S)([^_\n]{1,300}?)(?<=\S)__(?!\w)")
_ITALIC = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]{1,300}?)(?<=[^\s*])\*(?![\w*])")
_LABEL = re.compile(
    r"^(?:description|definition|insights?|overview|answer|note|summary|explanation)\s?:\s+(?=\S)",
    re.IGNORECASE,
)
_MARKS = re.compile(r"\s?\[\d{1,3}(?:,\s?\d{1,3})*\]")
_CONNECTIVE = re.compile(
    r"^it(?:'s| is) (?:(?:important|crucial|essential) to (?:note|remember|mention)|worth noting) that,?\s+|"
    r"^(?:additionally|furthermore|moreover|in addition|besides|also|overall|in summary|to summarize|in conclusion|in short|finally|"
    r"importantly|notably|similarly|likewise|second(?:ly)?|third(?:ly)?|first(?:ly)?|lastly|however|nevertheless|nonetheless|"
    r"in general|generally speaking|meanwhile|on the other hand|conversely|in contrast|in essence|essentially|basically),\s+",
    re.IGNORECASE,
)
_LEANS = re.compile(
    r"^(?:it|its|it's|they|their|them|this|that|these|those|such|he|she|his|her|both|the (?:former|latter|same|other|two|above|following)|"
    r"for (?:example|instance|this reason)|e\.g\.|therefore|thus|hence|consequently|accordingly|as a result|as such|so|then|"
    r"by (?:doing so|this)|in (?:this|that|these|such|either|both) (?:case|cases|way|sense|situations?|context|scenario)|"
    r"here|there|otherwise|instead|one|another|others|some (?:of|are)|each|only then|but|and|or|yet|again|if so|if not|when (?:this|it|that)|"
    r"while (?:this|it|that|these)|because of (?:this|that)|due to (?:this|that)|after (?:this|that)|at (?:this|that) (?:point|time))\b(?! (?:is|are|exist) (?:no|a|an|many|several|two|three|four)\b)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"(?!(?:if|when|once|where|after|as soon as|first)\b)(?:[\w'-]+ ){1,4}(?:then\b|of (?:that|this|these|those) \w)",
    re.IGNORECASE,
)
"""What then happens goes on with what was said, and so does what is told of that thing."""
_SUBJECTLESS = re.compile(
    r"^(?:suggested|found|showed|shows|proposed|proposes|argued|argues|concluded|examined|examines|analyzed|analyzes|discusses|discussed|"
    r"(?:developed|introduced|studied|estimated|observed|identified|applied|tested|compared|conducted|offered) (?:a|an|the|that|how)|"
    r"provides|provided|explores|explored|investigated|demonstrated|reported|highlights|highlighted|covers|includes|presents)\b",
    re.IGNORECASE,
)
"""An entry of a list of studies, whose subject stands in its heading."""
_STANDS = re.compile(
    r"^(?:both [a-z]+ and|each [a-z]+ (?:of|in|on)|there (?:is|are)|one of|such as|another (?:way|use))\b",
    re.IGNORECASE,
)
_GENERIC_HEADING = re.compile(
    r"^\W*(?:key (?:points?|takeaways?|aspects?|features?|insights?|findings?)|overview|introduction|conclusion|summary|background|answer|"
    r"definition|explanation|details?|notes?|examples?)\W*$",
    re.IGNORECASE,
)
_ENDS = (".", "!", "?", '."', ".)", ".”", "…")
_FEWEST_WORDS = 5
_WHOLE_ITEM = 8
_LONGEST_HEADING = 14
_MOST_CHARACTERS = 420
_MOST_ITEMS = 6
_MOST_LIST_WORDS = 90
_LONG_PASSAGE = 500
_LONG_WORD = 3
_LONGEST_TITLE = 18
_MOST = 0.7


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, or a list with its lead-in, that may be quoted by itself."""

    text: str
    """The sentence; of a list its lead-in, empty where there is none."""
    alone: str
    """The sentence without the word that ties it to the one before ("Additionally,")."""
    items: tuple[str, ...]
    """The items of a list; empty for a sentence."""
    stems: frozenset[str]
    opening: tuple[str, ...]
    """The content stems of its first words."""
    words: int
    position: int
    """Its place in the passage, from 0."""
    heading: frozenset[str]
    """The stems of the heading it stands under."""
    leans: bool
    """It refers to what stands before it, and can be understood only after that."""
    follows: bool
    """The unit before it stands in the same paragraph or under the same heading."""


@dataclass(slots=True)
class _Line:
    text: str
    bullet: bool
    indent: int
    heading: bool


@lru_cache(maxsize=2_000)
def quotable_units(text: str) -> tuple[Unit, ...]:
    """The units of a passage in order. Headings, links, source lists, fillers and fragments are left out."""
    lines = list(_lines(text))
    if lines and len(text) > _LONG_PASSAGE and not lines[-1].text.endswith(_ENDS) and not lines[-1].heading:
        lines = _without_cut_end(lines)
    units: list[Unit] = []
    heading = ""
    items: list[str] = []
    broken = True
    for line in lines:
        fragment = line.bullet and not line.heading and _is_fragment(line.text)
        if items and not fragment:
            _add_list(units, heading, items)
            items, broken = [], False
        if line.heading:
            heading, broken = line.text.rstrip(":").strip(), True
        elif fragment:
            items.append(line.text)
        else:
            for sentence in sentences(line.text):
                broken = not _add_sentence(units, sentence, heading, follows=not broken)
    _add_list(units, heading, items)
    return tuple(units)


def _lines(text: str) -> Iterator[_Line]:
    """The lines that say something, stripped of marks; nothing after the sources."""
    for raw in text.splitlines():
        if _SOURCES.match(raw):
            return
        if not raw.strip() or _LINK.search(raw) or _SOURCE_LINE.match(raw):
            continue
        bullet = _BULLET.match(raw)
        hashes = _HASHES.match(raw.strip())
        body = _HASHES.sub("", raw[bullet.end() :] if bullet else raw.strip())
        line = _ITALIC.sub(r"\1", _UNDERLINED.sub(r"\1", _BOLD.sub(r"\1", body))).strip()
        line = _LABEL.sub("", _OPENING.sub("", _MARKS.sub("", line))).strip()
        if not line or set(line) <= set("-=_*#~ |"):
            continue
        indent = len(raw) - len(raw.lstrip())
        heading = bool(hashes) or _is_heading(line, bullet=bullet is not None)
        yield _Line(line, bullet is not None, indent, heading)


def _is_heading(line: str, *, bullet: bool) -> bool:
    if line.endswith(":"):
        return True
    if line.endswith("?"):
        return len(line.split()) <= _LONGEST_HEADING
    if bullet or line.endswith(_ENDS):
        return False
    return len(line.split()) < _FEWEST_WORDS or _is_title(line)


def _is_title(line: str) -> bool:
    """Whether the line is written as a title: short, most of its long words with a capital."""
    long_words = [word for word in line.split() if len(word) > _LONG_WORD]
    capitals = sum(1 for word in long_words if word[0].isupper() or not word[0].isalpha())
    return len(line.split()) <= _LONGEST_TITLE and capitals >= _MOST * len(long_words)


def _without_cut_end(lines: list[_Line]) -> list[_Line]:
    """A long passage that ends in the middle of a sentence was cut there."""
    whole = sentences(lines[-1].text)[:-1]
    kept = lines[:-1]
    if whole:
        kept.append(_Line(" ".join(whole), lines[-1].bullet, lines[-1].indent, heading=False))
    return kept


def _is_fragment(text: str) -> bool:
    """Whether a list item is less than a sentence: "Upper channel: the highest high"."""
    if not text.endswith((".", "!")):
        return True
    return len(text.split()) < _WHOLE_ITEM


def _add_sentence(units: list[Unit], sentence: str, heading: str, *, follows: bool) -> bool:
    """Add the sentence if it can be quoted; whether it was added."""
    said = sentence.strip()
    if _FILLER.match(said) or said.endswith(("?", ":")):
        return False
    bare = _CONNECTIVE.sub("", said, count=1)
    if _SUBJECTLESS.match(bare):
        return False
    count = len(said.split())
    if count < _FEWEST_WORDS or len(said) > _MOST_CHARACTERS or not any(c.isalpha() for c in said):
        return False
    if said[:1].islower() and not follows and not said.endswith("."):
        return False
    leans = (_LEANS.match(bare) or _GOES_ON.match(bare)) is not None and _STANDS.match(bare) is None
    alone = bare[:1].upper() + bare[1:]
    units.append(_unit(units, said, (), heading, alone=alone, leans=leans, follows=follows, count=count))
    return True


def _add_list(units: list[Unit], heading: str, items: list[str]) -> None:
    """Add the items collected under a heading as one list, as far as it stays short."""
    kept: list[str] = []
    count = len(heading.split())
    for item in items[:_MOST_ITEMS]:
        if _FILLER.match(item) or item.endswith("?"):
            continue
        count += len(item.split())
        if count > _MOST_LIST_WORDS:
            break
        kept.append(item)
    generic = _GENERIC_HEADING.match(heading) is not None
    longest = max((len(item.split()) for item in kept), default=0)
    bare = not heading or generic or len(kept) == 1
    if not kept or (bare and longest < _FEWEST_WORDS):
        return
    lead = "" if generic else heading
    units.append(_unit(units, lead, tuple(kept), heading, alone=lead, leans=False, follows=True, count=count))


def _unit(
    units: list[Unit],
    said: str,
    items: tuple[str, ...],
    heading: str,
    *,
    alone: str,
    leans: bool,
    follows: bool,
    count: int,
) -> Unit:
    whole = " ".join((said, *items))
    stems = content_stems(whole)
    return Unit(
        text=said,
        alone=alone,
        items=items,
        stems=frozenset(stems),
        opening=tuple(content_stems(" ".join(whole.split()[:9]))),
        words=count,
        position=len(units),
        heading=frozenset(content_stems(heading)),
        leans=leans,
        follows=follows and bool(units),
    )
