"""Who sees and changes a project: its owner ann, its member ben, and eve, whom it does not concern."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from app.database import Pool, open_pool
from memory import LOCAL, Database, Owner, OwnerInvalid, UnknownProject, new_id
from memory.projects import Project, ProjectStore

DENIED = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ForeignKeyViolation)


@pytest.fixture(scope="module")
async def restricted(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url, min_size=1, max_size=4, restricted=True)
    yield opened
    await opened.close()


@pytest.fixture
def database(restricted: Pool) -> Database:
    return Database(restricted)


@pytest.fixture
def projects(database: Database) -> ProjectStore:
    return ProjectStore(database)


@pytest.fixture
def ann() -> Owner:
    return Owner(new_id("ann"))


@pytest.fixture
def ben() -> Owner:
    return Owner(new_id("ben"))


@pytest.fixture
def eve() -> Owner:
    return Owner(new_id("eve"))


@pytest.fixture
async def project(projects: ProjectStore, ann: Owner, ben: Owner) -> Project:
    made = await projects.create(ann, "Kitchen", "A new counter.")
    await projects.add_member(ann, made.id, ben.user_id)
    return made


@pytest.fixture
def sql(database: Database):
    """Runs a statement for an owner, as somebody would who came round the store."""

    async def run(owner: Owner, statement: str, *parameters: Any) -> list[Any]:
        async with database.of(owner) as connection:
            cursor = await connection.execute(statement, parameters)
            return [tuple(row.values()) for row in await cursor.fetchall()]

    return run


async def remember(sql, owner: Owner, kind: str, project_id: str | None, *, user: Owner | None = None) -> str:
    name = new_id("rec")
    tier = "medium" if kind in {"decision", "progress", "artifact"} else "long"
    await sql(
        owner,
        "INSERT INTO memory_records (id, tenant_id, user_id, project_id, tier, kind, text, said_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, 'text', %s) RETURNING id",
        name,
        (user or owner).tenant_id,
        (user or owner).user_id,
        project_id,
        tier,
        kind,
        datetime.now(UTC),
    )
    return name


async def test_a_project_is_made_found_and_changed_by_its_owner(projects, ann):
    made = await projects.create(ann, "Kitchen")
    assert (made.owner_id, made.state, made.description) == (ann.user_id, "active", "")
    assert await projects.get(ann, made.id) == made
    changed = await projects.update(ann, made.id, description="A new counter.")
    assert (changed.name, changed.description) == ("Kitchen", "A new counter.")
    assert changed.updated_at > made.updated_at
    assert (await projects.update(ann, made.id, name="Bath")).name == "Bath"


async def test_pages_are_newest_first_and_leave_out_what_is_archived(projects, ann):
    made = [await projects.create(ann, f"Project {number}") for number in range(3)]
    await projects.archive(ann, made[1].id)
    assert [one.id for one in await projects.page(ann)] == [made[2].id, made[0].id]
    assert [one.id for one in await projects.page(ann, archived=True, before=made[2].id)] == [
        made[1].id,
        made[0].id,
    ]
    assert len(await projects.page(ann, limit=1)) == 1
    assert (await projects.archive(ann, made[1].id, archived=False)).state == "active"


async def test_a_member_sees_the_project_and_does_not_change_it(projects, project, ben, eve):
    assert await projects.get(ben, project.id) == project
    assert [one.id for one in await projects.page(ben)] == [project.id]
    for attempt in (
        projects.update(ben, project.id, name="Mine"),
        projects.archive(ben, project.id),
        projects.delete(ben, project.id),
        projects.add_member(ben, project.id, eve.user_id),
        projects.remove_member(ben, project.id, ben.user_id),
    ):
        with pytest.raises(UnknownProject, match=project.id):
            await attempt


async def test_a_stranger_sees_nothing_of_it(projects, project, eve, ben):
    assert await projects.page(eve) == []
    for attempt in (
        projects.get(eve, project.id),
        projects.members(eve, project.id),
        projects.update(eve, project.id, name="Mine"),
        projects.archive(eve, project.id),
        projects.delete(eve, project.id),
        projects.add_member(eve, project.id, eve.user_id),
        projects.remove_member(eve, project.id, ben.user_id),
        projects.leave(eve, project.id),
    ):
        with pytest.raises(UnknownProject):
            await attempt


async def test_members_of_another_tenant_do_not_exist(projects, project, ben):
    twin = Owner(ben.user_id, "elsewhere")
    with pytest.raises(UnknownProject):
        await projects.get(twin, project.id)
    assert await projects.page(twin) == []


async def test_members_join_and_go(projects, project, ann, ben, eve):
    await projects.add_member(ann, project.id, ben.user_id)
    await projects.add_member(ann, project.id, eve.user_id)
    members = await projects.members(ann, project.id)
    assert [(one.user_id, one.is_owner) for one in members] == [
        (ann.user_id, True),
        (ben.user_id, False),
        (eve.user_id, False),
    ]
    assert [one.user_id for one in await projects.members(ben, project.id)] == [ben.user_id]
    await projects.remove_member(ann, project.id, eve.user_id)
    await projects.leave(ben, project.id)
    for gone in (ben, eve):
        with pytest.raises(UnknownProject):
            await projects.get(gone, project.id)
    assert [one.user_id for one in await projects.members(ann, project.id)] == [ann.user_id]


async def test_the_owner_cannot_leave(projects, project, ann):
    with pytest.raises(UnknownProject, match="archive"):
        await projects.leave(ann, project.id)
    await projects.remove_member(ann, project.id, ann.user_id)
    assert len(await projects.members(ann, project.id)) == 2


async def test_a_member_has_the_name_of_a_user(projects, project, ann):
    with pytest.raises(OwnerInvalid):
        await projects.add_member(ann, project.id, "no/body")


async def test_membership_changes_are_noted_for_the_member(projects, project, sql, ann, ben):
    seen = [await sql(ben, "SELECT deleted FROM memory_progress")]
    await projects.remove_member(ann, project.id, ben.user_id)
    seen.append(await sql(ben, "SELECT deleted FROM memory_progress"))
    assert seen[0][0] < seen[1][0]


async def test_a_member_reads_what_belongs_to_the_project_and_nothing_else(sql, project, ann, ben, eve):
    shared = [await remember(sql, ann, kind, project.id) for kind in ("decision", "progress", "artifact")]
    for kind in ("fact", "preference", "expertise", "pattern", "practice", "performance"):
        await remember(sql, ann, kind, project.id)
    await remember(sql, ann, "decision", None)
    mine = await remember(sql, ben, "decision", project.id)
    assert {name for (name,) in await sql(ben, "SELECT id FROM memory_records")} == {*shared, mine}
    assert (mine,) in await sql(ann, "SELECT id FROM memory_records")
    assert await sql(eve, "SELECT id FROM memory_records") == []


async def test_a_member_reads_the_artifacts_of_runs_but_nothing_of_threads(sql, project, ann, ben, eve):
    thread, run = new_id("thr"), new_id("run")
    whose = (ann.tenant_id, ann.user_id)
    await sql(
        ann,
        "INSERT INTO threads (id, tenant_id, user_id, title, project_id, metadata) VALUES (%s, %s, %s, 't', %s, '{}') RETURNING id",
        thread,
        *whose,
        project.id,
    )
    await sql(
        ann,
        "INSERT INTO runs (id, thread_id, tenant_id, user_id, status, worker, request)"
        " VALUES (%s, %s, %s, %s, 'finished', 'w', '{}') RETURNING id",
        run,
        thread,
        *whose,
    )
    await sql(
        ann,
        "INSERT INTO artifacts (id, run_id, tenant_id, user_id, agent, name, media_type, content, project_id)"
        " VALUES (%s, %s, %s, %s, 'a', 'n', 'text/plain', 'c', %s) RETURNING id",
        new_id("art"),
        run,
        *whose,
        project.id,
    )
    assert await sql(ben, "SELECT content FROM artifacts") == [("c",)]
    for table in ("threads", "runs", "messages"):
        assert await sql(ben, f"SELECT id FROM {table}") == []  # noqa: S608
    assert await sql(eve, "SELECT id FROM artifacts") == []


async def test_a_member_changes_none_of_what_he_reads(sql, project, ann, ben):
    record = await remember(sql, ann, "decision", project.id)
    for statement in (
        "UPDATE memory_records SET text = 'mine' WHERE id = %s RETURNING id",
        "DELETE FROM memory_records WHERE id = %s RETURNING id",
        "UPDATE memory_records SET user_id = current_setting('freya.user') WHERE id = %s RETURNING id",
    ):
        assert await sql(ben, statement, record) == []
    for statement in (
        "UPDATE projects SET user_id = current_setting('freya.user') WHERE id = %s RETURNING id",
        "DELETE FROM projects WHERE id = %s RETURNING id",
        "UPDATE project_members SET owner_id = user_id WHERE project_id = %s RETURNING project_id",
    ):
        assert await sql(ben, statement, project.id) == []
    assert await sql(ann, "SELECT text FROM memory_records WHERE id = %s", record) == [("text",)]


@pytest.mark.parametrize("claims", ["himself", "the owner"])
async def test_nobody_makes_himself_a_member(sql, project, ann, eve, claims):
    owner_id = eve.user_id if claims == "himself" else ann.user_id
    with pytest.raises(DENIED):
        await sql(
            eve,
            "INSERT INTO project_members (project_id, tenant_id, owner_id, user_id) VALUES (%s, %s, %s, %s)"
            " RETURNING project_id",
            project.id,
            eve.tenant_id,
            owner_id,
            eve.user_id,
        )
    assert await sql(eve, "SELECT project_id FROM project_members") == []


async def test_nobody_writes_a_row_in_anothers_name(sql, project, ann, ben, eve):
    for forger in (ben, eve):
        with pytest.raises(DENIED):
            await remember(sql, forger, "decision", project.id, user=ann)
        with pytest.raises(DENIED):
            await sql(
                forger,
                "INSERT INTO projects (id, tenant_id, user_id, name) VALUES (%s, %s, %s, 'x') RETURNING id",
                new_id("prj"),
                ann.tenant_id,
                ann.user_id,
            )


async def test_nobody_adds_to_a_project_that_is_not_his(sql, project, ann, ben, eve):
    with contextlib.suppress(*DENIED):
        await remember(sql, eve, "decision", project.id)
    moved = await remember(sql, eve, "decision", None)
    with contextlib.suppress(*DENIED):
        await sql(
            eve, "UPDATE memory_records SET project_id = %s WHERE id = %s RETURNING id", project.id, moved
        )
    for user in (ann, ben):
        assert await sql(user, "SELECT id FROM memory_records") == []


async def test_what_a_member_remembered_stays_his_to_change_when_he_has_left(projects, sql, project, ben):
    name = await remember(sql, ben, "decision", project.id)
    await projects.leave(ben, project.id)
    assert await sql(ben, "UPDATE memory_records SET recalled = 1 WHERE id = %s RETURNING id", name) == [
        (name,)
    ]


async def test_a_connection_that_was_opened_for_nobody_sees_nothing(restricted, sql, project, ann):
    await remember(sql, ann, "decision", project.id)
    async with restricted.connection() as connection:
        for table in ("projects", "project_members", "memory_records"):
            cursor = await connection.execute(f"SELECT count(*) AS n FROM {table}")  # noqa: S608
            assert (await cursor.fetchone()) == {"n": 0}


async def test_a_deleted_project_leaves_what_was_remembered_to_its_user_alone(
    projects, project, sql, ann, ben, eve
):
    hers, his = (
        await remember(sql, ann, "decision", project.id),
        await remember(sql, ben, "progress", project.id),
    )
    await projects.delete(ann, project.id)
    with pytest.raises(UnknownProject):
        await projects.get(ann, project.id)
    # The same id made again by one who knew it brings nothing back.
    await sql(
        ben,
        "INSERT INTO projects (id, tenant_id, user_id, name) VALUES (%s, %s, %s, 'x') RETURNING id",
        project.id,
        ben.tenant_id,
        ben.user_id,
    )
    await projects.add_member(ben, project.id, eve.user_id)
    assert await sql(ann, "SELECT id, project_id FROM memory_records") == [(hers, None)]
    assert await sql(ben, "SELECT id, project_id FROM memory_records") == [(his, None)]
    assert await sql(eve, "SELECT id FROM memory_records") == []


async def test_a_project_that_is_unknown_cannot_be_deleted(projects):
    with pytest.raises(UnknownProject):
        await projects.delete(LOCAL, new_id("prj"))
