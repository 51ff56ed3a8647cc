from typing import Any

import pytest
from langchain_core.tools import BaseTool

from agents.davina.competitors import competitor_matrix, read_scores
from agents.davina.feasibility import feasibility_score, read_judgement
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


async def test_weights_count_are_shown_and_what_equal_ones_would_give_is_told():
    message = await call(
        feasibility_score(),
        market=5,
        technical=1,
        weights="weights: market 3, technical 1",
    )
    data = message.artifact.data
    assert data["score"] == 75
    assert data["weights"] == {"market": 3, "technical": 1}
    assert "| market | 5 of 5 | 3 | 75.0 % | 75.0 |" in message.content
    assert "With equal weights it would be 50 of 100" in message.content


@pytest.mark.parametrize(
    ("text", "scores", "weights"),
    [
        ("market 4, team 3; weights: market 2, team 1", {"market": 4, "team": 3}, {"market": 2, "team": 1}),
        ("weights: market 60 %, team 40 %. Scores: market 4/5, team 3/5", {"market": 4, "team": 3}, {"market": 60, "team": 40}),
        ("market 4 (weight 3), tech 2 (weight 1)", {"market": 4, "technical": 2}, {"market": 3, "technical": 1}),
        ("with weights: market 4, tech 2; weights: market 3, tech 1", {"market": 4, "technical": 2}, {"market": 3, "technical": 1}),
        ("equally weighted: market 4, tech 2 out of 5", {"market": 4, "technical": 2}, {}),
    ],
)  # fmt: skip
def test_scores_and_weights_are_told_apart(text, scores, weights):
    judged = read_judgement(text)
    assert (judged.scores, judged.weights) == (scores, weights)


@pytest.mark.parametrize(
    ("weights", "complaint"),
    [
        ("weights: market 3", "Give a weight for technical as well"),
        ("weights: market 0, technical 0", "above 0"),
        ("weight market 3 times technical: market 4, technical 2", "two numbers for market"),
    ],
)
async def test_weights_that_leave_something_open_are_asked_about(weights, complaint):
    message = await call(feasibility_score(), market=4, technical=2, weights=weights)
    assert message.status == "error"
    assert complaint in message.content


async def test_the_weight_that_would_turn_the_ranking_is_told():
    message = await call(
        competitor_matrix(),
        competitors="Us: price 3, quality 5; Rocket: price 5, quality 2; weights: price 1, quality 1",
    )
    assert message.artifact.would_change == ("Rocket draws level if quality weighs 0.67 instead of 1.",)
    drawn = await call(
        competitor_matrix(),
        competitors="Us: price 3, quality 5; Rocket: price 5, quality 2; weights: price 3, quality 2",
    )
    assert drawn.content.startswith("Us and Rocket are level at 3.80.")


async def test_weights_for_some_criteria_alone_are_asked_about():
    message = await call(
        competitor_matrix(), competitors="Us: price 3, quality 5; Them: price 5, quality 2; weights: price 3"
    )
    assert message.status == "error"
    assert "a weight for quality as well" in message.content


@pytest.mark.parametrize(
    "text",
    [
        "Us (price 3, quality 5); Them (price 4, quality 3)",
        "us: price 3, quality 5 / them: price 4, quality 3 - who wins?",
        "compare: Us - price 3, quality 5; Them - price 4, quality 3",
        "Us: price 3 and quality 5. Them: price 4 and quality 3.",
        "Us: price: 3/5, quality: 5/5; Them: price: 4/5, quality: 3/5",
    ],
)
def test_competitors_are_read_however_they_are_written(text):
    found = {name.lower(): scores for name, scores in read_scores(text).items()}
    assert found == {"us": {"price": 3, "quality": 5}, "them": {"price": 4, "quality": 3}}


@pytest.mark.parametrize(
    "text",
    [
        "make a register of risks: impact 5, likelihood 2 for a recall; impact 3, likelihood 4 for late deliveries",
        "likelihood 2 and impact 5: recall; likelihood 4 and impact 3: late deliveries",
        "my risks are recall 2 x 5 and late deliveries 4 x 3, which first?",
        "which is worst - recall (2, 5), late deliveries (4, 3)?",
    ],
)
def test_risks_are_read_before_and_behind_their_scores(text):
    assert read_risks(text) == [Risk("recall", 2, 5), Risk("late deliveries", 4, 3)]


async def test_risks_of_one_score_share_their_rank():
    message = await call(risk_register(), risks="fire 1 x 4; theft 2 x 2; flood 1 x 2")
    assert [risk["rank"] for risk in message.artifact.data["risks"]] == [1, 1, 3]
    assert len(message.artifact.chart["data"]["values"]) == 3
