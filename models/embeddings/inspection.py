"""How the embedding model stands before it is loaded, for who asks what is missing: without the network, and changing nothing."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from models.embeddings.gguf_embedder import is_gguf
from models.embeddings.settings import DEFAULT_MODEL, EmbeddingSettings
from models.embeddings.weights import check_source, fault, wheel_folder
from models.errors import EmbeddingUnavailable
from models.gguf import verify_model
from models.resident.pooling import Pooling, pooling

_DESCRIPTIONS = ("modules.json", "config.json")
"""Files of which a folder that sentence-transformers can load has one."""
_LIBRARY_NAMESPACE = "sentence-transformers"
_HUB_S = 10.0
_POOLED = {Pooling.MEAN: "the mean of", Pooling.FIRST: "the first of", Pooling.LAST: "the last of"}


@dataclass(frozen=True)
class Inspection:
    """A model that can be used as it is, or after what `pending` says."""

    detail: str
    """Which model, and where its files lie."""
    pending: str = ""
    """What has to happen first, and what it needs."""


def inspect_model(settings: EmbeddingSettings, data: Path) -> Inspection:
    """Where the files of the model are, looked through but not loaded; blocks for some 0.2 s.

    `data` is the data folder. Raises WeightsInvalid or EmbeddingUnavailable, with what to do.
    """
    if settings.model == DEFAULT_MODEL:
        return _of_the_default(data / "models" / DEFAULT_MODEL)
    if is_gguf(settings.model):
        return _of_a_gguf(Path(settings.model).expanduser(), settings.max_tokens)
    _needs("sentence_transformers", "sentence-transformers")
    folder = Path(settings.model)
    if folder.is_dir():
        if any((folder / name).is_file() for name in _DESCRIPTIONS):
            return Inspection(f"the folder {folder}")
        raise EmbeddingUnavailable(
            f"the folder {folder} has neither {' nor '.join(_DESCRIPTIONS)}; give that of a sentence-transformers model"
        )
    return _by_name(settings.model)


def _of_the_default(layout: Path) -> Inspection:
    for package in ("openvino", "tokenizers"):
        _needs(package, package)
    why = fault(layout)
    if why is None:
        return Inspection(f"{DEFAULT_MODEL}, laid out for OpenVINO in {layout}")
    source = wheel_folder()
    check_source(source)
    return Inspection(f"{DEFAULT_MODEL} in {source}, laid out for OpenVINO when it is first needed")


def _of_a_gguf(file: Path, max_tokens: int) -> Inspection:
    header = verify_model(file)
    kind, family = pooling(file, header), header.architecture
    if importlib.util.find_spec("llama_cpp") is None:
        raise EmbeddingUnavailable(
            f"{file} is computed by llama.cpp, which is not installed: pip install 'freya-agents[local]'"
        )
    trained = header.metadata.get(f"{family}.context_length", max_tokens)
    read = min(max_tokens, trained) if isinstance(trained, int) else max_tokens
    return Inspection(
        f"{file}: {family}, {header.metadata.get(f'{family}.embedding_length')} dimensions, "
        f"{_POOLED[kind]} up to {read} tokens"
    )


def see_that_it_is_there(name: str) -> None:
    """Look for a sentence-transformers model before the library does, which asks a hub that is away for over a minute.

    Blocking: ten seconds at most for each of two names, where the hub has to be asked. Raises EmbeddingUnavailable,
    with what to do.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    if not inspect_model(EmbeddingSettings(model=name), Path()).pending:
        return
    for repository in _repositories(name):
        try:
            HfApi().model_info(repository, timeout=_HUB_S)
        except RepositoryNotFoundError:
            continue
        except Exception as error:
            raise EmbeddingUnavailable(
                f"{name} is neither a folder nor on this machine, and the hub of Hugging Face does not answer "
                f"({type(error).__name__}): see that the network lets it, or fetch the model elsewhere and give its folder"
            ) from error
        return
    raise EmbeddingUnavailable(
        f"{name} is neither a folder nor a model that the hub of Hugging Face shows to everyone: look at its name, "
        "set HF_TOKEN where it is a private one, or give a folder"
    )


def _by_name(name: str) -> Inspection:
    from huggingface_hub import constants, try_to_load_from_cache

    try:
        for repository in _repositories(name):
            for file in _DESCRIPTIONS:
                found = try_to_load_from_cache(repository, file)
                if isinstance(found, str):
                    return Inspection(f"{name} in {Path(found).parent}")
    except ValueError as error:  # no name that the hub could know
        raise EmbeddingUnavailable(
            f"there is no folder {name}, and it is no model's name either; give one of them"
        ) from error
    if constants.HF_HUB_OFFLINE:
        raise EmbeddingUnavailable(
            f"{name} is neither a folder nor in {constants.HF_HUB_CACHE}, and HF_HUB_OFFLINE forbids fetching it; "
            "put it there, or give its folder"
        )
    return Inspection(
        f"{name} is neither a folder nor in {constants.HF_HUB_CACHE}",
        "the next start fetches it from the hub of Hugging Face: see that the network lets it, or give a folder",
    )


def _repositories(name: str) -> tuple[str, ...]:
    """Where the hub has a model of that name, as the library looks for it."""
    return (name,) if "/" in name else (name, f"{_LIBRARY_NAMESPACE}/{name}")


def _needs(module: str, package: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise EmbeddingUnavailable(f"the package {package} is not installed: pip install {package}")
