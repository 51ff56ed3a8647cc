"""Which label a request belongs to: softmax regression beside nearest neighbours, with calibrated probabilities."""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from models import Vectors

Matrix: TypeAlias = NDArray[np.float32]

_WORD = re.compile(r"[a-z]+|\d+|[^\sa-z\d]")
_PLURAL = re.compile(r"^(\w{3,})s$")  # "gas" keeps its s
_WORDS_WEIGHT = 0.8
"""Length of the word vector beside an embedding of length 1."""
_NEIGHBOURS = 3
_NEIGHBOUR_WEIGHT = 4.0
_PENALTY = 5e-4
_STEPS = 400
_STEP = 4.0
_MOMENTUM = 0.9
_FOLDS = 5
_TEMPERATURES = np.linspace(0.3, 4.0, 75)
_VERSION = 1


@dataclass(frozen=True)
class Examples:
    """Labelled texts with their embeddings, shape (n, dimensions)."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    vectors: Vectors

    def digest(self) -> str:
        """Names these examples and this code's way of learning from them."""
        content = "\0".join(f"{label}\1{text}" for label, text in zip(self.labels, self.texts, strict=True))
        shape = f"{_VERSION}:{self.vectors.shape}:{float(self.vectors.sum()):.4f}:"
        return hashlib.sha256((shape + content).encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Classifier:
    """Learned weights over embedding and word features; `probabilities` is what it is for."""

    labels: tuple[str, ...]
    vocabulary: Mapping[str, int]
    rarity: Matrix
    weights: Matrix
    bias: Matrix
    features: Matrix
    """Those of the examples, for the neighbours; shape (n, features)."""
    owners: NDArray[np.int64]
    temperature: float
    """Multiplies the scores, so that of the answers given with probability p a share p is right."""

    def probabilities(self, texts: Sequence[str], vectors: Vectors) -> Matrix:
        """Shape (n, labels); each row sums to 1."""
        return _softmax(
            self._scores(_features(texts, vectors, self.vocabulary, self.rarity)) * self.temperature
        )

    def _scores(self, features: Matrix) -> Matrix:
        return _scores(features, self.weights, self.bias, self.features, self.owners, len(self.labels))

    def save(self, path: Path) -> None:
        """Write it to a file, at once or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part.npz")
        words = np.array(sorted(self.vocabulary, key=self.vocabulary.__getitem__), dtype=np.str_)
        np.savez(
            part,
            labels=np.array(self.labels),
            words=words,
            rarity=self.rarity,
            weights=self.weights,
            bias=self.bias,
            features=self.features.astype(np.float16),
            owners=self.owners,
            temperature=np.array(self.temperature),
        )
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Classifier":
        """Read what `save` wrote. Raises OSError, ValueError or KeyError for anything else."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(
                labels=tuple(str(label) for label in stored["labels"]),
                vocabulary={str(word): n for n, word in enumerate(stored["words"])},
                rarity=stored["rarity"],
                weights=stored["weights"],
                bias=stored["bias"],
                features=stored["features"].astype(np.float32),
                owners=stored["owners"],
                temperature=float(stored["temperature"]),
            )


def learn(examples: Examples) -> Classifier:
    """Fit the regression, and the temperature on folds that it did not see (Guo et al., 2017, temperature scaling)."""
    labels = tuple(sorted(set(examples.labels)))
    owners = np.array([labels.index(label) for label in examples.labels], dtype=np.int64)
    fold = np.random.default_rng(0).permutation(len(owners)) % _FOLDS
    held_out = np.zeros((len(owners), len(labels)), dtype=np.float32)
    for number in range(_FOLDS):
        seen, unseen = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        part = _fit(_part(examples, seen), labels, owners[seen])
        rest = _part(examples, unseen)
        held_out[unseen] = part._scores(_features(rest.texts, rest.vectors, part.vocabulary, part.rarity))  # noqa: SLF001  # own class
    whole = _fit(examples, labels, owners)
    return Classifier(**{**whole.__dict__, "temperature": _calibrate(held_out, owners)})


def _part(examples: Examples, rows: NDArray[np.int64]) -> Examples:
    return Examples(
        tuple(examples.texts[row] for row in rows),
        tuple(examples.labels[row] for row in rows),
        examples.vectors[rows],
    )


def _fit(examples: Examples, labels: tuple[str, ...], owners: NDArray[np.int64]) -> Classifier:
    documents = Counter(word for text in examples.texts for word in set(_tokens(text)))
    vocabulary = {word: n for n, word in enumerate(sorted(w for w, count in documents.items() if count > 1))}
    rarity = np.array(
        [math.log(len(examples.texts) / documents[word]) for word in vocabulary], dtype=np.float32
    )
    features = _features(examples.texts, examples.vectors, vocabulary, rarity)
    weights, bias = _descend(features, owners, len(labels))
    return Classifier(labels, vocabulary, rarity, weights, bias, features, owners, 1.0)


def _descend(features: Matrix, owners: NDArray[np.int64], labels: int) -> tuple[Matrix, Matrix]:
    """Minimise class-balanced cross-entropy with an L2 penalty by Nesterov's accelerated gradient."""
    rows = len(owners)
    target: Matrix = np.eye(labels, dtype=np.float32)[owners]
    balance: Matrix = (rows / (labels * target.sum(axis=0))).astype(np.float32)[owners][:, None]
    weights: Matrix = np.zeros((features.shape[1], labels), dtype=np.float32)
    bias: Matrix = np.zeros(labels, dtype=np.float32)
    speed: Matrix = np.zeros_like(weights)
    speed_bias: Matrix = np.zeros_like(bias)
    for _ in range(_STEPS):
        ahead, ahead_bias = weights + _MOMENTUM * speed, bias + _MOMENTUM * speed_bias
        error = (_softmax(features @ ahead + ahead_bias) - target) * balance / rows
        speed = (_MOMENTUM * speed - _STEP * (features.T @ error + _PENALTY * ahead)).astype(np.float32)
        speed_bias = (_MOMENTUM * speed_bias - _STEP * error.sum(axis=0)).astype(np.float32)
        weights, bias = weights + speed, bias + speed_bias
    return weights, bias


def _scores(
    features: Matrix, weights: Matrix, bias: Matrix, known: Matrix, owners: NDArray[np.int64], labels: int
) -> Matrix:
    """Regression scores plus the mean cosine of the nearest examples of each label."""
    cosines = features @ known.T / (1.0 + _WORDS_WEIGHT**2)
    nearest: Matrix = np.zeros((len(features), labels), dtype=np.float32)
    for label in range(labels):
        nearest[:, label] = np.sort(cosines[:, owners == label], axis=1)[:, -_NEIGHBOURS:].mean(axis=1)
    return features @ weights + bias + np.float32(_NEIGHBOUR_WEIGHT) * nearest


def _calibrate(scores: Matrix, owners: NDArray[np.int64]) -> float:
    """The temperature under which the held-out labels are likeliest."""
    rows = np.arange(len(owners))
    losses = [-np.log(_softmax(scores * t)[rows, owners] + 1e-9).mean() for t in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def _features(
    texts: Sequence[str], vectors: Vectors, vocabulary: Mapping[str, int], rarity: Matrix
) -> Matrix:
    """Embeddings beside word vectors (inverse document frequency, scaled to a fixed length)."""
    counted = np.zeros((len(texts), len(vocabulary)), dtype=np.float32)
    for row, text in enumerate(texts):
        columns = [vocabulary[word] for word in set(_tokens(text)) if word in vocabulary]
        counted[row, columns] = rarity[columns]
    lengths = np.linalg.norm(counted, axis=1, keepdims=True)
    lengths[lengths == 0.0] = 1.0
    return np.hstack([vectors, _WORDS_WEIGHT * counted / lengths]).astype(np.float32)


def _tokens(text: str) -> list[str]:
    """Words without their plural s, and one sign for any number."""
    found = _WORD.findall(text.lower())
    return ["0" if token.isdigit() else _PLURAL.sub(r"\1", token) for token in found]


def _softmax(scores: Matrix) -> Matrix:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: Matrix = shifted / shifted.sum(axis=1, keepdims=True)
    return result
