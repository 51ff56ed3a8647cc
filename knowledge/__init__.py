"""Question-answer knowledge: sources to pairs to index to retrieval."""

from knowledge.chroma import Chroma
from knowledge.dense import DenseIndex
from knowledge.errors import KnowledgeError, KnowledgeUnavailable, SourceUnreadable, VersionRefused
from knowledge.fields import Field, PairIndex
from knowledge.importer import Importer, ImportProgress, ImportResult, KnowledgeStatus, Outcome
from knowledge.indexer import FollowsStore, Indexer, IndexProgress, IndexState
from knowledge.interfaces import Hit, Reranker, Retriever
from knowledge.lexical import LexicalIndex
from knowledge.live import LiveIndexes
from knowledge.passages import PassageSettings
from knowledge.retrieval import HybridRetriever
from knowledge.settings import KnowledgeSettings, RetrievalSettings
from knowledge.shelf import IndexVersion, Recipe, Shelf, VersionState
from knowledge.starting import starter_questions
from knowledge.store import KnowledgeStore, PairFilter, SourceStatus, StoredPair, StoredSource, TopicCount
from knowledge.versions import Versions

__all__ = [
    "Chroma",
    "DenseIndex",
    "Field",
    "FollowsStore",
    "Hit",
    "HybridRetriever",
    "ImportProgress",
    "ImportResult",
    "Importer",
    "IndexProgress",
    "IndexState",
    "IndexVersion",
    "Indexer",
    "KnowledgeError",
    "KnowledgeSettings",
    "KnowledgeStatus",
    "KnowledgeStore",
    "KnowledgeUnavailable",
    "LexicalIndex",
    "LiveIndexes",
    "Outcome",
    "PairFilter",
    "PairIndex",
    "PassageSettings",
    "Recipe",
    "Reranker",
    "RetrievalSettings",
    "Retriever",
    "Shelf",
    "SourceStatus",
    "SourceUnreadable",
    "StoredPair",
    "StoredSource",
    "TopicCount",
    "VersionRefused",
    "VersionState",
    "Versions",
    "starter_questions",
]
