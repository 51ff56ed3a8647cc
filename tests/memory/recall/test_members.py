"""What the other members of a project decided comes back in it, by name, and nothing else of theirs."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from memory import (
    Database,
    Draft,
    Kind,
    MemoryUnavailable,
    Owner,
    Recalled,
    RecallFilter,
    RecordState,
    Tier,
    new_id,
)
from memory.history import Eraser, Rows
from memory.privacy import DataKeys, PrivacySettings, Sealer
from memory.projects import Project, ProjectStore
from memory.recall import IndexCache, MemoryRecaller, Passage, RecallSettings, Source, Standing, UserIndex
from memory.records import RecordStore
from models import estimated_tokens
from tests.memory.privacy.conftest import key
from tests.memory.recall.conftest import NOW, Recall, Say, Vault, WordEmbedder

QUESTION = "Which database did we choose for the orders?"
DECIDED = "Decided on Postgres as database for the orders."
Asked = Callable[..., Coroutine[Any, Any, list[Recalled]]]


@pytest.fixture
def projects(database: Database) -> ProjectStore:
    return ProjectStore(database)


@pytest.fixture
def ben(owner: Owner) -> Owner:
    return Owner(new_id("ben"), owner.tenant_id)


@pytest.fixture
def eve(owner: Owner) -> Owner:
    return Owner(new_id("eve"), owner.tenant_id)


@pytest.fixture
async def project(projects: ProjectStore, owner: Owner, ben: Owner) -> Project:
    """Of the owner, with ben."""
    made = await projects.create(owner, "Shop")
    await projects.add_member(owner, made.id, ben.user_id)
    return made


@pytest.fixture
def asked(recall: Recall, project: Project) -> Asked:
    async def items(
        whose: Owner, *, within: str | None = project.id, question: str = QUESTION
    ) -> list[Recalled]:
        return list((await recall(whose, question, budget=400, project_id=within)).items)

    return items


@pytest.fixture
def decide(know: Say, project: Project) -> Say:
    """Puts a decision of somebody into the project."""

    async def decided(whose: Owner, text: str = DECIDED, **columns: Any) -> str:
        given = {"tier": "medium", "kind": "decision", "project_id": project.id, **columns}
        return await know(whose, text, **given)

    return decided


async def test_decision_of_another_member_comes_back_and_names_him(decide, asked, owner, ben):
    await decide(ben, sources=["msg_his"], thread_id="thr_his")
    await decide(ben, "Finished the database import of orders.", kind="progress")
    items = await asked(owner)
    assert [(item.text, item.by) for item in items] == [
        (DECIDED, ben.user_id),
        ("Finished the database import of orders.", ben.user_id),
    ]
    assert items[0].reasons[0] == f"decided by {ben.user_id}"
    assert items[1].reasons[0] == f"noted by {ben.user_id}"
    assert (items[0].message_ids, items[0].thread_id, items[0].tier) == ((), None, Tier.MEDIUM)
    (mine, *_) = await asked(ben)
    assert (mine.by, mine.message_ids) == (None, ("msg_his",))


async def test_decision_comes_back_in_its_project_alone(decide, projects, asked, owner, ben):
    await decide(ben)
    elsewhere = await projects.create(owner, "Garden")
    await projects.add_member(owner, elsewhere.id, ben.user_id)
    assert await asked(owner, within=None) == []
    assert await asked(owner, within=elsewhere.id) == []


async def test_nothing_else_of_a_member_comes_back(
    decide, know: Say, say: Say, database, project, asked, owner, ben
):
    for kind in ("fact", "preference", "expertise", "pattern", "practice", "performance"):
        await know(ben, DECIDED, kind=kind, project_id=project.id)
    await decide(ben, project_id=None)
    thread = await say(ben, DECIDED)
    async with database.of(ben) as connection:
        await connection.execute("UPDATE threads SET project_id = %s WHERE id = %s", (project.id, thread))
    assert await asked(owner) == []


async def test_those_who_are_no_members_are_given_nothing(decide, projects, project, asked, owner, ben, eve):
    await decide(ben)
    await decide(owner, "Decided on Redis as database for the orders.")
    twins = [Owner(one.user_id, "elsewhere") for one in (owner, ben)]
    for whose in (eve, *twins):
        assert await asked(whose) == []
    await projects.add_member(owner, project.id, eve.user_id)
    assert {item.by for item in await asked(eve)} == {owner.user_id, ben.user_id}


@pytest.mark.parametrize("noted", [True, False], ids=["noted", "broken off before it was noted"])
async def test_removed_member_is_given_nothing_from_that_moment_on(
    decide, database: Database, projects, project, asked, owner, ben, noted
):
    await decide(owner)
    assert len(await asked(ben)) == 1
    if noted:
        await projects.remove_member(owner, project.id, ben.user_id)
    else:
        async with database.of(owner) as connection:
            await connection.execute(
                "DELETE FROM project_members WHERE project_id = %s AND user_id = %s",
                (project.id, ben.user_id),
            )
    assert await asked(ben) == []
    await decide(owner, "Decided on Redis as database for the orders.")
    assert await asked(ben) == []
    await projects.add_member(owner, project.id, ben.user_id)
    assert len(await asked(ben)) == 2


async def test_member_who_left_keeps_his_own_and_the_others_lose_sight_of_none_of_it(
    decide, projects, project, asked, owner, ben
):
    await decide(ben)
    await projects.leave(ben, project.id)
    assert [item.by for item in await asked(ben)] == [None]
    assert [item.by for item in await asked(owner)] == [ben.user_id]


async def test_what_a_member_changes_forgets_or_erases_is_followed(
    database, vault: Vault, embedder: WordEmbedder, project, asked, owner, ben
):
    store = RecordStore(database, vault, embedder)
    said: dict[str, Any] = {
        "kind": Kind.DECISION,
        "project_id": project.id,
        "slot": "decision:database",
        "said_at": NOW,
    }
    draft = Draft(text=DECIDED, value="postgres", sources=("msg_1",), **said)
    (first,) = await store.remember(ben, [draft])
    assert [item.text for item in await asked(owner)] == [DECIDED]
    new = await store.correct(
        ben, first.record.id, text="Decided on Redis as database for the orders.", value="redis"
    )
    (item,) = await asked(owner)
    assert (item.id, item.text) == (new.id, new.text)
    assert f"replaces: {DECIDED}" in item.reasons
    await store.forget(ben, new.id)
    assert await asked(owner) == []
    (again,) = await store.remember(ben, [draft.model_copy(update={"sources": ("msg_new",)})])
    assert again.record.state is RecordState.ACTIVE
    assert len(await asked(owner)) == 1

    async def nothing_runs(_: Owner) -> int:
        return 0

    await Eraser(Rows(database), [], stop_runs=nothing_runs).erase(ben, actor="test")
    assert await asked(owner) == []


async def test_deletion_that_was_broken_off_before_members_were_told_is_noticed(
    database: Database, decide, asked, owner, ben
):
    await decide(ben)
    await decide(owner, "Decided on Redis as database for the orders.")
    assert len(await asked(owner)) == 2
    async with database.of(ben) as connection:
        await connection.execute("DELETE FROM memory_records WHERE user_id = %s", (ben.user_id,))
    assert [item.by for item in await asked(owner)] == [None]
    assert [item.by for item in await asked(owner)] == [None]


async def test_deleted_project_brings_nobody_together(decide, projects, project, asked, owner, ben):
    await decide(ben)
    assert len(await asked(owner)) == 1
    await projects.delete(owner, project.id)
    assert await asked(owner) == []
    assert [item.by for item in await asked(ben, within=None)] == [None]


async def test_encrypted_decision_is_read_with_the_key_of_who_made_it(
    database, vault: Vault, embedder: WordEmbedder, project, owner, ben
):
    keys = DataKeys(database, PrivacySettings(keys=(key(1),)))
    sealer = Sealer(keys)
    store = RecordStore(database, vault, embedder, sealer)
    draft = Draft(kind=Kind.DECISION, text=DECIDED, said_at=NOW, project_id=project.id)
    await store.remember(ben, [draft])
    recaller = MemoryRecaller(
        database,
        embedder,
        count=estimated_tokens,
        settings=RecallSettings(timeout_s=5),
        long=vault,
        opener=sealer,
    )
    wanted = RecallFilter(project_id=project.id)
    found = await recaller.recall(owner, QUESTION, budget=200, wanted=wanted, now=NOW)
    assert [(item.text, item.by) for item in found.items] == [(DECIDED, ben.user_id)]
    await recaller.close()


@pytest.mark.usefixtures("project")
async def test_thousands_of_decisions_of_others_are_read_in_portions(database, owner, ben, decide):
    await decide(ben)
    async with database.of(ben) as connection:
        await connection.execute(
            "INSERT INTO memory_records (id, tenant_id, user_id, project_id, tier, kind, text, said_at)"
            " SELECT 'rec_' || %s || number, tenant_id, user_id, project_id, tier, kind, text, said_at"
            " FROM memory_records, generate_series(1, 4500) AS number WHERE user_id = %s",
            (new_id("many"), ben.user_id),
        )
    cache = IndexCache(database, model="words", dimensions=WordEmbedder.dimensions, most_bytes=1 << 30)
    held = await cache.current(owner)
    assert await held.search(lambda index: len(index.sources)) == 4501


@pytest.mark.parametrize(
    "change",
    [
        {"owner": Owner("ben", "globex")},
        {"kind": Kind.FACT},
        {"kind": Kind.MESSAGE},
        {"project_id": None},
        {"project_id": "prj_other"},
    ],
)
def test_index_takes_in_nothing_of_another_that_is_not_shared(change):
    index = UserIndex(Owner("ann", "acme"), 2)
    index.projects = frozenset({"prj_1"})
    given: dict[str, Any] = {
        "owner": Owner("ben", "acme"),
        "id": "rec_1",
        "tier": Tier.MEDIUM,
        "kind": Kind.DECISION,
        "text": "Uses oak.",
        "said_at": 0.0,
        "passages": (Passage(0, 9),),
        "project_id": "prj_1",
        "standing": Standing(),
    }
    index.add(Source(**given))
    with pytest.raises(MemoryUnavailable, match="was not taken in"):
        index.add(Source(**{**given, "id": "rec_2", **change}))
    assert len(index.sources) == 1
