import json
import math
import time
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


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((48, 80, 56, 70), -0.3339, -0.0524),
        ((0, 10, 10, 10), -1.0, -0.6075),
        ((3, 10, 9, 10), -0.8090, -0.1705),
    ],
)
def test_the_interval_of_the_difference_is_newcombes(counts, low, high):
    # Newcombe 1998, Statistics in Medicine 17, table II, method 10: 56/70 - 48/80, 9/10 - 3/10, 10/10 - 0/10.
    a, of_a, b, of_b = counts
    found = compare(b, of_b, a, of_a, 0.05)
    assert [found.low, found.high] == pytest.approx([low, high], abs=1e-4)


def test_the_interval_of_the_uplift_is_that_of_the_log_ratio():
    found = compare(120, 2400, 156, 2380, 0.05)
    ratio = (156 / 2380) / (120 / 2400)
    error = math.sqrt(1 / 156 - 1 / 2380 + 1 / 120 - 1 / 2400)
    assert found.uplift_low == pytest.approx(ratio * math.exp(-1.959964 * error) - 1, abs=1e-6)
    assert found.uplift_high == pytest.approx(ratio * math.exp(1.959964 * error) - 1, abs=1e-6)


async def test_rates_with_the_visitors_of_both_together_are_tested_like_their_counts():
    rates = await call(
        ab_test_rates(), rate_a_percent=3, rate_b_percent=3.6, visitors=12000, visitors_are="both together"
    )
    counts = await call(ab_test(), conversions_a=180, visitors_a=6000, conversions_b=216, visitors_b=6000)
    assert rates.artifact.data == counts.artifact.data
    assert "180 and 216 conversions, rounded" in rates.content


async def test_rates_for_groups_of_two_sizes_use_both():
    message = await call(
        ab_test_rates(), rate_a_percent=3.2, rate_b_percent=3.9, visitors=5000, visitors_b=5100
    )
    assert "A: 160 of 5,000; B: 199 of 5,100" in message.content


@pytest.mark.parametrize(
    "arguments",
    [
        {"rate_a_percent": 101},
        {"rate_b_percent": -1},
        {"visitors": 0},
        {"visitors_b": 500, "visitors_are": "both together"},
        {"visitors": 1, "visitors_are": "both together"},
    ],
)
async def test_impossible_rates_are_refused(arguments):
    given = {"rate_a_percent": 3, "rate_b_percent": 4, "visitors": 1000, **arguments}
    message = await call(ab_test_rates(), **given)
    assert message.status == "error"


def test_power_and_sample_size_are_two_sides_of_one_formula():
    visitors = visitors_needed(0.05, 0.06, 0.05, 0.8)
    assert power_of(0.05, 0.06, visitors, visitors, 0.05) == pytest.approx(0.8, abs=1e-4)
    assert detectable_rise(0.05, visitors, visitors, 0.05, 0.8) == pytest.approx(0.01, abs=1e-5)


def test_no_rise_can_be_detected_with_too_few_visitors_or_above_certainty():
    assert detectable_rise(0.5, 2, 2, 0.05, 0.8) is None
    assert detectable_rise(1.0, 900, 900, 0.05, 0.8) is None


async def test_power_of_a_lift_and_the_smallest_lift_are_told():
    lift = await call(
        ab_power(),
        baseline_percent=8,
        visitors_per_variant=1500,
        effect_percent=2,
        effect_is="percentage points",
    )
    assert lift.artifact.data["power"] == pytest.approx(power_of(0.08, 0.10, 1500, 1500, 0.05))
    smallest = await call(ab_power(), baseline_percent=4, visitors_per_variant=5000)
    assert smallest.artifact.data["power"] == 0.8
    assert smallest.artifact.data["difference"] == pytest.approx(detectable_rise(0.04, 5000, 5000, 0.05, 0.8))
    assert "The smallest lift this test sees with 80 % power" in smallest.content


@pytest.mark.parametrize(
    "arguments",
    [
        {"baseline_percent": 0},
        {"effect_percent": 0},
        {"baseline_percent": 60, "effect_percent": 90},
        {"visitors_per_variant": 2},
    ],
)
async def test_power_of_an_impossible_test_is_refused(arguments):
    message = await call(ab_power(), **{"baseline_percent": 50, "visitors_per_variant": 100, **arguments})
    assert message.status == "error"


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
    assert data["low"] < -0.5 < data["high"]


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


@pytest.mark.parametrize(
    ("counts", "exact"),
    [
        ((1, 10_000_000, 8, 10_000_000), 0.03906245787687718),  # Fisher's own, by scipy
        ((3_000_000, 10_000_000, 7, 11), 0.02161924007762215),
        ((7, 11, 3_000_000, 10_000_000), 0.02161924007762215),
        (
            (9_999_999, 10_000_000, 9_999_992, 10_000_000),
            0.03906245787687718,
        ),  # the same of those who did not convert
    ],
)
def test_few_conversions_of_very_many_visitors_are_approximated_closely(counts, exact):
    (conversions_a, visitors_a, conversions_b, visitors_b) = counts
    found = compare(conversions_a, visitors_a, conversions_b, visitors_b, 0.05)
    assert found.approximated
    assert found.p_value == pytest.approx(exact, rel=1e-5)


async def test_a_thousand_million_visitors_are_answered_at_once_and_the_approximation_is_named():
    began = time.process_time()
    message = await call(
        ab_test(), conversions_a=1, visitors_a=1_000_000_000, conversions_b=8, visitors_b=1_000_000_000
    )
    assert time.process_time() - began < 1
    assert message.artifact.data["test"] == "binomial"
    assert message.artifact.data["p_value"] == pytest.approx(0.0390625)
    assert "binomial approximation of Fisher's test" in message.content
