"""The catalogue of topics, laid out for people and for programs."""

from collections.abc import Sequence
from typing import Any  # JSON

from app.cli.tables import columns, shortened
from knowledge import CataloguedTopic, Change, Mapped, TopicDetail
from knowledge.refinery import TopicPairs

_NAME = 48
_QUESTION = 90


def topic_lines(topics: Sequence[CataloguedTopic]) -> list[str]:
    """The catalogue in columns."""
    rows = [
        [
            each.known.topic.slug,
            shortened(each.known.topic.name, _NAME),
            each.counted.collection,
            shortened(each.known.topic.subcategory or each.known.topic.category, _NAME),
            str(each.counted.pairs),
            str(each.counted.good),
        ]
        for each in topics
    ]
    return columns(["TOPIC", "NAME", "COLLECTION", "CATEGORY", "PAIRS", "GOOD"], rows)


def topics_json(topics: Sequence[CataloguedTopic]) -> list[dict[str, Any]]:
    """The same for programs, without the packaged pairs."""
    return [
        {
            "collection": each.counted.collection,
            **each.known.topic.model_dump(mode="json", exclude={"pairs"}),
            "own": each.known.own,
            "added": each.known.added,
            "pairs": each.counted.pairs,
            "good": each.counted.good,
        }
        for each in topics
    ]


def unplaced_lines(topics: Sequence[TopicPairs]) -> list[str]:
    """Topics of sources that are nowhere in the catalogue, in columns; names whole and last, to be mapped by."""
    rows = [
        [each.collection, str(each.pairs), _figure(each.confidence), each.mapped_by or "-", each.topic]
        for each in topics
    ]
    return columns(["COLLECTION", "PAIRS", "NEAREST", "SAID BY", "IN SOURCES"], rows)


def mapping_lines(mappings: Sequence[Mapped]) -> list[str]:
    """What was said by hand, in columns."""
    return columns(["TOPIC", "IN SOURCES"], [[each.slug or "-", each.name] for each in mappings])


def change_lines(change: Change) -> list[str]:
    """What a change of the catalogue did."""
    lines = [
        f"{what:<8} {', '.join(slugs)}"
        for what, slugs in (("added", change.added), ("changed", change.changed), ("removed", change.removed))
        if slugs
    ]
    names = {"mapped": change.mapped, "unmapped": change.unmapped}
    lines += [f"{what:<8} {count} name{'s' if count > 1 else ''}" for what, count in names.items() if count]
    lines += (
        [f"moved    {change.topics} topic{'s' if change.topics > 1 else ''} of sources"]
        if change.topics
        else []
    )
    return lines or ["nothing changed: it was so before"]


def topic_detail_lines(topic: TopicDetail) -> list[str]:
    """A topic of the catalogue with what is stored on it."""
    facts = [
        ("slug", topic.slug),
        ("collection", topic.collection),
        ("category", " / ".join(part for part in (topic.category, topic.subcategory) if part)),
        ("session", topic.session),
        ("also called", ", ".join(topic.aliases)),
        ("added", "by a user" if topic.own else ", ".join(topic.added)),
    ]
    lines = [topic.name, "", *(f"{name:<13} {value}" for name, value in facts if value)]
    if topic.tiers:
        rows = [[each.tier or "unrefined", str(each.pairs), str(each.duplicates)] for each in topic.tiers]
        lines += ["", *columns(["TIER", "PAIRS", "DUPLICATES"], rows)]
    if topic.called:
        called = [
            [
                shortened(each.name, _QUESTION),
                each.collection,
                str(each.pairs),
                each.mapped_by or "-",
                _figure(each.confidence),
            ]
            for each in topic.called
        ]
        lines += ["", *columns(["IN SOURCES", "COLLECTION", "PAIRS", "PLACED BY", "CONFIDENCE"], called)]
    if topic.best:
        best = [
            [
                each.id,
                "-" if each.quality is None else f"{each.quality:.1f}",
                shortened(each.question, _QUESTION),
            ]
            for each in topic.best
        ]
        lines += ["", *columns(["BEST PAIRS", "QUALITY", "QUESTION"], best)]
    return lines


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
