"""Threads that are renamed, found by what they say, and forked."""

import pytest

from memory import (
    Database,
    Owner,
    Scope,
    ThreadFinder,
    ThreadStore,
    Turn,
    UnknownRecord,
    UnknownThread,
    new_id,
    open_turn,
    title_of,
)
from memory.privacy import DataKeys, PrivacySettings, Sealer
from memory.privacy.stored import sealed
from tests.memory.privacy.conftest import key


@pytest.fixture
def owner() -> Owner:
    return Owner(new_id("ada"))


@pytest.fixture(params=[(), (key(1),)], ids=["plain", "sealed"])
def sealer(request: pytest.FixtureRequest, database: Database) -> Sealer:
    return Sealer(DataKeys(database, PrivacySettings(keys=request.param)))


@pytest.fixture
def threads(database: Database, sealer: Sealer) -> ThreadStore:
    return ThreadStore(database, sealer)


@pytest.fixture
def finder(database: Database, threads: ThreadStore, sealer: Sealer) -> ThreadFinder:
    return ThreadFinder(database, threads, sealer)


async def talked(
    database: Database, threads: ThreadStore, sealer: Sealer, owner: Owner, *turns: tuple[str, str]
) -> Scope:
    """A thread with these turns."""
    scope = Scope(thread_id=new_id("thr"), tenant_id=owner.tenant_id, user_id=owner.user_id)
    for number, (request, answer) in enumerate(turns):
        run = new_id("run")
        said = await sealed(sealer, owner, request)
        title = await sealed(sealer, owner, title_of(request))
        async with database.of(owner) as connection:
            await open_turn(
                connection, scope, run_id=run, request=said, metadata={}, new=not number, title=title
            )
        await threads.remember(
            scope, Turn.model_validate({"run_id": run, "request": request, "answer": answer, "at": "2026-01-01T00:00:00Z"})
        )  # fmt: skip
    return scope


async def test_a_title_that_a_person_gave_stays(database, threads, sealer, owner):
    thread = await threads.create(owner, None, project_id=None, metadata={})
    assert (thread.title, thread.named) == ("New thread", False)
    scope = Scope(thread_id=thread.id, tenant_id=owner.tenant_id, user_id=owner.user_id)

    async def ask(text: str) -> None:
        async with database.of(owner) as connection:
            title = await sealed(sealer, owner, title_of(text))
            await open_turn(
                connection, scope, run_id=new_id("run"), request=text, metadata={}, new=False, title=title
            )

    await ask("What is a moving average?")
    assert (await threads.get(owner, thread.id)).title == "What is a moving average?"
    await ask("And an exponential one?")
    assert (await threads.get(owner, thread.id)).title == "What is a moving average?"
    named = await threads.change(owner, thread.id, title="Averages", metadata={"a": 1})
    assert (named.title, named.named, named.metadata) == ("Averages", True, {"a": 1})
    assert (await threads.change(owner, thread.id, metadata={})).title == "Averages"
    given = await threads.create(owner, "Mine", project_id=None, metadata={})
    scope = Scope(thread_id=given.id, tenant_id=owner.tenant_id, user_id=owner.user_id)
    await ask("What is a moving average?")
    assert (await threads.get(owner, given.id)).title == "Mine"
    with pytest.raises(UnknownThread):
        await threads.change(Owner(new_id("eve")), thread.id, title="Hers")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Hello! What is the RSI indicator? I saw it on a chart.", "What is the RSI indicator?"),
        ("Guten Tag, wie berechnet man den Kapitalwert?", "Wie berechnet man den Kapitalwert?"),
        ("Привет! Что такое стейкинг?", "Что такое стейкинг?"),
        ("Hola, ¿qué es el RSI?", "¿qué es el RSI?"),
        ("Hello!", "Hello!"),
        ("NPV of -1000, 400, 400, 400 at 8.5 %", "NPV of -1000, 400, 400, 400 at 8.5 %"),
    ],
)
def test_a_title_is_the_first_sentence_after_a_greeting(text, title):
    assert title_of(text) == title


async def test_threads_are_found_by_titles_and_messages_and_nobody_elses(
    database, threads, finder, sealer, owner
):
    first = await talked(
        database, threads, sealer, owner, ("How large is the market for beehives?", "Ask a beekeeper.")
    )
    second = await talked(database, threads, sealer, owner, ("Something else", "Honey comes from hives."))
    other = Owner(new_id("eve"))
    await talked(database, threads, sealer, other, ("Beehives and honey", "Yes."))

    async def found(query: str, **more: str) -> list[str]:
        return [one.id for one in await finder.find(owner, query, limit=5, before=more.get("before"))]

    assert await found("beehive market") == [first.thread_id]
    assert await found("HONEY") == [second.thread_id]
    assert await found("honey or beekeeper") == [second.thread_id, first.thread_id]
    assert await found("honey or beekeeper", before=second.thread_id) == [first.thread_id]
    assert await found('"comes from hives"') == [second.thread_id]
    assert await found('"hives from comes"') == []
    assert await found("honey -hives") == []
    assert await found("'; DROP TABLE threads; --") == []
    assert await found("it's \\ : & | ! ( )") == []
    (place,) = await finder.find(owner, "honey", limit=5, before=None)
    assert place.excerpt == "Honey comes from hives."
    said = await threads.messages(owner, second.thread_id, limit=9, after=None)
    assert place.message_id == said[1].id
    await threads.change(owner, second.thread_id, title="Apiary")
    (place,) = await finder.find(owner, "apiary", limit=5, before=None)
    assert (place.message_id, place.excerpt) == (None, "Apiary")


async def test_a_fork_has_the_turns_up_to_a_message_and_goes_its_own_way(database, threads, sealer, owner):
    scope = await talked(database, threads, sealer, owner, ("One?", "First."), ("Two?", "Second."))
    said = await threads.messages(owner, scope.thread_id, limit=9, after=None)

    fork = await threads.fork(owner, scope.thread_id, said[1].id, title="Branch", idempotency_key="once")

    assert (fork.title, fork.named, fork.parent_id, fork.parent_message_id) == (
        "Branch",
        True,
        scope.thread_id,
        said[1].id,
    )
    again = await threads.fork(owner, scope.thread_id, said[1].id, title="Branch", idempotency_key="once")
    assert again == fork
    copies = await threads.messages(owner, fork.id, limit=9, after=None)
    assert [(one.content, one.role, one.run_id, one.created_at) for one in copies] == [
        (one.content, one.role, one.run_id, one.created_at) for one in said[:2]
    ]
    mine = Scope(thread_id=fork.id, tenant_id=owner.tenant_id, user_id=owner.user_id)
    assert [turn.answer for turn in await threads.recall(mine, limit=9)] == ["First."]
    await threads.delete(owner, scope.thread_id)
    assert [turn.answer for turn in await threads.recall(mine, limit=9)] == ["First."]


async def test_a_fork_without_a_turn_ends_before_its_question(database, threads, sealer, owner):
    scope = await talked(database, threads, sealer, owner, ("One?", "First."), ("Two?", "Second."))
    said = await threads.messages(owner, scope.thread_id, limit=9, after=None)
    for message in said[2:]:
        fork = await threads.fork(owner, scope.thread_id, message.id, without=True)
        copies = await threads.messages(owner, fork.id, limit=9, after=None)
        assert [one.content for one in copies] == ["One?", "First."]
    empty = await threads.fork(owner, scope.thread_id, said[0].id, without=True)
    assert await threads.messages(owner, empty.id, limit=9, after=None) == []


async def test_what_is_not_there_is_not_forked_and_leaves_nothing(database, threads, sealer, owner):
    scope = await talked(database, threads, sealer, owner, ("One?", "First."))
    (asked, _) = await threads.messages(owner, scope.thread_id, limit=9, after=None)
    with pytest.raises(UnknownRecord):
        await threads.fork(owner, scope.thread_id, "msg_none")
    with pytest.raises(UnknownThread):
        await threads.fork(Owner(new_id("eve")), scope.thread_id, asked.id)
    assert [one.id for one in await threads.page(owner, limit=9, before=None)] == [scope.thread_id]


async def test_copies_are_embedded_as_their_originals_are_and_taught_nothing_again(
    database, threads, sealer, owner
):
    scope = await talked(database, threads, sealer, owner, ("One?", "First."))
    (asked, answered) = await threads.messages(owner, scope.thread_id, limit=9, after=None)
    async with database.of(owner) as connection:
        await connection.execute("UPDATE messages SET embedded = id = %s", (asked.id,))
        await connection.execute(
            "INSERT INTO memory_passages (message_id, ordinal, tenant_id, user_id, begins, ends, model, vector)"
            " VALUES (%s, 0, %s, %s, 0, 4, 'm', '[1,0]')",
            (asked.id, owner.tenant_id, owner.user_id),
        )
    fork = await threads.fork(owner, scope.thread_id, answered.id)
    async with database.of(owner) as connection:
        cursor = await connection.execute(
            "SELECT embedded, consolidated, (SELECT vector::text FROM memory_passages WHERE message_id = messages.id) AS vector"
            " FROM messages WHERE thread_id = %s ORDER BY id",
            (fork.id,),
        )
        rows = [tuple(row.values()) for row in await cursor.fetchall()]
    assert rows == [(True, True, "[1,0]"), (False, True, None)]
