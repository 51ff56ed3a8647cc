"""What is known, as clients see it: the answers of its routes."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.http.paging import Page
from app.knowledge_service import FoundPair
from knowledge import CataloguedTopic, IndexVersion, Job, LinkedPair, SourceStatus, VersionState
from knowledge.readers import SourceKind
from knowledge.refinery import Coverage


class _View(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class PairView(_View):
    """A question-answer pair that was found."""

    pair_id: str
    collection: str
    topic: str = Field(description="The topic as its source names it.")
    slug: str | None = Field(description="Where the topic stands in the catalogue; null: nowhere.")
    question: str
    answer: str
    passage: str = Field(description="The part of the answer that matched best.")
    source: str
    score: float = Field(description="What it is ranked by; comparable within one search only.")
    similarity: float = Field(description="Cosine similarity to the query, -1 to 1.")
    relevance: float = Field(description="The probability that it has to do with the query, 0 to 1.")
    quality: float | None = Field(description="0 to 100; null before it was refined.")
    tier: str | None = Field(
        description="`premium`, `standard`, `review` or `low`; null before it was refined."
    )
    read_as: str = Field(
        "", description="The query in the words of the pairs, where it was asked in others; else empty."
    )


class PairPage(Page[PairView]):
    """Some of the pairs that were found."""


class ListedPairView(_View):
    """A stored pair as it is listed and exported."""

    topic: str = Field(description="The topic as its source names it.")
    category: str | None = Field(description="Its category, as the source names it.")
    question: str
    answer: str
    difficulty: str | None
    tags: list[str]
    attributes: dict[str, JsonValue] = Field(description="What else the source says of it.")
    collection: str
    slug: str | None = Field(description="Where the topic stands in the catalogue; null: nowhere.")
    id: str
    source: str
    quality: float | None = Field(description="0 to 100; null before it was refined.")
    tier: str | None = Field(
        description="`premium`, `standard`, `review` or `low`; null before it was refined."
    )
    dated: date | None = Field(description="The latest date named in the answer.")
    duplicate_of: str | None = Field(description="The better pair that it gives way to.")


class ListedPairPage(Page[ListedPairView]):
    """Some of the stored pairs."""


class AlikeView(_View):
    """A pair and others that are like it."""

    pair: ListedPairView = Field(
        description="The pair that was kept; of variants, one of those that stand beside each other."
    )
    count: int = Field(description="How many others there are.")
    alike: list[LinkedPair] = Field(description="The first 100 of them, most alike first.")


class AlikePage(Page[AlikeView]):
    """Some pairs and what is like them."""


class CollectionView(_View):
    """How much a collection holds."""

    name: str
    stored: int
    indexable: int = Field(description="Pairs that an index is to hold: duplicates are not among them.")
    indexed: dict[str, int] = Field(description="Pairs in each index.")


class CollectionPage(Page[CollectionView]):
    """Some collections."""


class TierView(_View):
    """How many pairs of a collection are in a tier."""

    collection: str
    tier: str | None = Field(description="Null: not refined yet.")
    pairs: int
    quality: float | None = Field(description="Their mean, 0 to 100.")
    duplicates: int = Field(description="Pairs among them that give way to better ones.")


class SourceView(_View):
    """A source: a file that was imported, or what ships in the package."""

    id: str
    collection: str
    name: str
    kind: SourceKind
    shape: str | None = Field(
        description="How it was read: where its pairs and topics stand; null: as its kind says."
    )
    sha256: str = Field(description="The hash of what it holds, unpacked.")
    status: SourceStatus
    declared: int | None = Field(description="How many pairs it says it holds; null: it does not say.")
    read: int = Field(description="Pairs that were taken.")
    rejected: int = Field(description="Pairs that could not be taken.")
    mismatched: int = Field(description="Things that are not as it declares them.")
    reason: str | None = Field(description="Why it holds no pairs, or is damaged.")
    searches: int | None = Field(description="How many searches its research took; null: it does not say.")
    successful_searches: int | None = Field(description="Of these, those that found something.")
    researched_on: date | None = Field(description="When its research was completed.")
    started_at: datetime
    finished_at: datetime | None


class SourcePage(Page[SourceView]):
    """Some sources."""


class RemarkView(_View):
    """Something in a source that could not be taken as it stands."""

    what: Literal["rejected", "mismatched"] = Field(
        description="`rejected`: a pair that was not taken; `mismatched`: something that is not as declared."
    )
    place: str = Field(description="Where in the source.")
    reason: str


class SourceDetailView(SourceView):
    """A source with what was noted when it was last read."""

    remarks: list[RemarkView] = Field(description="The first 1,000 of either kind.")


class SourceTopicView(_View):
    """A topic as a source names it."""

    collection: str
    topic: str
    category: str | None
    slug: str | None = Field(description="Where it stands in the catalogue; null: nowhere.")
    confidence: float | None = Field(
        description="How certain that is, 0 to 1; nowhere: how near the nearest was; null: not looked for yet."
    )
    mapped_by: str | None = Field(description="`rule`, `meaning` or `hand`.")
    pairs: int


class StatusView(_View):
    """What is known, where it comes from, and what it is worth."""

    collections: list[CollectionView]
    version: int | None = Field(description="The version of the index that is searched.")
    tiers: list[TierView]
    sources: list[SourceView]
    topics: list[SourceTopicView]


class TopicView(_View):
    """A topic of the catalogue, and what there is on it."""

    collection: str
    slug: str
    name: str
    aliases: list[str]
    category: str
    subcategory: str | None
    session: int | None = Field(description="The research session that the topic belongs to.")
    own: bool = Field(description="Whether a user added it; else it ships.")
    added: list[str] = Field(description="Of its aliases, those that users added to one that ships.")
    pairs: int = Field(description="Distinct ones; duplicates are not counted.")
    good: int = Field(description="Of these, of standard quality and better.")


class TopicPage(Page[TopicView]):
    """Some topics of the catalogue."""


class CalledView(_View):
    """What sources call a topic."""

    collection: str
    name: str
    confidence: float | None = Field(description="How certain its place in the catalogue is, 0 to 1.")
    mapped_by: str | None = Field(description="`rule`, `meaning` or `hand`.")
    pairs: int


class TopicTierView(_View):
    """How many pairs of a topic are in a tier."""

    tier: str | None = Field(description="Null: not refined yet.")
    pairs: int
    duplicates: int


class BestPairView(_View):
    """One of a topic's best pairs."""

    id: str
    question: str
    quality: float | None
    tier: str | None


class TopicDetailView(_View):
    """A topic of the catalogue with what is stored on it."""

    collection: str
    slug: str
    name: str
    aliases: list[str]
    category: str
    subcategory: str | None
    session: int | None = Field(description="The research session that the topic belongs to.")
    own: bool = Field(description="Whether a user added it; else it ships.")
    added: list[str] = Field(description="Of its aliases, those that users added to one that ships.")
    called: list[CalledView] = Field(description="What sources call it, most pairs first.")
    tiers: list[TopicTierView]
    best: list[BestPairView] = Field(description="Best first; duplicates are not among them.")


class GapView(_View):
    """A topic of the catalogue against its target."""

    collection: str
    slug: str
    name: str
    category: str
    subcategory: str | None
    session: int | None
    pairs: int = Field(description="Distinct ones; duplicates are not counted.")
    good: int = Field(description="Of these, of standard quality and better.")
    missing: int = Field(description="How many are missing from the full target.")
    coverage: Coverage
    weak: bool = Field(description="Whether too few of its pairs are good.")


class UnplacedView(_View):
    """A topic of a source that is nowhere in the catalogue."""

    collection: str
    topic: str
    confidence: float | None = Field(
        description="How near the nearest topic of the catalogue was, 0 to 1; null: none was looked for yet."
    )
    mapped_by: str | None = Field(description="`hand`: it was said that it belongs nowhere.")
    pairs: int


class TargetsView(_View):
    """What a topic should have."""

    full: int
    acceptable: int
    least_success: float = Field(
        description="The least share of good pairs, and of a report's searches that found something."
    )


class GapsView(_View):
    """What is missing."""

    targets: TargetsView
    coverage: dict[Coverage, int] = Field(description="How many topics are covered how well.")
    count: int = Field(description="Topics looked at; `topics` may list fewer.")
    topics: list[GapView] = Field(description="Worst covered first.")
    unplaced: list[UnplacedView]


class PassagesView(_View):
    """How answers are cut into passages."""

    tokens: int = Field(description="The most tokens of a passage.")
    lead_tokens: int = Field(
        description="By how many of its first tokens a passage after the first is found."
    )
    later: float = Field(description="What all passages count for beside the first.")


class RecipeView(_View):
    """What a version is made of."""

    model: str = Field(description="The embedding model.")
    dimensions: int
    passages: PassagesView
    low_tier: bool = Field(description="Whether pairs of low quality are in it.")


class VersionView(_View):
    """A version of the index."""

    number: int
    state: VersionState
    recipe: RecipeView
    note: str | None
    pairs: int | None = Field(description="How many it held when it was built.")
    evaluated: bool = Field(description="Whether the report of an evaluation is kept with it.")
    created_at: datetime
    activated_at: datetime | None = Field(description="When it last became the live one.")


class VersionPage(Page[VersionView]):
    """Some versions of the index."""


class JobView(Job):
    """A job: work in the background."""


class JobPage(Page[JobView]):
    """Some jobs."""


def pair_view(found: FoundPair) -> PairView:
    """A pair that was found, as a client sees it."""
    hit = found.hit
    return PairView(
        pair_id=hit.pair_id,
        collection=hit.collection,
        topic=hit.topic,
        slug=hit.slug,
        question=hit.question,
        answer=hit.answer,
        passage=hit.passage,
        source=hit.source,
        score=hit.score,
        similarity=hit.similarity,
        relevance=hit.relevance,
        quality=hit.quality,
        tier=found.tier,
    )


def topic_view(found: CataloguedTopic) -> TopicView:
    """A topic with its counts, as a client sees it."""
    topic, counted = found.known.topic, found.counted
    return TopicView(
        collection=counted.collection,
        slug=topic.slug,
        name=topic.name,
        aliases=list(topic.aliases),
        category=topic.category,
        subcategory=topic.subcategory,
        session=topic.session,
        own=found.known.own,
        added=list(found.known.added),
        pairs=counted.pairs,
        good=counted.good,
    )


def version_view(version: IndexVersion) -> VersionView:
    """A version without the report of its evaluation."""
    return VersionView(
        number=version.number,
        state=version.state,
        recipe=RecipeView.model_validate(version.recipe),
        note=version.note,
        pairs=version.pairs,
        evaluated=version.evaluation is not None,
        created_at=version.created_at,
        activated_at=version.activated_at,
    )


def job_view(job: Job) -> JobView:
    """A job, as a client sees it."""
    return JobView.model_validate(job, from_attributes=True)
