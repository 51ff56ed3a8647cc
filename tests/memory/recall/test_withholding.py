"""Messages that are kept and do not come back: marked where something is forgotten, and left out on every way of recall."""

import pytest

from memory import (
    Database,
    MemorySettings,
    MemoryUnavailable,
    Owner,
    Scope,
    ShortTermTier,
    ThreadStore,
    TieredConversation,
    UnknownRecord,
    new_id,
    withhold_due,
)
from memory.history import HistoryExporter
from memory.own import RecordsInCommand
from memory.privacy import AuditTrail
from memory.recall import MemoryRecaller
from memory.recall import recaller as recalling
from memory.records import RecordStore
from memory.withholding import told_of_forgetting, withhold
from tests.app.remembering import draft
from tests.memory.recall.conftest import Recall, Say, Vault, WordEmbedder

QUESTION = "Where is the house of Ana in Oslo?"


async def marked(database: Database, owner: Owner) -> dict[str, bool | None]:
    """By what the owner's messages say whether they are withheld."""
    async with database.of(owner) as connection:
        cursor = await connection.execute("SELECT content, withheld FROM messages ORDER BY id")
        return {row["content"]: row["withheld"] for row in await cursor.fetchall()}


async def message_ids(database: Database, owner: Owner, text: str) -> list[str]:
    async with database.of(owner) as connection:
        cursor = await connection.execute("SELECT id FROM messages WHERE content = %s ORDER BY id", (text,))
        return [row["id"] for row in await cursor.fetchall()]


async def test_a_message_is_withheld_with_its_answer_and_their_copies_and_nobody_elses(
    database: Database, threads: ThreadStore, ask, owner: Owner
):
    scope = Scope(thread_id=new_id("thr"), user_id=owner.user_id, tenant_id=owner.tenant_id)
    for request in ("Ana lives in Oslo.", "Ana likes tea."):
        await threads.remember(scope, await ask(scope, request, f"Noted: {request}"))
    (said,) = await message_ids(database, owner, "Ana lives in Oslo.")
    (answered,) = await message_ids(database, owner, "Noted: Ana lives in Oslo.")
    fork = await threads.fork(owner, scope.thread_id, answered)
    eve = Owner(new_id("eve"), owner.tenant_id)
    async with database.of(eve) as connection:
        assert await withhold(connection, eve, [said]) == set()
    async with database.of(owner) as connection:
        assert await withhold(connection, owner, [said]) == {scope.thread_id, fork.id}
        assert await withhold(connection, owner, [said]) == set()
    assert await marked(database, owner) == {
        "Ana lives in Oslo.": True,
        "Noted: Ana lives in Oslo.": True,
        "Ana likes tea.": False,
        "Noted: Ana likes tea.": False,
    }
    later = await threads.fork(
        owner, fork.id, (await threads.messages(owner, fork.id, limit=9, after=None))[-1].id
    )
    turns = await threads.recall(
        Scope(thread_id=later.id, user_id=owner.user_id, tenant_id=owner.tenant_id), limit=9
    )
    assert [turn.withheld for turn in turns] == [True]
    exported = [piece async for piece in HistoryExporter(database).document(owner)]
    assert b"".join(exported).count(b'"withheld":true') == 6


@pytest.mark.parametrize("glanced", [False, True])
async def test_what_is_withheld_comes_back_on_no_way(
    database: Database,
    say: Say,
    recall: Recall,
    recaller: MemoryRecaller,
    owner: Owner,
    monkeypatch,
    *,
    glanced: bool,
):
    thread = await say(owner, "The house of Ana is in Oslo, by the sea.")
    await say(owner, "You told me of the house in Oslo.", thread=thread, role="assistant")
    await say(owner, "Is there a house in Oslo to let?")
    texts = {item.text for item in (await recall(owner, QUESTION)).items}
    assert len(texts) == 3
    ids = await message_ids(database, owner, "The house of Ana is in Oslo, by the sea.")
    async with database.of(owner) as connection:
        await withhold(connection, owner, ids)
    if glanced:  # the index is read anew, and until then PostgreSQL finds what may answer

        async def long(*_: object) -> bool:
            return True

        monkeypatch.setattr(recalling, "is_long", long)
        recaller.forget(owner)
    for _ in range(2):  # as the index is kept up to date, and read anew
        assert [item.text for item in (await recall(owner, QUESTION)).items] == [
            "Is there a house in Oslo to let?"
        ]
        recaller.forget(owner)


async def test_messages_of_a_time_without_marks_are_looked_through_once(
    database: Database, say: Say, recall: Recall, owner: Owner
):
    thread = await say(owner, "My house is in Oslo.")
    await say(owner, "A house in Oslo, good.", thread=thread, role="assistant")
    (said,) = await message_ids(database, owner, "My house is in Oslo.")
    other = await say(owner, "Forget that my house is in Oslo.")
    await say(
        owner,
        f"1. “House in Oslo.” (`rec_a`) 2. “House in Oslo by the sea.” (`rec_b`) from {said}",
        thread=other,
        role="assistant",
    )
    await say(owner, "the first", thread=other)
    await say(owner, "Forgotten: House in Oslo.", thread=other, role="assistant")
    await say(owner, "Is a house in Oslo dear?", thread=other)
    assert len((await recall(owner, "house in Oslo")).items) > 1
    while await withhold_due(database):
        pass
    found = await marked(database, owner)
    assert [text for text, withheld in found.items() if not withheld] == ["Is a house in Oslo dear?"]
    assert None not in found.values()
    assert [item.text for item in (await recall(owner, "house in Oslo")).items] == [
        "Is a house in Oslo dear?"
    ]


def test_a_reply_that_chooses_nothing_is_not_about_forgetting():
    said = [
        ("msg_1", "user", "Forget that I live in Oslo."),
        ("msg_2", "assistant", "Which? `rec_a` or `rec_b`"),
        ("msg_3", "user", "What is the RSI?"),
        ("msg_4", "assistant", "An oscillator, says msg_9."),
        ("msg_5", "user", "the first"),
    ]
    assert told_of_forgetting(said) == ["msg_1", "msg_2"]
    assert told_of_forgetting(said[2:]) == []


async def test_short_term_memory_lets_go_of_what_is_forgotten_and_sums_it_up_no_more(
    database: Database, threads: ThreadStore, redis, ask, owner: Owner, vault: Vault, embedder: WordEmbedder
):
    settings = MemorySettings(short_turns=4)
    scope = Scope(thread_id=new_id("thr"), user_id=owner.user_id, tenant_id=owner.tenant_id)
    away = True

    async def let_go(whose: Owner, thread_id: str) -> None:
        if away:
            raise MemoryUnavailable("Redis is away in this test")
        await tier.forget(Scope(thread_id=thread_id, user_id=whose.user_id, tenant_id=whose.tenant_id))

    tier = ShortTermTier(redis, settings)
    records = RecordStore(database, vault, embedder)
    own = RecordsInCommand(records, AuditTrail(database), let_go=let_go)
    memory = TieredConversation(tier, threads, settings, own=own)
    requests = [
        "I decided to live in Oslo for good.",
        *(f"I decided on plan {n} of 1{n}0 euros." for n in range(7)),
    ]
    for number, request in enumerate(requests):
        await memory.remember(scope, await ask(scope, request), first=not number)
    before = await memory.summary(scope)
    assert before is not None
    assert "Oslo" in before.text
    (said,) = await message_ids(database, owner, requests[0])
    (kept,) = await records.remember(owner, [draft("Lives in Oslo.", sources=(said,))])
    with pytest.raises(MemoryUnavailable):
        await own.forget(owner, kept.record.id)
    assert (await records.get(owner, kept.record.id)).text == "Lives in Oslo."
    away = False
    await own.forget(owner, kept.record.id)
    with pytest.raises(UnknownRecord):
        await records.get(owner, kept.record.id)
    after = await memory.carried(scope)
    assert after.summary is not None
    assert "Oslo" not in after.summary.text
    assert "plan 0" in after.summary.text
    assert after.turns[-1].request == requests[-1]
    (state,) = await memory.states(scope)
    assert state.task == requests[-1]
