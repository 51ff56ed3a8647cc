"""What computes: embeddings and chat models, behind Protocols that say nothing of who answers."""

from models.arguments import Unit, argument
from models.errors import ChatModelUnavailable, EmbeddingUnavailable, ModelsError, WeightsInvalid
from models.interfaces import Embedder, Vectors

__all__ = [
    "ChatModelUnavailable",
    "Embedder",
    "EmbeddingUnavailable",
    "ModelsError",
    "Unit",
    "Vectors",
    "WeightsInvalid",
    "argument",
]
