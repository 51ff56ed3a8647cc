"""What of a request can be refused before anything is computed."""

import math

from models.errors import RequestInvalid
from models.resident.interfaces import GenerationRequest, Sampling

_MOST_LOGPROBS = 100
_MOST_STOPS = 64


def check_request(request: GenerationRequest) -> None:
    """Raise RequestInvalid with the field, its value and what it may be."""
    _check("max_tokens", request.max_tokens, request.max_tokens >= 1, "at least 1")
    if request.logprobs is not None:
        _check(
            "logprobs", request.logprobs, 0 <= request.logprobs <= _MOST_LOGPROBS, f"0 to {_MOST_LOGPROBS}"
        )
    if request.deadline_s is not None:
        _check("deadline_s", request.deadline_s, request.deadline_s > 0, "more than 0")
    _check("stop", len(request.stop), len(request.stop) <= _MOST_STOPS, f"at most {_MOST_STOPS} texts")
    names = [use.name for use in request.adapters]
    _check("adapters", names, len(names) == len(set(names)), "each of them once")
    for use in request.adapters:
        _check(f"the scale of adapter {use.name}", use.scale, math.isfinite(use.scale), "a finite number")
    _check_sampling(request.sampling)


def _check_sampling(sampling: Sampling) -> None:
    _check("temperature", sampling.temperature, 0 <= sampling.temperature <= 100, "0 to 100")  # noqa: PLR2004  # any real one
    _check("top_k", sampling.top_k, sampling.top_k >= 0, "0 or more")
    _check("top_p", sampling.top_p, 0 < sampling.top_p <= 1, "more than 0, at most 1")
    _check("min_p", sampling.min_p, 0 <= sampling.min_p <= 1, "0 to 1")
    _check("repeat_penalty", sampling.repeat_penalty, 0 < sampling.repeat_penalty < math.inf, "more than 0")
    _check(
        "frequency_penalty", sampling.frequency_penalty, math.isfinite(sampling.frequency_penalty), "finite"
    )
    _check("presence_penalty", sampling.presence_penalty, math.isfinite(sampling.presence_penalty), "finite")
    _check("penalty_window", sampling.penalty_window, 0 <= sampling.penalty_window <= 1 << 20, "0 or more")
    for token, bias in sampling.logit_bias.items():
        _check(f"the bias of token {token}", bias, not math.isnan(bias) and bias < math.inf, "a number")


def _check(name: str, value: object, allowed: bool, what: str) -> None:  # noqa: FBT001  # reads as a condition
    if not allowed:
        raise RequestInvalid(f"{name} is {value!r}; it must be {what}")
