import json
import math
from typing import Any

import pytest
from langchain_core.tools import BaseTool

from agents.sofia.experiment_plans import ab_power, ab_sample_size
from agents.sofia.experiments import ab_test, ab_test_rates
from agents.sofia.proportions import compare, detectable_rise, power_of, significance_level, visitors_needed
from agents.tools import ToolRefused


async def call(tool: BaseTool, **arguments: Any) -> Any:  # ainvoke returns Any
    return await tool.ainvoke({"name": tool.name, "args": arguments, "id": "1", "type": "tool_call"})


async def test_ab_test_agrees_with_the_pooled_z_test_worked_by_hand():
    message = await call(ab_test(), conversions_a=120, visitors_a=2400, conversions_b=156, visitors_b=2380)
    pooled = 276 / 4780
    z = (156 / 2380 - 120 / 2400) / math.sqrt(pooled * (1 - pooled) * (1 / 2400 + 1 / 2380))
    data = message.artifact.data
    assert data["z"] == pytest.approx(z)
    assert data["p_value"] == pytest.approx(0.0212237, abs=1e-7)
    assert data["relative_uplift"] == pytest.approx(0.3109244, abs=1e-6)
    assert data["significant"] is True
    assert message.content.startswith(
        "Variant B is better at 95 % confidence: A converts at 5.00 %, B at 6.55 %"
    )
    assert json.loads(message.artifact.model_dump_json())["data"]["test"] == "z"


async def test_ab_test_interval_is_the_unpooled_one():
    message = await call(ab_test(), conversions_a=120, visitors_a=2400, conversions_b=156, visitors_b=2380)
    a, b = 0.05, 156 / 2380
    error = math.sqrt(a * (1 - a) / 2400 + b * (1 - b) / 2380)
    assert message.artifact.data["low"] == pytest.approx(b - a - 1.959964 * error, abs=1e-8)
    assert message.artifact.data["high"] == pytest.approx(b - a + 1.959964 * error, abs=1e-8)


async def test_stricter_confidence_turns_the_same_counts_insignificant():
    message = await call(
        ab_test(),
        conversions_a=120,
        visitors_a=2400,
        conversions_b=156,
        visitors_b=2380,
        confidence_percent=99,
    )
    assert message.artifact.data["significant"] is False
    assert message.content.startswith("There is no significant difference at 99 % confidence")
    assert "may be too small to tell" in message.content


async def test_small_counts_get_fishers_exact_test_and_a_warning():
    # Fisher's tea-tasting table, 3 of 4 against 1 of 4: two-sided p = 34/70.
    message = await call(ab_test(), conversions_a=3, visitors_a=4, conversions_b=1, visitors_b=4)
    data = message.artifact.data
    assert data["test"] == "fisher"
    assert data["p_value"] == pytest.approx(34 / 70)
    assert data["z"] is None
    assert "too small for a z-test" in message.content
    # Agresti and Caffo add one success and one failure to each group.
    error = math.sqrt(4 / 6 * 2 / 6 / 6 + 2 / 6 * 4 / 6 / 6)
    assert data["low"] == pytest.approx(-2 / 6 - 1.959964 * error, abs=1e-6)


async def test_worse_challenger_is_named_as_worse():
    message = await call(ab_test(), conversions_a=300, visitors_a=1000, conversions_b=200, visitors_b=1000)
    assert message.content.startswith("Variant A is better")
    assert "p < 0.0001" in message.content


async def test_no_conversions_at_all_show_no_difference_and_no_uplift():
    message = await call(ab_test(), conversions_a=0, visitors_a=50, conversions_b=0, visitors_b=60)
    assert message.artifact.data["p_value"] == 1
    assert message.artifact.data["relative_uplift"] is None
    assert "no uplift can be stated" in message.content


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"visitors_a": 0, "conversions_a": 0}, "Variant A has no visitors"),
        ({"conversions_b": 101}, "Variant B has more conversions (101) than visitors (100)"),
        ({"conversions_a": -1}, "cannot be negative"),
        ({"confidence_percent": float("nan")}, "finite"),
        ({"confidence_percent": float("inf")}, "finite"),
        ({"confidence_percent": 100}, "between 50 and 100 %"),
        ({"confidence_percent": 50}, "between 50 and 100 %"),
        ({"confidence_percent": 0}, "between 50 and 100 %"),
        ({"visitors_b": 10**16}, "up to 1e15"),
    ],
)
async def test_impossible_counts_are_refused_with_the_reason(arguments, complaint):
    given = {"conversions_a": 5, "visitors_a": 100, "conversions_b": 6, "visitors_b": 100, **arguments}
    message = await call(ab_test(), **given)
    assert message.status == "error"
    assert complaint in message.content


@pytest.mark.parametrize("written", [95, 0.95, 5, 0.05])
def test_confidence_is_understood_however_it_is_written(written):
    assert significance_level(written) == pytest.approx(0.05)


def test_equal_rates_give_a_p_value_of_one():
    assert compare(50, 1000, 100, 2000, 0.05).p_value == pytest.approx(1)


def test_certain_conversion_is_compared_without_a_division_by_zero():
    with_all = compare(40, 40, 60, 60, 0.05)
    assert with_all.p_value == 1
    assert with_all.high <= 1


async def test_sample_size_agrees_with_the_formula_worked_by_hand():
    message = await call(ab_sample_size(), baseline_percent=5, effect_percent=10)
    mean = (0.05 + 0.055) / 2
    root = 1.959964 * math.sqrt(2 * mean * (1 - mean)) + 0.841621 * math.sqrt(0.05 * 0.95 + 0.055 * 0.945)
    assert message.artifact.data["visitors_per_variant"] == math.ceil((root / 0.005) ** 2)
    assert message.content.startswith("You need 31,234 visitors for each variant, 62,468 in all.")


async def test_percentage_points_and_relative_lift_of_the_same_size_need_the_same_sample():
    relative = await call(ab_sample_size(), baseline_percent=4, effect_percent=25)
    points = await call(
        ab_sample_size(),
        baseline_percent=4,
        effect_percent=1,
        effect_is="percentage points",
        power_percent=0.8,
    )
    assert relative.artifact.data["visitors_per_variant"] == points.artifact.data["visitors_per_variant"]
    assert "percentage points" in points.content


async def test_daily_visitors_turn_into_days():
    message = await call(ab_sample_size(), baseline_percent=5, effect_percent=10, visitors_per_day=2000)
    assert message.artifact.data["days"] == 32
    assert "32 days at 2,000 visitors a day" in message.content


def test_more_power_needs_more_visitors():
    assert visitors_needed(0.05, 0.06, 0.05, 0.9) > visitors_needed(0.05, 0.06, 0.05, 0.8)


@pytest.mark.parametrize(
    "arguments",
    [
        {"baseline_percent": 0},
        {"baseline_percent": 100},
        {"effect_percent": 0},
        {"baseline_percent": 60, "effect_percent": 100},
        {"power_percent": 100},
        {"power_percent": 20},
        {"visitors_per_day": 0},
    ],
)
async def test_impossible_plan_is_refused(arguments):
    message = await call(ab_sample_size(), **{"baseline_percent": 5, "effect_percent": 10, **arguments})
    assert message.status == "error"


def test_refusal_says_what_to_give():
    with pytest.raises(ToolRefused, match="for example 95"):
        significance_level(100)
