"""Messages on real PostgreSQL become records once, whatever breaks in between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta

import pytest

from app.database import Pool, open_pool
from app.memory_vectors import ChromaVectors
from knowledge import Chroma
from memory import Database, Draft, KeyMissing, MemoryUnavailable, Owner, new_id
from memory.consolidation import ConsolidationSettings, Consolidator, Excerpt, RuleExtractor
from memory.locks import begin_erasing
from memory.records import RecordStore, Remembered
from tests.memory.consolidation.conftest import AT
from tests.memory.records.conftest import WordEmbedder

Talk = Callable[..., Awaitable[str]]


class Faulty(RecordStore):
    """Records that can be out of reach, or die between remembering and telling."""

    away = False
    dies_after = False

    async def remember(self, owner: Owner, drafts: Sequence[Draft]) -> Sequence[Remembered]:
        if self.away:
            raise MemoryUnavailable("out of reach in this test")
        kept = await super().remember(owner, drafts)
        if self.dies_after:
            raise asyncio.CancelledError
        return kept


class Stumbling(RuleExtractor):
    """Rules that fail at one text."""

    async def extract(self, excerpt: Excerpt) -> list[Draft]:
        if "stumble" in excerpt.said.text:
            raise ValueError("a text that cannot be read")
        return await super().extract(excerpt)


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    opened: Pool = await open_pool(database_url, min_size=1, max_size=8, restricted=True)
    yield Database(opened)
    await opened.close()


@pytest.fixture(scope="module")
async def chroma(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chroma]:
    opened = Chroma(tmp_path_factory.mktemp("chroma"))
    yield opened
    await opened.close()


@pytest.fixture
def records(database: Database, chroma: Chroma) -> Faulty:
    embedder = WordEmbedder()
    return Faulty(database, ChromaVectors(chroma, embedder), embedder)


@pytest.fixture
def consolidator(database: Database, records: Faulty) -> Consolidator:
    return Consolidator(database, RuleExtractor(), records)


@pytest.fixture
def owner() -> Owner:
    return Owner(new_id("ana"))


@pytest.fixture
def talk(database: Database) -> Talk:
    """A new thread of this owner with these texts of the user, one a minute; `assistant:` before one changes its role."""

    async def talk(owner: Owner, *texts: str, speakers: Sequence[str | None] = (), day: int = 0) -> str:
        thread = new_id("thr")
        async with database.of(owner) as connection:
            await connection.execute(
                "INSERT INTO threads (id, tenant_id, user_id, title) VALUES (%s, %s, %s, 'A talk')",
                (thread, owner.tenant_id, owner.user_id),
            )
            for minute, text in enumerate(texts):
                role = "assistant" if text.startswith("assistant:") else "user"
                await connection.execute(
                    "INSERT INTO messages (id, thread_id, tenant_id, user_id, role, speaker, content, created_at)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                    (
                        new_id("msg"),
                        thread,
                        owner.tenant_id,
                        owner.user_id,
                        role,
                        speakers[minute] if speakers else None,
                        text.removeprefix("assistant:"),
                        AT + timedelta(days=day, minutes=minute),
                    ),
                )
        return thread

    return talk


async def _left(database: Database, owner: Owner) -> int:
    async with database.of(owner) as connection:
        cursor = await connection.execute("SELECT count(*) AS n FROM messages WHERE NOT consolidated")
        return int((await cursor.fetchall())[0]["n"])


async def _texts(records: RecordStore, owner: Owner) -> list[str]:
    return sorted(record.text for record in await records.list(owner))


async def test_what_was_said_becomes_known_of_its_owner_alone(
    consolidator: Consolidator, records: Faulty, talk: Talk, owner: Owner, database: Database
) -> None:
    other = Owner(new_id("ben"))
    await talk(owner, "I live in Oslo.", "assistant:I live in Rome.", "I love sailing.")
    await talk(other, "I live in Lima.")

    result = await consolidator.consolidate_due()

    assert (result.messages, result.drafts, result.added) == (4, 3, 3)
    assert await _texts(records, owner) == ["Likes sailing.", "Lives in Oslo."]
    assert await _texts(records, other) == ["Lives in Lima."]
    assert await _left(database, owner) == 0
    assert (await consolidator.consolidate_due()).messages == 0


async def test_a_newer_fact_supersedes_and_names_its_message(
    consolidator: Consolidator, records: Faulty, talk: Talk, owner: Owner
) -> None:
    await talk(owner, "I live in Oslo.")
    await talk(owner, "I moved to Bergen last month.", day=30)

    result = await consolidator.consolidate_due()

    known = {record.text: record for record in await records.list(owner)}
    assert (result.added, result.superseded) == (1, 1)
    assert known["Lives in Bergen."].supersedes == known["Lives in Oslo."].id
    assert known["Lives in Bergen."].sources
    assert known["Lives in Bergen."].thread_id


async def test_broken_off_after_remembering_nothing_is_kept_twice_or_lost(
    consolidator: Consolidator, records: Faulty, talk: Talk, owner: Owner, database: Database
) -> None:
    await talk(owner, "I live in Oslo.", "I'm allergic to nuts.")
    records.dies_after = True
    with pytest.raises(asyncio.CancelledError):
        await consolidator.consolidate_due()
    assert await _left(database, owner) == 2
    records.dies_after = False

    result = await consolidator.consolidate_due()

    assert (result.messages, result.confirmed) == (2, 2)
    assert await _texts(records, owner) == ["Is allergic to nuts.", "Lives in Oslo."]
    assert {record.evidence for record in await records.list(owner)} == {1}


async def test_several_at_once_keep_each_fact_once(
    database: Database, records: Faulty, talk: Talk, owner: Owner
) -> None:
    for place in ("Oslo", "Lima", "Rome"):
        await talk(owner, f"My sister {place[::-1].title()} lives in {place}.", "I love tea.")
    several = [Consolidator(database, RuleExtractor(), records) for _ in range(3)]

    async with asyncio.timeout(60):
        while await _left(database, owner):
            await asyncio.gather(*(one.consolidate_due() for one in several))

    known = await records.list(owner)
    assert len(known) == len({(record.slot, record.text) for record in known}) == 7


async def test_an_outage_leaves_messages_for_later(
    consolidator: Consolidator, records: Faulty, talk: Talk, owner: Owner, database: Database
) -> None:
    await talk(owner, "I live in Oslo.")
    records.away = True
    for _ in range(5):
        with pytest.raises(MemoryUnavailable):
            await consolidator.consolidate_due()
    assert await _left(database, owner) == 1
    records.away = False

    await consolidator.consolidate_due()

    assert await _texts(records, owner) == ["Lives in Oslo."]


async def test_a_message_that_cannot_be_read_blocks_no_other(
    database: Database, records: Faulty, talk: Talk, owner: Owner
) -> None:
    consolidator = Consolidator(database, Stumbling(), records, settings=ConsolidationSettings(attempts=2))
    await talk(owner, "I stumble.", "I live in Oslo.")

    first = await consolidator.consolidate_due()
    left = await _left(database, owner)
    second = await consolidator.consolidate_due()

    assert (first.messages, first.failed, left) == (1, 1, 1)
    assert (second.messages, second.failed, await _left(database, owner)) == (1, 1, 0)
    assert await _texts(records, owner) == ["Lives in Oslo."]


async def test_a_limit_holds_and_the_rest_follows(
    consolidator: Consolidator, records: Faulty, talk: Talk, owner: Owner
) -> None:
    await talk(owner, "I love tea.", "I love jazz.", "I love chess.")

    assert (await consolidator.consolidate_due(2)).messages == 2
    assert (await consolidator.consolidate_due(2)).messages == 1
    assert len(await records.list(owner)) == 3


async def test_encrypted_messages_are_opened_and_secrets_not_kept(
    database: Database, records: Faulty, talk: Talk, owner: Owner
) -> None:
    async def unseal(of: Owner, text: str) -> str:
        assert of == owner
        return text.replace("sealed:", "")

    consolidator = Consolidator(
        database,
        RuleExtractor(),
        records,
        redact=lambda text: text.replace("Rex", "[name]"),
        unseal=unseal,
    )
    await talk(owner, "sealed:I live in Oslo. I have a dog named Rex.")

    await consolidator.consolidate_due()

    assert await _texts(records, owner) == ["Has a dog.", "Lives in Oslo."]


async def test_what_cannot_be_decrypted_is_given_up_and_keeps_nobody_else_waiting(
    database: Database, records: Faulty, talk: Talk, owner: Owner
) -> None:
    async def unseal(_: Owner, text: str) -> str:
        if text.startswith("sealed:"):
            raise KeyMissing("its key was erased")
        return text

    settings = ConsolidationSettings(attempts=2)
    consolidator = Consolidator(database, RuleExtractor(), records, settings=settings, unseal=unseal)
    await talk(owner, "I live in Oslo.", "sealed:lost", "I love tea.")
    await talk(owner, "I love jazz.")

    first, second = await consolidator.consolidate_due(), await consolidator.consolidate_due()

    assert (first.messages, first.failed) == (3, 1)
    assert (second.messages, second.failed) == (1, 1)
    assert await _left(database, owner) == 0
    assert await _texts(records, owner) == ["Likes jazz.", "Likes tea.", "Lives in Oslo."]


async def test_nobody_learns_of_a_user_who_is_being_erased(
    consolidator: Consolidator, database: Database, talk: Talk, owner: Owner
) -> None:
    await talk(owner, "I live in Oslo.")
    async with database.of_all() as connection:
        await begin_erasing(connection, owner)
        await (await connection.execute("SELECT 1")).fetchone()  # what nobody awaits may not be sent yet
        assert (await consolidator.consolidate_due()).messages == 0
    assert (await consolidator.consolidate_due()).messages == 1


async def test_each_of_several_speakers_speaks_of_himself(
    consolidator: Consolidator, records: Faulty, talk: Talk, owner: Owner
) -> None:
    await talk(owner, "I live in Oslo.", "I live in Rome.", speakers=("Ida", "Tom"))

    result = await consolidator.consolidate_due()

    assert result.added == 2
    assert await _texts(records, owner) == ["Ida lives in Oslo.", "Tom lives in Rome."]


async def test_forgotten_record_does_not_return_when_its_messages_are_consolidated_again(
    database, consolidator, records, owner, talk
):
    await talk(owner, "I live in Oslo. I like green tea.")
    await consolidator.consolidate_due(50)
    (home,) = [one for one in await records.list(owner) if "Oslo" in one.text]
    await records.forget(owner, home.id)
    left = [one.text for one in await records.list(owner)]
    async with database.of(owner) as connection:
        await connection.execute("UPDATE messages SET consolidated = false")
    await consolidator.consolidate_due(50)
    assert await _left(database, owner) == 0
    assert [one.text for one in await records.list(owner)] == left
    await talk(owner, "I live in Oslo.", day=1)
    await consolidator.consolidate_due(50)
    assert sorted(one.text for one in await records.list(owner)) == sorted([*left, home.text])
