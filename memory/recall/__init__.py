"""Recall of what was said and learned before: by meaning, words, what stands around, time and use."""

from memory.recall.cache import HeldIndex, IndexCache
from memory.recall.composing import compose
from memory.recall.dates import Window, window
from memory.recall.embedding import embed_anew, embed_due
from memory.recall.index import Counter, Source, Standing, UserIndex
from memory.recall.passages import Passage, cut
from memory.recall.question import Question
from memory.recall.ranking import Ranked, rank, usefulness
from memory.recall.recaller import MemoryRecaller
from memory.recall.settings import RecallSettings, RecallWeights

__all__ = [
    "Counter",
    "HeldIndex",
    "IndexCache",
    "MemoryRecaller",
    "Passage",
    "Question",
    "Ranked",
    "RecallSettings",
    "RecallWeights",
    "Source",
    "Standing",
    "UserIndex",
    "Window",
    "compose",
    "cut",
    "embed_anew",
    "embed_due",
    "rank",
    "usefulness",
    "window",
]
