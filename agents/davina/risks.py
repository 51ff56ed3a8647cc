"""Risks in order of likelihood and impact."""

import re
from dataclasses import dataclass

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.davina.charts import heat_map
from agents.davina.sections import LONGEST_TEXT
from agents.figures import csv_file, table
from agents.tools import Figure, ToolOutput, ToolRefused, tool
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
_FOR = re.compile(r"\s?(?:for|of|on)\s", re.IGNORECASE)
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
            "Prioritise: broken van 3 × 3; late permit 2 × 5",
            "Which risk is worst? Currency swings (4, 4), strike (2, 5), new competitor (3, 3)",
            "Score the probability and impact of our risks: fire 1 x 5; churn 4 x 4",
        ),
    )


def read_risks(text: str) -> list[Risk]:
    """Risks out of a list or a whole request; likelihood stands before impact unless they are named.

    A list whose first scores have no name before them has all names behind: "impact 5, likelihood 2 for a recall".

    Raises ToolRefused for a score that is not 1 to 5 and for a risk without a name.
    """
    text = re.sub(r"[ \t]+", " ", text[:LONGEST_TEXT])
    matches = list(_SCORES.finditer(text))
    risks: list[Risk] = []
    position, behind = 0, False
    for at, match in enumerate(matches):
        name = _before(text[position : match.start()], first=not risks)
        led = text[position : match.start()].rstrip()[-1:] == ":" and bool(_FOR.match(text, match.end()))
        behind = behind or (not risks and (led or not name))
        if behind:
            following = matches[at + 1].start() if at + 1 < len(matches) else len(text)
            name = _behind(text[match.end() : following])
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


def _before(words: str, *, first: bool) -> str:
    """The name that ends right before its scores."""
    name = re.split(r"[:;\n]|[.?!]\s", words.rstrip(_EDGE))[-1].strip(_EDGE)
    if first:
        name = re.split(r"\s[-–—]\s|\b(?:risks?|these|them|those)\s(?:are|is|include|like)\s", name)[-1]
    return re.sub(r"^(?:and|then)\s+", "", name.strip(_EDGE))


def _behind(words: str) -> str:
    """The name that follows its scores: ": cyber attack", "for a recall"; empty where there is none."""
    match = re.match(
        r"\s?(?::|for|of|on|is|are|=)\s(?:(?:an?|the)\s)?(?P<name>[^;,\n:]+)", words, re.IGNORECASE
    )
    if match is None:
        return ""
    return re.split(r"[.?!](?:\s|$)|\s[-–—]\s|\band\b\s*$", match["name"])[0].strip(_EDGE)


def _risk_register(arguments: RiskRegister) -> ToolOutput:
    risks = sorted(read_risks(arguments.risks), key=lambda risk: (-risk.score, -risk.impact, risk.name))
    if not risks:
        raise ToolRefused(
            "Give each risk with its likelihood and impact, such as “supplier fails 3 x 5; rain 4 x 2”."
        )
    worst = risks[0]
    serious = [risk for risk in risks if risk.score >= _BANDS[1][0]]
    header = ("rank", "risk", "likelihood", "impact", "score", "band")
    ranks = [1 + sum(other.score > risk.score for other in risks) for risk in risks]
    rows = [
        (str(rank), risk.name, str(risk.likelihood), str(risk.impact), str(risk.score), risk.band)
        for rank, risk in zip(ranks, risks, strict=True)
    ]
    assumptions = (
        "Likelihood and impact are the steps of 1 to 5 that you gave; their product orders the risks and is no amount of money.",
    )
    would_change = _levers(worst)
    notes = [
        "Score = likelihood × impact; bands: low to 4, moderate to 9, high to 16, critical above",
        *([f"Name an owner and a measure for {', '.join(risk.name for risk in serious)}"] if serious else []),
        *would_change,
        *assumptions,
    ]
    text = "\n\n".join(
        (
            (
                f"The worst risk is “{worst.name}” with {worst.score} of 25 ({worst.band}); {len(serious)} of {len(risks)} are high or "
                "critical."
            ),
            table(header, rows),
            "\n".join(f"- {line}" for line in notes),
        )
    )
    listed: list[dict[str, JsonValue]] = [
        {
            "rank": rank,
            "risk": risk.name,
            "likelihood": risk.likelihood,
            "impact": risk.impact,
            "score": risk.score,
            "band": risk.band,
        }
        for rank, risk in zip(ranks, risks, strict=True)
    ]
    return ToolOutput(
        text=text,
        data={"risks": [*listed]},
        figures=(
            Figure(name="score of the worst risk", value=worst.score, unit="of 25", decimals=0),
            Figure(name="risks that are high or critical", value=len(serious), decimals=0),
            Figure(name="risks", value=len(risks), decimals=0),
        ),
        assumptions=assumptions,
        would_change=would_change,
        chart=heat_map("Risks by likelihood and impact", listed, highest=HIGHEST),
        artifacts=(csv_file("risk-register.csv", header, rows),),
    )


def _levers(worst: Risk) -> tuple[str, ...]:
    """What a step less of likelihood or impact makes of the worst risk."""
    said = []
    for word, lower in (
        ("likelihood", Risk(worst.name, worst.likelihood - 1, worst.impact)),
        ("impact", Risk(worst.name, worst.likelihood, worst.impact - 1)),
    ):
        if lower.score > 0:
            said.append(
                f"A measure that lowers the {word} of “{worst.name}” by one makes it {lower.score} ({lower.band})."
            )
    return tuple(said)
