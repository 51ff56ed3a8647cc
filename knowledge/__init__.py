"""Question-answer knowledge: sources to pairs to index to retrieval."""

from knowledge.errors import KnowledgeError, KnowledgeUnavailable, SourceUnreadable
from knowledge.interfaces import Hit, Retriever

__all__ = ["Hit", "KnowledgeError", "KnowledgeUnavailable", "Retriever", "SourceUnreadable"]
