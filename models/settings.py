"""What may be set about the models."""

from models.embeddings.settings import EmbeddingSettings

__all__ = ["EmbeddingSettings"]
