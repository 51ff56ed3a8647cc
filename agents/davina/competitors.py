"""Competitors by criterion."""

import re

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.davina.sections import LONGEST_TEXT
from agents.figures import csv_file, table
from agents.tools import ToolOutput, ToolRefused, tool
from models import Unit, argument

_EDGE = " \t\n.,;:-–—*•()"
_SEGMENT = re.compile(r"[;\n]|(?<=\d)\.(?:\s|$)")
_CRITERION = re.compile(r"(?P<name>[^\W\d_][^\d,]*?)\s*[:=]?\s*(?P<score>\d+(?:\.\d+)?)")


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
            "Compare my competitors. Alpha: features 5, support 2; Beta: features 3, support 4; Us: features 4, support 5",
            "Who leads? Shop A: range 3, service 5; Shop B: range 5, service 2; weights: range 2, service 1",
            "Build a competition table from these ratings: Us: speed 4, price 2; Rival: speed 2, price 5",
        ),
    )


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
