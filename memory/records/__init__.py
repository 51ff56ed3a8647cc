"""What is remembered beside messages: decisions and progress for weeks; facts, preferences and the like for good."""

from memory.records.deletions import note_deletion, note_for_members
from memory.records.entities import related_records
from memory.records.formulas import confirmed, half_life_days, usefulness
from memory.records.merging import Merge, Outcome, merge
from memory.records.remembering import Remembered
from memory.records.rows import MEDIUM, TextSealer, tier_of
from memory.records.settings import RecordSettings, RetentionDays
from memory.records.store import RecordStore
from memory.records.upkeep import Expired, Healed
from memory.records.words import repeated

__all__ = [
    "MEDIUM",
    "Expired",
    "Healed",
    "Merge",
    "Outcome",
    "RecordSettings",
    "RecordStore",
    "Remembered",
    "RetentionDays",
    "TextSealer",
    "confirmed",
    "half_life_days",
    "merge",
    "note_deletion",
    "note_for_members",
    "related_records",
    "repeated",
    "tier_of",
    "usefulness",
]
