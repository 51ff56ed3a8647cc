"""What computes: embeddings and chat models, behind Protocols that say nothing of who answers."""

from models.arguments import Unit, argument
from models.errors import (
    AdapterInvalid,
    AdapterUnknown,
    ChatModelUnavailable,
    ContextExceeded,
    DeadlineExceeded,
    EmbeddingUnavailable,
    EngineClosed,
    EngineError,
    EngineUnavailable,
    GenerationFailed,
    GrammarInvalid,
    ModelInvalid,
    ModelsError,
    QueueFull,
    RequestInvalid,
    RerankingUnavailable,
    WeightsInvalid,
)
from models.glossary import english_words, glossary_digest, personal_words, prepare_glossary
from models.interfaces import CHARACTERS_A_TOKEN, Embedder, TokenCounter, Vectors, estimated_tokens
from models.reranking import CrossEncoderReranker
from models.settings import ModelsSettings
from models.spelling import Spelling

__all__ = [
    "CHARACTERS_A_TOKEN",
    "AdapterInvalid",
    "AdapterUnknown",
    "ChatModelUnavailable",
    "ContextExceeded",
    "CrossEncoderReranker",
    "DeadlineExceeded",
    "Embedder",
    "EmbeddingUnavailable",
    "EngineClosed",
    "EngineError",
    "EngineUnavailable",
    "GenerationFailed",
    "GrammarInvalid",
    "ModelInvalid",
    "ModelsError",
    "ModelsSettings",
    "QueueFull",
    "RequestInvalid",
    "RerankingUnavailable",
    "Spelling",
    "TokenCounter",
    "Unit",
    "Vectors",
    "WeightsInvalid",
    "argument",
    "english_words",
    "estimated_tokens",
    "glossary_digest",
    "personal_words",
    "prepare_glossary",
]
