"""Projects over HTTP, and those who see them."""

from tests.app.memory_doors.users import kept
from tests.app.test_http import problem_of


async def test_project_is_changed_by_its_owner_and_seen_by_its_members(opened, mine, others, owner, other):
    made = await mine.post("/v1/projects", json={"name": "Shop", "description": "Sells things."})
    assert made.status_code == 201
    url = f"/v1/projects/{made.json()['id']}"
    problem_of(await others.get(url), 404, "unknown_project")
    added = await mine.post(f"{url}/members", json={"user_id": other.user_id})
    assert (added.json()["user_id"], added.json()["is_owner"]) == (other.user_id, False)
    members = (await mine.get(f"{url}/members")).json()["items"]
    assert [(one["user_id"], one["is_owner"]) for one in members] == [
        (owner.user_id, True),
        (other.user_id, False),
    ]
    await kept(opened, owner, "The shop uses PostgreSQL.", kind="decision", project_id=made.json()["id"])
    seen = (await others.get("/v1/memory", params={"project_id": made.json()["id"]})).json()["items"]
    assert [one["text"] for one in seen] == ["The shop uses PostgreSQL."]
    assert (await others.get("/v1/memory")).json()["items"] == []
    problem_of(await others.patch(url, json={"name": "Mine"}), 404, "unknown_project")
    problem_of(await others.delete(url), 404, "unknown_project")
    changed = (await mine.patch(url, json={"name": "Store", "state": "archived"})).json()
    assert (changed["name"], changed["description"], changed["state"]) == (
        "Store",
        "Sells things.",
        "archived",
    )
    assert (await others.get("/v1/projects")).json()["items"] == []
    listed = (await others.get("/v1/projects", params={"archived": True})).json()["items"]
    assert [one["name"] for one in listed] == ["Store"]
    assert (await others.delete(f"{url}/members/{other.user_id}")).status_code == 204
    problem_of(await others.get(url), 404, "unknown_project")
    assert [one["user_id"] for one in (await mine.get(f"{url}/members")).json()["items"]] == [owner.user_id]
    problem_of(await mine.post(f"{url}/members", json={"user_id": "a:b"}), 422, "invalid_user")
    assert (await mine.delete(url)).status_code == 204
    problem_of(await mine.get(url), 404, "unknown_project")
    trail = (await mine.get("/v1/memory/audit", params={"verify": True})).json()
    assert [one["action"] for one in reversed(trail["items"]) if "project" in one["action"]] == [
        "create project",
        "rename project",
        "archive project",
        "delete project",
    ]
    assert trail["chain"]["intact"]
    assert trail["chain"]["head"] == trail["items"][0]["hash"]
