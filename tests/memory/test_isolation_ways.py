"""The ways round isolation that are known, at the stores: none of them leads to another's."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any, LiteralString

import numpy as np
import orjson
import psycopg
import pytest

from memory import (
    Draft,
    Kind,
    Owner,
    OwnerInvalid,
    RecallFilter,
    StateInvalid,
    Turn,
    UnknownProject,
    UnknownThread,
    new_id,
)
from memory.database import _FOR_OWNER
from memory.interactions import ensure_partitions
from memory.short import StateChange
from tests.memory.isolation import START, World, exported, scope
from tests.memory.isolation_steps import WEIGHED, remember
from tests.memory.isolation_stores import Stores, open_stores

_SHARED = {"projects", "project_members", "memory_records", "artifacts"}
_TABLES = """
    SELECT relation.relname AS name, relation.relispartition AS part,
        relation.relrowsecurity AND relation.relforcerowsecurity AS secured
    FROM pg_class AS relation JOIN pg_attribute AS attribute ON attribute.attrelid = relation.oid
    WHERE relation.relnamespace = 'public'::regnamespace AND relation.relkind IN ('r', 'p')
        AND attribute.attname = 'user_id' AND NOT attribute.attisdropped ORDER BY 1
"""
_ASIDE: tuple[LiteralString, ...] = (
    (
        "INSERT INTO approvals (id, run_id, tenant_id, user_id, asked, requested_at, expires_at)"
        " SELECT 'apr_' || id, id, tenant_id, user_id, '{}', now(), now() FROM runs WHERE tenant_id = %s AND user_id = %s"
    ),
    (
        "INSERT INTO parked_runs (run_id, tenant_id, user_id, events, fields, contents)"
        " SELECT id, tenant_id, user_id, '[]', '{}', '{}' FROM runs WHERE tenant_id = %s AND user_id = %s"
    ),
    (
        "INSERT INTO attachments (id, thread_id, tenant_id, user_id, name, media_type, bytes, content, sealed, text, details)"
        " SELECT 'att_' || id, id, tenant_id, user_id, 'n', 'text/plain', 1, 'x', false, 'x', '{}' FROM threads"
        " WHERE tenant_id = %s AND user_id = %s"
    ),
)
"""What other packages than memory keep of runs and threads."""
STATEMENTS = (
    "'; RESET ROLE; SELECT set_config('freya.system', 'on', false); --",
    "$$; SET ROLE postgres; SELECT set_config('freya.user', 'ben', false); $$",
    "\\'; DELETE FROM messages; --",
    "x' OR user_id <> '' UNION SELECT * FROM messages /* */ --",
    "%s %(tenant)s %% %b {0} {name} :name $1",
    '"}, "$or": [{"user": {"$ne": ""}}] -- \\u0000 \\000 \\x00',
    "*?[a-z]^\\*:turns\r\n\t",
)


@pytest.fixture(scope="module")
async def stores(
    database_url: str, embedded_servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stores]:
    redis_url, folder = f"{embedded_servers.redis_url}?db=13", tmp_path_factory.mktemp("chroma")
    async with open_stores(database_url, redis_url, folder) as opened:
        yield opened


@pytest.fixture(scope="module")
async def world(stores: Stores) -> World:
    """Everybody has something of everything."""
    made = World(stores, 0)
    for number, act in enumerate(WEIGHED):
        for owner in made.owners:
            for pick in (number * 6, number * 6 + 1):
                await act(made, owner, pick)
    for owner in made.owners:
        for pick in (3, 4, 5, 12):
            await remember(made, owner, pick)
        async with stores.database.of(owner) as connection:
            for statement in _ASIDE:
                await connection.execute(statement, (owner.tenant_id, owner.user_id))
    return made


@pytest.fixture
def anna(world: World) -> Owner:
    return world.owners[0]


@pytest.fixture
def ben(world: World) -> Owner:
    return world.owners[1]


async def tables(stores: Stores) -> list[dict[str, Any]]:
    async with stores.pool.connection() as connection:
        return await (await connection.execute(_TABLES)).fetchall()


async def test_every_table_with_a_user_is_under_policies_that_hold_for_its_owner_too(stores):
    found = await tables(stores)
    assert len(found) > 15
    assert [table["name"] for table in found if not table["secured"]] == []


@pytest.mark.usefixtures("world")
async def test_connection_that_was_opened_for_nobody_sees_nothing(stores):
    for table in await tables(stores):
        count = f"SELECT count(*) AS rows FROM {table['name']}"  # noqa: S608  # a name of the catalogue
        async with stores.pool.connection() as connection:
            assert await (await connection.execute(count)).fetchone() == {"rows": 0}, table
        async with stores.database.of_all() as connection:
            row = await (await connection.execute(count)).fetchone()
            assert row
            assert row["rows"] or table["part"], f"nothing was put into {table['name']}"


async def test_transaction_of_a_user_sees_his_rows_and_those_of_his_projects_alone(stores, world):
    for owner in world.owners:
        for table in await tables(stores):
            whose = f"SELECT DISTINCT tenant_id, user_id FROM {table['name']}"  # noqa: S608  # a name of the catalogue
            async with stores.database.of(owner) as connection:
                rows = await (await connection.execute(whose)).fetchall()
            others = {Owner(row["user_id"], row["tenant_id"]) for row in rows} - {owner}
            assert not others or table["name"] in _SHARED
            assert {other.tenant_id for other in others} <= {owner.tenant_id}


async def test_setting_that_outlasts_its_transaction_does_not_hold_in_the_next(stores, anna, ben):
    settings = "SELECT set_config('freya.system', 'on', false), set_config('freya.user', %s, false)"
    async with stores.pool.connection() as connection:
        try:
            await connection.execute(settings, (anna.user_id,))
            async with connection.transaction():
                await connection.execute(_FOR_OWNER, (ben.tenant_id, ben.user_id))
                rows = await (await connection.execute("SELECT DISTINCT user_id FROM messages")).fetchall()
        finally:
            await connection.execute("RESET ALL")
    assert rows == [{"user_id": ben.user_id}]


@pytest.mark.usefixtures("world")
async def test_partitions_of_the_log_hide_by_name_what_they_hide_by_their_parent(
    stores, database_url, anna, ben
):
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        months = await ensure_partitions(connection)
    assert months
    for part, at in (("interactions_default", "1999-01-01"), (months[0], "now")):
        statements = (
            f"SELECT user_id FROM {part}",  # noqa: S608  # a name of the catalogue
            f"DELETE FROM {part} RETURNING user_id",  # noqa: S608  # a name of the catalogue
            f"UPDATE {part} SET user_id = user_id RETURNING user_id",  # noqa: S608  # a name of the catalogue
        )
        forged = (
            f"INSERT INTO {part} (id, run_id, thread_id, tenant_id, user_id, outcome, record, created_at)"  # noqa: S608  # a name of the catalogue
            " OVERRIDING SYSTEM VALUE VALUES (1, 'r', 't', %s, %s, 'x', '{}', %s) RETURNING id"
        )
        for owner in (anna, ben):
            for statement in statements:
                async with stores.database.of(owner) as connection:
                    assert await (await connection.execute(statement)).fetchall() == []
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                async with stores.database.of(owner) as connection:
                    await (await connection.execute(forged, (anna.tenant_id, anna.user_id, at))).fetchall()
    logged = await stores.interactions.page(anna)
    assert {(one.tenant_id, one.user_id) for one in logged} == {(anna.tenant_id, anna.user_id)}


async def test_no_table_of_users_can_be_emptied_at_once(stores, anna):
    for table in await tables(stores):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with stores.database.of(anna) as connection:
                await (await connection.execute(f"TRUNCATE {table['name']} CASCADE")).fetchall()


@pytest.mark.parametrize("text", STATEMENTS)
@pytest.mark.usefixtures("world")
async def test_text_of_a_user_never_becomes_a_statement(stores, anna, ben, text):
    draft = Draft(
        kind=Kind.FACT,
        text=text,
        slot=text,
        value=text,
        details={text: [text]},
        entities=(text,),
        relations=((text, text, text),),
        sources=(text,),
        said_at=START,
        project_id=text,
        thread_id=text,
        agent=text,
        origin_key=text,
    )
    before = await kept_of(stores, ben)
    mallory = Owner(new_id("mallory"), anna.tenant_id)
    (kept,) = await stores.records.remember(mallory, [draft])
    record = await stores.records.get(mallory, kept.record.id)
    assert (record.text, record.slot, record.details[text], record.project_id) == (text, text, [text], None)
    assert await stores.records.related(mallory, [text]) == {text: [record.id]}
    assert (await stores.records.correct(mallory, record.id, text=f"{text} ")).text == f"{text} "
    await stores.records.list(mallory, query=text)
    assert await stores.records.list(mallory, project=text) == []
    project = await stores.projects.create(mallory, text, text)
    assert (project.name, project.description) == (text, text)
    thread = await stores.threads.create(
        mallory, text, project_id=project.id, metadata={text: text}, idempotency_key=text
    )
    assert (thread.metadata, thread.project_id) == ({text: text}, project.id)
    line = {"user": mallory.user_id, "thread": text, "role": "user", "name": text, "text": text}

    async def history() -> AsyncIterator[bytes]:
        yield orjson.dumps({**line, "time": "2026-03-01T09:30:00Z"})

    assert (await stores.service.take_in(mallory, history(), name=text)).imported == 1
    document = await exported(stores.service, mallory)
    assert [(row["content"], row["speaker"]) for row in document["messages"]] == [(text, text)]
    await stores.recaller.recall(mallory, text, budget=100, wanted=RecallFilter(project_id=text))
    await stores.service._audit.note(mallory, text, text, text)
    assert (await stores.service.privacy.audit(mallory, limit=1))[0].subject == text
    for call in (stores.threads.get, stores.runs.get, stores.runs.artifacts.one, stores.projects.get):
        with pytest.raises(Exception, match=r"[Tt]here is no"):
            await call(mallory, text)
    with pytest.raises(UnknownProject):
        await stores.threads.create(mallory, text, project_id=text, metadata={})
    async with stores.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT current_user AS role, current_setting('freya.system', true) AS everybody,"
            " current_setting('freya.user', true) AS named"
        )
        row = await cursor.fetchone()
    assert row
    assert (row["role"], row["everybody"] or "", row["named"] or "") == ("freya_member", "", "")
    assert await kept_of(stores, ben) == before


@pytest.mark.parametrize(
    "name",
    [
        "", " ", "a:b", "a/b", "anna*", "anna?", "ann[a]", "a%", "%s", "a'b", 'a"b', "a\\b", "a$b", "a{b}", "a,b", "a;b",
        "anna\n", "anna\x00", " anna", "anna ", "a\u200bnna", "аnna", "ａｎｎａ", "anna\u0301", ".anna", "..", "-", "a" * 65,
    ],
)  # fmt: skip
def test_name_that_could_pass_for_another_or_for_a_part_of_a_key_is_none(name):
    for user, tenant in ((name, "acme"), ("anna", name)):
        with pytest.raises(OwnerInvalid):
            Owner(user, tenant)


@pytest.mark.parametrize(
    "thread", ["", "*", "thr_*", "thr_?", "[t]hr", "x:turns", "x:state", "../x", "x y", "x\n", "é", "x" * 129]
)
@pytest.mark.usefixtures("world")
async def test_id_of_a_thread_that_could_pass_for_another_key_is_none(stores, anna, thread):
    before = await keys(stores)
    within = scope(anna, thread)
    said = Turn(run_id="run_1", request="a", answer="b", at=START)
    for call in (
        stores.short.held(within),
        stores.short.recall(within, limit=9),
        stores.short.summary(within),
        stores.short.remember(within, said),
        stores.short.state(within, "davina"),
        stores.short.update(within, "davina", StateChange(task="x")),
        stores.short.forget(within),
    ):
        with pytest.raises(UnknownThread):
            await call
    assert await keys(stores) == before


@pytest.mark.parametrize("agent", ["", "*", "davina:variable", "davina:", ":", "x y", "davina\n"])
async def test_name_of_an_agent_that_could_pass_for_another_field_is_none(stores, world, anna, agent):
    before = await keys(stores)
    within = scope(anna, min(world.has[anna].threads))
    with pytest.raises(StateInvalid):
        await stores.short.state(within, agent)
    with pytest.raises(StateInvalid):
        await stores.short.update(within, agent, StateChange(variables={"a": 1}))
    assert await keys(stores) == before


async def test_vectors_under_crafted_ids_stay_ones_own(stores, world, anna, ben):
    (vector,) = await stores.embedder.embed([world.text(anna)])
    theirs = await stores.vectors.ids(anna)
    assert theirs
    mallory = Owner(new_id("mallory"), anna.tenant_id)
    crafted = [f"{anna}/{theirs[0]}", f"../{anna.user_id}/{theirs[0]}", theirs[0], "*", '{"$ne": ""}', "%"]
    await stores.vectors.put(mallory, crafted, np.stack([-vector] * len(crafted)))
    assert sorted(await stores.vectors.ids(mallory)) == sorted(crafted)
    assert set(await stores.vectors.nearest(mallory, vector, limit=1000)) == set(crafted)
    await stores.vectors.remove(mallory, crafted)
    assert await stores.vectors.ids(mallory) == []
    assert sorted(await stores.vectors.ids(anna)) == sorted(theirs)
    assert not set(await stores.vectors.nearest(ben, vector, limit=1000)) & set(theirs)


async def test_users_at_once_some_of_whom_leave_midway_are_given_their_own_alone(stores, world):
    chance = random.Random(7)  # noqa: S311  # when a client leaves

    async def work(owner: Owner, turns: int) -> None:
        for _ in range(turns):
            found = await stores.recaller.recall(owner, "note garden", budget=300, wanted=RecallFilter())
            world.seen(owner, found)
            world.seen_records(owner, await stores.records.list(owner, limit=50))
            world.seen(owner, await stores.threads.page(owner, limit=50, before=None))

    tasks = [asyncio.create_task(work(owner, 4)) for owner in world.owners * 8]
    for number in range(400):
        await asyncio.sleep(0)
        if number % 20 == 0:
            chance.choice(tasks[:12]).cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(one is None or isinstance(one, asyncio.CancelledError) for one in ended), ended
    assert any(one is None for one in ended)
    assert any(isinstance(one, asyncio.CancelledError) for one in ended)
    await work(world.owners[2], 2)


async def keys(stores: Stores) -> dict[bytes, object]:
    """All that Redis holds."""
    found = sorted([key async for key in stores.redis.scan_iter(count=1000)])
    return {key: await stores.redis.dump(key) for key in found}


async def kept_of(stores: Stores, owner: Owner) -> dict[str, object]:
    """What is kept of a user, but for the note that it was looked at."""
    return {name: rows for name, rows in (await exported(stores.service, owner)).items() if name != "audit"}
