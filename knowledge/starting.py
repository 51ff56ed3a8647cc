"""The knowledge that ships in the package, as a source like any other."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.resources.abc import Traversable

from knowledge.corpus import Topic, packaged_topics
from knowledge.readers import PairRecord, ReadReport, SessionRecord, SourceKind
from knowledge.readers.text import plain

_FORMAT = 1  # counted up when what is made of a file changes


class CorpusReader:
    """Gives the pairs of topics; a pair is identified by its question, so that one may be added or improved anywhere."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self._topics = topics
        self.report = ReadReport(kind=SourceKind.CORPUS)

    def pairs(self) -> Iterator[PairRecord]:
        """The pairs in order."""
        asked: Counter[str] = Counter()
        for number, topic in enumerate(self._topics, 1):
            category = " / ".join(part for part in (topic.category, topic.subcategory) if part)
            session = SessionRecord(ordinal=number, topic=topic.name, category=category, slug=topic.slug)
            for ordinal, pair in enumerate(topic.pairs, 1):
                words = plain(pair.question)
                asked[words] += 1
                self.report.read += 1
                yield PairRecord(
                    session=session,
                    ordinal=ordinal,
                    question=pair.question,
                    answer=pair.answer,
                    key=f"{words}#{asked[words]}",
                    difficulty=pair.difficulty.value,
                    tags=pair.tags,
                    attributes={"sources": list(pair.sources)},
                )


def corpus_hash(parts: Sequence[Traversable]) -> str:
    """The SHA-256 of files of a collection, and of how they are read."""
    digest = hashlib.sha256(f"{_FORMAT}".encode())
    for part in parts:
        digest.update(f"\0{part.name}\0".encode() + part.read_bytes())
    return digest.hexdigest()


def starter_questions(*, each: int = 2) -> dict[str, list[str]]:
    """The first questions on `each` topic that ships in the package, by collection; what the router learns from besides utterances."""
    return {
        collection: [pair.question for topic in topics for pair in topic.pairs[:each]]
        for collection, topics in packaged_topics().items()
    }
