"""What can be set about models."""

from pydantic import Field

from models.chat.settings import ChatSettings
from models.embeddings.settings import EmbeddingSettings


class ModelsSettings(ChatSettings):
    """The embedding model, chat endpoints by name, and which of them serve which role."""

    embedding: EmbeddingSettings = Field(default_factory=EmbeddingSettings)
