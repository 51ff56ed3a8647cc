"""Evaluating a service: cases from files, answers judged with faults planted on purpose, and the report."""

from typing import Any

import pytest

from agents import discover
from app.evaluation import SUITES, Case, CasesInvalid, judge, read_cases, report_of, suite_files
from app.runs import ChatResult
from app.runs.records import Usage
from memory import ToolUse

TASK = Case(
    kind="tool",
    agent="technical",
    request="size it",
    tool="position_size",
    arguments={"account": 10000, "stops": [1.0, 2]},
    numbers=(0.0512,),
    says=("the stop",),
    says_not=("buy now",),
)
USE = ToolUse(
    agent="technical", name="position_size", arguments={"account": 10000.0, "stops": [1, 2.0]}, result="x"
)


def result(**changes: Any) -> ChatResult:
    given: dict[str, Any] = {
        "run_id": "run_1",
        "thread_id": "thr_1",
        "outcome": "answered",
        "answer": "Buy 0.05 units; the stop is at 48,000.",
        "agents": ["technical"],
        "citations": [],
        "artifacts": [],
        "tool_calls": [USE],
        "model": "extractive",
        "timings": {"total": 12.0},
        "usage": Usage(input_tokens=0, output_tokens=0),
        "grounded": True,
    }
    return ChatResult.model_validate({**given, **changes})


def test_an_answer_that_is_as_expected_passes() -> None:
    verdict = judge(TASK, result())
    assert verdict.passed
    assert (verdict.checked, verdict.holds, verdict.ms) == (True, True, 12.0)


@pytest.mark.parametrize(
    ("case", "changes", "fault"),
    [
        (TASK, {"tool_calls": []}, "position_size did not compute it; called: nothing"),
        (TASK, {"tool_calls": [USE.model_copy(update={"failed": True})]}, "position_size (failed)"),
        (
            TASK,
            {"tool_calls": [USE.model_copy(update={"arguments": {"account": 10001, "stops": [1, 2]}})]},
            "account was 10001 and not 10000",
        ),
        (TASK, {"answer": "Buy 0.06 units; the stop is at 48,000."}, "does not state 0.0512"),
        (TASK, {"answer": "Buy 0.05 units."}, "does not say 'the stop'"),
        (TASK, {"answer": "Buy now 0.05 units at the stop."}, "says 'buy now'"),
        (
            Case(kind="routing", request="x", agents=("sofia",)),
            {"agents": ["sofia", "davina"]},
            "went to davina, sofia and not to sofia",
        ),
        (Case(kind="routing", request="x", agents=()), {}, "went to technical and not to Freya herself"),
        (
            Case(kind="refusal", request="x", outcome=("declined", "needs_input")),
            {},
            "ended as answered and not as declined or needs_input",
        ),
        (
            Case(kind="grounding", request="x", agent="technical"),
            {"grounded": False, "untraced": ["93 %"]},
            "is not grounded; untraced: 93 %",
        ),
    ],
)
def test_a_planted_fault_is_found_and_named(case: Case, changes: dict[str, Any], fault: str) -> None:
    (found,) = judge(case, result(**changes)).faults
    assert fault in found


def test_the_report_counts_by_kind_and_agent_and_names_what_failed() -> None:
    verdicts = [
        judge(TASK, result()),
        judge(TASK, result(answer="No.", grounded=False, untraced=["7"])),
        judge(Case(kind="routing", request="a", agents=("sofia",)), result(agents=["sofia"])),
        judge(Case(kind="routing", request="b", agents=("sofia",)), result(agents=[], outcome="declined")),
        judge(
            Case(kind="routing", request="c", agents=("sofia", "davina")), result(agents=["davina", "sofia"])
        ),
        judge(
            Case(kind="routing", request="d", agents=(), outcome=("declined",)),
            result(agents=[], outcome="declined"),
        ),
    ]
    report = report_of(verdicts)
    assert (report.cases.passed, report.cases.cases) == (4, 6)
    assert report.by_agent["technical"]["tool"].share == 0.5
    routing = report.routing
    assert (routing.single.share, routing.several.share, routing.refused.share) == (0.5, 1.0, 1.0)
    assert routing.refused_wrongly.share == pytest.approx(1 / 3)
    assert (report.grounding.answers.passed, report.grounding.answers.cases) == (3, 4)
    assert report.grounding.untraced == 1
    assert [(one.kind, one.agent) for one in report.failures] == [("tool", "technical"), ("routing", "sofia")]
    assert report.ms_p50 == 12.0


def test_a_report_on_nothing_has_no_shares() -> None:
    report = report_of([])
    assert (report.cases.share, report.ms_p50, report.failures) == (None, None, ())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2: case"),
        ('{"kind": "routing", "request": "x"}', "needs `agents`"),
        ('{"kind": "tool", "request": "x"}', "needs `tool`"),
        ('{"kind": "refusal", "request": "x"}', "needs `outcome` or `says_not`"),
        ('{"kind": "dance", "request": "x"}', "kind"),
        ('{"kind": "grounding", "request": "x", "colour": 1}', "colour"),
    ],
)
def test_a_file_that_cannot_be_read_says_which_line_and_why(tmp_path: Any, line: str, said: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(f"// mine\n{line}\n", encoding="utf-8")
    with pytest.raises(CasesInvalid, match=said):
        list(read_cases(path))


def test_suites_are_found_by_name_and_files_by_path(tmp_path: Any) -> None:
    mine = tmp_path / "mine.jsonl"
    mine.write_text('\n{"kind": "grounding", "request": "What is RSI?"}\n', encoding="utf-8")
    assert suite_files(["tasks", str(mine)]) == [SUITES / "tasks.jsonl", mine]
    assert [case.reported_under for case in read_cases(mine)] == ["freya"]
    with pytest.raises(
        CasesInvalid, match="no suite and no file 'nowhere'; suites that ship: grounding, refusals"
    ):
        suite_files(["nowhere"])


def test_the_suites_that_ship_can_be_judged_and_are_no_training_text() -> None:
    charters = discover()
    tools = {tool.name: name for name, charter in charters.items() for tool in charter.tools}
    cases = [case for path in suite_files([]) for case in read_cases(path)]
    routed = [case for case in cases if case.kind == "routing"]
    tasks = [case for case in cases if case.kind == "tool"]
    assert len(routed) >= 400
    assert len(tasks) >= 150
    assert len({case.request for case in cases}) >= 0.97 * len(cases)
    assert {agent for case in cases for agent in (case.agents or ())} == set(charters)
    assert [case.request for case in tasks if tools.get(case.tool or "") != case.agent] == []
    learned = {line.casefold().strip() for charter in charters.values() for line in charter.utterances}
    assert [case.request for case in routed if case.request.casefold() in learned] == []
