"""A small Llama of our own: a byte-pair vocabulary, a network trained on the packaged corpus, GGUF files.

`python -m training.llama` makes it, or says where it lies. Tests and demonstrations run on it.
"""

from training.llama.export import RandomWeights, quantise, write_llama, write_random_adapter
from training.llama.made import MadeModel, Recipe, made_model
from training.llama.shape import LlamaShape
from training.llama.vocabulary import Vocabulary, byte_vocabulary, train_vocabulary

__all__ = [
    "LlamaShape",
    "MadeModel",
    "RandomWeights",
    "Recipe",
    "Vocabulary",
    "byte_vocabulary",
    "made_model",
    "quantise",
    "train_vocabulary",
    "write_llama",
    "write_random_adapter",
]
