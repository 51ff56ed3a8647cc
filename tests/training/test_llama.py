"""The small Llama learns, and its files say the same as the network."""

import json
from pathlib import Path

import numpy as np
import pytest

from models.gguf import verify_model
from models.resident import EngineSettings, ResidentEngine
from tests.models.resident.streams import complete
from training.llama import LlamaShape, made_model, train_vocabulary, write_llama
from training.llama.made import documents

SHAPE = LlamaShape(layers=2, width=64, heads=4, kv_heads=2, hidden=128, context=512)


def test_made_model_has_learned():
    model = made_model()
    report = json.loads(model.report.read_text("utf-8"))
    assert report["held_out_loss"] < 0.75 * report["unigram_entropy"]
    sizes = [verify_model(path).file_size for path in (model.f16, model.q8_0, model.q4_k_m)]
    assert sizes == sorted(sizes, reverse=True)


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
    write_llama(path, SHAPE, vocabulary, {name: one.numpy() for name, one in network.tensors().items()})
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


def test_training_lowers_the_loss():
    pytest.importorskip("torch")
    from training.llama.fitting import fit

    texts = documents()[:120]
    vocabulary = train_vocabulary(texts, 400)
    weights, result = fit(SHAPE, len(vocabulary.tokens), vocabulary.encode(texts), steps=40, threads=1)
    assert result.held_out_loss < result.unigram_entropy
    assert set(weights) == set(SHAPE.tensors(len(vocabulary.tokens)))
