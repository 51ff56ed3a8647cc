"""Question-answer knowledge: sources to pairs to index to retrieval."""

from knowledge.alike import AlikeList, AlikePairs
from knowledge.catalogue import (
    CatalogueEditor,
    CatalogueInvalid,
    CatalogueRefused,
    Catalogues,
    Change,
    KnownTopic,
    Mapped,
    OwnCatalogue,
    OwnTopic,
    TopicFields,
    UnknownTopic,
    checked_entry,
    read_catalogue,
    write_catalogue,
)
from knowledge.chroma import Chroma
from knowledge.dense import DenseIndex
from knowledge.details import LinkedPair, PairDetail, PairDetails, UnknownPair
from knowledge.errors import (
    InvalidCollection,
    KnowledgeError,
    KnowledgeUnavailable,
    ModelRefused,
    SourceUnreadable,
    UnknownEncoding,
    VersionRefused,
    VersionUnproven,
)
from knowledge.fields import Field, PairIndex
from knowledge.importer import (
    COLLECTION_NAME,
    Importer,
    ImportProgress,
    ImportResult,
    KnowledgeStatus,
    Outcome,
)
from knowledge.indexer import FollowsStore, Indexer, IndexProgress, IndexState
from knowledge.interfaces import Hit, Reranker, Retriever
from knowledge.jobs import Job, JobState, JobStore, JobTurn, TurnLost, UnknownJob
from knowledge.lexical import LexicalIndex
from knowledge.listing import Alike, Duplicates, ListedPair, PairList, PairSelection
from knowledge.live import LiveIndexes
from knowledge.passages import PassageSettings
from knowledge.progress import KnowledgeProgress, ProgressPart, measure_progress
from knowledge.provenance import SourceDetail, SourceDetails, UnknownSource
from knowledge.removal import remove_source
from knowledge.retrieval import HybridRetriever
from knowledge.settings import KnowledgeSettings, RetrievalSettings
from knowledge.shelf import IndexVersion, OpenVersion, Recipe, Shelf, VersionState
from knowledge.starting import starter_questions
from knowledge.store import KnowledgeStore, PairFilter, SourceStatus, StoredPair, StoredSource, TopicCount
from knowledge.topics import CataloguedTopic, TopicDetail, Topics
from knowledge.versions import Versions, stored_versions
from knowledge.writers import ExportFormat, FormatUnavailable, PairPieces, PairWriter, open_writer

__all__ = [
    "COLLECTION_NAME",
    "Alike",
    "AlikeList",
    "AlikePairs",
    "CatalogueEditor",
    "CatalogueInvalid",
    "CatalogueRefused",
    "CataloguedTopic",
    "Catalogues",
    "Change",
    "Chroma",
    "DenseIndex",
    "Duplicates",
    "ExportFormat",
    "Field",
    "FollowsStore",
    "FormatUnavailable",
    "Hit",
    "HybridRetriever",
    "ImportProgress",
    "ImportResult",
    "Importer",
    "IndexProgress",
    "IndexState",
    "IndexVersion",
    "Indexer",
    "InvalidCollection",
    "Job",
    "JobState",
    "JobStore",
    "JobTurn",
    "KnowledgeError",
    "KnowledgeProgress",
    "KnowledgeSettings",
    "KnowledgeStatus",
    "KnowledgeStore",
    "KnowledgeUnavailable",
    "KnownTopic",
    "LexicalIndex",
    "LinkedPair",
    "ListedPair",
    "LiveIndexes",
    "Mapped",
    "ModelRefused",
    "OpenVersion",
    "Outcome",
    "OwnCatalogue",
    "OwnTopic",
    "PairDetail",
    "PairDetails",
    "PairFilter",
    "PairIndex",
    "PairList",
    "PairPieces",
    "PairSelection",
    "PairWriter",
    "PassageSettings",
    "ProgressPart",
    "Recipe",
    "Reranker",
    "RetrievalSettings",
    "Retriever",
    "Shelf",
    "SourceDetail",
    "SourceDetails",
    "SourceStatus",
    "SourceUnreadable",
    "StoredPair",
    "StoredSource",
    "TopicCount",
    "TopicDetail",
    "TopicFields",
    "Topics",
    "TurnLost",
    "UnknownEncoding",
    "UnknownJob",
    "UnknownPair",
    "UnknownSource",
    "UnknownTopic",
    "VersionRefused",
    "VersionState",
    "VersionUnproven",
    "Versions",
    "checked_entry",
    "measure_progress",
    "open_writer",
    "read_catalogue",
    "remove_source",
    "starter_questions",
    "stored_versions",
    "write_catalogue",
]
