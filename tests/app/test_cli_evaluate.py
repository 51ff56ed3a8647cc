"""`freya evaluate`: cases put to a service, and the report for people and programs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app.cli.commands import application
from tests.app.cli_service import ScriptedService, serving

ANSWER: dict[str, Any] = {
    "run_id": "run_1",
    "thread_id": "thr_1",
    "outcome": "answered",
    "answer": "The NPV is 30.84.",
    "agents": ["davina"],
    "citations": [],
    "artifacts": [],
    "tool_calls": [{"agent": "davina", "name": "npv_irr", "arguments": {"rate_percent": 8}, "result": "x"}],
    "model": "extractive",
    "grounded": True,
    "timings": {"total": 20.0},
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
CASES = [
    {
        "kind": "tool",
        "agent": "davina",
        "request": "NPV",
        "tool": "npv_irr",
        "arguments": {"rate_percent": 8},
    },
    {"kind": "tool", "agent": "davina", "request": "IRR", "tool": "npv_irr", "numbers": [9.7]},
    {"kind": "routing", "request": "what of my cash", "agents": ["davina"]},
]


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedService]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FREYA_DATA", str(tmp_path / "data"))
    scripted = ScriptedService()
    scripted.answers["/v1/chat"] = [ANSWER]
    with serving(tmp_path / "data", scripted):
        yield scripted


@pytest.fixture
def cases(tmp_path: Path) -> str:
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(json.dumps(case) + "\n" for case in CASES), encoding="utf-8")
    return str(path)


def freya(*arguments: str) -> Result:
    return CliRunner().invoke(application, arguments)


def test_the_report_is_by_agent_and_names_the_cases_that_failed(service: ScriptedService, cases: str):
    result = freya("evaluate", cases)
    assert result.exit_code == 1
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["davina", "routing", "1", "1", "100", "%"] in rows
    assert ["davina", "tool", "1", "2", "50", "%"] in rows
    assert "- tool, davina: IRR\n  does not state 9.7" in result.stdout
    assert "milliseconds a case: 20 at the median, 20 at the 95th percentile" in result.stdout
    # Cases are asked side by side.
    assert sorted(body["agents"] for body in service.bodies("/v1/chat")) == [[], ["davina"], ["davina"]]
    assert [path for method, path, *_ in service.asked if method == "DELETE"] == ["/v1/threads/thr_1"] * 3


@pytest.mark.usefixtures("service")
def test_cases_that_all_pass_end_with_0_and_are_told_as_json(cases: str):
    result = freya("evaluate", cases, "--kind", "tool", "--limit", "1", "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert report["cases"] == {"passed": 1, "cases": 1}
    assert report["grounding"] == {"answers": {"passed": 1, "cases": 1}, "untraced": 0}


@pytest.mark.usefixtures("service")
def test_faults_may_be_left_out(cases: str):
    assert "does not state" not in freya("evaluate", cases, "--no-faults").stdout


def test_a_service_that_fails_is_a_fault_of_the_case(service: ScriptedService, cases: str):
    from starlette.responses import JSONResponse

    problem = {"title": "Busy", "detail": "Too many runs.", "status": 429}
    service.answers["/v1/chat"] = [JSONResponse(problem, status_code=429)]
    result = freya("evaluate", cases, "--agent", "davina", "--at-once", "1")
    assert result.exit_code == 1
    assert "the service failed: " in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "there is no suite and no file 'nowhere'"),
        (("tasks", "--agent", "nobody"), "is of that kind and agent"),
    ],
)
def test_what_cannot_be_evaluated_is_said(arguments: tuple[str, ...], said: str):
    result = freya("evaluate", *arguments)
    assert result.exit_code == 1
    assert said in result.stderr


def test_a_service_elsewhere_is_asked_over_http_and_no_data_folder_is_made(
    service: ScriptedService, cases: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FREYA_DATA", str(tmp_path / "elsewhere"))
    result = freya(
        "evaluate", cases, "--kind", "routing", "--server", f"{service.address}/", "--key", "k", "--user", "u"
    )
    assert result.exit_code == 0
    assert "routing: one specialist" in result.stdout
    (headers,) = [headers for _, path, _, headers in service.asked if path == "/v1/chat"]
    assert (headers["authorization"], headers["freya-user"]) == ("Bearer k", "u")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("10.0.0.5:8000", "'10.0.0.5:8000' is no address; give one such as http://127.0.0.1:8000"),
        ("ftp://host", "'ftp://host' is no address"),
        ("http://127.0.0.1:9", "does not answer"),
    ],
)
def test_an_address_at_which_no_service_answers_ends_it_at_once(cases: str, server: str, said: str):
    result = freya("evaluate", cases, "--server", server)
    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stdout == ""
