"""The small Llama, made once and found again by what it was made from."""

import fcntl
import hashlib
import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from knowledge.corpus import packaged_topics
from training.llama.export import quantise, write_llama
from training.llama.shape import LlamaShape
from training.llama.vocabulary import END_OF_TURN, START_OF_TURN, train_vocabulary

CACHE = "~/.cache/freya/models"
SHAPE = LlamaShape(layers=4, width=256, heads=4, kv_heads=2, hidden=768, context=1024)
_VERSION = 1
"""Counts up when the same inputs are trained in another way."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a small Llama is made of. The defaults take some minutes on two cores."""

    shape: LlamaShape = SHAPE
    vocabulary: int = 3072
    steps: int = 600
    documents: int | None = None
    """Of the corpus; None: all."""


@dataclass(frozen=True)
class MadeModel:
    """The files of the small Llama, in one folder."""

    f16: Path
    q8_0: Path
    q4_k_m: Path
    report: Path
    """Losses and sizes, as JSON."""


def documents() -> list[str]:
    """The packaged corpus as conversations of one question and its answer."""
    return [
        f"{START_OF_TURN}user\n{pair.question}{END_OF_TURN}\n{START_OF_TURN}assistant\n{pair.answer}{END_OF_TURN}\n"
        for topics in packaged_topics().values()
        for topic in topics
        for pair in topic.pairs
    ]


def made_model(cache: Path | None = None, *, recipe: Recipe | None = None, threads: int = 2) -> MadeModel:
    """The model trained on the corpus as it is now: made by the recipe, or found in the cache folder."""
    recipe = recipe or Recipe()
    texts = documents()[: recipe.documents]
    folder = (cache or Path(CACHE)).expanduser() / f"small-llama-{_fingerprint(recipe, texts)}"
    model = MadeModel(*(folder / name for name in ("f16.gguf", "q8_0.gguf", "q4_k_m.gguf", "report.json")))
    if model.report.is_file():
        return model
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("wb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # another process may be making it
        if not model.report.is_file():
            _make(model, recipe, texts, threads)
    return model


def _make(model: MadeModel, recipe: Recipe, texts: list[str], threads: int) -> None:
    from training.llama.fitting import fit

    vocabulary = train_vocabulary(texts, recipe.vocabulary)
    tokens = vocabulary.encode(texts)
    weights, result = fit(recipe.shape, len(vocabulary.tokens), tokens, steps=recipe.steps, threads=threads)
    write_llama(model.f16, recipe.shape, vocabulary, weights, name="Freya's small Llama")
    quantise(model.f16, model.q8_0, "Q8_0")
    quantise(model.f16, model.q4_k_m, "Q4_K_M")
    parameters = sum(numbers.size for numbers in weights.values())
    report = {"parameters": parameters, "vocabulary": len(vocabulary.tokens), **asdict(result)}
    model.report.write_text(json.dumps(report, indent=2), "utf-8")
    logger.info("made %s: %s", model.f16.parent, report)


def _fingerprint(recipe: Recipe, texts: list[str]) -> str:
    digest = hashlib.sha256(repr((recipe, _VERSION)).encode())
    for text in texts:
        digest.update(text.encode())
    return digest.hexdigest()[:16]
