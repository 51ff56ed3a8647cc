"""How feasible an idea is by scores and their weights."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.davina.charts import bars
from agents.figures import check_numbers, percent, table
from agents.tools import Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument

_VERDICTS = (
    (75, "feasible"),
    (50, "feasible with work on the weakest points"),
    (0, "not feasible as it stands"),
)
_NAMED = {
    "market": r"market|demand",
    "technical": r"technical(?:ly)?|technology|tech",
    "financial": r"financial(?:ly)?|finances?|money|funding",
    "operational": r"operational(?:ly)?|operations?",
    "legal": r"legal(?:ly)?|regulat\w+|compliance",
    "team": r"team|skills",
}
_CRITERIA = tuple(_NAMED)
_WEIGHTED = r"weigh|gewicht|вес[аоуы]?\b|peso|pondera"
_TOKEN = re.compile(
    r"(?P<scale>(?:/|out of|scale (?:of|to|from 1 to|1 to|1-)|(?<=\d )of)\s?\d+(?:\.\d+)?)"
    r"|(?P<equal>equal(?:ly)?\b)"
    r"|(?P<weight>weigh\w*)"
    r"|(?P<scores>\bscor\w*|\brat(?:ed|ings?)\b)"
    r"|"
    + "|".join(rf"(?P<{name}>\b(?:{words})\b)" for name, words in _NAMED.items())
    + r"|(?P<number>(?<![\w.])\d+(?:\.\d+)?(?P<percent>\s?(?:%|percent))?)"
    r"|(?P<end>[;\n]|\.(?=\s|$))",
    re.IGNORECASE,
)

_OPENER = re.compile(r"\bweights?\s?:", re.IGNORECASE)
_INLINE = re.compile(r"\d\s?%?\s?[(,]?\s?(?:with (?:a )?)?weigh\w*\s?(?:of |: ?|= ?|by )?\d", re.IGNORECASE)
"""A score with its weight behind it."""


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
    weights: str | None = argument(
        "A weight for each scored criterion, as “weights: market 3, technical 2, financial 1” or in percent; left out, all weigh the "
        "same. The whole request will do where it names them",
        unit=Unit.REQUEST,
        holds=_WEIGHTED,
        default=None,
    )


@dataclass
class Judged:
    """What a text says of criteria."""

    scores: dict[str, float] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    equal: bool = False


def feasibility_score() -> BaseTool:
    """A feasibility score."""
    return tool(
        "feasibility_score",
        "Brings your scores for market, technical, financial, operational, legal feasibility and team, with your weights, into one "
        "feasibility score of 0 to 100, shows the weights and names the weakest point.",
        Feasibility,
        _feasibility_score,
        examples=(
            "Feasibility score: market 4, technical 3, financial 2, legal 5",
            "How feasible is my idea: demand 8, technology 6, team 7, money 4 on a scale of 10?",
            "Score the feasibility of the project: operations 3, finance 4, market 5 out of 5",
            "Combine my ratings into one feasibility rating: market 5, team 2",
            "Weighted feasibility: market 4, technical 3, financial 2; weights: market 3, technical 2, financial 1",
        ),
    )


def read_judgement(text: str) -> Judged:
    """Scores and weights by criterion: "market 4, team 3; weights: market 2, team 1" or "market 4 (weight 2), team 3 (weight 1)".

    Raises ToolRefused where two numbers are said of one criterion. A weight word that a criterion follows opens a list of weights, up to the end of the sentence or a word for scores;
    any other stands before the weight of the criterion named last.
    """
    found = Judged()
    criterion: str | None = None
    listing = weighing = False
    inline = _INLINE.search(text) is not None
    opener = max((match.start() for match in _OPENER.finditer(text)), default=-1)
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup if token["number"] is None else "number"
        if kind == "equal":
            found.equal = True
        elif kind == "weight":
            ahead = next(
                (t for t in _TOKEN.finditer(text, token.end()) if t["weight"] is None and t["scale"] is None),
                None,
            )
            names = ahead is not None and ahead.lastgroup in _NAMED
            listing = (
                names
                and token.start() >= opener
                and not (found.equal or inline or token[0].lower().startswith("weighted"))
            )
            weighing = ahead is not None and ahead["number"] is not None and not found.equal
        elif kind in {"scores", "end"}:
            listing = False
        elif kind in _NAMED:
            criterion = kind
        elif kind == "number" and criterion is not None:
            _keep(found.weights if listing or weighing else found.scores, criterion, token[0])
            weighing = False
    return found


def _keep(of: dict[str, float], criterion: str, written: str) -> None:
    value = float(written.rstrip(" %percntPERCNT"))
    if of.setdefault(criterion, value) != value:
        raise ToolRefused(
            f"I read two numbers for {criterion}, {of[criterion]:g} and {value:g}; write scores and weights apart, such as “market 4, "
            "team 3; weights: market 2, team 1”."
        )


def weighted_score(scores: Mapping[str, float], weights: Mapping[str, float], top: float) -> float:
    """Σ weight × (score - 1) / (top - 1) / Σ weight, from 0 to 100."""
    total = sum(weights[name] for name in scores)
    return sum(weights[name] * (score - 1) / (top - 1) for name, score in scores.items()) / total * 100


def _feasibility_score(arguments: Feasibility) -> ToolOutput:
    check_numbers(arguments)
    given = {name: score for name in _CRITERIA if (score := getattr(arguments, name)) is not None}
    judged = read_judgement(arguments.weights) if arguments.weights else Judged()
    scores = {name: judged.scores[name] for name in _CRITERIA if name in judged.scores}
    if len(scores) < 2:  # noqa: PLR2004  the text speaks of the weights alone
        scores = given
    top = arguments.out_of
    if len(scores) < 2 or top <= 1:  # noqa: PLR2004  one score is no score of the whole
        raise ToolRefused(f"Score at least two of {', '.join(_CRITERIA)} on a scale from 1 to more than 1.")
    for name, score in scores.items():
        if not 1 <= score <= top:
            raise ToolRefused(
                f"The {name} score must be 1 to {top:g}, got {score:g}; name the scale, e.g. “out of 10”."
            )
    return _told(scores, _weights(arguments.weights, judged, scores), top)


def _weights(said: str | None, judged: Judged, scores: Mapping[str, float]) -> dict[str, float]:
    """The weight of each score; 1 each where none is given."""
    if not said or judged.equal:
        return dict.fromkeys(scores, 1.0)
    lacking = [name for name in scores if name not in judged.weights]
    if lacking:
        raise ToolRefused(
            f"Give a weight for {', '.join(lacking)} as well (or for none), such as “weights: market 3, technical 2”."
        )
    if not any(judged.weights[name] for name in scores):
        raise ToolRefused("Give at least one criterion a weight above 0.")
    return {name: judged.weights[name] for name in scores}


def _told(scores: dict[str, float], weights: dict[str, float], top: float) -> ToolOutput:
    result = weighted_score(scores, weights, top)
    verdict = _verdict(result)
    weakest = min(scores, key=lambda name: scores[name])
    missing = [name for name in _CRITERIA if name not in scores]
    total = sum(weights.values())
    shares = {name: weight / total for name, weight in weights.items()}
    brings = {name: shares[name] * (scores[name] - 1) / (top - 1) * 100 for name in scores}
    rows = [
        (
            name,
            f"{scores[name]:g} of {top:g}",
            f"{weights[name]:g}",
            percent(shares[name], 1),
            f"{brings[name]:.1f}",
        )
        for name in sorted(scores, key=lambda name: scores[name])
    ]
    equal = len(set(weights.values())) == 1
    assumptions = [] if not equal else ["Each score counts the same; give weights where they should not."]
    if missing:
        assumptions.append(f"Not judged: {', '.join(missing)}.")
    would_change = _levers(scores, weights, top, weakest)
    notes = [
        f"Score = Σ weight × (score - 1) / ({top:g} - 1) / Σ weight, from 0 to 100",
        "75 and more is called feasible, below 50 not; a single very low score can stop an idea whatever the average",
        *would_change,
        *assumptions,
    ]
    text = "\n\n".join(
        (
            f"The feasibility score is {result:.0f} of 100: {verdict}; weakest is {weakest} with {scores[weakest]:g} of {top:g}.",
            table(("criterion", "your score", "weight", "share", "brings"), rows),
            "\n".join(f"- {line}" for line in notes),
        )
    )
    data: dict[str, JsonValue] = {
        "score": round(result, 2),
        "verdict": verdict,
        "weakest": weakest,
        "scores": {**scores},
        "weights": {**weights},
        "out_of": top,
    }
    drawn: list[dict[str, JsonValue]] = [
        {"criterion": name, "points of 100": round(points, 2)} for name, points in brings.items()
    ]
    return ToolOutput(
        text=text,
        data=data,
        figures=(Figure(name="feasibility score", value=result, unit="of 100", decimals=0),),
        assumptions=tuple(assumptions),
        would_change=would_change,
        chart=bars("What each criterion brings", drawn, name="criterion", value="points of 100"),
    )


def _verdict(result: float) -> str:
    return next(name for bound, name in _VERDICTS if result >= bound)


def _levers(
    scores: Mapping[str, float], weights: Mapping[str, float], top: float, weakest: str
) -> tuple[str, ...]:
    said = []
    if scores[weakest] + 1 <= top:
        raised = weighted_score({**scores, weakest: scores[weakest] + 1}, weights, top)
        said.append(f"One point more for {weakest} makes it {raised:.0f} of 100: {_verdict(raised)}.")
    if len(set(weights.values())) > 1:
        plain = weighted_score(scores, dict.fromkeys(scores, 1.0), top)
        said.append(f"With equal weights it would be {plain:.0f} of 100: {_verdict(plain)}.")
    return tuple(said)
