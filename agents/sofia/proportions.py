"""Two conversion rates: tests, intervals, power and sample size."""

import math
from dataclasses import dataclass
from statistics import NormalDist

from agents.tools import ToolRefused

SMALLEST_EXPECTED_COUNT = 5
MOST_EXACT_VISITORS = 10_000_000
"""Visitors of both variants up to which Fisher's test is computed exactly, in less than a tenth of a second."""
USUAL_POWER = 0.8
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Comparison:
    """Two conversion rates compared; rates, difference, uplift, power and all intervals are fractions."""

    rate_a: float
    rate_b: float
    difference: float
    low: float
    high: float
    p_value: float
    z: float | None
    """None where Fisher's exact test, or its binomial approximation, was used."""
    few: bool
    """Counts were too small for the normal approximation."""
    approximated: bool
    """They were, and visitors so many that Fisher's test was approximated."""
    uplift: float | None
    """Of B relative to A; None where A has no conversions."""
    uplift_low: float | None
    uplift_high: float | None
    power: float | None
    """The chance of a test of this size to see a difference as large as the one that was observed; None where there is none."""
    detectable: float | None
    """The smallest rise of B over A's rate, in percentage points / 100, that it sees in 80 % of cases; None where none can be."""


def compare(
    conversions_a: int, visitors_a: int, conversions_b: int, visitors_b: int, alpha: float
) -> Comparison:
    """The difference of two proportions, B minus A, with a two-sided p-value and 1 - alpha intervals.

    Pooled two-proportion z-test without continuity correction: Fleiss, Levin and Paik (2003), Statistical Methods for Rates
    and Proportions, 3rd ed., chapter 3. Where an expected count under the pooled rate is below 5 (Cochran 1954, Biometrics
    10), Fisher's exact test takes its place, of more than ten million visitors its binomial approximation. Interval of the difference: Newcombe (1998, Statistics in Medicine 17, method
    10); of the uplift: Katz et al. (1978, Biometrics 34), on the log of the ratio.
    """
    rate_a, rate_b = conversions_a / visitors_a, conversions_b / visitors_b
    pooled = (conversions_a + conversions_b) / (visitors_a + visitors_b)
    few = min(pooled, 1 - pooled) * min(visitors_a, visitors_b) < SMALLEST_EXPECTED_COUNT
    approximated = few and visitors_a + visitors_b > MOST_EXACT_VISITORS
    if few:
        test = _binomial if approximated else _fisher
        p_value, z = test(conversions_a, visitors_a, conversions_b, visitors_b), None
    else:
        z = (rate_b - rate_a) / math.sqrt(pooled * (1 - pooled) * (1 / visitors_a + 1 / visitors_b))
        p_value = math.erfc(abs(z) / math.sqrt(2))
    low, high = _newcombe(conversions_a, visitors_a, conversions_b, visitors_b, alpha)
    uplift_low, uplift_high = _katz(conversions_a, visitors_a, conversions_b, visitors_b, alpha)
    return Comparison(
        rate_a=rate_a,
        rate_b=rate_b,
        difference=rate_b - rate_a,
        low=low,
        high=high,
        p_value=p_value,
        z=z,
        few=few,
        approximated=approximated,
        uplift=(rate_b - rate_a) / rate_a if rate_a else None,
        uplift_low=uplift_low,
        uplift_high=uplift_high,
        power=power_of(rate_a, rate_b, visitors_a, visitors_b, alpha) if rate_a != rate_b else None,
        detectable=detectable_rise(rate_a, visitors_a, visitors_b, alpha, USUAL_POWER),
    )


def visitors_needed(rate_a: float, rate_b: float, alpha: float, power: float) -> int:
    """Visitors for each variant so that a two-sided z-test at alpha sees rate_b against rate_a with this power.

    Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, 3rd ed., equation 4.14.
    """
    mean = (rate_a + rate_b) / 2
    root = _NORMAL.inv_cdf(1 - alpha / 2) * math.sqrt(2 * mean * (1 - mean)) + _NORMAL.inv_cdf(
        power
    ) * math.sqrt(rate_a * (1 - rate_a) + rate_b * (1 - rate_b))
    return math.ceil((root / (rate_b - rate_a)) ** 2)


def power_of(rate_a: float, rate_b: float, visitors_a: float, visitors_b: float, alpha: float) -> float:
    """The chance, 0 to 1, that a two-sided z-test at alpha with these visitors sees rate_b against rate_a.

    The formula of `visitors_needed` solved for the power, for any two group sizes (Fleiss, Levin and Paik 2003, chapter 4).
    """
    pooled = (rate_a * visitors_a + rate_b * visitors_b) / (visitors_a + visitors_b)
    threshold = _NORMAL.inv_cdf(1 - alpha / 2) * math.sqrt(
        pooled * (1 - pooled) * (1 / visitors_a + 1 / visitors_b)
    )
    error = math.sqrt(rate_a * (1 - rate_a) / visitors_a + rate_b * (1 - rate_b) / visitors_b)
    if error == 0:
        return 1.0
    return _NORMAL.cdf((abs(rate_b - rate_a) - threshold) / error)


def detectable_rise(
    rate: float, visitors_a: float, visitors_b: float, alpha: float, power: float
) -> float | None:
    """The smallest rise over a rate, as a fraction, that `power_of` sees with this power; None where not even 100 % would do."""
    from scipy.optimize import brentq

    def lacking(rise: float) -> float:
        return power_of(rate, min(1.0, rate + rise), visitors_a, visitors_b, alpha) - power

    smallest, largest = 1e-12, 1 - rate
    if largest <= smallest or lacking(largest) < 0:
        return None
    if lacking(smallest) >= 0:
        return None
    return float(brentq(lacking, smallest, largest, xtol=1e-12))


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


def power_level(written: float) -> float:
    """Power as a fraction, however it was written: 80 or 0.8. Raises ToolRefused below 50 % and from 100 % on."""
    power = written / 100 if written >= 1 else written
    if not 0.5 <= power < 1:  # noqa: PLR2004  less than even odds is no plan
        raise ToolRefused(f"The power must be at least 50 % and below 100 %, got {written:g}.")
    return power


def _fisher(conversions_a: int, visitors_a: int, conversions_b: int, visitors_b: int) -> float:
    from scipy.stats import fisher_exact

    counts = [[conversions_a, visitors_a - conversions_a], [conversions_b, visitors_b - conversions_b]]
    return min(1.0, float(fisher_exact(counts)[1]))


def _binomial(conversions_a: int, visitors_a: int, conversions_b: int, visitors_b: int) -> float:
    """Fisher's test with the hypergeometric distribution as a binomial one, whose limit for many visitors it is.

    The rarer outcomes among the visitors of the smaller variant, or the other way round, are a draw of so few out of so many
    that putting back changes nothing: Johnson, Kemp and Kotz (2005), Univariate Discrete Distributions, 3rd ed., section 6.5.
    An expected count below 5 of more than ten million makes the draw less than one in a thousand.
    """
    from scipy.stats import binomtest

    visitors, converted = visitors_a + visitors_b, conversions_a + conversions_b
    smaller, count = min((visitors_a, conversions_a), (visitors_b, conversions_b))
    if visitors - converted < converted:
        converted, count = visitors - converted, smaller - count
    drawn, marked = sorted((converted, smaller))
    return float(binomtest(count, drawn, marked / visitors).pvalue)


def _newcombe(a: int, of_a: int, b: int, of_b: int, alpha: float) -> tuple[float, float]:
    """The hybrid score interval: the Wilson interval of each rate, squared and added."""
    from scipy.stats import binomtest

    first = binomtest(a, of_a).proportion_ci(1 - alpha, method="wilson")
    second = binomtest(b, of_b).proportion_ci(1 - alpha, method="wilson")
    rate_a, rate_b = a / of_a, b / of_b
    middle = rate_b - rate_a
    low = middle - math.hypot(rate_b - float(second.low), float(first.high) - rate_a)
    high = middle + math.hypot(float(second.high) - rate_b, rate_a - float(first.low))
    return max(-1.0, low), min(1.0, high)


def _katz(a: int, of_a: int, b: int, of_b: int, alpha: float) -> tuple[float | None, float | None]:
    """The interval of B's rate over A's, less 1; None where a rate is 0."""
    from scipy.stats.contingency import relative_risk

    if a == 0 or b == 0:
        return None, None
    interval = relative_risk(b, of_b, a, of_a).confidence_interval(1 - alpha)
    return float(interval.low) - 1, float(interval.high) - 1
