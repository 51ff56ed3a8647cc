"""A cross-encoder with random weights, made here: it loads, judges each text, and says so when it cannot."""

from pathlib import Path

import pytest

from models import RerankingUnavailable
from models.reranking import CrossEncoderReranker

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] gas fees are paid the rsi is a line".split()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    made: Path = tmp_path_factory.mktemp("reranker")
    (made / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=64, num_labels=1,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(made)
    BertTokenizerFast(str(made / "vocab.txt")).save_pretrained(made)
    return made


@pytest.mark.slow
async def test_each_text_gets_a_score_in_its_place(folder):
    reranker = CrossEncoderReranker(str(folder))
    texts = ["gas fees are paid", "the rsi is a line", "gas"]
    scores = await reranker.scores("gas fees", texts)
    assert len(scores) == 3
    assert len(set(scores)) > 1
    backwards = await reranker.scores("gas fees", texts[::-1])
    assert backwards == pytest.approx(scores[::-1], abs=1e-5)


async def test_no_texts_need_no_model(tmp_path):
    assert await CrossEncoderReranker(str(tmp_path / "none")).scores("gas", []) == []


@pytest.mark.slow
async def test_model_that_cannot_be_loaded_is_an_outage(tmp_path):
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(RerankingUnavailable, match="failed on cpu"):
        await CrossEncoderReranker(str(tmp_path)).scores("gas", ["fees"])
