"""Evaluating a service: suites of cases from files, each answer judged, a report by agent."""

from app.evaluation.cases import SUITES, Case, CasesInvalid, read_cases, suite_files
from app.evaluation.judging import Verdict, judge
from app.evaluation.report import Report, report_of

__all__ = [
    "SUITES",
    "Case",
    "CasesInvalid",
    "Report",
    "Verdict",
    "judge",
    "read_cases",
    "report_of",
    "suite_files",
]
