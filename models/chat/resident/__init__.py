"""A chat model on the resident engine: templates, tool calls under a grammar, thinking kept apart."""

from models.chat.resident.asking import CallOptions
from models.chat.resident.model import EngineSource, ResidentChatModel
from models.chat.resident.templates import ChatTemplate

__all__ = ["CallOptions", "ChatTemplate", "EngineSource", "ResidentChatModel"]
