"""The tools that plan A/B tests: how many visitors it takes to see a lift, and what a number of visitors can show."""

import math
from typing import Literal

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.figures import amount, check_numbers, percent
from agents.sofia.charts import curve_chart
from agents.sofia.proportions import (
    detectable_rise,
    power_level,
    power_of,
    significance_level,
    visitors_needed,
)
from agents.tools import Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument

_BASELINE = (
    "Conversion rate of the control, in percent",
    ("baseline", "from", "conversion rate", "converts", "current"),
)
_EFFECT = (
    "Smallest lift worth detecting, in percent (relative) or in percentage points",
    ("detect", "lift", "uplift", "effect", "improvement", "growth"),
)
_LIFTED = r"lift|detect|effect|improve|increas|\brise|\brais|grow|\bgain|\bmde\b|\bmore\b|\bspot|\bsee\b|higher|better|\bto\b|->|→"
_KIND = "Whether the lift is relative to the baseline or in percentage points"
_ALIASES = {
    "percentage points": ("percentage point", "points", "point", "pp", "percent points"),
    "absolute": ("absolutely", "in absolute terms"),
    "relative": ("relatively", "in relative terms"),
}
_CONFIDENCE = (
    "Confidence level in percent; a value below 50 is read as the significance level alpha",
    ("confidence", "significance", "alpha"),
)
Kind = Literal["relative", "percentage points", "absolute"]


class AbSampleSize(BaseModel):
    """What a planned A/B test should be able to see."""

    baseline_percent: float = argument(_BASELINE[0], unit=Unit.PERCENT, cues=_BASELINE[1])
    effect_percent: float = argument(_EFFECT[0], unit=Unit.PERCENT, cues=_EFFECT[1], holds=_LIFTED)
    effect_is: Kind = argument(_KIND, aliases=_ALIASES, default="relative")
    power_percent: float = argument(
        "Power: the chance to see the lift if it is there, in percent",
        unit=Unit.PERCENT,
        cues=("power",),
        default=80.0,
    )
    confidence_percent: float = argument(_CONFIDENCE[0], unit=Unit.PERCENT, cues=_CONFIDENCE[1], default=95.0)
    visitors_per_day: float | None = argument(
        "Visitors a day over both variants, to say how long the test runs",
        unit=Unit.COUNT,
        cues=("visitors a day", "daily visitors", "per day", "traffic"),
        default=None,
    )


class AbPower(BaseModel):
    """The visitors of a test, and the lift it should see; without a lift the smallest one it can see is found."""

    baseline_percent: float = argument(_BASELINE[0], unit=Unit.PERCENT, cues=_BASELINE[1])
    visitors_per_variant: int = argument(
        "Visitors of each variant",
        unit=Unit.COUNT,
        cues=("per arm", "per variant", "visitors each", "each", "visitors", "per group"),
        gt=1,
    )
    effect_percent: float | None = argument(_EFFECT[0], unit=Unit.PERCENT, cues=_EFFECT[1], default=None)
    effect_is: Kind = argument(_KIND, aliases=_ALIASES, default="relative")
    power_percent: float = argument(
        "Power at which the smallest lift is sought where none is given, in percent",
        unit=Unit.PERCENT,
        cues=("power",),
        default=80.0,
    )
    confidence_percent: float = argument(_CONFIDENCE[0], unit=Unit.PERCENT, cues=_CONFIDENCE[1], default=95.0)


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
            "What n per arm do I need to go from 3 % to 3.6 % with 90 % power?",
            "What sample do I need to see 1 percentage points more on a 6 % conversion rate?",
        ),
    )


def ab_power() -> BaseTool:
    """What an A/B test of a given size can see."""
    return tool(
        "ab_power",
        "Says what an A/B test with a given number of visitors per variant can see: its power for a lift, or the smallest "
        "detectable lift (MDE) where none is given.",
        AbPower,
        _ab_power,
        examples=(
            "What power does my test have with 1500 per arm, baseline 8 %, lift 25 %?",
            "What is the smallest lift I can detect with 5000 visitors per variant and a baseline of 4 %?",
            "Minimum detectable effect: 2,000 visitors each, conversion rate 3 %, power 90 %",
            "Is a test with 800 visitors in each group enough to see a lift of 2 points on 10 %? What power is that?",
        ),
    )


def _ab_sample_size(arguments: AbSampleSize) -> ToolOutput:
    check_numbers(arguments)
    baseline, target = _rates(arguments.baseline_percent, arguments.effect_percent, arguments.effect_is)
    power = power_level(arguments.power_percent)
    alpha = significance_level(arguments.confidence_percent)
    each = visitors_needed(baseline, target, alpha, power)
    days = _days(2 * each, arguments.visitors_per_day)
    duration = (
        "" if days is None else f", {days:,} days at {amount(arguments.visitors_per_day or 0)} visitors a day"
    )
    half = baseline + (target - baseline) / 2
    text = (
        f"You need {each:,} visitors for each variant, {2 * each:,} in all{duration}.\n\n"
        f"- From {percent(baseline)} to {percent(target)} ({_lift(arguments.effect_percent, arguments.effect_is)}), "
        f"{power * 100:g} % power, {(1 - alpha) * 100:g} % confidence, two-sided\n"
        "- Two-proportion z-test with an even split (Fleiss, Levin and Paik 2003, equation 4.14, no continuity "
        "correction). Run whole weeks and do not stop early."
    )
    data: dict[str, JsonValue] = {
        "visitors_per_variant": each,
        "visitors_in_all": 2 * each,
        "baseline": baseline,
        "target": target,
        "alpha": alpha,
        "power": power,
        "days": days,
    }
    figures = [
        Figure(name="visitors per variant", value=each, unit="visitors", decimals=0),
        Figure(name="visitors in all", value=2 * each, unit="visitors", decimals=0),
        Figure(name="target rate", value=target * 100, unit="%"),
    ]
    if days is not None:
        figures.append(Figure(name="days to run", value=days, unit="days", decimals=0))
    steps = [0.5 + step / 20 for step in range(21)]
    points = [
        (factor * abs(target - baseline) * 100, visitors_needed(baseline, shifted, alpha, power))
        for factor in steps
        if 0 < (shifted := baseline + factor * (target - baseline)) < 1
    ]
    return ToolOutput(
        text=text,
        data=data,
        figures=tuple(figures),
        assumptions=(
            "Two variants share the visitors evenly, and the result is looked at once, at the end.",
            *(() if arguments.effect_is != "relative" else ("The lift is relative to the baseline.",)),
        ),
        would_change=(
            f"A lift half as large takes {visitors_needed(baseline, half, alpha, power):,} visitors for each variant.",
        ),
        chart=curve_chart(
            "Visitors for each variant by the difference to be seen",
            [(at, float(n)) for at, n in points],
            "difference, percentage points",
            "visitors for each variant",
            (abs(target - baseline) * 100, float(each)),
        ),
    )


def _ab_power(arguments: AbPower) -> ToolOutput:
    check_numbers(arguments)
    visitors = arguments.visitors_per_variant
    alpha = significance_level(arguments.confidence_percent)
    if arguments.effect_percent is not None:
        baseline, target = _rates(arguments.baseline_percent, arguments.effect_percent, arguments.effect_is)
        power = power_of(baseline, target, visitors, visitors, alpha)
        first = (
            f"The test has {power * 100:.1f} % power: with {visitors:,} visitors for each variant it sees a rise from "
            f"{percent(baseline)} to {percent(target)} ({_lift(arguments.effect_percent, arguments.effect_is)}) in so many of "
            "such cases."
        )
        enough = visitors_needed(baseline, target, alpha, 0.8)
        change = f"80 % power takes {enough:,} visitors for each variant."
    else:
        baseline = _baseline(arguments.baseline_percent)
        power = power_level(arguments.power_percent)
        rise = detectable_rise(baseline, visitors, visitors, alpha, power)
        if rise is None:
            raise ToolRefused(
                f"With {visitors:,} visitors for each variant no lift at all reaches {power * 100:g} % power; give more visitors."
            )
        target = baseline + rise
        first = (
            f"The smallest lift this test sees with {power * 100:g} % power is {rise * 100:.2f} percentage points, "
            f"{rise / baseline * 100:,.1f} % relative: from {percent(baseline)} to {percent(target)}."
        )
        change = "Four times as many visitors would about halve the smallest lift it can see."
    text = (
        f"{first}\n\n- {visitors:,} visitors for each variant, {(1 - alpha) * 100:g} % confidence, two-sided\n"
        "- Two-proportion z-test (Fleiss, Levin and Paik 2003, equation 4.14 solved for the power, no continuity correction)\n"
        f"- {change}"
    )
    spread = max(target - baseline, baseline * 0.05) if target > baseline else target - baseline
    points = [
        (abs(shifted - baseline) * 100, power_of(baseline, shifted, visitors, visitors, alpha) * 100)
        for step in range(1, 41)
        if 0 < (shifted := baseline + spread * step / 20) < 1
    ]
    return ToolOutput(
        text=text,
        data={
            "power": power,
            "baseline": baseline,
            "target": target,
            "difference": target - baseline,
            "relative_lift": (target - baseline) / baseline,
            "alpha": alpha,
            "visitors_per_variant": visitors,
        },
        figures=(
            Figure(name="power", value=power * 100, unit="%", decimals=1),
            Figure(name="lift in points", value=(target - baseline) * 100, unit="percentage points"),
            Figure(name="relative lift", value=(target - baseline) / baseline * 100, unit="%", decimals=1),
        ),
        assumptions=("Both variants have the same number of visitors, and the result is looked at once.",),
        would_change=(change,),
        chart=curve_chart(
            "Power by the difference to be seen",
            points,
            "difference, percentage points",
            "power, %",
            (abs(target - baseline) * 100, power * 100),
        ),
    )


def _baseline(written: float) -> float:
    if not 0 < written < 100:  # noqa: PLR2004  percent
        raise ToolRefused(f"The baseline must lie between 0 and 100 %, got {written:g} %.")
    return written / 100


def _rates(baseline_percent: float, effect: float, kind: Kind) -> tuple[float, float]:
    """Baseline and target as fractions. Raises ToolRefused where they are no two different rates."""
    baseline = _baseline(baseline_percent)
    target = baseline * (1 + effect / 100) if kind == "relative" else baseline + effect / 100
    if effect == 0 or not 0 < target < 1:
        raise ToolRefused(
            f"The lift must be above 0 and lead to a rate below 100 %, got {effect:g} ({kind}) on {baseline_percent:g} %."
        )
    return baseline, target


def _lift(effect: float, kind: Kind) -> str:
    return f"{effect:g} % relative" if kind == "relative" else f"{effect:g} percentage points"


def _days(visitors: int, per_day: float | None) -> int | None:
    if per_day is None:
        return None
    if per_day == 0:
        raise ToolRefused("The visitors a day must be above 0; leave them out if you do not know them.")
    return math.ceil(visitors / per_day)
