"""From what a user says to drafts of what is to be remembered of it."""

from memory.consolidation.extraction.model import ModelExtractor, Statement, Statements
from memory.consolidation.extraction.rules import RuleExtractor, extracted, origin_key
from memory.consolidation.extraction.similar import SimilarExtractor

__all__ = [
    "ModelExtractor",
    "RuleExtractor",
    "SimilarExtractor",
    "Statement",
    "Statements",
    "extracted",
    "origin_key",
]
