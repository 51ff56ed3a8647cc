"""From what the searches found to one ranking, and to the probability that a pair has to do with the query."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from knowledge.fields import Field
from knowledge.lexical import Words
from knowledge.settings import RetrievalSettings


@dataclass(frozen=True)
class Found:
    """What the searches for one query found, by field."""

    meanings: Mapping[Field, Mapping[str, float]]
    """Cosines by pair id."""
    words: Mapping[Field, Words]

    @property
    def pairs(self) -> set[str]:
        """The ids of all that was found."""
        scores = [*self.meanings.values(), *(words.scores for words in self.words.values())]
        return {pair for each in scores for pair in each}

    def only(self, pairs: Collection[str]) -> "Found":
        """What of it are these pairs."""
        return Found(
            {field: _only(scores, pairs) for field, scores in self.meanings.items()},
            {field: replace(words, scores=_only(words.scores, pairs)) for field, words in self.words.items()},
        )


@dataclass(frozen=True)
class Evidence:
    """What speaks for one pair: cosines and BM25 by field."""

    meanings: Mapping[Field, float]
    words: Mapping[Field, float]

    @property
    def similarity(self) -> float:
        """The cosine of the nearer field."""
        return max(self.meanings.values())


class Fusion:
    """The weights for one query, out of the settings and of what its searches found.

    A score is the weighted sum of cosines and of BM25 divided by the best BM25 of its search. Words count the
    less the nearer the nearest stored question is: where a question like the query's is stored, meaning has
    found it, and what shares words with it besides is noise; where there is none, words find what meaning does
    not. Between two cosines of the settings their weight falls from full to nothing.
    """

    def __init__(self, found: Found, settings: RetrievalSettings) -> None:
        self._found = found
        self._settings = settings
        self._meaning_weights = {
            Field.QUESTION: settings.dense_question,
            Field.ANSWER: settings.dense_answer,
        }
        self._word_weights = {
            Field.QUESTION: settings.lexical_question,
            Field.ANSWER: settings.lexical_answer,
        }
        nearest = max(found.meanings.get(Field.QUESTION, {}).values(), default=-1.0)
        span = settings.words_none - settings.words_full
        self.openness = min(1.0, max(0.0, (settings.words_none - nearest) / span)) if span > 0 else 1.0
        """1 where no stored question is like the query, 0 where one is nearly the same."""
        self._lowest = {field: min(scores.values(), default=0.0) for field, scores in found.meanings.items()}
        self._most = {
            field: self._lowest[field] if scores else 1.0 for field, scores in found.meanings.items()
        }
        self._best = {field: max(words.scores.values(), default=1.0) for field, words in found.words.items()}

    def ranked(self) -> list[tuple[str, float]]:
        """Pair ids with their scores, best first; equal ones by id, so that the order is always the same.

        A pair that a search did not return counts there with the lowest score it did return, so its own score
        is an upper bound.
        """
        parts = [
            (self._meaning_weights[field], cosines, self._lowest[field])
            for field, cosines in self._found.meanings.items()
        ]
        parts += [
            (self.openness * self._word_weights[field] / self._best[field], words.scores, words.rest)
            for field, words in self._found.words.items()
        ]
        base = sum(weight * least for weight, _, least in parts)
        scores: dict[str, float] = {}
        for weight, found, least in parts:
            for pair, score in found.items() if weight else ():
                scores[pair] = scores.get(pair, base) + weight * (score - least)
        return sorted(scores.items(), key=lambda item: (-item[1], item[0]))

    def most_relevance(self, pair: str) -> float:
        """What the relevance of a pair that was found cannot exceed, before what the searches left open is looked up."""
        cosines = {
            field: scores.get(pair, self._most[field]) for field, scores in self._found.meanings.items()
        }
        words = {field: of.scores.get(pair, of.rest) for field, of in self._found.words.items()}
        return self.relevance(Evidence(cosines, words))

    def score(self, evidence: Evidence) -> float:
        """What the evidence comes to."""
        meaning = sum(self._meaning_weights[field] * cosine for field, cosine in evidence.meanings.items())
        words = sum(
            self._word_weights[field] * bm25 / self._best[field] for field, bm25 in evidence.words.items()
        )
        return meaning + self.openness * words

    def relevance(self, evidence: Evidence) -> float:
        """The probability that the pair has to do with the query, 0 to 1.

        A logistic regression on the cosines and on the shares of the BM25 that a pair could have at most. A
        field that was not compared counts as much as the other.
        """
        of = self._settings.relevance
        shares = {
            field: bm25 / self._found.words[field].most if self._found.words[field].most else 0.0
            for field, bm25 in evidence.words.items()
        }
        logit = (
            of.constant
            + of.question * _either(evidence.meanings, Field.QUESTION, Field.ANSWER)
            + of.answer * _either(evidence.meanings, Field.ANSWER, Field.QUESTION)
            + of.question_words * _either(shares, Field.QUESTION, Field.ANSWER)
            + of.answer_words * _either(shares, Field.ANSWER, Field.QUESTION)
        )
        return 1.0 / (1.0 + math.exp(-logit))


def agreement(asked: Sequence[str] | Collection[str], told: Collection[str]) -> float:
    """How far two sets of topics are the same: the share that is in both (Jaccard 1901)."""
    both = set(asked) | set(told)
    return len(set(asked) & set(told)) / len(both) if both else 0.0


def _either(values: Mapping[Field, float], wanted: Field, other: Field) -> float:
    return values[wanted] if wanted in values else values[other]


def _only(scores: Mapping[str, float], pairs: Collection[str]) -> dict[str, float]:
    return {pair: score for pair, score in scores.items() if pair in pairs}
