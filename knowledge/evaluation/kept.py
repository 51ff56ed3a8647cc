"""The report that is kept with a version of the index."""

from pydantic import ValidationError

from knowledge.errors import KnowledgeError
from knowledge.evaluation.report import Report
from knowledge.shelf import IndexVersion


class NotEvaluated(KnowledgeError):
    """No report that can be read is kept with a version; the message says how to get one."""


def kept_report(version: IndexVersion) -> Report:
    """The report of a version's latest evaluation, without its single cases. Raises NotEvaluated."""
    return whole_report(version).without_outcomes()


def whole_report(version: IndexVersion) -> Report:
    """The same with its single cases, for comparing it with another. Raises NotEvaluated."""
    number = version.number
    again = f"`freya knowledge evaluate --version {number}`, or a job of the kind `evaluate`, makes one"
    if not isinstance(version.evaluation, dict):
        raise NotEvaluated(f"Version {number} of the index was not evaluated yet; {again}.")
    try:
        return Report.from_json(version.evaluation)
    except ValidationError as error:
        raise NotEvaluated(
            f"The report kept with version {number} is one of another release; {again} anew."
        ) from error
