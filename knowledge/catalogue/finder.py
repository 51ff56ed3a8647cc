"""Where a topic as sources and questions name it stands in the catalogue."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from knowledge.catalogue.own import Mapped
from knowledge.corpus import Topic, packaged_topics
from knowledge.readers.text import plain

_PLURAL = re.compile(r"(?<=[a-z]{3})s\b")
_ABBREVIATION = re.compile(r"[A-Z0-9%/.&-]{2,8}\d*")
_BRACKETED = re.compile(r"\s*\(([^)]*)\)")
_NOISE = frozenset(
    "a an and of the for in to on with by from vs versus crypto cryptocurrency cryptocurrencies bitcoin btc blockchain trading technical analysis "
    "indicator indicators metric metrics fundamentals fundamental introduction overview guide strategy strategies application applications "
    "market markets trend price based chain implementation advanced basics formula calculation session batch network activity".split()
)
"""Words that research topics are padded with; a topic made of nothing else is compared as it stands."""
_SHORT = 4
_SHARE = 0.7  # of a name's words that must be shared before the two are taken for one


@dataclass(frozen=True)
class Placement:
    """Where a name stands."""

    slug: str
    confidence: float
    """0 to 1: 1 the same name or alias, below it the share of words that agree."""


class Catalogue:
    """Topics, found by their names and aliases. One name may be that of several: `MVRV`, `Ichimoku Cloud`."""

    def __init__(self, topics: Iterable[Topic], mapped: Iterable[Mapped] = ()) -> None:
        """`mapped` says of names where they belong; to a topic that is not in the catalogue it says nothing."""
        self.topics: Mapping[str, Topic] = {topic.slug: topic for topic in topics}
        self._mapped: Mapping[str, Mapped] = {
            key_of(each.name): each for each in mapped if each.slug is None or each.slug in self.topics
        }
        self._names: defaultdict[str, list[str]] = defaultdict(list)
        abbreviations: set[str] = set()
        spoken: dict[str, None] = {}
        for topic in self.topics.values():
            for name in names_of(topic):
                if topic.slug not in self._names[_key(name)]:
                    self._names[_key(name)].append(topic.slug)
                spoken[name] = None
                if _ABBREVIATION.fullmatch(name) and len(name) <= _SHORT:
                    abbreviations.add(_key(name))
        self._abbreviations = frozenset(abbreviations)
        self._pattern = _any_of(spoken)

    @cached_property
    def digest(self) -> str:
        """Names all that placing goes by: with another digest a topic may belong elsewhere."""
        named = [(topic.slug, topic.name, topic.aliases) for topic in self.topics.values()]
        said = sorted((key, each.slug or "") for key, each in self._mapped.items())
        return hashlib.sha256(repr((named, said)).encode()).hexdigest()

    def by_hand(self, name: str) -> Mapped | None:
        """What was said by hand of a topic of that name, in any spelling."""
        return self._mapped.get(key_of(name))

    def placed(self, name: str) -> Placement | None:
        """Where a topic of that name belongs, by rules; None where none says so clearly.

        The same name or alias, in any spelling; else the one name that stands in it; else the name that shares
        most words with it, when no other shares as many. Of several topics of one name the first, with half the
        confidence.
        """
        for kept, confidence in ((_key(name), 1.0), (_key(name, without=_NOISE), 0.95)):
            if kept in self._names:
                slugs = self._names[kept]
                return Placement(slugs[0], confidence if len(slugs) == 1 else confidence / 2)
        return self._contained(name) or self._shared(_key(name, without=_NOISE))

    def named_in(self, text: str) -> list[str]:
        """The slugs whose name or alias stands in a text, in order, each once; no part of a longer name counts.

        Abbreviations of up to four letters count only as written, in capitals, unless the text has none.
        """
        return list(dict.fromkeys(slug for slugs in self._mentions(text) for slug in slugs))

    def _mentions(self, text: str) -> Iterator[list[str]]:
        if self._pattern is None:
            return
        lowered = not any(letter.isupper() for letter in text)
        for match in self._pattern.finditer(text):
            key = _key(match[0])
            as_written = match[0].removesuffix("s")
            if key in self._names and (
                lowered or as_written == as_written.upper() or key not in self._abbreviations
            ):
                yield self._names[key]

    def _contained(self, name: str) -> Placement | None:
        mentions = [tuple(slugs) for slugs in self._mentions(_BRACKETED.sub(r" \1", name))]
        common = set(mentions[0]).intersection(*mentions[1:]) if mentions else set()
        if not common:
            return None
        slugs = [slug for slug in mentions[0] if slug in common]
        return Placement(slugs[0], 0.9 if len(slugs) == 1 else 0.45)

    def _shared(self, kept: str) -> Placement | None:
        words = set(kept.split())
        if not words:
            return None
        shares: defaultdict[str, float] = defaultdict(float)
        for key, slugs in self._names.items():
            own = set(key.split()) - _NOISE
            for slug in slugs if own else ():
                shares[slug] = max(shares[slug], len(own & words) / len(own | words))
        best = sorted(shares.items(), key=lambda item: -item[1])[:2]
        if not best or best[0][1] < _SHARE or (len(best) > 1 and best[1][1] == best[0][1]):
            return None
        return Placement(best[0][0], round(0.9 * best[0][1], 3))


@lru_cache(maxsize=1)
def packaged_catalogue() -> Catalogue:
    """The catalogue that ships in the package, of all collections. Raises CorpusInvalid."""
    return Catalogue(topic for topics in packaged_topics().values() for topic in topics)


def _any_of(names: Iterable[str]) -> re.Pattern[str] | None:
    """One pattern for all, the longest first among those of the same first letter, which is looked at once for all."""
    by_letter: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(names, key=len, reverse=True):
        by_letter[name[0].casefold()].append(re.escape(name).replace(r"\ ", r"[\s-]+"))
    if not by_letter:
        return None
    groups = "|".join(f"(?={re.escape(letter)})(?:{'|'.join(own)})" for letter, own in by_letter.items())
    return re.compile(rf"(?<![\w%])(?:{groups})s?(?!\w)", re.IGNORECASE)


def names_of(topic: Topic) -> list[str]:
    """All that a topic is called: `Relative Strength Index (RSI)` is so, without the bracket, and as what stands in it."""
    bracketed = [inside for inside in _BRACKETED.findall(topic.name) if _ABBREVIATION.fullmatch(inside)]
    bare = _BRACKETED.sub("", topic.name).strip()
    return list(dict.fromkeys([topic.name, bare, *bracketed, *topic.aliases]))


def key_of(name: str) -> str:
    """What two spellings of a name have in common."""
    return _key(name) or name.strip()


def _key(name: str, *, without: frozenset[str] = frozenset()) -> str:
    words = _PLURAL.sub("", plain(name.replace("%", " percent ")))
    return " ".join(word for word in words.split() if word not in without)
