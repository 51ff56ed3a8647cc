"""Texts into vectors: all-MiniLM-L6-v2 in ONNX Runtime, any sentence-transformers model, and a cache before either."""

from models.embeddings.onnx_embedder import OnnxEmbedder
from models.embeddings.settings import EmbeddingSettings

__all__ = ["EmbeddingSettings", "OnnxEmbedder"]
