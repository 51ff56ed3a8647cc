"""A/B tests: is a difference real, and how many visitors it takes to see one."""

import math
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Literal

from langchain_core.tools import BaseTool
from pydantic import BaseModel

from agents.figures import amount, check_numbers, percent
from agents.tools import ToolOutput, ToolRefused, tool
from models import Unit, argument

SMALLEST_EXPECTED_COUNT = 5


class AbTest(BaseModel):
    """What an A/B test measured."""

    conversions_a: int = argument(
        "Conversions of variant A, the control", unit=Unit.COUNT, cues=("conversions", "converted", "sales")
    )
    visitors_a: int = argument(
        "Visitors who saw variant A", unit=Unit.COUNT, cues=("from", "of", "out of", "visitors", "visits")
    )
    conversions_b: int = argument(
        "Conversions of variant B, the challenger",
        unit=Unit.COUNT,
        cues=("against", "versus", "conversions", "converted"),
    )
    visitors_b: int = argument(
        "Visitors who saw variant B", unit=Unit.COUNT, cues=("from", "of", "out of", "visitors", "visits")
    )
    confidence_percent: float = argument(
        "Confidence level in percent; a value below 50 is read as the significance level alpha",
        unit=Unit.PERCENT,
        cues=("confidence", "significance", "alpha"),
        default=95.0,
    )


class AbSampleSize(BaseModel):
    """What a planned A/B test should be able to see."""

    baseline_percent: float = argument(
        "Conversion rate of the control, in percent",
        unit=Unit.PERCENT,
        cues=("baseline", "from", "conversion rate", "converts", "current"),
    )
    effect_percent: float = argument(
        "Smallest lift worth detecting, in percent (relative) or in percentage points",
        unit=Unit.PERCENT,
        cues=("detect", "lift", "uplift", "effect", "improvement"),
    )
    effect_is: Literal["relative", "percentage points", "absolute"] = argument(
        "Whether the lift is relative to the baseline or in percentage points", default="relative"
    )
    power_percent: float = argument(
        "Power: the chance to see the lift if it is there, in percent",
        unit=Unit.PERCENT,
        cues=("power",),
        default=80.0,
    )
    confidence_percent: float = argument(
        "Confidence level in percent; a value below 50 is read as the significance level alpha",
        unit=Unit.PERCENT,
        cues=("confidence", "significance", "alpha"),
        default=95.0,
    )
    visitors_per_day: float | None = argument(
        "Visitors a day over both variants, to say how long the test runs",
        unit=Unit.COUNT,
        cues=("visitors a day", "daily visitors", "per day", "traffic"),
        default=None,
    )


@dataclass(frozen=True)
class Comparison:
    """Two conversion rates compared; rates, difference and its interval are fractions."""

    rate_a: float
    rate_b: float
    difference: float
    low: float
    high: float
    p_value: float
    z: float | None
    """None where Fisher's exact test was used."""
    few: bool
    """Counts were too small for the normal approximation."""


def compare(
    conversions_a: int, visitors_a: int, conversions_b: int, visitors_b: int, alpha: float
) -> Comparison:
    """The difference of two proportions, B minus A, with a two-sided p-value and a 1 - alpha interval.

    Pooled two-proportion z-test and unpooled (Wald) interval: Fleiss, Levin and Paik (2003), Statistical
    Methods for Rates and Proportions, 3rd ed., chapters 3.1 and 3.2, without continuity correction. Where an
    expected count under the pooled rate is below 5 (Cochran 1954, Biometrics 10), Fisher's exact test and the
    interval of Agresti and Caffo (2000, The American Statistician 54) take their place.
    """
    rate_a, rate_b = conversions_a / visitors_a, conversions_b / visitors_b
    pooled = (conversions_a + conversions_b) / (visitors_a + visitors_b)
    expected = min(pooled, 1 - pooled) * min(visitors_a, visitors_b)
    few = expected < SMALLEST_EXPECTED_COUNT
    quantile = NormalDist().inv_cdf(1 - alpha / 2)
    if few:
        p_value, z = _fisher(conversions_a, visitors_a, conversions_b, visitors_b), None
        centre_a = (conversions_a + 1) / (visitors_a + 2)
        centre_b = (conversions_b + 1) / (visitors_b + 2)
        spread = quantile * _unpooled_error(centre_a, visitors_a + 2, centre_b, visitors_b + 2)
        middle = centre_b - centre_a
    else:
        z = (rate_b - rate_a) / math.sqrt(pooled * (1 - pooled) * (1 / visitors_a + 1 / visitors_b))
        p_value = math.erfc(abs(z) / math.sqrt(2))
        spread = quantile * _unpooled_error(rate_a, visitors_a, rate_b, visitors_b)
        middle = rate_b - rate_a
    return Comparison(
        rate_a=rate_a,
        rate_b=rate_b,
        difference=rate_b - rate_a,
        low=max(-1.0, middle - spread),
        high=min(1.0, middle + spread),
        p_value=p_value,
        z=z,
        few=few,
    )


def visitors_needed(rate_a: float, rate_b: float, alpha: float, power: float) -> int:
    """Visitors for each variant so that a two-sided z-test at alpha sees rate_b against rate_a with this power.

    Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, 3rd ed., equation 4.14.
    """
    mean = (rate_a + rate_b) / 2
    z_alpha, z_power = NormalDist().inv_cdf(1 - alpha / 2), NormalDist().inv_cdf(power)
    root = z_alpha * math.sqrt(2 * mean * (1 - mean)) + z_power * math.sqrt(
        rate_a * (1 - rate_a) + rate_b * (1 - rate_b)
    )
    return math.ceil((root / (rate_b - rate_a)) ** 2)


def significance_level(confidence: float) -> float:
    """Alpha from a confidence level however it was written: 95, 0.95, or the alpha itself, 5 or 0.05.

    Raises ToolRefused outside 0 to 100 and for a confidence of 50 %, which tests nothing.
    """
    fraction = confidence / 100 if confidence >= 1 else confidence
    alpha = 1 - fraction if fraction > 0.5 else fraction  # noqa: PLR2004  no test is run below 50 % confidence
    if not 0 < alpha < 0.5:  # noqa: PLR2004  the same bound
        raise ToolRefused(
            f"The confidence level must lie between 50 and 100 %, for example 95, got {confidence:g}."
        )
    return alpha


def ab_test() -> BaseTool:
    """The significance of an A/B test."""
    return tool(
        "ab_test",
        "Tests whether two variants of an A/B test convert differently: p-value, confidence interval, uplift "
        "and a plain verdict from the conversions and visitors of each.",
        AbTest,
        _ab_test,
        examples=(
            "Conversions 120 of 2400 against 156 of 2380, is B better?",
            "Is this A/B test significant: A 45 of 1000, B 62 of 1010?",
            "Variant A had 30 conversions from 900 visitors and B 41 from 880, which one wins?",
            "Is the uplift of the new landing page real? 210 sales of 5000 versus 248 of 5100, 99 % confidence",
            "Evaluate my split test: control 3 of 80, challenger 9 of 82",
        ),
    )


def ab_sample_size() -> BaseTool:
    """The sample an A/B test needs."""
    return tool(
        "ab_sample_size",
        "Plans an A/B test before it runs: how many visitors each variant needs to detect a given lift over the "
        "baseline conversion rate, and how many days that takes.",
        AbSampleSize,
        _ab_sample_size,
        examples=(
            "How many visitors do I need to detect a 10 % lift on a baseline of 5 %?",
            "Sample size for an A/B test: baseline 3 %, lift 20 %, power 90 %",
            "How long must my split test run with 2000 visitors a day to see a 15 % improvement from 4 %?",
            "What sample do I need to see 1 percentage points more on a 6 % conversion rate?",
        ),
    )


def _ab_test(arguments: AbTest) -> ToolOutput:
    check_numbers(arguments)
    for variant, conversions, visitors in (
        ("A", arguments.conversions_a, arguments.visitors_a),
        ("B", arguments.conversions_b, arguments.visitors_b),
    ):
        if visitors == 0:
            raise ToolRefused(f"Variant {variant} has no visitors; give the number of visitors who saw it.")
        if conversions > visitors:
            raise ToolRefused(
                f"Variant {variant} has more conversions ({conversions:,}) than visitors ({visitors:,}); "
                "give conversions first and visitors second, counting each visitor once."
            )
    alpha = significance_level(arguments.confidence_percent)
    found = compare(
        arguments.conversions_a, arguments.visitors_a, arguments.conversions_b, arguments.visitors_b, alpha
    )
    uplift = found.difference / found.rate_a if found.rate_a else None
    significant = found.p_value < alpha
    data = {
        **asdict(found),
        "relative_uplift": uplift,
        "confidence": 1 - alpha,
        "significant": significant,
        "test": "fisher" if found.few else "z",
    }
    text = f"{_verdict(found, uplift, alpha)}\n\n{_test_details(arguments, found, alpha)}"
    return ToolOutput(text=text, data=data)


def _verdict(found: Comparison, uplift: float | None, alpha: float) -> str:
    rates = f"A converts at {percent(found.rate_a)}, B at {percent(found.rate_b)}"
    relative = (
        "no uplift can be stated as A has no conversions" if uplift is None else f"{uplift:+.1%} relative"
    )
    p_value = "p < 0.0001" if found.p_value < 0.0001 else f"p = {found.p_value:.4f}"  # noqa: PLR2004  four digits are shown
    level = f"{(1 - alpha) * 100:g} % confidence"
    if found.p_value < alpha:
        better = "B" if found.difference > 0 else "A"
        return f"Variant {better} is better at {level}: {rates} ({relative}, {p_value})."
    return (
        f"There is no significant difference at {level}: {rates} ({relative}, {p_value}). "
        "That is not proof that the two are equal; the test may be too small to tell."
    )


def _test_details(arguments: AbTest, found: Comparison, alpha: float) -> str:
    counts = (
        f"- A: {arguments.conversions_a:,} of {arguments.visitors_a:,}; "
        f"B: {arguments.conversions_b:,} of {arguments.visitors_b:,}\n"
        f"- Difference B - A: {found.difference * 100:+.2f} percentage points, {(1 - alpha) * 100:g} % interval "
        f"{found.low * 100:+.2f} to {found.high * 100:+.2f}"
    )
    if found.few:
        method = (
            "- Warning: the counts are too small for a z-test (an expected count is below 5), so this is Fisher's "
            "exact test with the Agresti-Caffo interval. Collect more data before you decide."
        )
    else:
        method = f"- Pooled two-proportion z-test, two-sided, z = {found.z:.3f}; unpooled interval"
    return (
        f"{counts}\n{method}\n- Assumes that visitors were split at random, are counted once, and that the test "
        "was not stopped early because of its result."
    )


def _ab_sample_size(arguments: AbSampleSize) -> ToolOutput:
    check_numbers(arguments)
    baseline = arguments.baseline_percent / 100
    lift = arguments.effect_percent / 100
    if not 0 < baseline < 1:
        raise ToolRefused(f"The baseline must lie between 0 and 100 %, got {arguments.baseline_percent:g} %.")
    target = baseline * (1 + lift) if arguments.effect_is == "relative" else baseline + lift
    if lift == 0 or target >= 1:
        raise ToolRefused(
            f"The lift must be above 0 and lead to a rate below 100 %, got {arguments.effect_percent:g} "
            f"({arguments.effect_is}) on {arguments.baseline_percent:g} %."
        )
    power = _power(arguments.power_percent)
    alpha = significance_level(arguments.confidence_percent)
    each = visitors_needed(baseline, target, alpha, power)
    days = _days(2 * each, arguments.visitors_per_day)
    duration = (
        "" if days is None else f", {days:,} days at {amount(arguments.visitors_per_day or 0)} visitors a day"
    )
    text = (
        f"You need {each:,} visitors for each variant, {2 * each:,} in all{duration}.\n\n"
        f"- From {percent(baseline)} to {percent(target)} ({arguments.effect_percent:g} {_kind(arguments)}), "
        f"{power * 100:g} % power, {(1 - alpha) * 100:g} % confidence, two-sided\n"
        "- Two-proportion z-test with an even split (Fleiss, Levin and Paik 2003, equation 4.14, no continuity "
        "correction). Run whole weeks and do not stop early."
    )
    data = {
        "visitors_per_variant": each,
        "visitors_in_all": 2 * each,
        "baseline": baseline,
        "target": target,
        "alpha": alpha,
        "power": power,
        "days": days,
    }
    return ToolOutput(text=text, data=data)


def _power(written: float) -> float:
    """Power as a fraction, however it was written: 80 or 0.8."""
    power = written / 100 if written >= 1 else written
    if not 0.5 <= power < 1:  # noqa: PLR2004  less than even odds is no plan
        raise ToolRefused(f"The power must be at least 50 % and below 100 %, got {written:g}.")
    return power


def _kind(arguments: AbSampleSize) -> str:
    return "% relative" if arguments.effect_is == "relative" else "percentage points"


def _days(visitors: int, per_day: float | None) -> int | None:
    if per_day is None:
        return None
    if per_day == 0:
        raise ToolRefused("The visitors a day must be above 0; leave them out if you do not know them.")
    return math.ceil(visitors / per_day)


def _fisher(conversions_a: int, visitors_a: int, conversions_b: int, visitors_b: int) -> float:
    from scipy.stats import fisher_exact

    counts = [[conversions_a, visitors_a - conversions_a], [conversions_b, visitors_b - conversions_b]]
    return min(1.0, float(fisher_exact(counts)[1]))


def _unpooled_error(rate_a: float, visitors_a: int, rate_b: float, visitors_b: int) -> float:
    return math.sqrt(rate_a * (1 - rate_a) / visitors_a + rate_b * (1 - rate_b) / visitors_b)
