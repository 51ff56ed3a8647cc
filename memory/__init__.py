"""Conversations that are remembered: the last turns at hand, every turn kept, every interaction logged."""

from memory.conversation import Carried, TieredConversation, at_hand, count_tokens, within_budget
from memory.database import MEMBER, OUTAGES, Connection, Database, restrict
from memory.deleting import DeletedThread, Withdraw
from memory.errors import (
    ConversationError,
    ImportRefused,
    KeyMissing,
    MemoryUnavailable,
    NamesUnreadable,
    OwnerInvalid,
    StillRunning,
    UnknownProject,
    UnknownRecord,
    UnknownThread,
    WriteUncertain,
)
from memory.finding import ListedThread, ThreadFinder
from memory.identifiers import encoded, new_id
from memory.interactions import Interaction, RoutedTask, log_interaction
from memory.interfaces import (
    AtHand,
    CarriedTurns,
    ConversationMemory,
    Degraded,
    Draft,
    Kind,
    MemoryTier,
    Recalled,
    Recaller,
    RecallFilter,
    Recollection,
    Record,
    RecordState,
    Scope,
    Tier,
    ToolUse,
    Turn,
    Vectors,
    VectorStore,
    WorkingState,
)
from memory.own import NoRecords, OwnRecords, RecordsInCommand
from memory.owner import LOCAL, Owner
from memory.personal_words import in_english, saying
from memory.privacy.stored import opened_json, sealed, sealed_json
from memory.projects import Member, Project, ProjectStore, require_project
from memory.retention import Retention
from memory.settings import MemorySettings
from memory.short import ShortTermTier, StateConflict, StateInvalid, Summary
from memory.threads import Message, Thread, ThreadStore, open_turn
from memory.titles import title_of
from memory.wishes import (
    ForgetWish,
    KnowWish,
    chosen,
    record_ids,
    wish_to_forget,
    wish_to_know,
)
from memory.withholding import withhold_due
from memory.wordings import prepare_wordings

__all__ = [
    "LOCAL",
    "MEMBER",
    "OUTAGES",
    "AtHand",
    "Carried",
    "CarriedTurns",
    "Connection",
    "ConversationError",
    "ConversationMemory",
    "Database",
    "Degraded",
    "DeletedThread",
    "Draft",
    "ForgetWish",
    "ImportRefused",
    "Interaction",
    "KeyMissing",
    "Kind",
    "KnowWish",
    "ListedThread",
    "Member",
    "MemorySettings",
    "MemoryTier",
    "MemoryUnavailable",
    "Message",
    "NamesUnreadable",
    "NoRecords",
    "OwnRecords",
    "Owner",
    "OwnerInvalid",
    "Project",
    "ProjectStore",
    "RecallFilter",
    "Recalled",
    "Recaller",
    "Recollection",
    "Record",
    "RecordState",
    "RecordsInCommand",
    "Retention",
    "RoutedTask",
    "Scope",
    "ShortTermTier",
    "StateConflict",
    "StateInvalid",
    "StillRunning",
    "Summary",
    "Thread",
    "ThreadFinder",
    "ThreadStore",
    "Tier",
    "TieredConversation",
    "ToolUse",
    "Turn",
    "UnknownProject",
    "UnknownRecord",
    "UnknownThread",
    "VectorStore",
    "Vectors",
    "Withdraw",
    "WorkingState",
    "WriteUncertain",
    "at_hand",
    "chosen",
    "count_tokens",
    "encoded",
    "in_english",
    "log_interaction",
    "new_id",
    "open_turn",
    "opened_json",
    "prepare_wordings",
    "record_ids",
    "require_project",
    "restrict",
    "saying",
    "sealed",
    "sealed_json",
    "title_of",
    "wish_to_forget",
    "wish_to_know",
    "withhold_due",
    "within_budget",
]
