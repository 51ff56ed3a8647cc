"""The first recall of a long memory, which is answered before the whole of it has been read."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from memory import Database, MemoryUnavailable, Owner, RecallFilter
from memory.recall import MemoryRecaller, RecallSettings, cache, rows, window
from memory.recall import recaller as recalling
from memory.recall.glance import glance
from memory.recall.question import read
from models import estimated_tokens
from tests.memory.recall.conftest import NOW, Say, WordEmbedder

MANY = """
    INSERT INTO messages (id, thread_id, tenant_id, user_id, role, content, created_at, embedded)
    SELECT 'msg_' || %(user)s || lpad(n::text, 6, '0'), %(thread)s, %(tenant)s, %(user)s, 'user',
        'Something of no interest was said for the time number ' || n || '.', %(now)s, true
    FROM generate_series(1, 2100) AS n
"""
Fill = Callable[[Owner], Awaitable[None]]


@pytest.fixture
def fill(database: Database, say: Say) -> Fill:
    """Gives an owner a memory that takes long to read."""

    async def filled(owner: Owner) -> None:
        thread = await say(owner, "Hello.")
        given = {"user": owner.user_id, "tenant": owner.tenant_id, "thread": thread, "now": NOW}
        async with database.of(owner) as connection:
            await connection.execute(MANY, given)

    return filled


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Reading whole goes on once this is set."""
    goes_on = asyncio.Event()
    whole = rows.read

    async def gated(*given, **more):
        await goes_on.wait()
        return await whole(*given, **more)

    monkeypatch.setattr(cache, "read", gated)
    return goes_on


@pytest.fixture
async def first(database: Database, embedder: WordEmbedder):
    opened = MemoryRecaller(database, embedder, count=estimated_tokens, settings=RecallSettings(timeout_s=30))
    yield opened
    await opened.close()


async def texts(recaller: MemoryRecaller, owner: Owner, question: str) -> list[str]:
    found = await recaller.recall(owner, question, budget=60, wanted=RecallFilter(), now=NOW)
    assert found.degraded == ()
    return [item.text for item in found.items]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How large is my kitchen counter?", "My kitchen counter is 38 square feet."),
        ("Where do I reside?", "I live by the harbour."),
    ],
)
async def test_it_is_answered_by_words_and_meaning_while_the_whole_is_read(
    say, recall, fill, first, reading, owner, question, answer
):
    await say(
        owner, "My kitchen counter is 38 square feet.", "I live by the harbour.", at=NOW - timedelta(90)
    )
    await say(Owner(f"{owner.user_id}x", owner.tenant_id), answer)
    reading.set()
    await recall(owner, "all is embedded")
    reading.clear()
    await fill(owner)
    found = await texts(first, owner, question)
    assert found[0] == answer
    assert found.count(answer) == 1
    reading.set()
    await first.warm(owner)
    assert (await texts(first, owner, question))[0] == answer


async def test_what_was_said_at_the_time_that_is_asked_about_is_looked_at(database, say, fill, owner):
    await say(owner, "Our fence fell over.", at=NOW - timedelta(30))
    await fill(owner)
    asked = "What was wrong on 18 May 2026?"
    question = read(asked, window=window(asked, NOW))
    index = await glance(database, owner, question, model="words", dimensions=96)
    assert "Our fence fell over." in [source.text for source in index.sources]
    assert len(index.sources) < 100


async def test_records_are_among_it(know, fill, first, reading, owner):
    await know(owner, "Prefers the harbour ferry.", kind="decision", tier="medium")
    await fill(owner)
    assert "Prefers the harbour ferry." in await texts(first, owner, "Which harbour ferry do I like?")
    reading.set()


async def test_only_deleted_sources_of_a_record_are_called_so_while_the_whole_is_read(
    database, know, fill, first, reading, owner
):
    await fill(owner)
    of_old, gone = f"msg_{owner.user_id}000007", f"msg_{owner.user_id}000008"
    question = "Which harbour ferry do I like?"
    index = await glance(database, owner, read(question), model="words", dimensions=96)
    assert index.number_of(of_old) is None
    await know(owner, "Prefers the harbour ferry.", kind="decision", tier="medium", sources=(of_old,))
    await know(owner, "Saw the harbour ferry.", kind="decision", tier="medium", sources=(of_old, gone))
    async with database.of(owner) as connection:
        await connection.execute("DELETE FROM messages WHERE id = %s", (gone,))
    found = await first.recall(owner, question, budget=60, wanted=RecallFilter(), now=NOW)
    reading.set()
    assert {item.text: item.deleted_sources for item in found.items if item.kind != "message"} == {
        "Prefers the harbour ferry.": (),
        "Saw the harbour ferry.": (gone,),
    }


async def test_it_waits_for_the_whole_where_the_database_finds_nothing_in_time(
    say, fill, first, owner, monkeypatch
):
    async def away(*_, **__):
        raise MemoryUnavailable("it does not answer")

    monkeypatch.setattr(recalling, "glance", away)
    await say(owner, "My kitchen counter is 38 square feet.")
    await fill(owner)
    found = await texts(first, owner, "How large is my kitchen counter?")
    assert found[0] == "My kitchen counter is 38 square feet."


async def test_signs_that_a_pattern_gives_a_meaning_mean_themselves(say, fill, first, reading, owner):
    await say(owner, "The code is 100%_x.", "The code is 100 or x.")
    await fill(owner)
    assert "The code is 100%_x." in await texts(first, owner, "Which code is 100%_x?")
    reading.set()
