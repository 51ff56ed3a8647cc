"""What speaks for each passage of an index, given a question: one number a passage for each feature."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memory.recall.index import UserIndex
from memory.recall.question import Question

Floats = NDArray[np.float32]
_K1 = 1.2
_B = 0.6
_FEW = 8000
UNKNOWN = 0.3125
"""The cosine that is taken for what has no vector: with the weights of meaning it comes to what separates the two
middles of relevance, with and without meaning, so that words alone decide."""


@dataclass(frozen=True)
class Words:
    """BM25 by passage, each divided by the most that the question's words could come to."""

    passage: Floats
    message: Floats
    window: Floats
    covered: Floats
    """What share of the question's words stands in the passage's message, each word by its rarity."""


@dataclass(frozen=True)
class Meaning:
    """Cosines by passage."""

    passage: Floats
    message: Floats
    """The highest of the passages of the same message."""
    window: Floats
    """The mean of the passages before and after it in the same message."""


def words(index: UserIndex, question: Question) -> Words:
    """BM25 (Robertson and Zaragoza 2009, section 3.2) in a passage, its message, and that with its neighbours."""
    passages, sources = len(index.source), len(index.sources)
    of = index.source.values
    lengths = index.length.values, index.words.values, _around(index, index.words.values)
    means = [max(1.0, float(each.mean())) for each in lengths]
    norms = [_K1 * (1 - _B + _B * each / mean) for each, mean in zip(lengths, means, strict=True)]
    totals = [np.zeros(passages, np.float32), np.zeros(sources, np.float32), np.zeros(sources, np.float32)]
    said = np.zeros(sources, np.float32)
    most = 1e-6
    for word in (*question.words, *question.dated):
        places, counts = index.postings.of(word)
        in_source = np.bincount(of[places], weights=counts, minlength=sources).astype(np.float32)
        holding = int(np.count_nonzero(in_source))
        weight = float(np.log1p((sources - holding + 0.5) / (holding + 0.5)))
        most += weight * (_K1 + 1) if word in question.words else 0
        if not len(places):
            continue
        around = _around(index, in_source)
        totals[0][places] += weight * (_K1 + 1) * counts / (counts + norms[0][places])
        totals[1] += weight * (_K1 + 1) * in_source / (in_source + norms[1])
        totals[2] += weight * (_K1 + 1) * around / (around + norms[2])
        said += weight * (_K1 + 1) * (in_source > 0)
    return Words(totals[0] / most, totals[1][of] / most, totals[2][of] / most, said[of] / most)


def meaning(index: UserIndex, question: Question) -> Meaning:
    """Cosines with the question's vector; without one all are nothing."""
    of = index.source.values
    if question.vector is None or not len(of):
        nothing = np.zeros(len(of), np.float32)
        return Meaning(nothing, nothing, nothing)
    cosines = np.full(len(of), UNKNOWN, np.float32)
    row = index.row.values
    found = _products(index.vectors.values, question.vector)
    cosines[row >= 0] = found[row[row >= 0]]
    best = np.full(len(index.sources), -1, np.float32)
    np.maximum.at(best, of, cosines)
    return Meaning(cosines, best[of], _beside(of, cosines))


def _products(vectors: Floats, vector: Floats) -> Floats:
    """Few are multiplied on this thread alone: to wake others takes longer, above all on a processor that is busy."""
    if len(vectors) < _FEW:
        return np.asarray(np.einsum("ij,j->i", vectors, vector))
    return np.asarray(vectors @ vector)


def beside(index: UserIndex, match: Floats) -> Floats:
    """By passage: the best match in the message before its own, or half of that in the one after if that is more.

    What answers a message seldom says its words again.
    """
    best = np.zeros(len(index.sources) + 1, np.float32)  # -1, nobody, is the last
    np.maximum.at(best, index.source.values, match)
    around = np.maximum(best[index.before.values], 0.5 * best[index.after.values])
    return np.asarray(around[index.source.values], np.float32)


def _around(index: UserIndex, values: Floats) -> Floats:
    """By source: the sum of its value and of those of the messages before and after it."""
    padded = np.append(values, np.float32(0))  # -1, nobody, is the last
    return np.asarray(values + padded[index.before.values] + padded[index.after.values], np.float32)


def _beside(of: NDArray[np.int32], values: Floats) -> Floats:
    """By passage: the mean of those next to it in the same source; its own where it stands alone."""
    total, count = np.zeros_like(values), np.zeros_like(values)
    same = of[1:] == of[:-1]
    total[1:][same] += values[:-1][same]
    total[:-1][same] += values[1:][same]
    count[1:][same] += 1
    count[:-1][same] += 1
    return np.where(count > 0, total / np.maximum(count, 1), values).astype(np.float32)
