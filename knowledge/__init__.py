"""Question-answer knowledge: sources to pairs to index to retrieval."""

from knowledge.dense import DenseIndex
from knowledge.errors import KnowledgeError, KnowledgeUnavailable, SourceUnreadable
from knowledge.fields import Field, PairIndex
from knowledge.importer import Importer, ImportProgress, ImportResult, KnowledgeStatus, Outcome
from knowledge.indexer import Indexer, IndexProgress, IndexState
from knowledge.interfaces import Hit, Retriever
from knowledge.lexical import LexicalIndex
from knowledge.retrieval import HybridRetriever
from knowledge.settings import KnowledgeSettings, RetrievalSettings
from knowledge.starting import starter_questions
from knowledge.store import KnowledgeStore, SourceStatus, StoredPair, StoredSource, TopicCount

__all__ = [
    "DenseIndex",
    "Field",
    "Hit",
    "HybridRetriever",
    "ImportProgress",
    "ImportResult",
    "Importer",
    "IndexProgress",
    "IndexState",
    "Indexer",
    "KnowledgeError",
    "KnowledgeSettings",
    "KnowledgeStatus",
    "KnowledgeStore",
    "KnowledgeUnavailable",
    "LexicalIndex",
    "Outcome",
    "PairIndex",
    "RetrievalSettings",
    "Retriever",
    "SourceStatus",
    "SourceUnreadable",
    "StoredPair",
    "StoredSource",
    "TopicCount",
    "starter_questions",
]
