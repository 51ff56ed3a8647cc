"""The tools for A/B tests that were run: is a difference real, and how large may it be."""

from dataclasses import asdict
from typing import Literal

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.figures import check_numbers, percent
from agents.measures import in_percent
from agents.sofia.charts import interval_chart
from agents.sofia.proportions import MOST_EXACT_VISITORS, USUAL_POWER, Comparison, compare, significance_level
from agents.tools import Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument

_CONFIDENCE = (
    "Confidence level in percent; a value below 50 is read as the significance level alpha",
    ("confidence", "significance", "alpha", "level"),
)
_DIGITS = 0.0001
_RATES = r"(?s)\A(?=.*(?:%|percent|\bpct\b)).*\b(?:conver\w*|rates?|tests?|signific\w*|variants?|control|opens?|click\w*|ctr|cvr|wins?|winner|won|better|pages?|uplift|chance)\b"
_NO_PLAN = r"(?s)\A(?!.*\b(?:baseline|power|detect\w*|sample size)\b)"
"""Rates that are compared, and none that a test is planned with."""


class AbTest(BaseModel):
    """What an A/B test counted."""

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
    confidence_percent: float = argument(_CONFIDENCE[0], unit=Unit.PERCENT, cues=_CONFIDENCE[1], default=95.0)


class AbTestRates(BaseModel):
    """What an A/B test measured, as rates."""

    rate_a_percent: float = argument(
        "Conversion rate of variant A, the control, in percent",
        unit=Unit.PERCENT,
        cues=("control", "rate a", "variant a", "a", "original", "old"),
        holds=_RATES,
        ge=0,
        le=100,
    )
    rate_b_percent: float = argument(
        "Conversion rate of variant B, the challenger, in percent",
        unit=Unit.PERCENT,
        cues=("rate b", "variant b", "b", "against", "versus", "vs", "challenger", "new"),
        holds=_NO_PLAN,
        ge=0,
        le=100,
    )
    visitors: int = argument(
        "Visitors who saw variant A, or each variant where only this is given",
        unit=Unit.COUNT,
        cues=(
            "visitors",
            "each",
            "per variant",
            "per arm",
            "of",
            "visits",
            "impressions",
            "recipients",
            "users",
            "sessions",
        ),
        gt=0,
    )
    visitors_b: int | None = argument(
        "Visitors who saw variant B, where they are not as many",
        unit=Unit.COUNT,
        cues=("visitors b", "visitors of b", "of", "b"),
        default=None,
        gt=0,
    )
    visitors_are: Literal["each variant", "both together"] = argument(
        "Whether the visitors are those of each variant or of both together, split evenly",
        aliases={
            "both together": (
                "in total",
                "in all",
                "altogether",
                "combined",
                "together",
                "overall",
                "total",
                "visitors evenly",
            ),
            "each variant": ("each", "per variant", "per arm", "per version", "apiece"),
        },
        default="each variant",
    )
    confidence_percent: float = argument(
        _CONFIDENCE[0], unit=Unit.PERCENT, cues=("confidence", "alpha", "level"), default=95.0
    )


def ab_test() -> BaseTool:
    """The significance of an A/B test, from counts."""
    return tool(
        "ab_test",
        "Tests whether two variants of an A/B test convert differently: p-value (exact where counts are small), confidence "
        "intervals of the difference and the uplift, power, and a plain verdict from the conversions and visitors of each.",
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


def ab_test_rates() -> BaseTool:
    """The significance of an A/B test, from rates."""
    return tool(
        "ab_test_rates",
        "Tests two conversion rates of an A/B test given in percent with the visitors of each variant or of both: p-value, "
        "confidence intervals, uplift, power and a plain verdict.",
        AbTestRates,
        _ab_test_rates,
        examples=(
            "Is 5.2 % against 5.9 % conversion with 4000 visitors each a real difference?",
            "Control converts at 3 %, variant at 3.6 %, 12,000 visitors in total: significant?",
            "A/B test with 8,000 visitors per variant: 2.1 % versus 2.4 %, who wins?",
            "Rate A 4 %, rate B 5 %, 2500 visitors each, is the uplift significant?",
        ),
    )


def _ab_test(arguments: AbTest) -> ToolOutput:
    check_numbers(arguments)
    return _tested(
        (arguments.conversions_a, arguments.visitors_a),
        (arguments.conversions_b, arguments.visitors_b),
        significance_level(arguments.confidence_percent),
    )


def _ab_test_rates(arguments: AbTestRates) -> ToolOutput:
    check_numbers(arguments)
    of_a = arguments.visitors
    of_b = arguments.visitors if arguments.visitors_b is None else arguments.visitors_b
    assumptions = []
    if arguments.visitors_are == "both together":
        if arguments.visitors_b is not None:
            raise ToolRefused("Give the visitors of both together or of each variant, not both.")
        if arguments.visitors < 2:  # noqa: PLR2004  two variants
            raise ToolRefused("Two variants need at least two visitors.")
        of_a, of_b = arguments.visitors - arguments.visitors // 2, arguments.visitors // 2
        assumptions.append(f"The {arguments.visitors:,} visitors were split evenly.")
    elif arguments.visitors_b is None:
        assumptions.append(f"Each variant had {of_a:,} visitors.")
    a, b = round(of_a * arguments.rate_a_percent / 100), round(of_b * arguments.rate_b_percent / 100)
    assumptions.append(
        f"The rates stand for {a:,} and {b:,} conversions, rounded; the counts themselves are more exact."
    )
    return _tested((a, of_a), (b, of_b), significance_level(arguments.confidence_percent), tuple(assumptions))


def _tested(
    a: tuple[int, int], b: tuple[int, int], alpha: float, assumptions: tuple[str, ...] = ()
) -> ToolOutput:
    """The output for conversions and visitors of both variants."""
    for variant, (conversions, visitors) in (("A", a), ("B", b)):
        if visitors == 0:
            raise ToolRefused(f"Variant {variant} has no visitors; give the number of visitors who saw it.")
        if conversions > visitors:
            raise ToolRefused(
                f"Variant {variant} has more conversions ({conversions:,}) than visitors ({visitors:,}); "
                "give conversions first and visitors second, counting each visitor once."
            )
    found = compare(*a, *b, alpha)
    significant = found.p_value < alpha
    data = {
        **asdict(found),
        "relative_uplift": found.uplift,
        "confidence": 1 - alpha,
        "significant": significant,
        "test": "binomial" if found.approximated else "fisher" if found.few else "z",
    }
    taken = (
        "Visitors were split at random and are counted once, and the test was not stopped early because of its result.",
        *assumptions,
    )
    details = "\n".join(
        f"- {line}" for line in (*_details(a, b, found, alpha), *(f"Assumed: {each}" for each in taken))
    )
    return ToolOutput(
        text=f"{_verdict(found, alpha)}\n\n{details}",
        data=data,
        figures=_figures(found),
        assumptions=taken,
        would_change=_would_change(found, alpha, significant=significant),
        chart=_chart(a, b, alpha),
    )


def _verdict(found: Comparison, alpha: float) -> str:
    rates = f"A converts at {percent(found.rate_a)}, B at {percent(found.rate_b)}"
    relative = (
        "no uplift can be stated as A has no conversions"
        if found.uplift is None
        else f"{found.uplift:+.1%} relative"
    )
    p_value = "p < 0.0001" if found.p_value < _DIGITS else f"p = {found.p_value:.4f}"
    level = f"{(1 - alpha) * 100:g} % confidence"
    if found.p_value < alpha:
        better = "B" if found.difference > 0 else "A"
        return f"Variant {better} is better at {level}: {rates} ({relative}, {p_value})."
    return (
        f"There is no significant difference at {level}: {rates} ({relative}, {p_value}). "
        "That is not proof that the two are equal; the test may be too small to tell."
    )


def _details(a: tuple[int, int], b: tuple[int, int], found: Comparison, alpha: float) -> list[str]:
    level = f"{(1 - alpha) * 100:g} % interval"
    lines = [
        f"A: {a[0]:,} of {a[1]:,}; B: {b[0]:,} of {b[1]:,}",
        (
            f"Difference B - A: {found.difference * 100:+.2f} percentage points, {level} {found.low * 100:+.2f} to "
            f"{found.high * 100:+.2f} (Newcombe 1998)"
        ),
    ]
    if found.uplift is not None and found.uplift_low is not None and found.uplift_high is not None:
        lines.append(
            f"Uplift: {found.uplift * 100:+,.1f} %, {level} {found.uplift_low * 100:+,.1f} to "
            f"{found.uplift_high * 100:+,.1f} % (Katz et al. 1978)"
        )
    if found.few:
        by = (
            f"the binomial approximation of Fisher's test (more than {MOST_EXACT_VISITORS:,} visitors)"
            if found.approximated
            else "Fisher's exact test"
        )
        lines.append(
            f"Warning: the counts are too small for a z-test (an expected count is below 5), so this is {by}, two-sided. "
            "Collect more data before you decide."
        )
    else:
        lines.append(f"Pooled two-proportion z-test, two-sided, z = {found.z:.3f}")
    if found.power is not None and not found.few:
        lines.append(
            f"Power: a test of this size sees a true difference as large as the one observed in {found.power * 100:.1f} % of "
            "cases. That only restates the p-value (Hoenig and Heisey 2001, The American Statistician 55)."
        )
    if found.detectable is not None and found.rate_a and not found.few:
        lines.append(
            f"What it could see: with {USUAL_POWER * 100:g} % power a rise of {found.detectable * 100:.2f} percentage "
            f"points over A ({found.detectable / found.rate_a * 100:,.1f} % relative) or more"
        )
    return lines


def _figures(found: Comparison) -> tuple[Figure, ...]:
    figures = [
        Figure(name="p-value", value=found.p_value, decimals=4),
        in_percent("rate of A", found.rate_a),
        in_percent("rate of B", found.rate_b),
        Figure(name="difference", value=found.difference * 100, unit="percentage points"),
        Figure(name="lower end of the difference", value=found.low * 100, unit="percentage points"),
        Figure(name="upper end of the difference", value=found.high * 100, unit="percentage points"),
    ]
    for name, value in (
        ("uplift", found.uplift),
        ("lower end of the uplift", found.uplift_low),
        ("upper end of the uplift", found.uplift_high),
        ("power", None if found.few else found.power),
    ):
        if value is not None:
            figures.append(Figure(name=name, value=value * 100, unit="%", decimals=1))
    return tuple(figures)


def _would_change(found: Comparison, alpha: float, *, significant: bool) -> tuple[str, ...]:
    if significant:
        return (
            (
                "Testing several variants or measures at once, or looking daily and stopping at the first good day, would make "
                "chance findings likelier than the p-value says."
            ),
        )
    if found.few:
        return ("More data: an exact test of counts this small sees only large differences.",)
    return (
        (
            f"More visitors: the interval of the difference still holds {found.low * 100:+.2f} as well as {found.high * 100:+.2f} "
            f"percentage points; a confidence below {(1 - alpha) * 100:g} % would accept more chance."
        ),
    )


def _chart(a: tuple[int, int], b: tuple[int, int], alpha: float) -> dict[str, JsonValue]:
    from scipy.stats import binomtest

    rows = []
    for name, (conversions, visitors) in (("A", a), ("B", b)):
        interval = binomtest(conversions, visitors).proportion_ci(1 - alpha, method="wilson")
        rows.append(
            (name, conversions / visitors * 100, float(interval.low) * 100, float(interval.high) * 100)
        )
    return interval_chart(
        f"Conversion rate with {(1 - alpha) * 100:g} % interval (Wilson)", rows, "conversion rate, %"
    )
