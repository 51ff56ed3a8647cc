from typing import Any

import numpy as np
import pytest

from agents.davina.simulation import simulation
from agents.davina.uncertain import Shape, Uncertain
from agents.davina.ventures import read_venture, simulate
from agents.tools import ToolRefused

PROFIT = "units 800 to 1200, price 20, variable cost 8, fixed costs 9000"
WORTH = "outlay 100000, cash flow 20000 / 30000 / 45000 for 5 years, discount rate 10 %"


async def call(inputs: str, **more: Any) -> Any:  # ainvoke returns Any
    tool = simulation()
    return await tool.ainvoke(
        {"name": tool.name, "args": {"inputs": inputs, **more}, "id": "1", "type": "tool_call"}
    )


async def test_a_profit_of_uniform_units_has_the_percentiles_of_a_uniform_distribution():
    output = (await call(f"Simulate our profit: {PROFIT}", draws=100_000)).artifact
    # profit = 12 x units - 9000, uniform from 600 to 5400
    assert output.data["mean"] == pytest.approx(3000, abs=20)
    assert output.data["percentiles"]["p5"] == pytest.approx(840, abs=25)
    assert output.data["percentiles"]["p95"] == pytest.approx(5160, abs=25)
    assert output.data["probability_of_loss"] == 0
    assert output.data["rank_correlations"] == {"units": pytest.approx(1)}


async def test_the_same_seed_gives_the_same_figures_and_is_told():
    first, again, other = [await call(WORTH, seed=seed) for seed in (7, 7, 8)]
    assert first.content == again.content
    assert first.artifact.data["mean"] != other.artifact.data["mean"]
    assert "10,000 draws with seed 7" in first.content
    assert first.artifact.data["seed"] == 7


async def test_the_mean_npv_is_the_npv_of_the_means():
    data = (await call(WORTH, draws=200_000)).artifact.data
    annuity = (1 - 1.1**-5) / 0.1
    assert data["mean"] == pytest.approx(95000 / 3 * annuity - 100000, rel=0.01)
    assert data["years"] == 5


async def test_years_drawn_anew_even_out_and_the_other_way_is_told():
    once, anew = [(await call(WORTH, dependence=how)).artifact for how in ("once", "each_year")]
    assert anew.data["standard_deviation"] < once.data["standard_deviation"] / 2
    assert once.data["probability_of_loss_if_otherwise_drawn"] == anew.data["probability_of_loss"]
    assert any(line.startswith("Drawn anew for each year") for line in once.would_change)


async def test_distributions_interval_and_probability_are_named_and_drawn():
    message = await call("units normal, mean 1000, sd 200, price 12, variable cost 7, fixed costs 4000")
    output = message.artifact
    assert "normal with mean 1,000 and standard deviation 200" in message.content
    assert "with 90 % of the draws between" in message.content
    assert output.data["probability_of_loss"] == pytest.approx(0.1587, abs=0.01)  # units below 800
    assert "95 % interval" in message.content
    assert output.chart is not None
    assert sum(row["draws"] for row in output.chart["data"]["values"]) == 10_000


async def test_growth_and_residual_value_count():
    venture = read_venture(
        "outlay 100 to 100.0001, cash flow 100, growth 10 %, residual value 50, 2 years, rate 0 %"
    )
    result, _, _ = simulate(venture, 1000, 1, anew=False)
    assert np.allclose(result, 100 + 110 + 50 - 100, atol=1e-3)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("price 20 to 25", Uncertain(Shape.UNIFORM, (20, 25))),
        ("price between 20 and 25", Uncertain(Shape.UNIFORM, (20, 25))),
        ("price 20-25", Uncertain(Shape.UNIFORM, (20, 25))),
        ("price 20 ± 10 %", Uncertain(Shape.UNIFORM, (18, 22))),
        ("price low 20, likely 22, high 25", Uncertain(Shape.TRIANGULAR, (20, 22, 25))),
        ("price triangular 20, 22, 25", Uncertain(Shape.TRIANGULAR, (20, 22, 25))),
        ("price PERT 20 / 22 / 25", Uncertain(Shape.PERT, (20, 22, 25))),
        ("price normal, mean 22, sd 2", Uncertain(Shape.NORMAL, (22, 2))),
        ("price lognormal with mean 22 and standard deviation 2", Uncertain(Shape.LOGNORMAL, (22, 2))),
        ("20 to 25 as the price", Uncertain(Shape.UNIFORM, (20, 25))),
    ],
)
def test_a_distribution_is_read_as_it_is_written(text, read):
    venture = read_venture(
        f"{text}; units 800 to 1200, variable cost 8, fixed costs 9000; seed 5, 20000 draws"
    )
    assert venture.inputs["price"] == read
    assert len(venture.inputs) == 4


@pytest.mark.parametrize("shape", [Shape.PERT, Shape.LOGNORMAL, Shape.TRIANGULAR])
def test_draws_have_the_mean_of_their_distribution(shape):
    numbers = (10.0, 3.0) if shape is Shape.LOGNORMAL else (5.0, 8.0, 20.0)
    mean = {Shape.PERT: (5 + 4 * 8 + 20) / 6, Shape.TRIANGULAR: 11.0, Shape.LOGNORMAL: 10.0}[shape]
    drawn = Uncertain(shape, numbers).draw(np.random.default_rng(1), (200_000,))
    assert drawn.mean() == pytest.approx(mean, rel=0.01)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("units 800 to 1200, price 20", "give the variable cost, the fixed costs as well"),
        ("units 800, price 20, variable cost 8, fixed costs 9000", "nothing to simulate"),
        ("units 800, 1200, price 20, variable cost 8, fixed costs 9000", "the distribution of the units"),
        ("outlay 100, cash flow 20 to 40 for 5 years", "give the discount rate as well"),
        ("outlay 100, cash flow 20 to 40, discount rate 9 %", "over how many whole years"),
        ("outlay 100, cash flow 20 to 40, units 5, rate 9 %, 5 years", "not both"),
        ("outlay 100k and 30k a year cash flow to 40k for 5 years at 10 %", "the distribution of the outlay"),
        ("outlay 100k and 30k a year cash flow for 5 years at 10 %", "which figure is the cash flow"),
        (f"{PROFIT}, growth 5 %", "has no growth"),
        (f"17 to 19; {PROFIT}", "I cannot tell what 17 is"),
        ("units -800 to 1200, price 20, variable cost 8, fixed costs 9000", "cannot be negative"),
    ],
)
def test_what_is_open_is_asked_and_never_guessed(text, complaint):
    with pytest.raises(ToolRefused, match=complaint):
        read_venture(text)
