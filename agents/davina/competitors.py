"""Competitors by criterion."""

import re

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.davina.charts import grouped_bars
from agents.davina.sections import LONGEST_TEXT
from agents.figures import csv_file, percent, table
from agents.tools import Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument

_EDGE = " \t\n.,;:-–—*•()"
_SEGMENT = re.compile(r"[;\n]|\s/\s|(?<=\d)\)?\.(?:\s|$)|(?<=\d)\)\s*(?:,|and\b)|\)\s*(?=[^\W\d_][^,;()]*\()")
_SCORED = re.compile(
    r"(?P<name>[^\W\d_](?:(?!\s[-–—]\s)[^\d,:;()=])*?)\s*[:=]?\s*(?<![\w.])(?P<score>\d+(?:\.\d+)?)(?:\s?%|\s?/\s?\d+|\s?out of \d+)?(?=\s*(?:[,;)]|$|\.(?:\s|$)|\band\b|\s[-–—]\s))"
)


class CompetitorMatrix(BaseModel):
    """Competitors with their scores."""

    competitors: str = argument(
        "Competitors separated by semicolons, each with its scores: “Us: price 4, quality 5; Rival: price 3, quality 2”, and "
        "weights if wanted: “weights: price 2, quality 1”; the whole request will do",
        unit=Unit.REQUEST,
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
            "Compare: Us - price 4, location 5; Rival - price 5, location 3",
            "Compare my competitors. Alpha: features 5, support 2; Beta: features 3, support 4; Us: features 4, support 5",
            "Who leads? Shop A: range 3, service 5; Shop B: range 5, service 2; weights: range 2, service 1",
            "Benchmark us against the others. Us: speed 5, price 3. Alpha: speed 3, price 5. Who wins?",
            "Build a competition table from these ratings: Us: speed 4, price 2; Rival: speed 2, price 5",
        ),
    )


def read_scores(text: str) -> dict[str, dict[str, float]]:
    """Names with their criteria and scores, out of "Us: price 4, quality 5; Rival: price 3" or a whole request.

    Scores may also stand in brackets or behind a dash, and competitors be parted by lines, slashes or sentences.
    """
    found: dict[str, dict[str, float]] = {}
    for segment in _SEGMENT.split(text[:LONGEST_TEXT].replace("?", ".")):
        first = _SCORED.search(segment)
        if first is None:
            continue
        head = segment[: first.start()]
        name = re.split(r"[:(]|[.?!]\s|\s[-–—]\s", head.rstrip(" :(-–—=\t"))[-1].strip(_EDGE)
        scores = {
            re.sub(r"^and\s+", "", match["name"].strip(_EDGE).lower()): float(match["score"])
            for match in _SCORED.finditer(segment)
        }
        if name and head.rstrip()[-1:] in {":", "(", "-", "–", "—"}:
            found.setdefault(name, {}).update(scores)
    return found


def _competitor_matrix(arguments: CompetitorMatrix) -> ToolOutput:
    found = read_scores(arguments.competitors)
    given = next((found.pop(name) for name in list(found) if name.lower() in {"weights", "weight"}), {})
    if len(found) < 2:  # noqa: PLR2004  one is no comparison
        raise ToolRefused(
            "Give at least two competitors with their scores, such as “Us: price 4, quality 5; Rival: price 3, quality 2”."
        )
    criteria = list(dict.fromkeys(criterion for scores in found.values() for criterion in scores))
    weights = _weights(given, criteria)
    means = {name: _weighted_mean(scores, weights) for name, scores in found.items()}
    ranked = sorted(found, key=lambda name: -means[name])
    gaps = sum(criterion not in scores for scores in found.values() for criterion in criteria)
    first, second = ranked[:2]
    result = (
        f"{first} leads with {means[first]:.2f} before {second} with {means[second]:.2f}"
        if means[first] > means[second]
        else f"{first} and {second} are level at {means[first]:.2f}"
    )
    assumptions = ["Scores and weights are yours, and a higher score is better."]
    if not given:
        assumptions.append("All criteria weigh the same; give weights where they should not.")
    if gaps:
        assumptions.append(f"{gaps} scores are missing; a mean counts only those given.")
    would_change = _overtaking(found, weights, first, second) if not gaps else ()
    header = ("criterion", "weight", "share", *ranked)
    total = sum(weights.values())
    rows = [
        (
            criterion,
            f"{weights[criterion]:g}",
            percent(weights[criterion] / total, 1),
            *(_score(found[name].get(criterion)) for name in ranked),
        )
        for criterion in criteria
    ]
    rows.append(("weighted mean", "", "", *(f"{means[name]:.2f}" for name in ranked)))
    leads = "; ".join(f"{criterion}: {_leaders(found, criterion)}" for criterion in criteria)
    notes = [f"Best by criterion: {leads}", *would_change, *assumptions]
    drawn: list[dict[str, JsonValue]] = [
        {"criterion": criterion, "competitor": name, "score": found[name][criterion]}
        for criterion in criteria
        for name in ranked
        if criterion in found[name]
    ]
    return ToolOutput(
        text="\n\n".join((f"{result}.", table(header, rows), "\n".join(f"- {line}" for line in notes))),
        data={
            "means": {**means},
            "ranking": [*ranked],
            "scores": {name: {**scores} for name, scores in found.items()},
            "weights": {**weights},
        },
        figures=tuple(Figure(name=f"weighted mean of {name}", value=means[name]) for name in ranked),
        assumptions=tuple(assumptions),
        would_change=would_change,
        chart=grouped_bars(
            "Competitors by criterion", drawn, group="criterion", name="competitor", value="score"
        ),
        artifacts=(csv_file("competitor-matrix.csv", header, rows),),
    )


def _weights(given: dict[str, float], criteria: list[str]) -> dict[str, float]:
    """The weight of each criterion; 1 each where none is given."""
    if not given:
        return dict.fromkeys(criteria, 1.0)
    lacking = [criterion for criterion in criteria if criterion not in given]
    unknown = [criterion for criterion in given if criterion not in criteria]
    if lacking or unknown:
        about = (
            f"a weight for {', '.join(lacking)} as well"
            if lacking
            else f"scores for {', '.join(unknown)} as well"
        )
        raise ToolRefused(f"Give {about}, or leave the weights out to let all criteria weigh the same.")
    return {criterion: given[criterion] for criterion in criteria}


def _overtaking(
    found: dict[str, dict[str, float]], weights: dict[str, float], first: str, second: str
) -> tuple[str, ...]:
    """By which single weight the second would draw level, the nearest first."""
    ahead = {criterion: found[first][criterion] - found[second][criterion] for criterion in weights}
    lead = sum(weight * ahead[criterion] for criterion, weight in weights.items())
    needed = {
        criterion: weights[criterion] - lead / ahead[criterion]
        for criterion in weights
        if ahead[criterion] and lead and weights[criterion] - lead / ahead[criterion] >= 0
    }
    if not needed:
        return (f"No change of a single weight puts {second} level with {first}.",) if lead else ()
    nearest = min(needed, key=lambda criterion: abs(needed[criterion] - weights[criterion]))
    return (
        f"{second} draws level if {nearest} weighs {needed[nearest]:.2f} instead of {weights[nearest]:g}.",
    )


def _weighted_mean(scores: dict[str, float], weights: dict[str, float]) -> float:
    total = sum(weights[criterion] for criterion in scores)
    if total == 0:
        raise ToolRefused("Give at least one criterion of every competitor a weight above 0.")
    return sum(score * weights[criterion] for criterion, score in scores.items()) / total


def _score(score: float | None) -> str:
    return "–" if score is None else f"{score:g}"


def _leaders(found: dict[str, dict[str, float]], criterion: str) -> str:
    best = max(scores[criterion] for scores in found.values() if criterion in scores)
    return ", ".join(name for name, scores in found.items() if scores.get(criterion) == best)
