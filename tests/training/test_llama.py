"""The small Llama learns, and its files say the same as the network."""

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from models.gguf import verify_model
from models.resident import EngineSettings, ResidentEngine
from tests.models.resident.streams import complete
from tests.small_llama import RECIPE, SHAPE
from training.llama import MadeModel, made_model, train_vocabulary, write_llama
from training.llama.made import documents


def test_made_model_has_learned(trained_model: MadeModel):
    report = json.loads(trained_model.report.read_text("utf-8"))
    assert report["held_out_loss"] < report["unigram_entropy"]
    files = (trained_model.f16, trained_model.q8_0, trained_model.q4_k_m)
    sizes = [verify_model(path).file_size for path in files]
    assert sizes == sorted(sizes, reverse=True)


def test_model_is_made_once(trained_model: MadeModel, monkeypatch: pytest.MonkeyPatch):
    from training.llama import fitting

    monkeypatch.setattr(fitting, "fit", None)
    assert made_model(trained_model.f16.parents[1], recipe=RECIPE) == trained_model


async def test_written_model_computes_what_the_network_does(tmp_path: Path):
    torch = pytest.importorskip("torch")
    from training.llama.network import Llama

    texts = documents()[:40]
    vocabulary = train_vocabulary(texts, 400)
    torch.manual_seed(1)
    network = Llama(SHAPE, len(vocabulary.tokens))
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim > 1:
                parameter.mul_(4)  # as made, all tokens are about as likely
    path = tmp_path / "written.gguf"
    weights = {name: one.numpy() for name, one in network.tensors().items()}
    await asyncio.to_thread(write_llama, path, SHAPE, vocabulary, weights)
    engine = await ResidentEngine.load(EngineSettings(path=path, context_tokens=512, threads=1))
    try:
        text = texts[0][:200]
        (tokens,) = vocabulary.encode([text])
        assert engine.tokenize(text) == tokens
        answer = await complete(engine, tokens, max_tokens=1, logprobs=20, ignore_end=True)
        with torch.no_grad():
            expected = torch.log_softmax(network(torch.tensor([tokens]))[0, -1], dim=-1).numpy()
        ours = [(one.token, one.logprob) for one in answer.tokens[0].alternatives]
        assert [token for token, _ in ours[:3]] == list(np.argsort(-expected)[:3])
        assert np.allclose([value for _, value in ours], [expected[token] for token, _ in ours], atol=0.02)
    finally:
        await engine.close()
