"""A message that was forgotten: neither it nor what was drawn from it is in any store."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from app.database import Pool
from app.memory_vectors import ChromaVectors
from app.runs import ChatRequest, ChatResult, EventLog, RunCopies, RunStore
from app.runs.records import RecalledItem, Usage
from knowledge import Chroma
from memory import (
    Database,
    Draft,
    Interaction,
    Kind,
    MemoryUnavailable,
    Owner,
    Scope,
    ShortTermTier,
    StillRunning,
    ThreadStore,
    Tier,
    Turn,
    UnknownRecord,
    new_id,
)
from memory.history import HistoryImporter, MessageForgetter, RedisKeys, Rows
from memory.interactions import InteractionStore
from memory.own import RecordsInCommand
from memory.privacy import AuditTrail, DataKeys, PrivacySettings, Sealer
from memory.recall import embed_due
from memory.records import RecordStore
from memory.records.chains import take_turn
from tests.app.remembering import line, lines
from tests.memory.privacy.conftest import key
from tests.memory.records.conftest import WordEmbedder

SAID = "My locker at the baths is number 4471"
START = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that a turn leaves something in."""

    database: Database
    redis: Redis
    short: ShortTermTier
    threads: ThreadStore
    runs: RunStore
    events: EventLog
    vectors: ChromaVectors
    records: RecordStore
    interactions: InteractionStore
    forgetter: MessageForgetter
    sealer: Sealer | None

    async def found(self, text: str) -> dict[str, int]:
        """Where the text stands, in all tables and all of Redis, whoever's it is."""
        tables = await Rows(self.database).holding([text])
        return {**tables, **await RedisKeys(self.redis, self.short).holding([text])}

    async def turn(
        self, owner: Owner, message: str, answer: str, *, thread: str | None = None, given: Sequence[str] = ()
    ) -> Turn:
        """A whole turn of a thread, as a run leaves it; `given` are ids of what it was given, as texts of the answer."""
        scope = Scope(thread_id=thread or new_id("thr"), user_id=owner.user_id)
        run = new_id("run")
        await self.runs.begin(
            run,
            scope,
            ChatRequest(message=message),
            new_thread=thread is None,
            worker="w",
            idempotency_key=None,
        )
        turn = Turn(run_id=run, request=message, answer=answer, at=datetime.now(UTC))
        await self.threads.remember(scope, turn)
        items = [
            RecalledItem(id=one, tier=Tier.LONG, kind=Kind.FACT, text=answer, reasons=[]) for one in given
        ]
        result = ChatResult.model_validate(
            {
                "run_id": run, "thread_id": scope.thread_id, "outcome": "answered", "answer": answer, "agents": [],
                "citations": [], "recalled": items, "artifacts": [], "tool_calls": [], "model": "scripted",
                "timings": {}, "usage": Usage(input_tokens=0, output_tokens=0),
            }
        )  # fmt: skip
        logged = Interaction(
            run_id=run, request=message, answer=answer, outcome="answered", context=tuple(given), latency_ms=1.0,
            at=turn.at,
        )  # fmt: skip
        await self.runs.finish(result, scope, artifacts=(), interaction=logged)
        await self.short.remember(scope, turn, first=thread is None)
        await self.redis.xadd(f"freya:run:{run}:events", {"t": "token", "e": answer})
        return turn

    async def messages(self, owner: Owner, run_id: str) -> list[str]:
        """The ids of a run's messages, the request first."""
        async with self.database.of(owner) as connection:
            cursor = await connection.execute(
                "SELECT id FROM messages WHERE run_id = %s ORDER BY id", (run_id,)
            )
            return [row["id"] for row in await cursor.fetchall()]


@pytest.fixture(scope="module")
async def worded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ChromaVectors]:
    """Vectors by the words of texts."""
    vectors = ChromaVectors(Chroma(tmp_path_factory.mktemp("worded")), WordEmbedder())
    yield vectors
    await vectors.close()


@pytest.fixture(params=[False, True], ids=["plain", "sealed"])
async def world(
    request: pytest.FixtureRequest,
    database: Database,
    redis: Redis,
    short: ShortTermTier,
    worded: ChromaVectors,
) -> World:
    sealer = Sealer(DataKeys(database, PrivacySettings(keys=(key(1),)))) if request.param else None
    records = RecordStore(database, worded, WordEmbedder(), sealer)
    events = EventLog(redis, redis, ttl_s=600, sealer=sealer)
    return World(
        database=database,
        redis=redis,
        short=short,
        threads=ThreadStore(database, sealer),
        runs=RunStore(database, sealer),
        events=events,
        vectors=worded,
        records=records,
        interactions=InteractionStore(database),
        forgetter=MessageForgetter(database, records, copies=RunCopies(short, events, sealer), sealer=sealer),
        sealer=sealer,
    )


def says(text: str, message: str, day: int = 0, **more: Any) -> Draft:
    return Draft(
        kind=Kind.FACT,
        text=text,
        said_at=START + timedelta(days=day),
        sources=(message,),
        confidence=0.9,
        **more,
    )


async def test_nothing_of_a_forgotten_message_is_in_any_store(
    world: World, owner: Owner, other: Owner
) -> None:
    turn = await world.turn(owner, SAID, f"Noted: {SAID}")
    (asked, answered) = await world.messages(owner, turn.run_id)
    (record,) = await world.records.remember(owner, [says(f"{SAID}.", asked, slot="fact:locker", value=SAID)])
    while await embed_due(world.database, WordEmbedder(), 64, world.sealer):
        pass
    await world.interactions.rate(owner, turn.run_id, rating=4, comment=SAID)
    thread = (await world.runs.get(owner, turn.run_id)).thread_id
    later = await world.turn(owner, "And the pool?", f"Shut. {SAID}", thread=thread, given=[turn.run_id])
    far = await world.turn(owner, "Which locker?", SAID, given=[record.record.id])
    his = await world.turn(other, "Mine is 12.", "Noted.")
    assert await world.found(SAID)

    gone = await world.forgetter.forget(owner, asked)

    assert gone.messages == (asked, answered)
    assert (gone.records, gone.kept) == ((record.record.id,), ())
    repeated = [await world.messages(owner, run) for run in (later.run_id, far.run_id)]
    assert gone.given_to == tuple(sorted(answer for _, answer in repeated))
    assert await world.vectors.ids(owner) == []
    assert (await world.runs.get(owner, far.run_id)).result is not None
    for message in gone.given_to:
        assert (await world.forgetter.forget(owner, message)).given_to == ()
    assert await world.found(SAID) == {}
    assert await world.found("4471") == {}
    assert (await world.runs.get(other, his.run_id)).status == "finished"
    assert (await world.threads.get(owner, thread)).title == "New thread"
    noted = await AuditTrail(world.database).page(owner, limit=9)
    assert [(one.action, one.subject) for one in noted][-1] == ("forget message", asked)


async def test_other_turns_keep_their_answers_and_lose_what_they_were_given(
    world: World, owner: Owner
) -> None:
    turn = await world.turn(owner, SAID, "Noted.")
    (asked, _) = await world.messages(owner, turn.run_id)
    far = await world.turn(owner, "Where do I swim?", "At the baths.", given=[asked, "msg_other"])

    gone = await world.forgetter.forget(owner, asked)

    result = (await world.runs.get(owner, far.run_id)).result
    assert result is not None
    assert [item.id for item in result.recalled] == ["msg_other"]
    assert result.answer == "At the baths."
    assert gone.given_to == (((await world.messages(owner, far.run_id))[1]),)
    assert not await world.redis.exists(f"freya:run:{far.run_id}:events")


async def test_the_rest_of_the_thread_goes_on_without_it(world: World, owner: Owner) -> None:
    first = await world.turn(owner, SAID, "Noted.")
    thread = (await world.runs.get(owner, first.run_id)).thread_id
    await world.turn(owner, "How deep is it?", "Two metres.", thread=thread)
    (asked, _) = await world.messages(owner, first.run_id)

    await world.forgetter.forget(owner, asked)

    scope = Scope(thread_id=thread, user_id=owner.user_id)
    assert await world.short.recall(scope, limit=9) == []
    assert [one.request for one in await world.threads.recall(scope, limit=9)] == ["How deep is it?"]
    assert (await world.threads.get(owner, thread)).title == "How deep is it?"


async def test_what_a_forgotten_message_replaced_holds_again(world: World, owner: Owner) -> None:
    home = {"slot": "fact:home"}
    turns = [await world.turn(owner, f"I live in {city}.", "Noted.") for city in ("Oslo", "Rome", "Bonn")]
    asked = [(await world.messages(owner, turn.run_id))[0] for turn in turns]
    done = [
        (
            await world.records.remember(
                owner, [says(f"Lives in {city}.", asked[day], day, value=city, **home)]
            )
        )[0]
        for day, city in enumerate(("Oslo", "Rome", "Bonn"))
    ]
    oslo, _, bonn = [one.record.id for one in done]

    await world.forgetter.forget(owner, asked[1])
    assert (await world.records.get(owner, bonn)).supersedes == oslo
    await world.forgetter.forget(owner, asked[2])
    await world.records.heal_behind()

    left = await world.records.get(owner, oslo)
    assert (left.state, left.text) == ("active", "Lives in Oslo.")
    assert await world.vectors.ids(owner) == [oslo]


async def test_a_statement_that_a_forgotten_message_contradicted_is_contested_no_more(
    world: World, owner: Owner
) -> None:
    turns = [await world.turn(owner, text, "Noted.") for text in ("I eat fish.", "I do not eat fish.")]
    asked = [(await world.messages(owner, turn.run_id))[0] for turn in turns]
    said = [says("Eats fish.", asked[0]), says("Does not eat fish.", asked[1])]
    first, second = await world.records.remember(owner, said)
    assert (await world.records.get(owner, first.record.id)).state == "contested"

    gone = await world.forgetter.forget(owner, asked[1])

    assert gone.records == (second.record.id,)
    left = await world.records.get(owner, first.record.id)
    assert (left.state, left.contests) == ("active", None)


async def test_what_other_messages_say_too_or_the_user_worded_stays(world: World, owner: Owner) -> None:
    turn = await world.turn(owner, SAID, "Noted.")
    (asked, _) = await world.messages(owner, turn.run_id)
    tea = says("Likes tea.", asked)
    await world.records.remember(
        owner, [tea, tea.model_copy(update={"sources": ("msg_two",), "said_at": START + timedelta(days=2)})]
    )
    (dog,) = await world.records.remember(owner, [says("Has a dog.", asked)])
    corrected = await world.records.correct(owner, dog.record.id, text="Has two dogs.")

    gone = await world.forgetter.forget(owner, asked)

    assert gone.records == (dog.record.id,)
    left = {one.text: one for one in await world.records.list(owner)}
    assert {text: (one.sources, one.evidence) for text, one in left.items()} == {
        "Likes tea.": (("msg_two",), 1),
        "Has two dogs.": ((), 1),
    }
    assert set(gone.kept) == {one.id for one in left.values()}
    assert left["Has two dogs."].id == corrected.id


async def test_an_imported_message_goes_alone_and_stays_away(world: World, owner: Owner) -> None:
    content = lines(line(owner.user_id, SAID), line(owner.user_id, "Tea is fine.", 1))
    importer = HistoryImporter(world.database, world.sealer)

    async def pieces() -> AsyncIterator[bytes]:
        yield content

    first = await importer.run(owner, pieces(), name="h")
    (thread,) = await world.threads.page(owner, limit=9, before=None)
    (said, tea) = await world.threads.messages(owner, thread.id, limit=9, after=None)
    gone = await world.forgetter.forget(owner, said.id)
    again = await importer.run(owner, pieces(), name="h")

    assert gone.messages == (said.id,)
    assert (first.imported, again.imported, again.known) == (2, 0, 2)
    assert await world.threads.messages(owner, thread.id, limit=9, after=None) == [tea]
    assert (await world.threads.get(owner, thread.id)).title == "Tea is fine."
    assert await world.found(SAID) == {}


async def test_nobody_forgets_what_another_said(world: World, owner: Owner, other: Owner) -> None:
    turn = await world.turn(owner, SAID, "Noted.")
    (asked, _) = await world.messages(owner, turn.run_id)
    for name in (asked, "msg_none", turn.run_id):
        with pytest.raises(UnknownRecord):
            await world.forgetter.forget(other, name)
    assert len(await world.messages(owner, turn.run_id)) == 2


async def test_nothing_is_forgotten_while_a_run_goes_on_that_may_have_been_given_it(
    world: World, owner: Owner, other: Owner
) -> None:
    turn = await world.turn(owner, SAID, "Noted.")
    (asked, _) = await world.messages(owner, turn.run_id)
    for whose in (owner, other):
        run, scope = new_id("run"), Scope(thread_id=new_id("thr"), user_id=whose.user_id)
        await world.runs.begin(
            run, scope, ChatRequest(message="Go on."), new_thread=True, worker="w", idempotency_key=None
        )
    with pytest.raises(StillRunning, match="run_"):
        await world.forgetter.forget(owner, asked)
    assert len(await world.messages(owner, turn.run_id)) == 2


async def test_while_redis_is_away_nothing_is_forgotten(world: World, owner: Owner) -> None:
    turn = await world.turn(owner, SAID, "Noted.")
    (asked, answered) = await world.messages(owner, turn.run_id)
    (kept,) = await world.records.remember(owner, [says("Has a locker.", asked)])
    async with Redis(unix_socket_path="/nowhere/redis.sock", retry=Retry(NoBackoff(), 0)) as nobody:
        copies = RunCopies(world.short, EventLog(nobody, nobody, ttl_s=1), world.sealer)
        broken = MessageForgetter(world.database, world.records, copies=copies, sealer=world.sealer)
        with pytest.raises(MemoryUnavailable):
            await broken.forget(owner, asked)
    assert await world.messages(owner, turn.run_id) == [asked, answered]
    await world.records.heal_behind()
    assert await world.vectors.ids(owner) == [kept.record.id]


async def test_a_message_that_is_consolidated_now_is_forgotten_with_what_comes_of_it(
    world: World, owner: Owner
) -> None:
    turn = await world.turn(owner, SAID, "Noted.")
    (asked, _) = await world.messages(owner, turn.run_id)
    async with asyncio.timeout(60):
        async with world.database.of_all() as outer:
            cursor = await outer.execute("SELECT id FROM messages WHERE id = %s FOR KEY SHARE", (asked,))
            assert await cursor.fetchall()  # statements travel when an answer is awaited
            forgetting = asyncio.create_task(world.forgetter.forget(owner, asked))
            while not forgetting.done():
                cursor = await outer.execute("SELECT count(*) AS n FROM pg_locks WHERE NOT granted")
                if (await cursor.fetchall())[0]["n"]:
                    break
            await world.records.remember(owner, [says("Has a locker.", asked)])
        gone = await forgetting
    assert len(gone.records) == 1
    assert list(await world.records.list(owner)) == []


async def test_a_forgetting_that_meets_the_deletion_of_its_message_is_done_after_it(
    world: World, owner: Owner, pool: Pool
) -> None:
    turn = await world.turn(owner, SAID, "Noted.")
    (asked, _) = await world.messages(owner, turn.run_id)
    (record,) = await world.records.remember(owner, [says(f"{SAID}.", asked, slot="fact:locker", value=SAID)])
    own = RecordsInCommand(world.records, AuditTrail(world.database))
    async with asyncio.timeout(60):
        async with pool.connection() as connection, connection.transaction():
            await connection.execute("SET LOCAL ROLE NONE")
            await connection.execute(
                "SET LOCAL deadlock_timeout = '60s'"
            )  # so that the forgetting is given up
            await connection.execute("SELECT id FROM messages WHERE id = %s FOR UPDATE", (asked,))
            forgetting = asyncio.create_task(own.forget(owner, record.record.id))
            async with world.database.of_all() as watching:
                while True:
                    waiting = await watching.execute("SELECT count(*) AS n FROM pg_locks WHERE NOT granted")
                    if (await waiting.fetchall())[0]["n"]:
                        break
            await take_turn(connection, owner)
        assert await forgetting == [record.record.id]
