"""Chat models: the extractive one, remote ones by URL, and chains of them by role."""

from models.chat.prompt import Note, Passage, Prompt, read_prompt, render_prompt
from models.chat.roles import ChatModels, ConfiguredChatModels
from models.chat.settings import ChatSettings, EndpointSettings, Role

__all__ = [
    "ChatModels",
    "ChatSettings",
    "ConfiguredChatModels",
    "EndpointSettings",
    "Note",
    "Passage",
    "Prompt",
    "Role",
    "read_prompt",
    "render_prompt",
]
