"""Chat models: the extractive one, remote ones by URL, and chains of them by role."""

from models.chat.amounts import Amounts, read_amounts
from models.chat.chain import Inference, language_model
from models.chat.extractive.quantities import Quantity
from models.chat.prompt import Call, Note, Passage, Prompt, Working, read_prompt, render_prompt
from models.chat.redacting import Hidden, Hide
from models.chat.roles import ChatModels, ConfiguredChatModels
from models.chat.settings import EXTRACTIVE, ChatSettings, EndpointSettings, Role
from models.chat.tools import describe_tool, without_hints

__all__ = [
    "EXTRACTIVE",
    "Amounts",
    "Call",
    "ChatModels",
    "ChatSettings",
    "ConfiguredChatModels",
    "EndpointSettings",
    "Hidden",
    "Hide",
    "Inference",
    "Note",
    "Passage",
    "Prompt",
    "Quantity",
    "Role",
    "Working",
    "describe_tool",
    "language_model",
    "read_amounts",
    "read_prompt",
    "render_prompt",
    "without_hints",
]
