"""What is counted and timed."""

from prometheus_client.parser import text_string_to_metric_families

from app.metrics import Metrics
from models.embeddings import Observation
from tests.app.test_http import BODY


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Values by name and labels."""
    return {
        (sample.name, *(f"{key}={value}" for key, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_runs_and_responses_are_counted_by_route_and_outcome(client):
    before = samples((await client.get("/metrics")).text)
    await client.post("/v1/chat", json=BODY)
    await client.get("/v1/runs/run_none")
    await client.get("/nowhere/at/all")
    response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    after = samples(response.text)

    def grew(*key: str) -> float:
        return after.get(key, 0) - before.get(key, 0)

    assert grew("freya_runs_total", "outcome=answered") >= 1  # a run of an earlier test may end just now
    assert grew("freya_run_seconds_count") >= 1
    counted = "freya_http_requests_total"
    assert grew(counted, "method=POST", "route=/v1/chat", "status=200") == 1
    assert grew(counted, "method=GET", "route=/v1/runs/{run_id}", "status=404") == 1
    assert grew(counted, "method=GET", "route=unmatched", "status=404") == 1
    assert after["freya_runs_active",] >= 0
    assert grew("freya_first_token_seconds_count") >= 1
    for step in ("recall", "route", "retrieve", "model"):
        assert grew("freya_step_seconds_count", f"step={step}") >= 1, step
    assert after["freya_jobs", "state=running"] >= 0


async def test_tools_and_tokens_of_runs_are_counted(client):
    before = samples((await client.get("/metrics")).text)
    asked = {"message": "NPV of -1000, 400, 400, 400 at 8 %", "agents": ["davina"]}
    (used,) = (await client.post("/v1/chat", json=asked)).json()["tool_calls"]
    after = samples((await client.get("/metrics")).text)
    called = "freya_tool_calls_total", "agent=davina", "status=success", f"tool={used['name']}"
    assert after[called] - before.get(called, 0) >= 1
    assert after["freya_tool_seconds_count", f"tool={used['name']}"] >= 1
    assert after["freya_agent_seconds_count", "agent=davina", "status=answered"] >= 1


async def test_no_client_makes_labels_of_its_own(client):
    for method in ("BREW", "X" * 50):
        await client.request(method, "/v1/agents")
    for path in ("/v1/runs/one", "/v1/runs/two", "/x/1", "/x/2", "/v1/agents/%2e%2e"):
        await client.get(path)
    counted = [
        key for key in samples((await client.get("/metrics")).text) if key[0] == "freya_http_requests_total"
    ]
    said = {label for key in counted for label in key[1:]}
    assert "method=other" in said
    assert [one for one in said if "BREW" in one or "/runs/one" in one or "/x/" in one] == []


def test_tokens_are_counted_by_model():
    metrics = Metrics()
    metrics.tokens_used("m", 3, 4)
    found = samples(metrics.render().decode())
    assert found["freya_tokens_total", "kind=input", "model=m"] == 3
    assert found["freya_tokens_total", "kind=output", "model=m"] == 4


def test_active_runs_are_read_when_the_metrics_are():
    metrics, active = Metrics(), 0
    metrics.watch_runs(active=lambda: active, admitted=lambda: 3 * active)
    active = 7
    assert samples(metrics.render().decode())["freya_runs_active",] == 7
    assert samples(metrics.render().decode())["freya_runs_admitted",] == 21


def test_embedded_texts_are_counted_by_where_their_vectors_came_from():
    metrics = Metrics()
    metrics.texts_embedded(Observation(model="m", seconds=0.01, hot=1, stored=2, computed=3))
    found = samples(metrics.render().decode())
    for origin, count in (("hot", 1), ("stored", 2), ("computed", 3)):
        assert found["freya_embedding_texts_total", "model=m", f"origin={origin}"] == count
    assert found["freya_embedding_seconds_count", "model=m"] == 1
