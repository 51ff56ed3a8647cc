"""Scores people give, brought into order: a risk register, a feasibility score and a competitor matrix."""

import re
from dataclasses import dataclass

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.davina.sections import LONGEST_TEXT
from agents.figures import check_numbers, csv_file, table
from agents.tools import ToolOutput, ToolRefused, tool
from models import Unit, argument

HIGHEST = 5
_BANDS = ((17, "critical"), (10, "high"), (5, "moderate"), (1, "low"))
_VERDICTS = (
    (75, "feasible"),
    (50, "feasible with work on the weakest points"),
    (0, "not feasible as it stands"),
)
_LIKELY = r"likelihood|probability|chance"
_SEVERE = r"impact|severity|damage"
_SCORES = re.compile(
    rf"(?:\b(?P<first>{_LIKELY}|{_SEVERE}) ?[:=]? ?(?:of )?)?(?<![\w.,%])(?P<a>\d{{1,3}})(?!\d)(?: ?/ ?5(?=\D))? ?"
    rf"(?:[x×*/,&]|and)? ?(?:\b(?:{_LIKELY}|{_SEVERE}) ?[:=]? ?(?:of )?)?(?<!\d)(?P<b>\d{{1,3}})(?!\w|[.,]\d|%)(?: ?/ ?5\b)?\)?",
    re.IGNORECASE,
)
_EDGE = " \t\n.,;:-–—*•()"
_SEGMENT = re.compile(r"[;\n]|(?<=\d)\.(?:\s|$)")
_CRITERION = re.compile(r"(?P<name>[^\W\d_][^\d,]*?)\s*[:=]?\s*(?P<score>\d+(?:\.\d+)?)")
_CRITERIA = ("market", "technical", "financial", "operational", "legal", "team")


class RiskRegister(BaseModel):
    """Risks with their scores."""

    risks: str = argument(
        "The risks, separated by semicolons, each with likelihood and impact from 1 to 5: “supplier fails 3 x 5; rain 4 x 2”; "
        "the whole request will do",
        unit=Unit.REQUEST,
    )


class Feasibility(BaseModel):
    """Scores of an idea, 1 (poor) to the top of the scale; leave out what was not judged."""

    market: float | None = argument(
        "Score of market demand", unit=Unit.NUMBER, cues=("market", "demand"), default=None
    )
    technical: float | None = argument(
        "Score of technical feasibility",
        unit=Unit.NUMBER,
        cues=("technical", "technology", "tech"),
        default=None,
    )
    financial: float | None = argument(
        "Score of financial feasibility",
        unit=Unit.NUMBER,
        cues=("financial", "finance", "money"),
        default=None,
    )
    operational: float | None = argument(
        "Score of operational feasibility", unit=Unit.NUMBER, cues=("operational", "operations"), default=None
    )
    legal: float | None = argument(
        "Score of legal feasibility",
        unit=Unit.NUMBER,
        cues=("legal", "regulation", "compliance"),
        default=None,
    )
    team: float | None = argument(
        "Score of the team", unit=Unit.NUMBER, cues=("team", "skills"), default=None
    )
    out_of: float = argument(
        "Top of the scale", unit=Unit.NUMBER, cues=("out of", "scale of", "scale"), default=5.0
    )


class CompetitorMatrix(BaseModel):
    """Competitors with their scores."""

    competitors: str = argument(
        "Competitors separated by semicolons, each with its scores: “Us: price 4, quality 5; Rival: price 3, quality 2”, and "
        "weights if wanted: “weights: price 2, quality 1”; the whole request will do",
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


def feasibility_score() -> BaseTool:
    """A feasibility score."""
    return tool(
        "feasibility_score",
        "Brings your scores for market, technical, financial, operational, legal feasibility and team into one feasibility "
        "score of 0 to 100 and names the weakest point.",
        Feasibility,
        _feasibility_score,
        examples=(
            "Feasibility score: market 4, technical 3, financial 2, legal 5",
            "How feasible is my idea: demand 8, technology 6, team 7, money 4 on a scale of 10?",
            "Score the feasibility of the project: operations 3, finance 4, market 5 out of 5",
            "Combine my ratings into one feasibility rating: market 5, team 2",
        ),
    )


def competitor_matrix() -> BaseTool:
    """Competitors by criterion."""
    return tool(
        "competitor_matrix",
        "Compares competitors by given scores for each criterion, weighted if weights are given: a matrix with totals, who "
        "leads where, as a table and CSV.",
        CompetitorMatrix,
        _competitor_matrix,
        examples=(
            "Competitor matrix: Us: price 4, quality 5; Acme: price 3, quality 2",
            "Compare my competitors. Alpha: features 5, support 2; Beta: features 3, support 4; Us: features 4, support 5",
            "Who leads? Shop A: range 3, service 5; Shop B: range 5, service 2; weights: range 2, service 1",
            "Build a competition table from these ratings: Us: speed 4, price 2; Rival: speed 2, price 5",
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


def read_scores(text: str) -> dict[str, dict[str, float]]:
    """Names with their criteria and scores, out of "Us: price 4, quality 5; Rival: price 3" or a whole request."""
    found: dict[str, dict[str, float]] = {}
    for segment in _SEGMENT.split(text[:LONGEST_TEXT].replace("?", ".")):
        head, colon, tail = segment.rpartition(":")
        name = re.split(r":|[.?!]\s", head)[-1].strip(_EDGE)
        scores = {
            match["name"].strip(_EDGE).lower(): float(match["score"])
            for part in tail.split(",")
            if (match := _CRITERION.fullmatch(part.strip(_EDGE).removeprefix("and ")))
        }
        if colon and name and scores:
            found.setdefault(name, {}).update(scores)
    return found


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


def _feasibility_score(arguments: Feasibility) -> ToolOutput:
    check_numbers(arguments)
    scores = {name: score for name in _CRITERIA if (score := getattr(arguments, name)) is not None}
    top = arguments.out_of
    if len(scores) < 2 or top <= 1:  # noqa: PLR2004  one score is no score of the whole
        raise ToolRefused(f"Score at least two of {', '.join(_CRITERIA)} on a scale from 1 to more than 1.")
    for name, score in scores.items():
        if not 1 <= score <= top:
            raise ToolRefused(
                f"The {name} score must be 1 to {top:g}, got {score:g}; name the scale, e.g. “out of 10”."
            )
    result = sum((score - 1) / (top - 1) for score in scores.values()) / len(scores) * 100
    verdict = next(name for bound, name in _VERDICTS if result >= bound)
    weakest = min(scores, key=lambda name: scores[name])
    missing = [name for name in _CRITERIA if name not in scores]
    rows = [
        (name, f"{score:g} of {top:g}") for name, score in sorted(scores.items(), key=lambda item: item[1])
    ]
    unjudged = f" Not judged: {', '.join(missing)}." if missing else ""
    text = (
        f"The feasibility score is {result:.0f} of 100: {verdict}; weakest is {weakest} with {scores[weakest]:g} of {top:g}."
        f"\n\n{table(('criterion', 'your score'), rows)}\n\nEach score counts the same: (score - 1) / ({top:g} - 1), averaged. "
        f"75 and more is called feasible, below 50 not; a single very low score can stop an idea whatever the average."
        f"{unjudged}"
    )
    data: dict[str, JsonValue] = {"score": round(result, 2), "weakest": weakest, "scores": {**scores}}
    return ToolOutput(text=text, data=data)


def _competitor_matrix(arguments: CompetitorMatrix) -> ToolOutput:
    found = read_scores(arguments.competitors)
    weights = next((found.pop(name) for name in list(found) if name.lower() in {"weights", "weight"}), {})
    if len(found) < 2:  # noqa: PLR2004  one is no comparison
        raise ToolRefused(
            "Give at least two competitors with their scores, such as “Us: price 4, quality 5; Rival: price 3, quality 2”."
        )
    criteria = list(dict.fromkeys(criterion for scores in found.values() for criterion in scores))
    means = {name: _weighted_mean(scores, weights) for name, scores in found.items()}
    ranked = sorted(found, key=lambda name: -means[name])
    header = ("criterion", "weight", *ranked)
    rows = [
        (
            criterion,
            f"{weights.get(criterion, 1):g}",
            *(_score(found[name].get(criterion)) for name in ranked),
        )
        for criterion in criteria
    ]
    rows.append(("weighted mean", "", *(f"{means[name]:.2f}" for name in ranked)))
    leads = "; ".join(f"{criterion}: {_leaders(found, criterion)}" for criterion in criteria)
    gaps = sum(criterion not in scores for scores in found.values() for criterion in criteria)
    note = f" {gaps} scores are missing; a mean counts only those given." if gaps else ""
    first, second = ranked[:2]
    result = (
        f"{first} leads with {means[first]:.2f} before {second} with {means[second]:.2f}"
        if means[first] > means[second]
        else f"{first} and {second} are level at {means[first]:.2f}"
    )
    text = (
        f"{result}.\n\n{table(header, rows)}\n\n- Best by criterion: {leads}\n- Scores and weights are yours; a higher score is "
        f"better, a weight not given is 1.{note}"
    )
    data: dict[str, JsonValue] = {
        "means": {**means},
        "ranking": [*ranked],
        "scores": {name: {**scores} for name, scores in found.items()},
    }
    return ToolOutput(text=text, data=data, artifacts=(csv_file("competitor-matrix.csv", header, rows),))


def _weighted_mean(scores: dict[str, float], weights: dict[str, float]) -> float:
    total = sum(weights.get(criterion, 1) for criterion in scores)
    if total == 0:
        raise ToolRefused("Give at least one criterion of every competitor a weight above 0.")
    return sum(score * weights.get(criterion, 1) for criterion, score in scores.items()) / total


def _score(score: float | None) -> str:
    return "–" if score is None else f"{score:g}"


def _leaders(found: dict[str, dict[str, float]], criterion: str) -> str:
    best = max(scores[criterion] for scores in found.values() if criterion in scores)
    return ", ".join(name for name, scores in found.items() if scores.get(criterion) == best)
