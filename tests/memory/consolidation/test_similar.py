"""What people tell of their lives in words no rule has, told from talk about the matter at hand by meaning."""

from pathlib import Path

import pytest

from memory.consolidation import Excerpt, RuleExtractor, SimilarExtractor
from models import EmbeddingUnavailable
from models.embeddings import OpenVinoEmbedder
from tests.memory.consolidation.conftest import said
from tests.memory.records.conftest import WordEmbedder


@pytest.fixture(scope="module")
async def extractor(embedding_data: Path) -> SimilarExtractor:
    return SimilarExtractor(RuleExtractor(), await OpenVinoEmbedder.load(embedding_data, threads=1))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("I keep a gratitude journal.", "Keeps a gratitude journal."),
        ("I grow tomatoes on my balcony, by the way.", "Grows tomatoes on their balcony."),
        ("I rent a flat near the river.", "Rents a flat near the river."),
    ],
)
async def test_what_is_told_of_a_life_is_found(extractor: SimilarExtractor, text: str, told: str) -> None:
    (draft,) = await extractor.extract(Excerpt(said=said(text)))

    assert draft.text == told
    assert draft.sources == ("msg_1",)


@pytest.mark.parametrize(
    "text",
    [
        "I keep getting errors.",
        "I run into the same error every time.",
        "I follow the tutorial step by step.",
        "I track the order with the tracking number.",
        "I keep an eye on the price.",
        "Do I keep a gratitude journal?",
        "She says I keep a gratitude journal.",
    ],
)
async def test_talk_about_the_matter_at_hand_is_left_alone(extractor: SimilarExtractor, text: str) -> None:
    assert await extractor.extract(Excerpt(said=said(text))) == []


async def test_without_the_model_the_message_waits() -> None:
    embedder = WordEmbedder()
    embedder.down = True

    with pytest.raises(EmbeddingUnavailable):
        await SimilarExtractor(RuleExtractor(), embedder).extract(
            Excerpt(said=said("I keep a gratitude journal."))
        )
