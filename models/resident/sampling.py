"""Choosing the next token of one request."""

import ctypes
import secrets
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.errors import GenerationFailed, GrammarInvalid
from models.resident.interfaces import Alternative, Grammar, Sampling
from models.resident.library import Library
from models.resident.vocabulary import Vocabulary

_TOKEN_DATA = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
_LARGEST_GRAMMAR = 1 << 18
_DEEPEST_GRAMMAR = 200
_KEEP_ONE = 1
_NEAR = 128
"""Likeliest tokens that a grammar is asked about before it is asked about all."""


class Candidates:
    """The tokens a choice is made from, in memory shared with llama.cpp. One for all requests of a thread."""

    def __init__(self, library: Library, vocabulary: int) -> None:
        self.data = np.zeros(vocabulary, dtype=_TOKEN_DATA)
        self._ids = np.arange(vocabulary, dtype=np.int32)
        self._array = library.api.llama_token_data_array()
        self._array.data = ctypes.cast(self.data.ctypes.data, ctypes.POINTER(library.api.llama_token_data))
        self.reference = ctypes.byref(self._array)

    def fill(self, logits: NDArray[np.float32]) -> None:
        """Every token with its logit."""
        self.data["id"] = self._ids
        self.data["logit"] = logits
        self._reset(len(self._ids))

    def fill_best(self, logits: NDArray[np.float32], count: int) -> None:
        """So many of the likeliest tokens, in the order of their numbers."""
        best = np.sort(np.argpartition(logits, len(logits) - count)[-count:])
        self.data["id"][:count] = best
        self.data["logit"][:count] = logits[best]
        self._reset(count)

    @property
    def logits(self) -> NDArray[np.float32]:
        """Of the tokens that a choice is made from."""
        chosen: NDArray[np.float32] = self.data["logit"][: self._array.size]
        return chosen

    def fill_one(self, token: int) -> None:
        """One token only."""
        self.data[0] = (token, 0.0, 0.0)
        self._reset(1)

    def chosen(self) -> int:
        """The token a sampler selected."""
        selected = self._array.selected
        if not 0 <= selected < self._array.size:
            raise GenerationFailed("no token could be chosen from the model's distribution")
        return int(self.data["id"][selected])

    def _reset(self, size: int) -> None:
        self._array.size = size
        self._array.selected = -1
        self._array.sorted = False


class TokenSampler:
    """The sampler chain of a request: bias and penalties, then the grammar, then the draw.

    The grammar is asked about the token drawn without it, and only when it says no about others: that gives a token
    of the same distribution at a fraction of the cost most of the time.
    """

    def __init__(
        self,
        library: Library,
        vocabulary: Vocabulary,
        sampling: Sampling,
        *,
        grammar: Grammar | None,
        forbidden: frozenset[int] = frozenset(),
        prompt: Sequence[int] = (),
    ) -> None:
        self._library = library
        self._vocabulary = vocabulary
        self._grammar = grammar
        self._greedy = sampling.temperature <= 0
        self._tail = ""
        self._apply = library.quick("llama_sampler_apply")
        self._accept = library.quick("llama_sampler_accept")
        self._constraint: int | None = None
        if grammar is not None and not grammar.triggers:
            self._constraint = self._parsed(grammar)
        self._triggers = grammar.triggers if grammar is not None else ()
        if self._triggers and grammar is not None:
            library.api.llama_sampler_free(
                self._parsed(grammar)
            )  # a grammar that does not parse is refused now
        self._adjust = self._adjusting(sampling, forbidden)
        self._draw = None if self._greedy else self._drawing(sampling)
        if self._adjust is not None:
            for token in prompt[-sampling.penalty_window :] if sampling.penalty_window > 0 else ():
                self._accept(self._adjust, token)

    def sample(self, logits: NDArray[np.float32], candidates: Candidates) -> int:
        """The next token, of logits of shape (vocabulary,). Raises GenerationFailed where none is possible."""
        if not np.isfinite(logits.max()):
            raise GenerationFailed("the model's logits are not finite: its weights are damaged")
        if self._greedy and self._adjust is None and self._grammar is None:
            return int(logits.argmax())
        token = self._choose(logits, candidates, constrained=False)
        if self._constraint is not None and not self._allowed(token, candidates):
            token = self._choose_allowed(logits, candidates)
        elif self._constraint is None and self._triggers:
            token = self._within_triggers(token, logits, candidates)
        self._took(token)
        return token

    def close(self) -> None:
        """Free what the library holds for this request. May be called twice."""
        for sampler in (self._constraint, self._adjust, self._draw):
            if sampler is not None:
                self._library.api.llama_sampler_free(sampler)
        self._constraint = self._adjust = self._draw = None

    def _took(self, token: int) -> None:
        if self._adjust is not None:
            self._accept(self._adjust, token)
        if self._constraint is not None:
            if token not in self._vocabulary.end_tokens:
                self._accept(self._constraint, token)
        elif self._triggers and self._grammar is not None:
            self._tail = (self._tail + self._text(token))[-max(map(len, self._triggers)) :]
            if self._tail.endswith(self._triggers):
                self._constraint = self._parsed(self._grammar)

    def _choose_allowed(self, logits: NDArray[np.float32], candidates: Candidates) -> int:
        """What the grammar allows, of the likeliest tokens where one of them will do: a large vocabulary is slow to check."""
        if self._adjust is None and len(logits) > 2 * _NEAR:
            candidates.fill_best(logits, _NEAR)
            self._apply(self._constraint, candidates.reference)
            if candidates.logits.max() > -np.inf:
                return self._drawn(candidates)
        return self._choose(logits, candidates, constrained=True)

    def _choose(
        self,
        logits: NDArray[np.float32],
        candidates: Candidates,
        *,
        constrained: bool,
        without: Sequence[int] = (),
    ) -> int:
        candidates.fill(logits)
        if without:
            candidates.data["logit"][list(without)] = -np.inf
        if self._adjust is not None:
            self._apply(self._adjust, candidates.reference)
        if constrained:
            self._library.api.llama_sampler_apply(self._constraint, candidates.reference)
        if candidates.logits.max() == -np.inf:
            raise GenerationFailed("the grammar and the bias of the request leave no token to choose")
        return self._drawn(candidates)

    def _drawn(self, candidates: Candidates) -> int:
        if self._draw is None:
            return int(candidates.data["id"][candidates.logits.argmax()])
        self._apply(self._draw, candidates.reference)
        return candidates.chosen()

    def _allowed(self, token: int, candidates: Candidates) -> bool:
        candidates.fill_one(token)
        self._apply(self._constraint, candidates.reference)
        return bool(candidates.data["logit"][0] != -np.inf)

    def _within_triggers(self, token: int, logits: NDArray[np.float32], candidates: Candidates) -> int:
        """The token, or the next best that does not reach beyond a trigger that it completes."""
        refused: list[int] = []
        while self._overshoots(token):
            refused.append(token)
            token = self._choose(logits, candidates, constrained=False, without=refused)
        return token

    def _overshoots(self, token: int) -> bool:
        text = self._tail + self._text(token)
        return any(trigger in text[: len(text) - 1] for trigger in self._triggers) and not text.endswith(
            self._triggers
        )

    def _text(self, token: int) -> str:
        return self._vocabulary.piece(token, special=True).decode("utf-8", "replace")

    def _parsed(self, grammar: Grammar) -> int:
        check_grammar(grammar)
        sampler: int | None = self._library.api.llama_sampler_init_grammar(
            self._vocabulary.pointer, grammar.text.encode(), grammar.root.encode()
        )
        if not sampler:
            raise GrammarInvalid(
                f"the grammar does not parse, or does not define {grammar.root!r}: {grammar.text[:200]!r}"
            )
        return sampler

    def _adjusting(self, sampling: Sampling, forbidden: frozenset[int]) -> int | None:
        api = self._library.api
        bias = {**sampling.logit_bias, **dict.fromkeys(forbidden, -np.inf)}
        self._vocabulary.check(list(bias))
        penalised = (
            sampling.repeat_penalty != 1 or sampling.frequency_penalty != 0 or sampling.presence_penalty != 0
        )
        if not bias and not (penalised and sampling.penalty_window > 0):
            return None
        samplers = []
        if bias:
            pairs = (api.llama_logit_bias * len(bias))(*bias.items())
            samplers.append(api.llama_sampler_init_logit_bias(self._vocabulary.size, len(bias), pairs))
        if penalised and sampling.penalty_window > 0:
            samplers.append(
                api.llama_sampler_init_penalties(
                    self._vocabulary.size,
                    sampling.penalty_window,
                    sampling.repeat_penalty,
                    sampling.frequency_penalty,
                    sampling.presence_penalty,
                )
            )
        return self._chain(samplers)

    def _drawing(self, sampling: Sampling) -> int:
        api = self._library.api
        seed = secrets.randbits(31) if sampling.seed is None else sampling.seed & 0x7FFFFFFF
        samplers = []
        if sampling.top_k > 0:
            samplers.append(api.llama_sampler_init_top_k(sampling.top_k))
        if sampling.top_p < 1:
            samplers.append(api.llama_sampler_init_top_p(sampling.top_p, _KEEP_ONE))
        if sampling.min_p > 0:
            samplers.append(api.llama_sampler_init_min_p(sampling.min_p, _KEEP_ONE))
        samplers.append(api.llama_sampler_init_temp(sampling.temperature))
        samplers.append(api.llama_sampler_init_dist(seed))
        return self._chain(samplers)

    def _chain(self, samplers: list[int]) -> int:
        api = self._library.api
        chain: int = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        for sampler in samplers:
            api.llama_sampler_chain_add(chain, sampler)
        return chain


def check_grammar(grammar: Grammar) -> None:
    """Raise GrammarInvalid for a grammar that would be dangerous to parse: too long, or nested too deeply."""
    if len(grammar.text) > _LARGEST_GRAMMAR:
        raise GrammarInvalid(
            f"the grammar has {len(grammar.text)} characters, at most {_LARGEST_GRAMMAR} are read"
        )
    depth = deepest = 0
    for character in grammar.text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    if deepest > _DEEPEST_GRAMMAR:
        raise GrammarInvalid(f"the grammar is nested {deepest} deep, at most {_DEEPEST_GRAMMAR} are read")


def likelihoods(
    logits: NDArray[np.float32], token: int, count: int, vocabulary: Vocabulary
) -> tuple[float, tuple[Alternative, ...]]:
    """The token's log probability, and the `count` likeliest tokens, likeliest first."""
    peak = logits.max()
    total = peak + np.log(np.exp(logits - peak, dtype=np.float64).sum())
    count = min(count, len(logits))
    best = np.argpartition(-logits, count - 1)[:count] if count else np.empty(0, dtype=np.intp)
    alternatives = tuple(
        Alternative(
            int(one),
            vocabulary.piece(int(one), special=True).decode("utf-8", "replace"),
            float(logits[one] - total),
        )
        for one in best[np.argsort(-logits[best], kind="stable")]
    )
    return float(logits[token] - total), alternatives
