"""What computes: embeddings and chat models, behind Protocols that say nothing of who answers."""

from models.arguments import Unit, argument
from models.errors import (
    ChatModelUnavailable,
    EmbeddingUnavailable,
    ModelsError,
    RerankingUnavailable,
    WeightsInvalid,
)
from models.interfaces import CHARACTERS_A_TOKEN, Embedder, TokenCounter, Vectors, estimated_tokens

__all__ = [
    "CHARACTERS_A_TOKEN",
    "ChatModelUnavailable",
    "Embedder",
    "EmbeddingUnavailable",
    "ModelsError",
    "RerankingUnavailable",
    "TokenCounter",
    "Unit",
    "Vectors",
    "WeightsInvalid",
    "argument",
    "estimated_tokens",
]
