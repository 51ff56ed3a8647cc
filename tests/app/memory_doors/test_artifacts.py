"""What runs made: listed with versions, remembered by a record each, and forgotten with it."""

from typing import Any

import httpx
import pytest

from agents import Artifact
from app.runs import ChatRequest
from graphs import MadeArtifact
from memory import Kind, Owner, RecordState, Scope, new_id
from memory.consolidation import ArtifactRecorder
from memory.consolidation.artifacts import content_of_artifact, title_of_artifact
from memory.projects import ProjectStore
from tests.app.answered import answered
from tests.app.remembering import Remembering
from tests.app.test_http import problem_of

_SCHEMA = "-- Appointments and treatments\nCREATE TABLE treatment (id int);\n"


async def make(
    opened: Remembering,
    scope: Scope,
    request: str,
    *,
    name: str = "schema.sql",
    content: str = _SCHEMA,
    new: bool = True,
) -> str:
    """The id of an artifact that a run of the request made."""
    run = new_id("run")
    asked = ChatRequest(message=request)
    await opened.runs.begin(run, scope, asked, new_thread=new, worker="w", idempotency_key=None)
    result, entry = answered(run, scope, request=request, answer="There.")
    artifact = Artifact(name=name, media_type="text/plain", content=content)
    made = MadeArtifact(id=new_id("art"), agent="sarah", artifact=artifact)
    await opened.runs.finish(result, scope, artifacts=[made], interaction=entry)
    return made.id


async def get(opened: Remembering, owner: Owner, path: str, **query: str) -> httpx.Response:
    transport = httpx.ASGITransport(opened.app)
    headers = {"freya-user": owner.user_id}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
        return await client.get(path, params=query)


async def recorded(opened: Remembering, owner: Owner) -> list[tuple[RecordState, Any]]:
    """State and version of the owner's records of artifacts, newest first, once all are recorded."""
    while await ArtifactRecorder(opened.database, opened.records).record_due():
        pass
    found = await opened.records.list(owner, kinds=[Kind.ARTIFACT])
    return [(one.state, one.details["version"]) for one in found]


async def test_artifact_is_recalled_by_what_was_asked_for_and_by_its_title(opened, owner):
    scope = Scope(thread_id=new_id("thr"), user_id=owner.user_id)
    artifact = await make(opened, scope, "Design a database for the nail salon")
    assert await recorded(opened, owner) == [("active", 1)]
    found = await get(opened, owner, "/v1/memory/recall", q="What did we design for the nail salon?")
    (item,) = [one for one in found.json()["items"] if one["kind"] == "artifact"]
    assert item["text"] == (
        "Made schema.sql: Appointments and treatments. Asked for: Design a database for the nail salon\nIn it:\n"
        "CREATE TABLE treatment (id int);"
    )
    (listed,) = (await get(opened, owner, "/v1/artifacts")).json()["items"]
    assert (listed["id"], listed["name"], listed["version"], listed["by"]) == (
        artifact,
        "schema.sql",
        1,
        None,
    )
    assert (await get(opened, Owner(new_id("ben")), "/v1/artifacts")).json()["items"] == []


async def test_artifact_is_recalled_by_what_stands_in_it_as_its_newest_version_has_it(opened, owner):
    scope = Scope(thread_id=new_id("thr"), user_id=owner.user_id)
    sections = [f"## Step {number}\n\n{'Text. ' * 60}\n" for number in range(30)]
    older = "# The plan\n\n" + "\n".join([*sections, "## Migrating the walrus archive\n"])
    await make(opened, scope, "Write it down", name="plan.md", content=older)
    newer = older.replace("walrus", "puffin")
    await make(opened, scope, "Again", name="plan.md", content=newer, new=False)
    await recorded(opened, owner)

    async def recalled(query: str) -> list[str]:
        found = await get(opened, owner, "/v1/memory/recall", q=query)
        return [one["text"] for one in found.json()["items"] if one["kind"] == "artifact"]

    assert any("puffin archive" in text for text in await recalled("Where is the puffin archive?"))
    assert not any("walrus" in text for text in await recalled("Where is the walrus archive?"))


async def test_newer_version_supersedes_and_the_older_holds_again_when_it_is_gone(opened, owner):
    scope = Scope(thread_id=new_id("thr"), user_id=owner.user_id)
    await make(opened, scope, "Design a database")
    newer = await make(opened, scope, "Add prices", new=False)
    assert await recorded(opened, owner) == [("active", 2), ("superseded", 1)]
    assert await recorded(opened, owner) == [("active", 2), ("superseded", 1)]
    async with opened.database.of(owner) as connection:
        await connection.execute("DELETE FROM artifacts WHERE id = %s", (newer,))
    assert await recorded(opened, owner) == [("active", 1)]
    await opened.threads.delete(owner, scope.thread_id)
    assert await recorded(opened, owner) == []


async def test_record_that_was_forgotten_does_not_come_back(opened, owner):
    await make(opened, Scope(thread_id=new_id("thr"), user_id=owner.user_id), "Design a database")
    assert len(await recorded(opened, owner)) == 1
    (record,) = await opened.records.list(owner, kinds=[Kind.ARTIFACT])
    await opened.records.forget(owner, record.id)
    assert await recorded(opened, owner) == []


async def test_members_of_a_project_see_what_was_made_and_not_what_was_asked(opened, owner):
    projects, member = ProjectStore(opened.database), Owner(new_id("ben"))
    project = await projects.create(owner, "Salon")
    await projects.add_member(owner, project.id, member.user_id)
    scope = Scope(thread_id=new_id("thr"), user_id=owner.user_id, project_id=project.id)
    await make(opened, scope, "Design a database for my secret salon")
    await recorded(opened, owner)
    (seen,) = await opened.records.list(member, project=project.id)
    assert seen.text == (
        "Made schema.sql: Appointments and treatments.\nIn it:\nCREATE TABLE treatment (id int);"
    )
    (listed,) = (await get(opened, member, "/v1/artifacts", project_id=project.id)).json()["items"]
    assert listed["by"] == owner.user_id
    stranger = await get(opened, Owner(new_id("eve")), "/v1/artifacts", project_id=project.id)
    problem_of(stranger, 404, "unknown_project")


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("# The plan\n\nmore", "The plan"),
        ('{\n  "openapi": "3.1.0",\n  "info": {\n    "title": "Barbershop API"\n  }\n}', "Barbershop API"),
        ('{"name": 1}', ""),
        ("1,2\n3,4\n", ""),
        ("", ""),
    ],
)
def test_title_is_the_first_line_that_says_something(content, title):
    assert title_of_artifact(content) == title


@pytest.mark.parametrize(
    ("content", "inside"),
    [
        ("# The plan\n\nFirst we dig.\n", "First we dig."),
        ("-- Salon\nCREATE TABLE treatment (id int);\n1, 2\n", "CREATE TABLE treatment (id int);"),
        ("1,2\n3,4\n", ""),
        ("", ""),
    ],
)
def test_what_is_taken_of_an_artifact_are_lines_that_say_something(content, inside):
    assert content_of_artifact(content, title_of_artifact(content)) == inside


def test_of_a_long_artifact_the_beginning_and_headings_are_taken_and_no_more():
    body = "\n".join(f"## Part {number}\n{'words and words ' * 30}" for number in range(200))

    inside = content_of_artifact(f"# The plan\n{'It begins so. ' * 50}\n{body}", "The plan")

    assert inside.startswith("It begins so.")
    assert "## Part 20\n" in inside
    assert len(inside) <= 1500
