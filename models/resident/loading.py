"""A model file in memory."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from models.errors import EngineClosed, ModelInvalid
from models.gguf import Header, verify_model
from models.resident.interfaces import ModelCard
from models.resident.library import Library
from models.resident.settings import EngineSettings
from models.resident.vocabulary import Vocabulary


@dataclass(eq=False)
class LoadedModel:
    """Weights, vocabulary, and what the file says of itself."""

    pointer: int
    vocabulary: Vocabulary
    card: ModelCard
    forgets_parts: bool
    """Whether the end of a sequence can be taken back; recurrent models cannot."""
    keeps_all: bool
    """Whether keys and values of every token stay; in models with a sliding window those behind it do not."""
    free: Callable[[int], None]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _users: int = 0
    _closed: bool = False

    @contextmanager
    def used(self) -> Iterator[Vocabulary]:
        """The vocabulary, for a thread other than the engine's; the weights stay as long. Raises EngineClosed."""
        with self._lock:
            if self._closed:
                raise EngineClosed("the engine has been closed")
            self._users += 1
        try:
            yield self.vocabulary
        finally:
            with self._lock:
                self._users -= 1
            self._free_when_unused()

    def close(self) -> None:
        """Free the weights, as soon as nobody uses them. To be called once."""
        with self._lock:
            self._closed = True
        self._free_when_unused()

    def _free_when_unused(self) -> None:
        with self._lock:
            pointer = self.pointer if self._closed and not self._users else 0
            if pointer:
                self.pointer = 0
        if pointer:
            self.free(pointer)


def load_model(library: Library, settings: EngineSettings) -> LoadedModel:
    """Verify a file, then load it. Raises ModelInvalid with what is wrong, also for one that cannot generate."""
    model = load_weights(library, settings)
    api = library.api
    if not api.llama_model_has_decoder(model.pointer) or api.llama_model_has_encoder(model.pointer):
        model.close()
        raise ModelInvalid(f"{settings.path} is a {model.card.architecture}: only decoders can generate")
    return model


def load_weights(library: Library, settings: EngineSettings) -> LoadedModel:
    """Verify a file, then load it, whatever it is for. Raises ModelInvalid with what is wrong."""
    header = verify_model(settings.path)
    api = library.api
    parameters = api.llama_model_default_params()
    offloads = bool(api.llama_supports_gpu_offload())
    if not offloads:
        parameters.n_gpu_layers = 0
    elif settings.gpu_layers >= 0:
        parameters.n_gpu_layers = settings.gpu_layers
    library.complaint()
    pointer = api.llama_model_load_from_file(str(settings.path).encode(), parameters)
    if not pointer:
        raise ModelInvalid(f"{settings.path} could not be loaded: {library.complaint()}")
    vocabulary = Vocabulary(library, api.llama_model_get_vocab(pointer))
    layers = int(api.llama_model_n_layer(pointer)) + 1  # the output counts as one
    wanted = layers if settings.gpu_layers < 0 else settings.gpu_layers
    return LoadedModel(
        pointer=pointer,
        vocabulary=vocabulary,
        card=_card(library, settings, header, pointer, vocabulary, min(layers, wanted) if offloads else 0),
        free=api.llama_model_free,
        forgets_parts=not (api.llama_model_is_recurrent(pointer) or api.llama_model_is_hybrid(pointer)),
        keeps_all=not api.llama_model_n_swa(pointer),
    )


def _card(
    library: Library,
    settings: EngineSettings,
    header: Header,
    pointer: int,
    vocabulary: Vocabulary,
    gpu_layers: int,
) -> ModelCard:
    api = library.api
    template = api.llama_model_chat_template(pointer, None)
    trained = int(api.llama_model_n_ctx_train(pointer))
    return ModelCard(
        path=settings.path,
        name=str(header.metadata.get("general.name", settings.path.stem)),
        architecture=header.architecture,
        parameters=int(api.llama_model_n_params(pointer)),
        size=int(api.llama_model_size(pointer)),
        vocabulary=vocabulary.size,
        trained_context=trained,
        context=min(settings.context_tokens, trained),
        chat_template=template.decode("utf-8", "replace") if template else None,
        start=vocabulary.start,
        end=vocabulary.end,
        control_tokens=vocabulary.control_tokens,
        gpu_layers=gpu_layers,
    )
