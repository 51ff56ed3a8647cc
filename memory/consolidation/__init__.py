"""From what was said to what is known: extraction, merging and fading as background work."""

from memory.consolidation.artifacts import ArtifactRecorder
from memory.consolidation.consolidator import ConsolidationResult, Consolidator
from memory.consolidation.extraction import ModelExtractor, RuleExtractor, SimilarExtractor
from memory.consolidation.interfaces import Excerpt, Extractor, Kept, Redact, Remembers, Said, Unseal
from memory.consolidation.outcomes import OutcomeRecorder
from memory.consolidation.settings import ConsolidationSettings
from memory.consolidation.worker import ConsolidationWorker, Step

__all__ = [
    "ArtifactRecorder",
    "ConsolidationResult",
    "ConsolidationSettings",
    "ConsolidationWorker",
    "Consolidator",
    "Excerpt",
    "Extractor",
    "Kept",
    "ModelExtractor",
    "OutcomeRecorder",
    "Redact",
    "Remembers",
    "RuleExtractor",
    "Said",
    "SimilarExtractor",
    "Step",
    "Unseal",
]
