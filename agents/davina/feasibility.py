"""How feasible an idea is by scores and their weights."""

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.figures import check_numbers, table
from agents.tools import ToolOutput, ToolRefused, tool
from models import Unit, argument

_VERDICTS = (
    (75, "feasible"),
    (50, "feasible with work on the weakest points"),
    (0, "not feasible as it stands"),
)
_CRITERIA = ("market", "technical", "financial", "operational", "legal", "team")


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
