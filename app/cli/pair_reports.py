"""Pairs, laid out for people: in a list, one by itself, and beside what is like it."""

from collections.abc import Sequence

from app.cli.tables import columns, shortened
from knowledge import AlikePairs, LinkedPair, ListedPair, PairDetail

_NAME = 48
_QUESTION = 90


def listed_lines(pairs: Sequence[ListedPair]) -> list[str]:
    """Pairs in columns."""
    rows = [
        [
            pair.id,
            pair.collection,
            shortened(pair.slug or pair.topic, _NAME),
            "-" if pair.quality is None else f"{pair.quality:.1f}",
            f"{pair.tier or 'unrefined'}{', duplicate' if pair.duplicate_of else ''}",
            shortened(pair.question, _QUESTION),
        ]
        for pair in pairs
    ]
    return columns(["PAIR", "COLLECTION", "TOPIC", "QUALITY", "TIER", "QUESTION"], rows)


def alike_lines(found: Sequence[AlikePairs], *, variants: bool) -> list[str]:
    """Each pair with what is like it."""
    lines: list[str] = []
    for each in found:
        pair = each.pair
        quality = "" if pair.quality is None else f" · quality {pair.quality:.1f}"
        lines += ["", pair.question, f"{pair.id} · {pair.slug or pair.topic} · {pair.source}{quality}"]
        lines += [f"  {line}" for line in _linked("VARIANT" if variants else "GAVE WAY", each.alike)]
        lines += [f"  and {each.count - len(each.alike)} more"] if each.count > len(each.alike) else []
    return lines[1:]


def pair_lines(pair: PairDetail) -> list[str]:
    """A pair with the parts of its quality and its duplicates."""
    place = f"{pair.source} ({pair.source_kind}), session {pair.session}, pair {pair.ordinal}"
    facts = [
        ("pair", pair.id),
        ("collection", pair.collection),
        ("topic", f"{pair.topic} ({pair.slug or 'nowhere in the catalogue'})"),
        ("source", place),
        ("difficulty", pair.difficulty),
        ("tags", ", ".join(pair.tags)),
        ("dated", pair.dated),
        ("quality", "not measured yet" if pair.quality is None else f"{pair.quality:.1f} ({pair.tier})"),
        ("duplicate of", pair.kept_id),
    ]
    lines = [pair.question, "", pair.answer, ""]
    lines += [f"{name:<13} {value}" for name, value in facts if value]
    if pair.parts:
        lines += ["", *columns(["MEASURE", "SCORE", "BECAUSE"], [
            [part.measure, f"{part.score:.1f}", shortened(part.because, 160)] for part in pair.parts
        ])]  # fmt: skip
    claims = [claim for part in pair.parts for claim in part.claims]
    if claims:
        lines += ["", *columns(["CLAIM", "STATED", "COMPUTED", "VERDICT"], [
            [each.kind, shortened(each.statement, 100), each.computed, "right" if each.holds else "wrong"] for each in claims
        ])]  # fmt: skip
    if pair.duplicates:
        lines += ["", *_linked("KEPT INSTEAD" if pair.kept_id else "DUPLICATE", pair.duplicates)]
    if pair.variants:
        lines += ["", *_linked("VARIANT", pair.variants)]
    if pair.attributes:
        lines += ["", *columns(["ATTRIBUTE", "VALUE"], [
            [name, shortened("; ".join(map(str, value)) if isinstance(value, list) else str(value), 160)]
            for name, value in pair.attributes.items()
        ])]  # fmt: skip
    return lines


def _linked(head: str, pairs: Sequence[LinkedPair]) -> list[str]:
    rows = [
        [
            each.id,
            shortened(each.question, _QUESTION),
            f"{each.question_similarity:.3f}",
            f"{each.answer_similarity:.3f}",
            "-" if each.overlap is None else f"{each.overlap:.2f}",
        ]
        for each in pairs
    ]
    return columns([head, "QUESTION", "QUESTIONS", "ANSWERS", "WORD FOR WORD"], rows)
