"""Texts into vectors: all-MiniLM-L6-v2 in OpenVINO, a GGUF file in llama.cpp, any sentence-transformers model, and a cache before them."""

from models.embeddings.cache import CacheCounts, CachedEmbedder, Observation, Observer
from models.embeddings.factory import open_embedder
from models.embeddings.gguf_embedder import GgufEmbedder
from models.embeddings.inspection import Inspection, inspect_model
from models.embeddings.openvino_embedder import OpenVinoEmbedder
from models.embeddings.sentence_transformer import SentenceTransformerEmbedder
from models.embeddings.settings import DEFAULT_MODEL, EmbeddingSettings
from models.embeddings.shared import SharedEmbedders, whole_name
from models.embeddings.stored import StoredVectors

__all__ = [
    "DEFAULT_MODEL",
    "CacheCounts",
    "CachedEmbedder",
    "EmbeddingSettings",
    "GgufEmbedder",
    "Inspection",
    "Observation",
    "Observer",
    "OpenVinoEmbedder",
    "SentenceTransformerEmbedder",
    "SharedEmbedders",
    "StoredVectors",
    "inspect_model",
    "open_embedder",
    "whole_name",
]
