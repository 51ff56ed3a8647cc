"""Topics in the wild, placed in the catalogue: by hand, else by rules, else by meaning, else kept and listed."""

from collections.abc import Sequence

import numpy as np

from knowledge.catalogue import Catalogue
from knowledge.readers.text import plain
from knowledge.refinery.store import Placed, TopicName
from models import Embedder

_NEAR = 0.62
"""The least cosine of two names at which one is taken for the other."""
_AHEAD = 0.04
"""How much nearer the nearest topic must be than the next."""
_PADDING = (
    "cryptocurrency",
    "crypto",
    "trading",
    "technical",
    "indicator",
    "indicators",
    "analysis",
    "metrics",
    "session",
)


async def place(names: Sequence[TopicName], catalogue: Catalogue, embedder: Embedder) -> list[Placed]:
    """Where each belongs. Raises EmbeddingUnavailable."""
    placed: list[Placed] = []
    unsure: list[TopicName] = []
    for name in names:
        found = _said(name, catalogue)
        if found is None:
            unsure.append(name)
        else:
            placed.append(found)
    return placed + await _by_meaning(unsure, catalogue, embedder)


def _said(name: TopicName, catalogue: Catalogue) -> Placed | None:
    """Where it was said to belong: by hand, by its source, or by its name."""
    if (mapped := catalogue.by_hand(name.name)) is not None:
        return Placed(topic=name.id, slug=mapped.slug, confidence=1.0, by="hand")
    if name.told in catalogue.topics:
        return Placed(topic=name.id, slug=name.told, confidence=1.0, by="rule")
    if (found := catalogue.placed(name.name)) is not None:
        return Placed(topic=name.id, slug=found.slug, confidence=found.confidence, by="rule")
    return None


async def _by_meaning(names: Sequence[TopicName], catalogue: Catalogue, embedder: Embedder) -> list[Placed]:
    if not names or not catalogue.topics:
        return [Placed(topic=name.id, slug=None, confidence=0.0, by=None) for name in names]
    slugs = list(catalogue.topics)
    known = await embedder.embed([topic.name for topic in catalogue.topics.values()])
    asked = await embedder.embed([_bare(name.name) for name in names])
    cosines = asked @ known.T
    placed = []
    for name, row in zip(names, cosines, strict=True):
        order = np.argsort(-row)
        best = float(row[order[0]])
        clear = len(order) == 1 or best - float(row[order[1]]) >= _AHEAD
        taken = best >= _NEAR and clear
        placed.append(
            Placed(
                topic=name.id,
                slug=slugs[int(order[0])] if taken else None,
                confidence=round(best, 3),
                by="meaning" if taken else None,
            )
        )
    return placed


def _bare(name: str) -> str:
    words = [word for word in plain(name).split() if word not in _PADDING]
    return " ".join(words) or name
