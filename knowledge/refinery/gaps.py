"""What is missing: pairs by topic of the catalogue against targets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from knowledge.corpus import Topic
from knowledge.refinery.store import TopicPairs
from knowledge.settings import Targets


class Coverage(StrEnum):
    """How well a topic is covered."""

    FULL = "full"
    ACCEPTABLE = "acceptable"
    THIN = "thin"
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class Gap:
    """One topic of the catalogue, and what it has."""

    collection: str
    slug: str
    name: str
    category: str
    subcategory: str | None
    session: int | None
    pairs: int
    """Distinct ones; duplicates are not counted."""
    good: int
    """Of these, of standard quality and better."""
    missing: int
    """How many are missing from the target."""
    coverage: Coverage
    weak: bool
    """Whether too few of its pairs are good."""


@dataclass(frozen=True, kw_only=True)
class GapReport:
    """All topics of a catalogue, worst covered first, and the topics that are nowhere in it."""

    targets: Targets
    topics: tuple[Gap, ...]
    unplaced: tuple[TopicPairs, ...]

    @property
    def coverage(self) -> Mapping[Coverage, int]:
        """How many topics are covered how well."""
        return {each: sum(gap.coverage is each for gap in self.topics) for each in Coverage}


def find_gaps(
    catalogue: Mapping[str, Sequence[Topic]], counted: Iterable[TopicPairs], targets: Targets | None = None
) -> GapReport:
    """Compare what there is on each topic of the catalogue (topics by collection) with the targets.

    Topics that sources name differently count together where they were placed on the same slug.
    """
    goals = targets or Targets()
    counts = list(counted)
    known = {topic.slug for topics in catalogue.values() for topic in topics}
    gaps = [
        _gap(collection, topic, [each for each in counts if each.slug == topic.slug], goals)
        for collection, topics in catalogue.items()
        for topic in topics
    ]
    unplaced = [each for each in counts if each.slug not in known]
    return GapReport(
        targets=goals,
        topics=tuple(sorted(gaps, key=lambda gap: (-gap.missing, gap.collection, gap.slug))),
        unplaced=tuple(sorted(unplaced, key=lambda each: (-each.pairs, each.topic))),
    )


def _gap(collection: str, topic: Topic, counts: Sequence[TopicPairs], goals: Targets) -> Gap:
    pairs = sum(each.distinct_pairs for each in counts)
    good = sum(each.good_pairs for each in counts)
    return Gap(
        collection=collection,
        slug=topic.slug,
        name=topic.name,
        category=topic.category,
        subcategory=topic.subcategory,
        session=topic.session,
        pairs=pairs,
        good=good,
        missing=max(0, goals.full - pairs),
        coverage=_coverage(pairs, goals),
        weak=bool(pairs) and good < goals.least_success * pairs,
    )


def _coverage(pairs: int, goals: Targets) -> Coverage:
    if pairs >= goals.full:
        return Coverage.FULL
    if pairs >= goals.acceptable:
        return Coverage.ACCEPTABLE
    return Coverage.THIN if pairs else Coverage.MISSING
