"""Questions of users, asked of the real service over HTTP."""

import json
import math
from typing import Any

import httpx
import psycopg
import pytest
from openapi_spec_validator import validate

pytestmark = pytest.mark.e2e
_CLOSES = "44.34, 44.09, 44.15, 43.61, 44.33, 44.83, 45.10, 45.42, 45.84, 46.08, 45.89, 46.03, 45.61, 46.28, 46.28, 46.00"


async def ask(client: httpx.AsyncClient, message: str, **more: Any) -> dict[str, Any]:
    response = await client.post("/v1/chat", json={"message": message, **more})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_a_knowledge_question_is_answered_by_technical_with_two_citations(client):
    result = await ask(client, "What is the RSI indicator and when should I use it for Bitcoin trading?")
    assert result["agents"] == ["technical"]
    assert result["outcome"] == "answered"
    assert len(result["citations"]) >= 2
    assert result["usage"]["output_tokens"] > 0
    assert "Relative Strength Index" in result["answer"]
    for citation in result["citations"]:
        assert f"[{citation['number']}]" in result["answer"]


async def test_an_agent_design_brings_a_valid_interface_and_a_schema_that_postgres_accepts(
    client, empty_database_url
):
    result = await ask(client, "Design an agent for a nail salon with Telegram booking")
    assert result["agents"] == ["rebecca"]
    contents = {}
    for artifact in result["artifacts"]:
        response = await client.get(f"/v1/artifacts/{artifact['id']}")
        contents[artifact["name"]] = response.text
        assert response.headers["content-disposition"].startswith("attachment")
    document = json.loads(contents["openapi.json"])
    validate(document)
    assert document["openapi"].startswith("3.1")
    async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as connection:
        await connection.execute(contents["schema.sql"])
        cursor = await connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        tables = {row[0] for row in await cursor.fetchall()}
    assert any("appointment" in name for name in tables)


async def test_an_ab_test_gets_the_right_p_value_from_sofia(client):
    result = await ask(client, "Conversions 120 of 2400 against 156 of 2380, is B better?")
    pooled = (120 + 156) / (2400 + 2380)
    z = (156 / 2380 - 120 / 2400) / math.sqrt(pooled * (1 - pooled) * (1 / 2400 + 1 / 2380))
    expected = math.erfc(abs(z) / math.sqrt(2))
    assert result["agents"] == ["sofia"]
    assert f"p = {expected:.4f}" in result["answer"]


async def test_a_net_present_value_is_computed_by_davina(client):
    result = await ask(client, "NPV of -1000, 400, 400, 400 at 8 %")
    expected = -1000 + sum(400 / 1.08**year for year in (1, 2, 3))
    assert result["agents"] == ["davina"]
    assert f"NPV at 8 % is {expected:.2f}" in result["answer"]


async def test_a_liquidation_price_comes_with_its_assumption(client):
    result = await ask(client, "Liquidation price of a 10x long from 60000")
    assert result["agents"] == ["fundamentals"]
    assert "54,271.36" in result["answer"]
    assert "isolated margin" in result["answer"]
    assert "maintenance margin of 0.5 %" in result["answer"]


async def test_the_weather_is_declined_kindly(client):
    result = await ask(client, "What's the weather?")
    assert (result["outcome"], result["agents"], result["citations"]) == ("declined", [], [])
    assert "sorry" in result["answer"]
    assert "technical" in result["answer"]


async def test_a_follow_up_repeats_the_computation_with_what_it_changes(client):
    first = await ask(client, f"compute RSI 10 of {_CLOSES}")
    then = await ask(client, "and for 14 days?", thread_id=first["thread_id"])
    assert "RSI(10)" in first["answer"]
    assert "RSI(14) is 66.25" in then["answer"]
    recap = await ask(client, "Where were we?", thread_id=first["thread_id"])
    assert "compute RSI 10" in recap["answer"]
    assert "and for 14 days?" in recap["answer"]


async def test_a_request_with_two_parts_is_answered_by_both_specialists(client):
    result = await ask(
        client, "Explain what the MACD indicator is. Also calculate the NPV of -1000, 400, 400, 400 at 8 %."
    )
    assert result["agents"] == ["technical", "davina"]
    assert "MACD" in result["answer"]
    assert "30.84" in result["answer"]


async def test_what_was_said_can_be_read_again(client):
    result = await ask(client, "What is the ATR indicator?", metadata={"from": "test"})
    thread = (await client.get(f"/v1/threads/{result['thread_id']}")).json()
    messages = (await client.get(f"/v1/threads/{result['thread_id']}/messages")).json()["items"]
    run = (await client.get(f"/v1/runs/{result['run_id']}")).json()
    assert thread["metadata"] == {"from": "test"}
    assert [(m["role"], m["content"]) for m in messages] == [
        ("user", "What is the ATR indicator?"),
        ("assistant", result["answer"]),
    ]
    assert run["result"]["answer"] == result["answer"]
    assert (await client.delete(f"/v1/threads/{result['thread_id']}")).status_code == 200
    assert (await client.get(f"/v1/runs/{result['run_id']}")).status_code == 404


async def test_agents_knowledge_and_metrics_can_be_read(client):
    agents = (await client.get("/v1/agents")).json()["items"]
    assert [agent["name"] for agent in agents] == ["davina", "fundamentals", "rebecca", "sofia", "technical"]
    assert all(len(agent["tools"]) >= 3 for agent in agents)
    hits = (await client.get("/v1/knowledge/search", params={"q": "impermanent loss"})).json()["items"]
    assert "mpermanent loss" in hits[0]["question"] + hits[0]["answer"]
    knowledge = {one["name"]: one for one in (await client.get("/v1/knowledge")).json()["items"]}
    assert knowledge["technical"]["stored"] >= 160
    assert "freya_runs_total" in (await client.get("/metrics")).text
