"""What may be set about the models."""

from pydantic import BaseModel, Field

from models.chat.settings import ChatSettings
from models.embeddings.settings import EmbeddingSettings

__all__ = ["ChatSettings", "EmbeddingSettings", "ModelSettings"]


class ModelSettings(BaseModel):
    """The settings of everything that computes."""

    chat: ChatSettings = Field(default_factory=ChatSettings, description="Chat models by role.")
    embeddings: EmbeddingSettings = Field(
        default_factory=EmbeddingSettings, description="The embedding model and its cache."
    )
