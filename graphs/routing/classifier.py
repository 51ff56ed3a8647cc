"""Which label a request belongs to: softmax regression beside nearest neighbours, with calibrated probabilities."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graphs.routing.features import SQUARED_LENGTH, Features, Matrix, Vocabulary
from models import Vectors

_NEIGHBOURS = 3
_NEIGHBOUR_WEIGHT = 10.0
_BACKGROUND_WEIGHT = 0.25
"""Weight of a text that is no request in the regression, beside 1 for a request."""
_PENALTY = 6e-5
_RIDGE = 1e-6
_MOST_STEPS = 70
_FOLDS = 3
_TEMPERATURES = np.linspace(0.3, 4.0, 75)
_VERSION = 4


@dataclass(frozen=True)
class Examples:
    """Labelled texts with their embeddings, shape (n, dimensions)."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    vectors: Vectors
    requests: NDArray[np.bool_]
    """Whether a text is a request in a user's words; the others teach with less weight, and calibrate nothing."""

    def digest(self) -> str:
        """Names these examples and this code's way of learning from them."""
        content = "\0".join(f"{label}\1{text}" for label, text in zip(self.labels, self.texts, strict=True))
        shape = f"{_VERSION}:{self.vectors.shape}:{float(self.vectors.sum()):.3f}:{self.requests.sum()}:"
        return hashlib.sha256((shape + content).encode()).hexdigest()[:24]

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
    bias: Matrix
    known: Features
    """Those of the examples, for the neighbours."""
    owners: NDArray[np.int64]
    temperature: float
    """Multiplies the scores, so that of the answers given with probability p a share p is right."""

    def probabilities(self, texts: Sequence[str], vectors: Vectors) -> Matrix:
        """Shape (n, labels); each row sums to 1."""
        return _softmax(self.scores(texts, vectors) * self.temperature).astype(np.float32)

    def scores(self, texts: Sequence[str], vectors: Vectors) -> NDArray[np.float64]:
        """What the probabilities are made of, shape (n, labels)."""
        return self.weigh(self.vocabulary.features(texts, vectors))

    def weigh(self, features: Features) -> NDArray[np.float64]:
        """Regression scores plus nearness, shape (n, labels)."""
        return _linear(features, self.weights) + self.bias + self.nearness(features)

    def nearness(self, features: Features) -> NDArray[np.float64]:
        """The mean cosine of the nearest examples of each label, weighted, shape (n, labels)."""
        cosines = features.products(self.known) / SQUARED_LENGTH
        nearest = np.zeros((len(cosines), len(self.labels)))
        for label in range(len(self.labels)):
            own = np.sort(cosines[:, self.owners == label], axis=1)[:, -_NEIGHBOURS:]
            nearest[:, label] = own.mean(axis=1) if own.size else 0.0
        return _NEIGHBOUR_WEIGHT * nearest

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
            bias=self.bias,
            dense=self.known.dense.astype(np.float16),
            values=self.known.terms.data,
            columns=self.known.terms.indices,
            ends=self.known.terms.indptr,
            owners=self.owners,
            temperature=np.array(self.temperature),
        )
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Classifier":
        """Read what `save` wrote. Raises OSError, ValueError or KeyError for anything else."""
        from scipy.sparse import csr_matrix

        with np.load(path, allow_pickle=False) as stored:
            terms = stored["terms"].tobytes().decode().split("\n")
            shape = (len(stored["dense"]), len(terms))
            sparse = csr_matrix((stored["values"], stored["columns"], stored["ends"]), shape=shape)
            return cls(
                labels=tuple(str(label) for label in stored["labels"]),
                vocabulary=Vocabulary({term: n for n, term in enumerate(terms)}, stored["rarity"]),
                weights=stored["weights"],
                bias=stored["bias"],
                known=Features(stored["dense"].astype(np.float32), sparse),
                owners=stored["owners"],
                temperature=float(stored["temperature"]),
            )


def learn(examples: Examples) -> Classifier:
    """Fit the regression, and the temperature on folds that it did not see (Guo et al., 2017, temperature scaling).

    There are far more features than examples, so the regression is solved in the span of the examples: over the rows
    of the Cholesky factor of their inner products, which gives the same weights at a tenth of the cost.
    """
    vocabulary = Vocabulary.of(examples.texts)
    known = vocabulary.features(examples.texts, examples.vectors)
    labels = tuple(sorted(set(examples.labels)))
    owners = np.array([labels.index(label) for label in examples.labels], dtype=np.int64)
    inner_products = known.products(known).astype(np.float64) + _RIDGE * np.eye(len(owners))
    span = np.asarray(np.linalg.cholesky(inner_products), dtype=np.float64)
    inner, bias = _fit(span, owners, examples.requests, len(labels))
    whole = Classifier(
        labels,
        vocabulary,
        known.combined(np.asarray(np.linalg.solve(span.T, inner), dtype=np.float64)),
        bias,
        known,
        owners,
        1.0,
    )
    requests, background = np.flatnonzero(examples.requests), np.flatnonzero(~examples.requests)
    fold = np.random.default_rng(0).permutation(len(requests)) % _FOLDS
    held_out = np.zeros((len(requests), len(labels)))
    for number in range(_FOLDS):
        seen, unseen = np.concatenate([requests[fold != number], background]), requests[fold == number]
        inner, bias = _fit(span[seen], owners[seen], examples.requests[seen], len(labels))
        part = replace(whole, known=known.rows(seen), owners=owners[seen])
        held_out[fold == number] = span[unseen] @ inner + bias + part.nearness(known.rows(unseen))
    return replace(whole, temperature=_calibrate(held_out, owners[requests]))


def _fit(
    span: NDArray[np.float64], owners: NDArray[np.int64], requests: NDArray[np.bool_], labels: int
) -> tuple[NDArray[np.float64], Matrix]:
    """Weights in the span, and bias; every label counts the same, however many examples it has."""
    importance = np.where(requests, 1.0, _BACKGROUND_WEIGHT)
    totals = np.bincount(owners, weights=importance, minlength=labels)
    return _descend(span, owners, importance / (np.count_nonzero(totals) * totals[owners]), labels)


def _descend(
    span: NDArray[np.float64], owners: NDArray[np.int64], importance: NDArray[np.float64], labels: int
) -> tuple[NDArray[np.float64], Matrix]:
    """Minimise weighted cross-entropy with an L2 penalty by L-BFGS. `importance` sums to 1."""
    from scipy.optimize import minimize

    single = span.astype(np.float32)
    rows, width = np.arange(len(owners)), span.shape[1]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights, bias = flat[:-labels].reshape(width, labels), flat[-labels:]
        error = _softmax(single @ weights.astype(np.float32) + bias)
        fit = -float(importance @ np.log(error[rows, owners] + 1e-12))
        error[rows, owners] -= 1.0
        error *= importance[:, None]
        slope = single.T @ error.astype(np.float32) + _PENALTY * weights
        return fit + _PENALTY / 2 * float((weights**2).sum()), np.concatenate(
            [slope.ravel(), error.sum(axis=0)]
        )

    start = np.zeros(width * labels + labels)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _MOST_STEPS}).x
    return found[:-labels].reshape(width, labels), found[-labels:].astype(np.float32)


def _linear(features: Features, weights: NDArray[np.floating]) -> NDArray[np.float64]:
    middle = features.dense.shape[1]
    scores: NDArray[np.float64] = features.dense @ weights[:middle] + features.terms @ weights[middle:]
    return scores


def _calibrate(scores: NDArray[np.float64], owners: NDArray[np.int64]) -> float:
    """The temperature under which the held-out labels are likeliest."""
    rows = np.arange(len(owners))
    losses = [-np.log(_softmax(scores * t)[rows, owners] + 1e-9).mean() for t in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return result
