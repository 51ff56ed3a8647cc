"""Records over HTTP: listed, read, corrected, forgotten, counted, and never another's."""

from typing import Any

from tests.app.memory_doors.users import kept, take_in
from tests.app.remembering import line, lines
from tests.app.test_http import problem_of


async def test_records_are_listed_by_what_they_are_a_page_at_a_time(opened, mine, owner):
    await kept(opened, owner, "Lives in Oslo.", "Has a dog called Rex.")
    await kept(opened, owner, "Uses PostgreSQL for the shop.", kind="decision")
    first = (await mine.get("/v1/memory", params={"limit": 2})).json()
    assert [one["text"] for one in first["items"]] == [
        "Uses PostgreSQL for the shop.",
        "Has a dog called Rex.",
    ]
    rest = (await mine.get("/v1/memory", params={"limit": 2, "cursor": first["next"]})).json()
    assert ([one["text"] for one in rest["items"]], rest["next"]) == (["Lives in Oslo."], None)

    async def texts(**query: Any) -> list[str]:
        return [one["text"] for one in (await mine.get("/v1/memory", params=query)).json()["items"]]

    assert await texts(tier="medium") == ["Uses PostgreSQL for the shop."]
    assert await texts(kind=["fact", "preference"], q="dog") == ["Has a dog called Rex."]
    assert await texts(state="superseded") == []
    problem_of(await mine.get("/v1/memory", params={"kind": "rumour"}), 422, "invalid_request")
    problem_of(await mine.get("/v1/memory", params={"project_id": "prj_none"}), 404, "unknown_project")


async def test_record_is_corrected_pinned_and_forgotten_with_its_versions(opened, mine, owner):
    (record,) = await kept(opened, owner, "Lives in Oslo.", slot="fact:home", value="Oslo")
    changed = (
        await mine.patch(f"/v1/memory/{record}", json={"text": "Lives in Bergen.", "pinned": True})
    ).json()
    assert (changed["text"], changed["version"], changed["supersedes"]) == ("Lives in Bergen.", 2, record)
    assert (changed["pinned"], changed["confidence"]) == (True, 1.0)
    versions = (await mine.get(f"/v1/memory/{record}/history")).json()["items"]
    assert [(one["version"], one["state"]) for one in versions] == [(2, "active"), (1, "superseded")]
    unpinned = (await mine.patch(f"/v1/memory/{changed['id']}", json={"pinned": False})).json()
    assert unpinned["pinned"] is False
    gone = (await mine.delete(f"/v1/memory/{changed['id']}")).json()
    assert set(gone["ids"]) == {record, changed["id"]}
    problem_of(await mine.get(f"/v1/memory/{record}"), 404, "unknown_memory")
    problem_of(await mine.patch(f"/v1/memory/{record}", json={}), 422, "invalid_request")
    of_message = await mine.delete("/v1/memory/msg_1")
    assert "thread" in problem_of(of_message, 404, "unknown_memory")["detail"]


async def test_nobody_sees_or_changes_what_is_anothers(opened, mine, others, owner):
    (record,) = await kept(opened, owner, "Is allergic to penicillin.")
    url = f"/v1/memory/{record}"
    assert (await others.get("/v1/memory")).json()["items"] == []
    for response in (
        await others.get(url),
        await others.get(f"{url}/history"),
        await others.patch(url, json={"text": "Is fine."}),
        await others.patch(url, json={"pinned": True}),
        await others.delete(url),
    ):
        problem_of(response, 404, "unknown_memory")
    found = (await mine.get(url)).json()
    assert (found["text"], found["pinned"], found["version"]) == ("Is allergic to penicillin.", False, 1)


async def test_status_counts_what_there_is_and_what_waits(opened, mine, owner):
    await take_in(mine, lines(line(owner.user_id, "One."), line(owner.user_id, "Two.", 1, thread="t2")))
    await kept(opened, owner, "Lives in Oslo.")
    status = (await mine.get("/v1/memory/status")).json()
    counts = ("threads", "messages", "to_embed", "to_consolidate", "projects")
    assert [status[name] for name in counts] == [2, 2, 2, 2, 0]
    assert (status["tenant"], status["user"]) == ("local", owner.user_id)
    assert status["records"] == [
        {
            "tier": "long",
            "kind": "fact",
            "active": 1,
            "superseded": 0,
            "contested": 0,
            "faded": 0,
            "pinned": 0,
        }
    ]


async def test_reads_corrections_exports_and_deletions_are_noted(opened, mine, others, owner):
    (record,) = await kept(opened, owner, "Lives in Oslo.")
    await mine.get(f"/v1/memory/{record}")
    await mine.get("/v1/memory/recall", params={"q": "Where does he live?"})
    new = (await mine.patch(f"/v1/memory/{record}", json={"text": "Lives in Bergen."})).json()["id"]
    await mine.get("/v1/memory/export")
    await mine.delete(f"/v1/memory/{new}")
    page = (await mine.get("/v1/memory/audit", params={"limit": 3})).json()
    older = (await mine.get("/v1/memory/audit", params={"cursor": page["next"]})).json()
    noted = [*page["items"], *older["items"]]
    assert [one["action"] for one in noted] == ["forget", "export", "correct", "recall", "read"]
    assert [one["subject"] for one in noted] == [new, None, record, None, record]
    assert {one["actor"] for one in noted} == {owner.user_id}
    assert (noted[0]["counts"], older["next"]) == ({"records": 2}, None)
    assert (await others.get("/v1/memory/audit")).json()["items"] == []
