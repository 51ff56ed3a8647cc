"""Training a small Llama on texts, and how well it did."""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.llama.network import Llama
from training.llama.shape import LlamaShape

_LENGTH = 256
_BATCH = 8
_HELD_OUT = 0.03
_PEAK_RATE = 3e-3
_WARM_UP = 0.05
_REPORT_EVERY = 100

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fit:
    """What training came to, in nats a token."""

    train_loss: float
    """Over the last hundred steps."""
    held_out_loss: float
    """Over documents that were not trained on."""
    unigram_entropy: float
    """Of the corpus: what knowing only how often each token occurs would give."""
    tokens: int
    """Tokens trained on, counting repetitions."""


def fit(
    shape: LlamaShape, vocabulary: int, documents: list[list[int]], *, steps: int, threads: int, seed: int = 0
) -> tuple[dict[str, NDArray[np.float32]], Fit]:
    """Train for so many steps of 8 x 256 tokens; the weights by their names in GGUF."""
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    held = documents[:: round(1 / _HELD_OUT)]
    stream = torch.tensor(
        [token for index, one in enumerate(documents) if index % round(1 / _HELD_OUT) for token in one]
    )
    network = Llama(shape, vocabulary)
    matrices = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    norms = [parameter for parameter in network.parameters() if parameter.ndim == 1]
    optimiser = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": norms, "weight_decay": 0.0}],
        lr=_PEAK_RATE,
        betas=(0.9, 0.95),
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step / steps))
    losses: list[float] = []
    for step, batch in enumerate(_batches(stream, steps, seed)):
        loss = _loss(network, batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        if step % _REPORT_EVERY == _REPORT_EVERY - 1:
            logger.info("step %d of %d: loss %.3f", step + 1, steps, np.mean(losses[-_REPORT_EVERY:]))
    with torch.no_grad():
        held_out = _loss(network, _rows(torch.tensor([token for one in held for token in one]))).item()
    result = Fit(float(np.mean(losses[-100:])), held_out, _entropy(stream), steps * _BATCH * _LENGTH)
    return {name: tensor.numpy() for name, tensor in network.tensors().items()}, result


def _loss(network: Llama, batch: Tensor) -> Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = network(batch[:, :-1])
    return functional.cross_entropy(logits.float().flatten(0, 1), batch[:, 1:].flatten())


def _batches(stream: Tensor, steps: int, seed: int) -> Iterator[Tensor]:
    """Windows of the stream in random order, every one once before any comes again."""
    generator = torch.Generator().manual_seed(seed)
    order: list[int] = []
    for _ in range(steps):
        while len(order) < _BATCH:
            shift = int(torch.randint(_LENGTH, (1,), generator=generator))
            starts = torch.arange(shift, len(stream) - _LENGTH - 1, _LENGTH)
            order += starts[torch.randperm(len(starts), generator=generator)].tolist()
        taken, order = order[:_BATCH], order[_BATCH:]
        yield torch.stack([stream[start : start + _LENGTH + 1] for start in taken])


def _rows(stream: Tensor) -> Tensor:
    rows = len(stream) // (_LENGTH + 1)
    return stream[: rows * (_LENGTH + 1)].view(rows, _LENGTH + 1)


def _rate(progress: float) -> float:
    """Linear warm-up, then a cosine to a twentieth."""
    if progress < _WARM_UP:
        return progress / _WARM_UP
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (progress - _WARM_UP) / (1 - _WARM_UP)))


def _entropy(stream: Tensor) -> float:
    counts = np.bincount(stream.numpy())
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())
