"""Risks in order of likelihood and impact."""

import re
from dataclasses import dataclass

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.davina.sections import LONGEST_TEXT
from agents.figures import csv_file, table
from agents.tools import ToolOutput, ToolRefused, tool
from models import Unit, argument

HIGHEST = 5
_BANDS = ((17, "critical"), (10, "high"), (5, "moderate"), (1, "low"))
_LIKELY = r"likelihood|probability|chance"
_SEVERE = r"impact|severity|damage"
_SCORES = re.compile(
    rf"(?:\b(?P<first>{_LIKELY}|{_SEVERE}) ?[:=]? ?(?:of )?)?(?<![\w.,%])(?P<a>\d{{1,3}})(?!\d)(?: ?/ ?5(?=\D))? ?"
    rf"(?:[x×*/,&]|and)? ?(?:\b(?:{_LIKELY}|{_SEVERE}) ?[:=]? ?(?:of )?)?(?<!\d)(?P<b>\d{{1,3}})(?!\w|[.,]\d|%)(?: ?/ ?5\b)?\)?",
    re.IGNORECASE,
)
_EDGE = " \t\n.,;:-–—*•()"


class RiskRegister(BaseModel):
    """Risks with their scores."""

    risks: str = argument(
        "The risks, separated by semicolons, each with likelihood and impact from 1 to 5: “supplier fails 3 x 5; rain 4 x 2”; "
        "the whole request will do",
        unit=Unit.REQUEST,
    )


@dataclass(frozen=True)
class Risk:
    """A risk with its likelihood and impact, 1 to 5 each."""

    name: str
    likelihood: int
    impact: int

    @property
    def score(self) -> int:
        """Likelihood times impact, 1 to 25."""
        return self.likelihood * self.impact

    @property
    def band(self) -> str:
        """Low to 4, moderate to 9, high to 16, critical above."""
        return next(name for bound, name in _BANDS if self.score >= bound)


def risk_register() -> BaseTool:
    """Risks in order of likelihood times impact."""
    return tool(
        "risk_register",
        "Orders given risks by likelihood × impact (1 to 5 each) into a risk register with bands from low to critical, as a "
        "table and CSV.",
        RiskRegister,
        _risk_register,
        examples=(
            "Make a risk register: supplier fails 3 x 5; key person leaves 2 x 4; rain on opening day 4 x 2",
            "Rank these risks: data breach likelihood 2, impact 5; late delivery likelihood 4, impact 3",
            "Which risk is worst? Currency swings (4, 4), strike (2, 5), new competitor (3, 3)",
            "Score the probability and impact of our risks: fire 1 x 5; churn 4 x 4",
        ),
    )


def read_risks(text: str) -> list[Risk]:
    """Risks out of a list or a whole request; likelihood stands before impact unless they are named.

    Raises ToolRefused for a score that is not 1 to 5 and for a risk without a name.
    """
    text = re.sub(r"[ \t]+", " ", text[:LONGEST_TEXT])
    risks, position = [], 0
    for match in _SCORES.finditer(text):
        name = re.split(r"[:;\n]|[.?!]\s", text[position : match.start()].rstrip(_EDGE))[-1].strip(_EDGE)
        name = re.sub(r"^and\s+", "", name)
        position = match.end()
        likelihood, impact = int(match["a"]), int(match["b"])
        if re.fullmatch(_SEVERE, match["first"] or "", re.IGNORECASE):
            likelihood, impact = impact, likelihood
        if not name or not (1 <= likelihood <= HIGHEST and 1 <= impact <= HIGHEST):
            raise ToolRefused(
                f"Likelihood and impact must be 1 to 5 after the risk's name, got “{name} {likelihood} x {impact}”."
            )
        risks.append(Risk(name=name, likelihood=likelihood, impact=impact))
    return risks


def _risk_register(arguments: RiskRegister) -> ToolOutput:
    risks = sorted(read_risks(arguments.risks), key=lambda risk: (-risk.score, -risk.impact, risk.name))
    if not risks:
        raise ToolRefused(
            "Give each risk with its likelihood and impact, such as “supplier fails 3 x 5; rain 4 x 2”."
        )
    worst = risks[0]
    serious = sum(risk.score >= _BANDS[1][0] for risk in risks)
    header = ("risk", "likelihood", "impact", "score", "band")
    rows = [(risk.name, str(risk.likelihood), str(risk.impact), str(risk.score), risk.band) for risk in risks]
    text = (
        f"The worst risk is “{worst.name}” with {worst.score} of 25 ({worst.band}); {serious} of {len(risks)} are high or "
        f"critical.\n\n{table(header, rows)}\n\nScore = likelihood × impact, 1 to 5 each as you gave them; bands: low to 4, "
        "moderate to 9, high to 16, critical above. Name an owner and a measure for each one that is high or critical."
    )
    listed: list[JsonValue] = [
        {
            "risk": risk.name,
            "likelihood": risk.likelihood,
            "impact": risk.impact,
            "score": risk.score,
            "band": risk.band,
        }
        for risk in risks
    ]
    return ToolOutput(
        text=text, data={"risks": listed}, artifacts=(csv_file("risk-register.csv", header, rows),)
    )
