"""Errors of the models package."""


class ModelsError(Exception):
    """Something that computes could not.

    ModelsError
    ├── EmbeddingUnavailable   the embedding model could not be loaded or did not answer
    ├── WeightsInvalid         weights are missing, or are not the ones expected
    │   └── ModelInvalid       a model file is damaged, truncated, or of a kind that cannot be run
    ├── ChatModelUnavailable   no model of the declared chain answered
    ├── RerankingUnavailable   the reranking model could not be loaded or did not answer
    └── EngineError            the resident engine did not do what it was asked
        ├── EngineUnavailable  the library is not installed, or the model does not fit
        ├── EngineClosed       the engine has been closed, or stopped on an error of the library
        ├── QueueFull          too many requests wait; says after how many seconds to try again
        ├── RequestInvalid     the request can never be served as it is
        │   ├── ContextExceeded   its prompt is longer than the context
        │   ├── GrammarInvalid    its grammar does not parse
        │   └── AdapterUnknown    it names an adapter that is not loaded
        ├── AdapterInvalid     a LoRA adapter could not be loaded, or is of another model
        ├── DeadlineExceeded   the request's time ran out, waiting or generating
        └── GenerationFailed   computing this request failed, and only this one
    """


class EmbeddingUnavailable(ModelsError):
    """The embedding model could not be loaded or did not answer."""


class WeightsInvalid(ModelsError):
    """Weights are missing, or their checksum is not the expected one."""


class ModelInvalid(WeightsInvalid):
    """A model file is damaged, truncated, or of a kind that cannot be run."""


class ChatModelUnavailable(ModelsError):
    """No model of a role's declared chain answered."""


class RerankingUnavailable(ModelsError):
    """The reranking model could not be loaded or did not answer."""


class EngineError(ModelsError):
    """The resident engine did not do what it was asked."""


class EngineUnavailable(EngineError):
    """The library that computes is not installed, or the model and its cache do not fit into memory."""


class EngineClosed(EngineError):
    """The engine has been closed, or stopped on an error of the library."""


class QueueFull(EngineError):
    """Too many requests wait already."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        """Seconds after which a place is likely to be free."""


class RequestInvalid(EngineError):
    """The request can never be served as it is."""


class ContextExceeded(RequestInvalid):
    """The prompt is longer than the context of a request."""


class GrammarInvalid(RequestInvalid):
    """The grammar does not parse, or is too large."""


class AdapterUnknown(RequestInvalid):
    """The request names an adapter that is not loaded."""


class AdapterInvalid(EngineError):
    """A LoRA adapter could not be loaded, or belongs to another model."""


class DeadlineExceeded(EngineError):
    """The time of the request ran out while it waited or generated."""


class GenerationFailed(EngineError):
    """Computing this request failed; others were not touched by it."""
