"""Conversations that are remembered: the last turns at hand, every turn kept, every interaction logged."""

from memory.conversation import TieredConversation, count_tokens
from memory.database import MEMBER, OUTAGES, Connection, Database, restrict
from memory.errors import (
    ConversationError,
    ImportRefused,
    KeyMissing,
    MemoryUnavailable,
    OwnerInvalid,
    UnknownProject,
    UnknownRecord,
    UnknownThread,
)
from memory.identifiers import new_id
from memory.interactions import Interaction, RoutedTask, log_interaction
from memory.interfaces import (
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
)
from memory.owner import LOCAL, Owner
from memory.settings import MemorySettings
from memory.short import ShortTermTier
from memory.threads import Message, Thread, ThreadStore, open_turn

__all__ = [
    "LOCAL",
    "MEMBER",
    "OUTAGES",
    "Connection",
    "ConversationError",
    "ConversationMemory",
    "Database",
    "Degraded",
    "Draft",
    "ImportRefused",
    "Interaction",
    "KeyMissing",
    "Kind",
    "MemorySettings",
    "MemoryTier",
    "MemoryUnavailable",
    "Message",
    "Owner",
    "OwnerInvalid",
    "RecallFilter",
    "Recalled",
    "Recaller",
    "Recollection",
    "Record",
    "RecordState",
    "RoutedTask",
    "Scope",
    "ShortTermTier",
    "Thread",
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
    "count_tokens",
    "log_interaction",
    "new_id",
    "open_turn",
    "restrict",
]
