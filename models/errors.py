"""Errors of the models package."""


class ModelsError(Exception):
    """Something that computes could not.

    ModelsError
    ├── EmbeddingUnavailable   the embedding model could not be loaded or did not answer
    ├── WeightsInvalid         weights are missing, or are not the ones expected
    ├── ChatModelUnavailable   no model of the declared chain answered
    └── RerankingUnavailable   the reranking model could not be loaded or did not answer
    """


class EmbeddingUnavailable(ModelsError):
    """The embedding model could not be loaded or did not answer."""


class WeightsInvalid(ModelsError):
    """Weights are missing, or their checksum is not the expected one."""


class ChatModelUnavailable(ModelsError):
    """No model of a role's declared chain answered."""


class RerankingUnavailable(ModelsError):
    """The reranking model could not be loaded or did not answer."""
