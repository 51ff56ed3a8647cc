"""Personal data taken out of a text, and put back for its user."""

from tests.app.test_http import problem_of


async def test_text_is_redacted_for_good_or_so_that_its_owner_can_have_it_back(mine, others, owner):
    text = "Write to ada@example.org or bob@example.org; the card is 4111 1111 1111 1111."
    gone = (await mine.post("/v1/memory/redact", json={"text": text})).json()
    assert gone == {
        "text": "Write to [email 1] or [email 2]; the card is [card 1].",
        "found": {"email": 2, "card": 1},
    }
    kept = (await mine.post("/v1/memory/redact", json={"text": text, "reversible": True})).json()
    assert kept["found"] == gone["found"]
    assert "ada@" not in kept["text"]
    said = f"Answer to {kept['text']}"
    revealed = (await mine.post("/v1/memory/reveal", json={"text": said})).json()
    assert revealed == {"text": f"Answer to {text}", "values": 3}
    theirs = (await others.post("/v1/memory/reveal", json={"text": said})).json()
    assert theirs == {"text": said, "values": 0}
    audit = (await mine.get("/v1/memory/audit")).json()["items"]
    assert [(one["action"], one["counts"]) for one in audit] == [
        ("reveal", {"values": 3}),
        ("redact", {"card": 1, "email": 2}),
    ]
    exported = (await mine.get("/v1/memory/export")).text
    assert "ada@example.org" not in exported  # this exporter has no vault
    receipt = (await mine.post("/v1/memory/erase", json={"confirm": str(owner)})).json()
    assert receipt["removed"]["postgresql"]["memory_vault"] == 3
    assert (await mine.post("/v1/memory/reveal", json={"text": said})).json()["values"] == 0


async def test_without_a_key_nothing_is_redacted_reversibly(client):
    refused = await client.post("/v1/memory/redact", json={"text": "ada@example.org", "reversible": True})
    assert "no key is configured" in problem_of(refused, 503, "key_missing")["detail"]
    unknown = "[email:0123456789abcdef]"
    answer = await client.post("/v1/memory/reveal", json={"text": unknown})
    assert answer.json() == {"text": unknown, "values": 0}
