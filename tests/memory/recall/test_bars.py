"""How much comes back, on conversations of several people and in a long history, by the model that the service has."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.database import migrate, open_pool
from benchmarks import bench_memory, bench_memory_history, memory_history
from memory import Database, Owner
from memory.recall import MemoryRecaller, RecallSettings, embed_due
from models.embeddings import OpenVinoEmbedder

pytestmark = [pytest.mark.slow, pytest.mark.uncounted]


@pytest.fixture(scope="module")
async def model(embedding_data: Path) -> AsyncIterator[OpenVinoEmbedder]:
    opened = await OpenVinoEmbedder.load(embedding_data)
    yield opened
    await opened.close()


@pytest.mark.uncounted
async def test_answers_are_within_the_first_tokens_and_nobody_elses_words_come_back(
    shared_data: Path, empty_database_url: str, model: OpenVinoEmbedder
) -> None:
    assert (shared_data / "memory").is_dir()
    await migrate(empty_database_url)
    pool = await open_pool(empty_database_url, restricted=True)
    database = Database(pool)
    texts = await bench_memory.ingest(database, model)
    measured = await bench_memory.ours(database, model, bench_memory.questions(), texts)
    await pool.close()
    assert measured["within_128"] >= 0.88
    assert measured["within_256"] >= 0.95
    assert measured["of_another_person"] == 0


@pytest.mark.uncounted
async def test_planted_evidence_comes_back_and_the_newest_statement_first(
    database: Database, model: OpenVinoEmbedder
) -> None:
    asked = []
    for number, made in enumerate(memory_history.histories(users=2, conversations=60, seed=3)):
        owner = Owner(f"planted{number}")
        await bench_memory_history.plant(database, owner, made)
        asked += [(owner, planted) for planted in made.questions]
    while await embed_due(database, model, 256):
        pass
    recaller = MemoryRecaller(
        database, model, count=model.token_counts, settings=RecallSettings(timeout_s=30)
    )
    measured = await bench_memory_history.answers(recaller, asked)
    await recaller.close()
    assert measured["recall_at_10"] >= 0.9
    assert measured["newest_first"] >= 0.95
    assert measured["of_another_user"] == 0
