"""What a classifier sees of a text: its embedding, its words, and the letters in them."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias  # scipy's sparse matrices are not typed

import numpy as np
from numpy.typing import NDArray

from models import Vectors

Matrix: TypeAlias = NDArray[np.float32]
Sparse: TypeAlias = Any  # scipy.sparse.csr_matrix

_WORD = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*|[^\s\w]")
_PLURAL = re.compile(r"^(\w{3,})s$")  # "gas" keeps its s
_LONGEST = 2000
"""Characters that are read; the embedding ends earlier."""
_GRAMS = (3, 4, 5)
_WORDS_LENGTH = 0.8
_GRAMS_LENGTH = 0.6
"""Lengths of the word and letter vectors beside an embedding of length 1."""


@dataclass(frozen=True)
class Features:
    """Rows of features: dense embeddings beside sparse terms."""

    dense: NDArray[np.floating]
    terms: Sparse

    def products(self, others: "Features") -> Matrix:
        """Inner products of each row with each of the others, shape (n, others)."""
        shared = (others.terms @ self.terms.T).toarray().T  # the few rows are turned, not the many
        both = self.dense @ others.dense.T + shared
        result: Matrix = both.astype(np.float32)
        return result

    def combined(self, shares: NDArray[np.float64]) -> Matrix:
        """The sums of the rows by shares of shape (n, k): shape (features, k), dense features first."""
        result: Matrix = np.vstack([self.dense.T @ shares, self.terms.T @ shares]).astype(np.float32)
        return result


@dataclass(frozen=True)
class Vocabulary:
    """The terms that at least two texts have, each with its column and its inverse document frequency."""

    columns: Mapping[str, int]
    rarity: Matrix

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Vocabulary":
        """The vocabulary of these texts."""
        counts = Counter(term for text in texts for term in set(_terms(text)))
        shared = sorted(term for term, count in counts.items() if count > 1)
        rarity = [math.log((1 + len(texts)) / (1 + counts[term])) + 1.0 for term in shared]
        return cls({term: n for n, term in enumerate(shared)}, np.array(rarity, dtype=np.float32))

    @property
    def words(self) -> dict[str, float]:
        """The words among the terms, with how common each is."""
        return {
            term: -float(self.rarity[column])
            for term, column in self.columns.items()
            if not term.startswith(_MARK) and term.isalpha()
        }

    def features(self, texts: Sequence[str], vectors: Vectors) -> Features:
        """Features of texts with their embeddings, shape (n, dimensions)."""
        from scipy.sparse import csr_matrix

        values: list[float] = []
        columns: list[int] = []
        ends = [0]
        for text in texts:
            found = {term for term in _terms(text) if term in self.columns}
            for letters, length in ((False, _WORDS_LENGTH), (True, _GRAMS_LENGTH)):
                chosen = [self.columns[term] for term in found if (term[0] == _MARK) is letters]
                weights = self.rarity[chosen]
                norm = float(np.linalg.norm(weights)) or 1.0
                columns += chosen
                values += (weights * (length / norm)).tolist()
            ends.append(len(columns))
        shape = (len(texts), len(self.columns))
        terms = csr_matrix((np.array(values, dtype=np.float32), columns, ends), shape=shape)
        return Features(vectors, terms)


_MARK = "\0"
"""Begins a term that is a run of letters and not a word."""


def _terms(text: str) -> Iterator[str]:
    words = _words(text)
    yield from words
    for word in words:
        padded = f" {word} "
        for size in _GRAMS:
            yield from (_MARK + padded[at : at + size] for at in range(len(padded) - size + 1))


def _words(text: str) -> list[str]:
    """Words without their plural s, and one sign for any number."""
    found: Iterable[str] = _WORD.findall(text[:_LONGEST].casefold())
    return ["0" if word[0].isdigit() else _PLURAL.sub(r"\1", word) for word in found]
