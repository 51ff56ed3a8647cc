"""The short-term tier: a conversation that is going on, in Redis, until it has been idle for its time to live."""

from memory.interfaces import WorkingState
from memory.short.condensing import Condensed, Condenser
from memory.short.keys import THREAD_PARTS, ThreadKeys, owner_prefix, thread_keys
from memory.short.sealed import Sealing
from memory.short.state import StateChange, StateConflict, StateInvalid
from memory.short.summaries import ExtractiveSummariser, ModelSummariser, Summariser, Summary
from memory.short.tier import Held, Mark, ShortTermTier
from memory.short.tokens import Counter, count_tokens, turn_tokens, within_budget
from memory.short_settings import ShortTermSettings

__all__ = [
    "THREAD_PARTS",
    "Condensed",
    "Condenser",
    "Counter",
    "ExtractiveSummariser",
    "Held",
    "Mark",
    "ModelSummariser",
    "Sealing",
    "ShortTermSettings",
    "ShortTermTier",
    "StateChange",
    "StateConflict",
    "StateInvalid",
    "Summariser",
    "Summary",
    "ThreadKeys",
    "WorkingState",
    "count_tokens",
    "owner_prefix",
    "thread_keys",
    "turn_tokens",
    "within_budget",
]
