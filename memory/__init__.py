"""Conversations that are remembered: the last turns at hand, every turn kept, every interaction logged."""

from memory.conversation import TieredConversation, count_tokens
from memory.errors import ConversationError, MemoryUnavailable, UnknownThread
from memory.identifiers import new_id
from memory.interactions import Interaction, RoutedTask, log_interaction
from memory.interfaces import ConversationMemory, MemoryTier, Scope, ToolUse, Turn
from memory.settings import MemorySettings
from memory.short import ShortTermTier
from memory.threads import OUTAGES, Message, Thread, ThreadStore, open_turn

__all__ = [
    "OUTAGES",
    "ConversationError",
    "ConversationMemory",
    "Interaction",
    "MemorySettings",
    "MemoryTier",
    "MemoryUnavailable",
    "Message",
    "RoutedTask",
    "Scope",
    "ShortTermTier",
    "Thread",
    "ThreadStore",
    "TieredConversation",
    "ToolUse",
    "Turn",
    "UnknownThread",
    "count_tokens",
    "log_interaction",
    "new_id",
    "open_turn",
]
