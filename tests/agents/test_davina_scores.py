from typing import Any

import pytest
from langchain_core.tools import BaseTool

from agents.davina.competitors import competitor_matrix, read_scores
from agents.davina.feasibility import feasibility_score
from agents.davina.risks import Risk, read_risks, risk_register


async def call(tool: BaseTool, **arguments: Any) -> Any:  # ainvoke returns Any
    return await tool.ainvoke({"name": tool.name, "args": arguments, "id": "1", "type": "tool_call"})


async def test_risks_are_ordered_by_likelihood_times_impact():
    message = await call(
        risk_register(),
        risks="Make a risk register: supplier fails 3 x 5; key person leaves 2 x 4; rain 1 x 2; fire 5 x 5",
    )
    listed = [(risk["risk"], risk["score"], risk["band"]) for risk in message.artifact.data["risks"]]
    assert listed == [
        ("fire", 25, "critical"),
        ("supplier fails", 15, "high"),
        ("key person leaves", 8, "moderate"),
        ("rain", 2, "low"),
    ]
    assert message.content.startswith(
        "The worst risk is “fire” with 25 of 25 (critical); 2 of 4 are high or critical."
    )
    assert message.artifact.artifacts[0].content.splitlines()[1] == "1,fire,5,5,25,critical"


@pytest.mark.parametrize(
    "text",
    [
        "data breach likelihood 2, impact 5",
        "data breach: likelihood 2/5, impact 5/5",
        "data breach (2, 5)",
        "data breach 2/5",
        "data breach: impact 5, probability 2",
        "- data breach: 2 × 5",
        "Risks of my shop. Data breach 2 and 5".replace("Data", "data"),
    ],
)
def test_risk_is_read_however_it_is_written(text):
    assert read_risks(text) == [Risk(name="data breach", likelihood=2, impact=5)]


def test_digits_in_a_name_are_not_scores():
    assert read_risks("2 suppliers fail 4x5, and strike 3x1") == [
        Risk(name="2 suppliers fail", likelihood=4, impact=5),
        Risk(name="strike", likelihood=3, impact=1),
    ]


@pytest.mark.parametrize(
    ("risks", "complaint"),
    [
        ("what are my risks?", "Give each risk"),
        ("flood 7 x 2", "must be 1 to 5"),
        ("3 x 4", "after the risk's name"),
    ],
)
async def test_risks_without_usable_scores_are_refused(risks, complaint):
    message = await call(risk_register(), risks=risks)
    assert message.status == "error"
    assert complaint in message.content


async def test_feasibility_averages_the_scores_and_names_the_weakest():
    message = await call(feasibility_score(), market=4, technical=3, financial=2, legal=5)
    assert message.artifact.data["score"] == pytest.approx(62.5)
    assert message.artifact.data["weakest"] == "financial"
    assert message.content.startswith(
        "The feasibility score is 62 of 100: feasible with work on the weakest points"
    )
    assert "Not judged: operational, team." in message.content


@pytest.mark.parametrize(("score", "verdict"), [(10, ": feasible;"), (1, "not feasible as it stands")])
async def test_feasibility_works_on_other_scales(score, verdict):
    everything = dict.fromkeys(("market", "technical", "financial", "operational", "legal", "team"), score)
    message = await call(feasibility_score(), **everything, out_of=10)
    assert verdict in message.content
    assert "Not judged" not in message.content


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"market": 4}, "Score at least two"),
        ({"market": 4, "team": 8}, "name the scale"),
        ({"market": 0, "team": 3}, "must be 1 to 5"),
        ({"market": 1, "team": 1, "out_of": 1}, "Score at least two"),
        ({"market": float("nan"), "team": 3}, "finite"),
    ],
)
async def test_unusable_feasibility_scores_are_refused(arguments, complaint):
    message = await call(feasibility_score(), **arguments)
    assert message.status == "error"
    assert complaint in message.content


async def test_competitors_are_ranked_by_weighted_mean():
    message = await call(
        competitor_matrix(),
        competitors="Who leads? Shop A: range 3, service 5; Shop B: range 5, service 2; weights: range 2, service 1",
    )
    assert message.artifact.data["means"] == {"Shop A": pytest.approx(11 / 3), "Shop B": 4}
    assert message.artifact.data["ranking"] == ["Shop B", "Shop A"]
    assert message.content.startswith("Shop B leads with 4.00 before Shop A with 3.67.")
    assert "range: Shop B; service: Shop A" in message.content
    assert message.artifact.artifacts[0].content.splitlines()[0] == "criterion,weight,share,Shop B,Shop A"


async def test_missing_scores_are_shown_as_missing_and_equal_means_as_level():
    message = await call(competitor_matrix(), competitors="Us: price 4, quality 4. Acme: price 4.")
    assert message.content.startswith("Us and Acme are level at 4.00.")
    assert "1 scores are missing" in message.content
    assert "| – |" in message.content


def test_scores_are_read_from_lines():
    assert read_scores("Compare:\n- Us: price 4.5, and quality 5\n- Them: price 2") == {
        "Us": {"price": 4.5, "quality": 5},
        "Them": {"price": 2},
    }


@pytest.mark.parametrize(
    "competitors",
    ["", "Who are my competitors?", "Us: price 4", "Us: price 4; Them: price 3; weights: price 0"],
)
async def test_comparison_without_two_scored_competitors_is_refused(competitors):
    assert (await call(competitor_matrix(), competitors=competitors)).status == "error"
