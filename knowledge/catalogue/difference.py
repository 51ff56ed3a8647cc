"""What a change of the catalogue has to write, and whether it may."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from knowledge.catalogue.current import KnownTopic, found_among, merged
from knowledge.catalogue.finder import key_of, names_of
from knowledge.catalogue.own import MOST_MAPPINGS, MOST_TOPICS, Mapped, OwnCatalogue
from knowledge.corpus import Topic
from knowledge.errors import KnowledgeError


class CatalogueRefused(KnowledgeError):
    """The catalogue cannot be changed so; the message says what is in the way and what to do."""


class Difference:
    """What is to be written to come from what users have added to what they want to have added.

    What is mapped by hand to a topic that is no more in the catalogue goes with it.
    """

    def __init__(
        self, packaged: Mapping[str, Sequence[Topic]], held: OwnCatalogue, wanted: OwnCatalogue
    ) -> None:
        """Raises CatalogueRefused or UnknownTopic where what is new does not fit what is there."""
        before = {each.slug: each for each in held.topics}
        after = {each.slug: each for each in wanted.topics}
        self.topics = [each for slug, each in after.items() if before.get(slug) != each]
        self.added = sorted(each.slug for each in self.topics if each.slug not in before)
        self.changed = sorted(each.slug for each in self.topics if each.slug in before)
        self.removed = sorted(set(before) - set(after))
        shipped = {topic.slug for topics in packaged.values() for topic in topics}
        self.gone = sorted(set(self.removed) - shipped)
        """Of the removed, those that the catalogue has no more."""
        said = {key_of(each.name): each for each in held.mappings}
        says = {key_of(each.name): each for each in wanted.mappings if each.slug not in self.gone}
        self.mappings: Mapping[str, Mapped] = {
            key: each for key, each in says.items() if said.get(key) != each
        }
        self.unmapped = sorted(set(said) - set(says))
        _check(merged(packaged, wanted), wanted, self)

    def __bool__(self) -> bool:
        return bool(self.topics or self.removed or self.mappings or self.unmapped)


def _check(known: Sequence[KnownTopic], wanted: OwnCatalogue, new: Difference) -> None:
    if len(wanted.topics) > MOST_TOPICS or len(wanted.mappings) > MOST_MAPPINGS:
        raise CatalogueRefused(
            f"at most {MOST_TOPICS:,} topics and {MOST_MAPPINGS:,} names can be added; take some back first"
        )
    for each in new.topics:
        if each.name is None:
            found_among(known, each.slug)
        elif any(other.topic.slug == each.slug and not other.own for other in known):
            raise CatalogueRefused(
                f"{each.slug} ships with Freya: add aliases to it, or choose another slug for {each.name!r}"
            )
    _each_name_means_one(known, {each.slug for each in new.topics})
    slugs = {each.topic.slug for each in known}
    for mapped in new.mappings.values():
        if mapped.slug is not None and mapped.slug not in slugs:
            found_among(known, mapped.slug)


def _each_name_means_one(known: Iterable[KnownTopic], changed: set[str]) -> None:
    """Topics that ship may share a name; what users add means one topic only."""
    holders: defaultdict[str, set[str]] = defaultdict(set)
    named: list[tuple[str, str]] = []
    for each in known:
        slug = each.topic.slug
        for name in names_of(each.topic):
            holders[key_of(name)].add(slug)
            if slug in changed and (each.own or name in each.added):
                named.append((name, slug))
    for name, slug in named:
        if others := sorted(holders[key_of(name)] - {slug}):
            raise CatalogueRefused(
                f"{name!r} means {', '.join(others)} already, and a name means one topic only: "
                f"leave it out of {slug}, or choose another"
            )
