"""Which label a request belongs to: ridge regression on meaning, words and letters, with calibrated probabilities."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graphs.routing.features import Matrix, Vocabulary
from models import Vectors

_BACKGROUND_WEIGHT = 0.25
"""Weight of a text that is no request in the regression, beside 1 for a request."""
_PENALTY = 0.6
_TEMPERATURES = np.geomspace(1.0, 40.0, 150)
_VERSION = 6


@dataclass(frozen=True)
class Labelled:
    """Texts with their labels."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    requests: NDArray[np.bool_]
    """Whether a text is a request in a user's words; the others teach with less weight, and calibrate nothing."""

    def digest(self, probe: Vectors, words: str) -> str:
        """Names these texts and this code's way of learning from them with the model whose embeddings of some are `probe`.

        `words` names the glossary by which they are put into English words.
        """
        content = "\0".join(f"{label}\1{text}" for label, text in zip(self.labels, self.texts, strict=True))
        shape = f"{_VERSION}:{probe.shape}:{float(np.abs(probe).sum()):.2f}:{self.requests.sum()}:{words}:"
        return hashlib.sha256((shape + content).encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Examples:
    """Labelled texts with their embeddings, shape (n, dimensions)."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    vectors: Vectors
    requests: NDArray[np.bool_]
    """As of `Labelled`."""

    def rows(self, chosen: NDArray[np.int64]) -> "Examples":
        """Some of the examples."""
        return Examples(
            tuple(self.texts[row] for row in chosen),
            tuple(self.labels[row] for row in chosen),
            self.vectors[chosen],
            self.requests[chosen],
        )


@dataclass(frozen=True)
class Classifier:
    """What was learned; `probabilities` is what it is for."""

    labels: tuple[str, ...]
    vocabulary: Vocabulary
    weights: Matrix
    """Shape (features, labels): embedding dimensions first, then terms."""
    temperature: float
    """Multiplies the scores, so that of the answers given with probability p a share p is right."""

    def probabilities(self, texts: Sequence[str], vectors: Vectors) -> Matrix:
        """Shape (n, labels); each row sums to 1."""
        return _softmax(self.scores(texts, vectors) * self.temperature).astype(np.float32)

    def scores(self, texts: Sequence[str], vectors: Vectors) -> NDArray[np.float64]:
        """What the probabilities are made of, shape (n, labels): near 1 for a label that a text surely has, else near 0."""
        features, middle = self.vocabulary.features(texts, vectors), vectors.shape[1]
        scores: NDArray[np.float64] = (
            features.dense @ self.weights[:middle] + features.terms @ self.weights[middle:]
        )
        return scores

    def leanings(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """The scores of words and letters alone, shape (n, labels): quick, and right for four of five requests."""
        middle = self.weights.shape[0] - len(self.vocabulary.columns)
        features = self.vocabulary.features(texts, np.zeros((len(texts), middle), dtype=np.float32))
        scores: NDArray[np.float64] = features.terms @ self.weights[middle:]
        return scores

    def save(self, path: Path) -> None:
        """Write it to a file, at once or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part.npz")
        terms = sorted(self.vocabulary.columns, key=self.vocabulary.columns.__getitem__)
        np.savez(
            part,
            labels=np.array(self.labels),
            terms=np.frombuffer("\n".join(terms).encode(), dtype=np.uint8),
            rarity=self.vocabulary.rarity,
            weights=self.weights,
            temperature=np.array(self.temperature),
        )
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Classifier":
        """Read what `save` wrote. Raises OSError, ValueError or KeyError for anything else."""
        with np.load(path, allow_pickle=False) as stored:
            terms = stored["terms"].tobytes().decode().split("\n")
            return cls(
                labels=tuple(str(label) for label in stored["labels"]),
                vocabulary=Vocabulary({term: n for n, term in enumerate(terms)}, stored["rarity"]),
                weights=stored["weights"],
                temperature=float(stored["temperature"]),
            )


def learn(examples: Examples) -> Classifier:
    """Fit the regression, and the temperature on what it says of each request without having seen it.

    There are more features than examples, so the regression is solved for the examples (Saunders, Gammerman and Vovk,
    1998, dual ridge regression), each label against all others. The inverse that this takes gives what would be said of
    each example had it been left out (Allen, 1974, PRESS), to which the temperature is fitted (Guo et al., 2017,
    temperature scaling).
    """
    vocabulary = Vocabulary.of(examples.texts)
    features = vocabulary.features(examples.texts, examples.vectors)
    labels = tuple(sorted(set(examples.labels)))
    owners = np.array([labels.index(label) for label in examples.labels], dtype=np.int64)
    truth = (owners[:, None] == np.arange(len(labels))).astype(np.float32)
    inverse = _inverse(features.products(features), _PENALTY / _importance(owners, examples.requests))
    shares = inverse @ truth
    unseen = (truth - shares / np.diag(inverse)[:, None])[examples.requests]
    whole = Classifier(labels, vocabulary, features.combined(shares), 1.0)
    return replace(whole, temperature=_calibrate(unseen, owners[examples.requests]))


def _importance(owners: NDArray[np.int64], requests: NDArray[np.bool_]) -> Matrix:
    """Of each example, 1 in the mean; every label counts the same, however many examples it has."""
    single = np.where(requests, 1.0, _BACKGROUND_WEIGHT)
    balanced = single / np.bincount(owners, weights=single)[owners]
    result: Matrix = (balanced / balanced.mean()).astype(np.float32)
    return result


def _inverse(products: Matrix, penalties: Matrix) -> Matrix:
    """The inverse of the inner products with penalties added to their diagonal, by its Cholesky factor, in place."""
    from scipy.linalg.lapack import spotrf, spotri

    products[np.diag_indices_from(products)] += penalties
    factor, failed = spotrf(products.T, lower=1, overwrite_a=1)
    if failed:
        raise ValueError(f"the inner products of the examples cannot be inverted (row {failed})")
    lower, _ = spotri(factor, lower=1, overwrite_c=1)
    lower = np.tril(lower)
    inverse: Matrix = lower + np.tril(lower, -1).T
    return inverse


def _calibrate(scores: Matrix, owners: NDArray[np.int64]) -> float:
    """The temperature under which the labels of unseen requests are likeliest."""
    rows = np.arange(len(owners))
    losses = [-np.log(_softmax(scores * t)[rows, owners] + 1e-9).mean() for t in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def _softmax(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return result
