"""Evaluation of retrieval on what is stored: held-out cases, methods side by side, reports that can be compared."""

from knowledge.evaluation.bootstrap import Bootstrap, Difference, Interval
from knowledge.evaluation.cases import Case, Cases, Task, foreign_questions, held_out
from knowledge.evaluation.comparison import Comparison, TaskComparison, compare
from knowledge.evaluation.evaluator import EvaluationProgress, Evaluator
from knowledge.evaluation.kept import NotEvaluated, kept_report
from knowledge.evaluation.methods import DenseOnly, Fusion, Method, WordsOnly
from knowledge.evaluation.metrics import Metric
from knowledge.evaluation.objection import how_to_go_on, objection_to
from knowledge.evaluation.relevance import RelevanceCheck
from knowledge.evaluation.report import Below, Relevance, Report, TaskReport
from knowledge.evaluation.tables import Table, comparison_tables, report_tables
from knowledge.evaluation.verdicts import LEAST_CASES, Judge, Verdict

__all__ = [
    "LEAST_CASES",
    "Below",
    "Bootstrap",
    "Case",
    "Cases",
    "Comparison",
    "DenseOnly",
    "Difference",
    "EvaluationProgress",
    "Evaluator",
    "Fusion",
    "Interval",
    "Judge",
    "Method",
    "Metric",
    "NotEvaluated",
    "Relevance",
    "RelevanceCheck",
    "Report",
    "Table",
    "Task",
    "TaskComparison",
    "TaskReport",
    "Verdict",
    "WordsOnly",
    "compare",
    "comparison_tables",
    "foreign_questions",
    "held_out",
    "how_to_go_on",
    "kept_report",
    "objection_to",
    "report_tables",
]
